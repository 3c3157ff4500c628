"""Signals for a program that owns the screen: some end it, some it is told of, none interrupts its leaving."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

SUSPEND, CONTINUED, RESIZED = "suspend", "continued", "resized"
"""Ctrl-Z was pressed; we were stopped and go on; the terminal has another size."""

_MANY = 4096
_TOLD = {"SIGTSTP": SUSPEND, "SIGCONT": CONTINUED, "SIGWINCH": RESIZED}
_FATAL = ("SIGTERM", "SIGHUP")


class Signals:
    """Within a `with`, of the main thread: `fileno` is readable when `take` has something to answer.

    SIGTERM and SIGHUP raise SystemExit with the exit code shells have for them, SIGINT KeyboardInterrupt.
    """

    def __enter__(self) -> Signals:
        self._asked: list[str] = []
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        handlers = (
            dict.fromkeys(_FATAL, _end) | dict.fromkeys(_TOLD, self._tell) | {"SIGINT": signal.default_int_handler}
        )
        known = {getattr(signal, name): handler for name, handler in handlers.items() if hasattr(signal, name)}
        self._before = {number: signal.signal(number, handler) for number, handler in known.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._woken.close()
        self._waker.close()

    def fileno(self) -> int:
        return self._woken.fileno()

    def take(self) -> list[str]:
        """SUSPEND, CONTINUED and RESIZED, as they came since the last time."""
        with suppress(BlockingIOError):
            self._woken.recv(_MANY)
        asked, self._asked = self._asked, []
        return asked

    def ignore(self) -> None:
        """From now on, so that a second Ctrl-C does not leave a screen half restored."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def stop(self) -> None:
        """Stop this process, as Ctrl-Z does; returns when it is continued."""
        if sys.platform != "win32":
            handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, handler)
            self.take()

    def _tell(self, number: int, _: Any) -> None:
        self._asked.append(_TOLD[signal.Signals(number).name])


def _end(number: int, _: Any) -> None:
    sys.exit(128 + number)
