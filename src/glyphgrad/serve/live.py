"""A film that is served while another process fits it: what has come can be seen, and seen again.

What comes through a pipe is the film's header, or the error why there is none; then its frames, packed in
groups as a clip file has them (codec.group); and an empty message, its end. While there is more to come a film that is shown faster than it is fitted waits for it; once
it is whole it runs in a loop like any other.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.connection import Connection

from glyphgrad.codec.group import Group, decode_group, decode_head, encode_group
from glyphgrad.core.clip import ClipHeader, Film, TimedFrame
from glyphgrad.errors import ClipError, GlyphgradError
from glyphgrad.serve.player import Showing, showing

_GROUP = 8
"""Frames that are sent together."""
_LOG = logging.getLogger("glyphgrad.serve")
_WAIT = 0.1
"""Seconds after which a film that waits is looked at again."""


def send(opened: Callable[[], Film], pipe: Connection) -> None:
    """Send the film that `opened` opens, each group of frames when it is there. What happens in the other process."""
    try:
        film = opened()
        frames = iter(film)
        group = list(islice(frames, _GROUP))
    except GlyphgradError as error:
        pipe.send(error)
        return
    pipe.send(film.header)
    done = 0
    while group:
        pipe.send_bytes(encode_group(done, group))
        done += len(group)
        group = list(islice(frames, _GROUP))
    pipe.send_bytes(b"")


class Growing:
    """The frames that have come so far, of a film of `header`; a `player.Reel`. They stay packed in memory."""

    def __init__(self, header: ClipHeader) -> None:
        self.header = header
        self.end = 0
        """Milliseconds until which there are frames."""
        self._packed: list[bytes] = []
        self._starts: list[int] = []
        self._latest: tuple[int, Group] | None = None

    def add(self, packed: bytes) -> None:
        """Take a group that follows the last one. Raises ClipError."""
        head = decode_head(packed)
        if head.start != self.end:
            raise ClipError(f"a group starts at {head.start} ms: the one before ends at {self.end}")
        self._packed.append(packed)
        self._starts.append(head.start)
        self.end = head.end

    def at(self, time: int) -> TimedFrame:
        """The frame shown at a time in milliseconds; after all that have come, the last. There has to be one."""
        return self._group(bisect_right(self._starts, time) - 1).at(time)

    def __iter__(self) -> Iterator[TimedFrame]:
        for place in range(len(self._packed)):
            group = self._group(place)
            yield from map(group.frame, range(group.head.frames))

    def _group(self, place: int) -> Group:
        if self._latest is None or self._latest[0] != place:
            self._latest = place, decode_group(self._packed[place], self.header)
        return self._latest[1]


class LiveEdition:
    """An `Edition` that grows: what comes through `pipe`, from the moment on at which somebody first sees it."""

    def __init__(self, header: ClipHeader, pipe: Connection) -> None:
        self.header, self.reel = header, Growing(header)
        self.complete = False
        self._pipe = pipe
        self._begun: float | None = None

    @classmethod
    def open(cls, pipe: Connection, name: str) -> LiveEdition:
        """When there is something to see. Raises the error that comes instead of a header; `name` is for messages."""
        try:
            said = pipe.recv()
        except EOFError:
            raise GlyphgradError(f"{name!r} could not be fitted: its process has ended") from None
        if isinstance(said, GlyphgradError):
            raise said
        edition = cls(said, pipe)
        edition.read()
        return edition

    @property
    def duration(self) -> int:
        """Milliseconds that have come."""
        return self.reel.end

    def read(self) -> None:
        """Take the next message, and wait for it if need be. Raises ClipError for what is no group."""
        try:
            packed = self._pipe.recv_bytes()
        except (EOFError, OSError):  # the other process has died, and told why
            packed = b""
        if packed:
            self.reel.add(packed)
        else:
            self.complete = True
            self._pipe.close()

    def follow(self) -> None:
        """Read whatever comes from now on, in the running loop."""
        loop, number = asyncio.get_running_loop(), self._pipe.fileno()

        def read() -> None:
            try:
                self.read()
            except ClipError as error:
                _LOG.error("a film that is fitted broke off: %s", error)
                self.complete = True
            if self.complete:
                loop.remove_reader(number)

        loop.add_reader(number, read)

    def at(self, now: float, epoch: float) -> Showing:  # noqa: ARG002 - it begins when it is there
        """What is shown at a wall-clock time; while it waits, the latest frame."""
        self._begun = now if self._begun is None else self._begun
        if self.complete:
            return showing(self.reel, self.reel.end, now, self._begun)
        time = (now - self._begun) * 1000
        shown = self.reel.at(int(time))
        if time >= self.reel.end:
            self._begun += (time - self.reel.end + 1) / 1000  # it goes on from there
            return Showing(shown.frame, now, now + _WAIT)
        return Showing(shown.frame, self._begun + shown.start / 1000, self._begun + shown.end / 1000)
