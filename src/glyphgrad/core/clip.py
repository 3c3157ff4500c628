"""A film of characters: frames with their times, and a header that is known before the first of them.

Times are whole milliseconds since the film began. A frame of a film of 30 frames a second begins at the
nearest one, so nothing drifts, and every format gives the times back as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import MAX_CELLS
from glyphgrad.errors import ClipError, PictureError

MAX_TIME = 2**32 - 1
"""Milliseconds a film may last, 49 days: a clip file has four bytes for them."""

MAX_TEXT = 200
"""Characters of a title."""

_UNKNOWN = 1000
"""Milliseconds for which the only frame of a film is shown when nothing tells its end."""


@dataclass(frozen=True)
class ClipHeader:
    """What is known of a film before its first frame.

    `rows` x `cols` cells in every frame; `preset` names the device it is for, if any does; `dark`: light
    on a dark screen; `software` is what made it, as "glyphgrad 0.1.0"; `duration` in milliseconds where
    it is known before the end. Raises ClipError.
    """

    rows: int
    cols: int
    preset: str | None = None
    dark: bool = False
    title: str = ""
    software: str = ""
    duration: int | None = None

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1 or self.rows * self.cols > MAX_CELLS:
            raise ClipError(f"size is {self.cols}x{self.rows}: give 1 to {MAX_CELLS:,} cells in all")
        for name in ("title", "preset", "software"):
            text = getattr(self, name) or ""
            if text != printable(text):
                raise ClipError(f"{name} is {text[:MAX_TEXT]!r}: give at most {MAX_TEXT} printable characters")

    @property
    def size(self) -> str:
        """As people write it: 80x30 is 80 columns of 30 rows."""
        return f"{self.cols}x{self.rows}"


def printable(text: str) -> str:
    """A text that may be shown on any terminal: what is not printable is left out, and what is too long."""
    return "".join(filter(str.isprintable, text))[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A frame shown from `start` until before `end`: milliseconds, 0 <= start < end. Raises ClipError."""

    start: int
    end: int
    frame: Frame

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= MAX_TIME:
            raise ClipError(f"a frame is shown from {self.start} to {self.end} ms: give 0 <= start < end <= {MAX_TIME}")


@dataclass(frozen=True)
class Film:
    """A header and the frames that follow it, one after the other and without holes, the first at 0 ms.

    Most films can be walked through once. Leaving a `with` closes the file the frames come from.
    """

    header: ClipHeader
    frames: Iterable[TimedFrame]

    def __iter__(self) -> Iterator[TimedFrame]:
        return iter(self.frames)

    def __enter__(self) -> Film:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        close = getattr(self.frames, "close", None)
        if close:
            close()


def timed(frames: Iterable[tuple[float, Frame | None]]) -> Iterator[TimedFrame]:
    """Frames and the seconds at which each appears -> frames with their times.

    The first one's time becomes 0. None for a frame says that the film lasts until then; where nothing
    says so, the last frame stays as long as the one before it. Of frames within one millisecond the last
    is shown. Raises ClipError for times that go back. A PictureError of the frames is raised after the last of them.
    """
    shown: Frame | None = None
    origin = 0.0
    start = now = 0
    length = _UNKNOWN
    broken = None
    try:
        for seconds, frame in frames:
            if shown is None:
                origin = seconds
            before, now = now, round(1000 * (seconds - origin))
            if now < before:
                raise ClipError(f"a frame at {now} ms comes after one at {before} ms: give them in order")
            if frame is not None:
                if shown is not None and now > start:
                    yield TimedFrame(start, now, shown)
                    start, length = now, now - start
                shown = frame
    except PictureError as error:
        broken = error
    if shown is not None:
        yield TimedFrame(start, now if now > start else start + length, shown)
    if broken:
        raise broken


def check_frame(frame: Frame, header: ClipHeader) -> None:
    """Refuse a frame of another size than its film, or with what cannot stand in a cell. Raises ClipError."""
    if frame.cells.shape != (header.rows, header.cols):
        raise ClipError(f"it is {frame.cols}x{frame.rows}, the film {header.size}: all frames need one size")
    check_codes(frame.cells)


def check_codes(codes: NDArray[np.uint32]) -> None:
    """Refuse control characters, which a terminal would obey, and numbers that are no character: ClipError."""
    controls = (codes < 0x20) | ((codes >= 0x7F) & (codes < 0xA0))
    wrong = controls | ((codes >= 0xD800) & (codes < 0xE000)) | (codes > 0x10FFFF)
    if wrong.any():
        raise ClipError(f"it holds U+{codes[wrong][0]:04X}: control codes and surrogates cannot stand in a cell")
