"""The terminal: text out, keys in, and everything as it was when the playing ends, however it ends."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import Any

from glyphgrad.codec.keys import Keys
from glyphgrad.play.signals import Signals

if sys.platform != "win32":  # there, films play without keys
    import termios
    import tty

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?2026l\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The alternate screen, the cursor, line wrap. Who leaves also ends a frame that was not sent whole."""
_ESCAPE = 0.05
"""Seconds after which an ESC was a key and not the beginning of one."""
_USUAL = (24, 80)
"""Rows and columns of a terminal that does not tell its size."""
_MANY = 4096


class Screen:
    """The terminal on file descriptor `output`; keys come from `keyboard`, if that is a terminal as well.

    Within a `with` it belongs to the film; see `Signals` for what ends the block.
    """

    def __init__(self, output: int, keyboard: int, encoding: str = "utf-8"):
        self._output, self._encoding = output, encoding
        self._keyboard = keyboard if sys.platform != "win32" and os.isatty(keyboard) else None
        self._keys, self._signals = Keys(), Signals()
        self._terminal = output if self._keyboard is None else self._keyboard
        self._mode: list[Any] | None = None
        self._entered = False

    def __enter__(self) -> Screen:
        self._signals.__enter__()
        try:
            self.enter()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._signals.ignore()
        self.leave()
        self._signals.__exit__()

    @property
    def room(self) -> tuple[int, int]:
        """(rows, cols), now."""
        try:
            cols, rows = os.get_terminal_size(self._output)
        except OSError:
            return _USUAL
        return (rows, cols) if rows and cols else _USUAL

    def write(self, text: str) -> None:
        """Send text; this waits while the terminal is slow. Raises OSError when it is gone."""
        data = memoryview(text.encode(self._encoding, "replace"))
        while data:
            data = data[os.write(self._output, data) :]

    def wait(self, seconds: float | None) -> list[str]:
        """The keys that were pressed and what `Signals` tells, as soon as there is any; after `seconds` nothing."""
        inputs = [self._signals.fileno()] + ([] if self._keyboard is None else [self._keyboard])
        ready = select.select(inputs, [], [], _ESCAPE if self._keys.unsure else seconds)[0]
        keys = self._typed() if self._keyboard in ready else [] if ready else self._keys.settle()
        return self._signals.take() + keys

    def _typed(self) -> list[str]:
        assert self._keyboard is not None
        data = b""
        with suppress(OSError):
            data = os.read(self._keyboard, _MANY)
        if not data:  # it is gone
            self._keyboard = None
        return self._keys.feed(data)

    # --- Taking the terminal, and giving it back ---

    def enter(self) -> None:
        """Take the terminal, or once more when someone else may have had it."""
        self._entered = True
        if sys.platform != "win32":
            self._mode = self._mode or termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSADRAIN)
        self.write(_ENTER)

    def leave(self) -> None:
        """Give it back as it was; what was typed and not read yet is dropped."""
        if not self._entered:
            return
        self._entered = False
        with suppress(OSError):  # nobody is there to see it
            self.write(_LEAVE)
        if sys.platform != "win32" and self._mode:
            with suppress(termios.error):
                termios.tcsetattr(self._terminal, termios.TCSAFLUSH, self._mode)
            self._mode = None

    def suspend(self) -> None:
        """Stop this process, as Ctrl-Z does, the terminal given back meanwhile."""
        self.leave()
        self._signals.stop()
        self.enter()
