"""A viewer's visit, the same for every protocol: a film or the menu, keys, resizes, and the farewell.

A protocol makes a `Session`, tells it what comes from the client (`spend`, `type`, `resize`, `end`, which
only take note), and runs it:

    session = Session(house, link, "telnet", address)
    await session.run(screen, asked="demo")

`run` returns when the visit is over; by then the client's screen is restored, the link closed, and the
visit logged. Cancelling it is taken for the server's end.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from glyphgrad.codec.keys import Keys
from glyphgrad.serve.films import Show
from glyphgrad.serve.hub import Link, Viewer
from glyphgrad.serve.limits import Bucket, masked
from glyphgrad.serve.logs import told
from glyphgrad.serve.menu import Menu, number_of
from glyphgrad.serve.screen import Screen

if TYPE_CHECKING:
    from glyphgrad.serve.house import House

_QUIT = ("q", "\x03", "\x04")
"""Ctrl-C and Ctrl-D leave, as q does."""

_LAST_WORDS = {
    "time": "Your time is over. Connect again to watch on.",
    "input": "That was too much to type.",
    "shutdown": "The server ends. Come again later.",
}
"""Why a visit is over -> what is said when it was not the viewer's wish."""

_RESIZED = "resized"
_ENDED = "ended"
"""Notes that are no keys."""


class Session:
    """One visit. `ended` is why it is over: left, quit, stalled, time, input, shutdown, ..., or None."""

    def __init__(self, house: House, link: Link, protocol: str, address: str):
        self.house, self.link = house, link
        self.ended: str | None = None
        self.protocol, self._address = protocol, address
        self._began = house.clock()
        self._viewer = Viewer(link, self.end)
        self._screen = Screen()
        self._size = (0, 0)
        self._resizing: asyncio.TimerHandle | None = None
        self._resized = -1.0
        self._input = Bucket(house.limits.input_per_minute, house.limits.input_per_minute / 60, self._began)
        self._keys = Keys()
        self._notes: asyncio.Queue[str] = asyncio.Queue()
        self._show: Show | None = None

    # --- What the protocol tells ---

    def spend(self, count: int) -> bool:
        """Whether the client may send so many bytes more of any kind; if not it has to go."""
        granted = self._input.take(self.house.clock(), count)
        if not granted:
            self.end("input")
        return granted

    def type(self, data: bytes) -> None:
        """The client typed something."""
        for key in self._keys.feed(data):
            self._notes.put_nowait(key)

    def resize(self, rows: int, cols: int) -> None:
        """The client's terminal has another size. Of many in a short time only the last is followed."""
        self._size = self.house.limits.clamp(rows, cols)
        if self._resizing is None:
            wait = self._resized + 1 / self.house.limits.resizes_per_second - self.house.clock()
            self._resizing = asyncio.get_running_loop().call_later(max(0.0, wait), self._note_size)

    def _note_size(self) -> None:
        self._resizing, self._resized = None, self.house.clock()
        self._notes.put_nowait(_RESIZED)

    def end(self, reason: str) -> None:
        """It is over; the first reason counts."""
        if self.ended is None:
            self.ended = reason
            self._notes.put_nowait(_ENDED)

    # --- The visit ---

    async def run(self, screen: Screen, asked: str | None = None) -> None:
        """Show films on `screen` until the client leaves: the one `asked` for by name, else what the menu says."""
        rows, cols = self.house.limits.clamp(screen.rows, screen.cols)
        self._screen = screen = replace(screen, rows=rows, cols=cols)
        self.house.enter(self)
        try:
            self.link.write(screen.enter())
            async with asyncio.timeout(self.house.limits.session_seconds):
                await self.visit(self.house.library.get(asked or ""))
        except TimeoutError:
            self.end("time")
        except asyncio.CancelledError:
            self.end("shutdown")
            raise
        finally:
            self._finish()

    async def visit(self, show: Show | None) -> None:
        """From the first film, or with None the menu, until it has `ended`."""
        library = self.house.library
        if len(library) == 1:
            show = library[0]
        while self.ended is None:
            show = await self._watch(show) if show else await self._choose()

    async def _watch(self, show: Show) -> Show | None:
        """Show a film until another is wanted, or with None the menu."""
        library = self.house.library
        self.show(show, self._screen)
        while (note := await self.note()) != _ENDED:
            number = number_of(note, len(library))
            if number is not None:
                return library[number]
            if note == "m" and len(library) > 1:
                return None
            if note == _RESIZED:
                self.show(show, self._screen)
        return None

    async def _choose(self) -> Show | None:
        menu, note = Menu([(show.name, show.title) for show in self.house.library]), ""
        self.hold()
        while note != _ENDED:
            self._paint(menu)
            note = await self.note()
            number = menu.press(note)
            if number is not None:
                return self.house.library[number]
        return None

    def show(self, show: Show, screen: Screen) -> None:
        """Let the client see a film from now on."""
        self._show, self._screen = show, screen
        self.house.hub.join(self._viewer, show, screen)

    def hold(self) -> None:
        """Let it see no film for now."""
        self.house.hub.leave(self._viewer)

    async def note(self) -> str:
        """The next key, or note that is none; what means the same everywhere is done already."""
        note = await self._notes.get()
        if note in _QUIT:
            self.end("quit")
            note = _ENDED
        if note == _RESIZED:
            self._screen = replace(self._screen, rows=self._size[0], cols=self._size[1])
            self._write(b"\x1b[2J")
        return _ENDED if self.ended else note

    def _paint(self, menu: Menu) -> None:
        shown = self._screen.shown(menu.frame(self._screen.rows - self._screen.mute, self._screen.cols))
        self._write(self._screen.frame(None, shown))

    def _write(self, data: bytes) -> None:
        """What is no frame of a film. A viewer who does not read it soon finds the hub's patience at an end."""
        self.link.offer(data)

    def _finish(self) -> None:
        self.hold()
        self.house.leave(self)
        if self._resizing:
            self._resizing.cancel()
        self.end("left")
        if self.ended == "stalled":
            self.link.abort()
        else:
            self.link.write(self._screen.leave(_LAST_WORDS.get(self.ended or "", "")))
            self.link.close()
        viewer = self._viewer
        words = {
            "protocol": self.protocol,
            "address": masked(self._address),
            "seconds": self.house.clock() - self._began,
            "film": self._show.name if self._show else "-",
            "size": f"{self._screen.cols}x{self._screen.rows}",
            "frames": viewer.frames,
            "drops": viewer.drops,
            "bytes": viewer.bytes,
            "ended": self.ended,
        }
        told("session", words)
