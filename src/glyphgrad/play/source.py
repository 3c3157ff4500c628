"""Where the frames of a playing film come from: any moment of it, asked for by its time."""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

from glyphgrad.codec.chunks import MAGIC
from glyphgrad.codec.clip import ClipReader
from glyphgrad.codec.formats import open_film
from glyphgrad.codec.frames import FILM
from glyphgrad.codec.group import Group, capacity, decode_group, encode_group
from glyphgrad.core.clip import ClipHeader, Film, TimedFrame
from glyphgrad.core.stills import SUFFIXES, is_animation
from glyphgrad.errors import ClipError

IN_MEMORY = 1 << 26
"""Bytes of packed frames that a film walked through keeps in memory; the rest waits in a file that is gone with us."""
_HEAD = 512


class Source(Protocol):
    """A film that can be entered anywhere; ClipReader is one.

    `header` may change as more is known: its duration, and its size when a live film's screen changes.
    """

    @property
    def header(self) -> ClipHeader: ...

    def at(self, time: int) -> TimedFrame:
        """The frame shown at a time in milliseconds, 0 or more; after the end the last. Raises GlyphgradError."""

    def close(self) -> None: ...


def open_source(path: Path, fps: float) -> Source:
    """The film of characters at `path`; `fps` is for those that hold no times. Raises ClipError, ConfigError."""
    film = open_film(path, fps)
    return film.frames if isinstance(film.frames, ClipReader) else Walked(film, str(path))


def is_video(path: Path) -> bool:
    """Whether a path leads to pictures and not to characters. Raises ClipError for one that leads nowhere."""
    if path.is_dir():
        return not (path / FILM).exists() and not (path / "0000.txt").exists()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise ClipError(f"film {str(path)!r} cannot be read ({error.strerror or error}): check the path") from None
    if head.startswith((MAGIC, b"{")):
        return False
    return b"\0" in head or head.startswith(b"YUV4MPEG2 ") or is_animation(head) or _names_pictures(head, path)


def _names_pictures(head: bytes, path: Path) -> bool:
    """Whether a text is a list of pictures, one a line: its first line that counts names one that is there."""
    lines = (line.strip() for line in head.decode("utf-8-sig", "replace").splitlines())
    first = path.parent / next((line for line in lines if line and not line.startswith("#")), "")
    return first.suffix.lower() in SUFFIXES and first.is_file()


class _Kept(NamedTuple):
    """Where a packed group lies, and the time in milliseconds at which its first frame begins."""

    start: int
    offset: int
    size: int


class Walked:
    """A film that can only be walked through, once: what has been seen is kept, packed, to be seen again.

    A group of frames takes as much as it does in a clip file. `name` is for messages. What is damaged is
    told when the film has come to it. Raises ClipError.
    """

    def __init__(self, film: Film, name: str):
        self.header = film.header
        self._film = film
        self._ahead: Iterator[TimedFrame] | None = iter(film)
        self._damage: ClipError | None = None
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - `close` closes it
        self._kept: list[_Kept] = []
        self._latest: tuple[_Kept, Group] | None = None
        self._recent: list[TimedFrame] = []
        try:
            self._walk_to(0)
            if not self._recent:
                raise self._damage or ClipError(f"film {name!r} is empty: it holds no frames")
        except BaseException:
            self.close()
            raise

    def at(self, time: int) -> TimedFrame:
        self._walk_to(time)
        if self._damage and time >= self._recent[-1].end:
            raise self._damage
        if time >= self._recent[0].start:
            return self._recent[bisect_right(self._recent, time, key=lambda timed: timed.start) - 1]
        return self._group(self._kept[bisect_right(self._kept, time, key=lambda kept: kept.start) - 1]).at(time)

    def close(self) -> None:
        self._file.close()
        self._film.__exit__(None, None, None)

    def _walk_to(self, time: int) -> None:
        while self._ahead and not (self._recent and time < self._recent[-1].end):
            try:
                self._keep(next(self._ahead))
            except StopIteration:
                self._ahead = None
                self.header = replace(self.header, duration=self._recent[-1].end if self._recent else 0)
            except ClipError as error:
                self._ahead, self._damage = None, error

    def _keep(self, timed: TimedFrame) -> None:
        if len(self._recent) == capacity(self.header.rows, self.header.cols):
            packed = encode_group(0, self._recent)
            self._kept.append(_Kept(self._recent[0].start, self._file.seek(0, os.SEEK_END), len(packed)))
            self._file.write(packed)
            self._recent = []
        self._recent.append(timed)

    def _group(self, kept: _Kept) -> Group:
        if self._latest is None or self._latest[0] != kept:
            self._file.seek(kept.offset)
            self._latest = kept, decode_group(self._file.read(kept.size), self.header)
        return self._latest[1]
