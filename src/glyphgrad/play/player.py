"""The loop that plays: shows the frame that is due, sleeps until the next one, obeys keys in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from glyphgrad.core.clip import TimedFrame
from glyphgrad.core.colors import Depth
from glyphgrad.play.picture import Painter, page
from glyphgrad.play.signals import CONTINUED, RESIZED, SUSPEND
from glyphgrad.play.source import Source
from glyphgrad.play.status import Tally, status
from glyphgrad.play.transport import Transport

SKIP = 5000
"""Milliseconds that an arrow key goes on or back."""
_CTRL_L = "\f"


class Screen(Protocol):
    """What a film is played on: `screen.Screen`, or one of a test."""

    @property
    def room(self) -> tuple[int, int]: ...
    def write(self, text: str) -> None: ...
    def wait(self, seconds: float | None) -> list[str]: ...
    def enter(self) -> None: ...
    def suspend(self) -> None: ...


class Sound(Protocol):
    """What sounds along: `audio.Audio`."""

    def play(self, position: int, speed: float) -> None: ...
    def stop(self) -> None: ...


class Player:
    """Plays a source on a screen, as the transport goes.

    A frame that is late is passed over. A film of one frame stays, paused, until it is ended by a key;
    so does its end when it is reached step by step. `loop` begins anew at the end.
    """

    def __init__(
        self,
        source: Source,
        screen: Screen,
        transport: Transport,
        *,
        depth: Depth = Depth.TRUE,
        loop: bool = False,
        sound: Sound | None = None,
    ):
        self._source, self._screen, self._transport, self._sound = source, screen, transport, sound
        self._painter, self._tally = Painter(depth), Tally()
        self._loop, self._tells, self._quit = loop, False, False
        self._commands: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("q", "escape"), self._end),
            **dict.fromkeys(("home", "0"), partial(self._jump, 0)),
            **dict.fromkeys(("up", "]"), partial(self._change_speed, 1)),
            **dict.fromkeys(("down", "["), partial(self._change_speed, -1)),
            "backspace": partial(self._change_speed, 0),
            "space": self._toggle_pause,
            "left": partial(self._skip, -SKIP),
            "right": partial(self._skip, SKIP),
            ".": partial(self._step, 1),
            ",": partial(self._step, -1),
            "l": self._toggle_loop,
            "i": self._toggle_status,
            SUSPEND: self._suspend,
            CONTINUED: self._retake,
            **dict.fromkeys((RESIZED, _CTRL_L), self._painter.forget),
        }

    def run(self) -> None:
        """Play to the end, or until a key ends it. Raises GlyphgradError where the film is damaged."""
        self._resound()
        while not self._quit and (due := self._due()):
            self._show(due)
            for event in self._screen.wait(self._transport.seconds_until(due.end)):
                if event in self._commands:
                    self._commands[event]()

    def _due(self) -> TimedFrame | None:
        """The frame to be shown now; None after the last one."""
        position = self._transport.position
        timed = self._source.at(position)
        if position < timed.end:
            return timed
        alone = timed.start == 0
        if self._loop and not alone:
            self._jump(position % timed.end)
            return self._source.at(self._transport.position)
        if not (alone or self._transport.paused):
            return None
        self._pause()
        self._transport.seek(timed.start)
        return timed

    def _show(self, timed: TimedFrame) -> None:
        rows, cols = self._screen.room
        header, now = self._source.header, self._transport.clock()
        self._tally.show(timed, now)
        line = status(self._transport, header, self._tally, self._loop, (rows, cols)) if self._tells else ""
        text = self._painter.paint(page(timed.frame, rows, cols, line, header.dark), header.dark)
        if text:
            self._screen.write(text)

    # --- What keys do ---

    def _end(self) -> None:
        self._quit = True

    def _toggle_loop(self) -> None:
        self._loop = not self._loop

    def _toggle_status(self) -> None:
        self._tells = not self._tells

    def _toggle_pause(self) -> None:
        self._pause(not self._transport.paused)

    def _pause(self, paused: bool = True) -> None:
        self._transport.pause(paused)
        self._resound()

    def _change_speed(self, steps: int) -> None:
        self._transport.change_speed(steps)
        self._resound()

    def _skip(self, milliseconds: int) -> None:
        self._jump(self._transport.position + milliseconds)

    def _step(self, frames: int) -> None:
        """To the next frame or the one before, which stays."""
        self._pause()
        shown = self._source.at(self._transport.position)
        self._jump(shown.end if frames > 0 else self._source.at(max(0, shown.start - 1)).start)

    def _jump(self, position: int) -> None:
        position = max(0, position)
        self._source.at(position)  # getting there may take a while, which is not to be played
        self._transport.seek(position)
        self._tally.jumped()
        self._resound()

    def _suspend(self) -> None:
        paused = self._transport.paused
        self._pause()
        self._screen.suspend()
        self._pause(paused)
        self._painter.forget()

    def _retake(self) -> None:
        self._screen.enter()
        self._painter.forget()

    def _resound(self) -> None:
        """The sound from where the film is now."""
        if not self._sound:
            return
        if self._transport.paused:
            self._sound.stop()
        else:
            self._sound.play(self._transport.position, self._transport.speed)
