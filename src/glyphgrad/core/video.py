"""A film from anywhere -> its pictures, each with its time."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core import target
from glyphgrad.core.decoder import Video
from glyphgrad.core.stills import Animation, Given, Stills, is_animation, is_list
from glyphgrad.errors import ConfigError, GlyphgradWarning, PictureError

Picture = NDArray[np.uint8]
Source = str | Path | BinaryIO | Iterable[target.Source]

MAX_FPS = 240
SLACK = 1e-3
"""Seconds by which two times may differ and still be the same: Matroska rounds times to milliseconds."""


class Timed(NamedTuple):
    """A picture and the time at which it comes, in seconds from the start of what is shown.

    `picture` is uint8, (H, W) of luma or (H, W, 3) of RGB, the full range [0, 255], contiguous.
    """

    time: float
    picture: Picture


Shown = tuple[float, float, Any]
"""(time, how long it lasts, frame as its source has it), seconds."""


class Reel(Protocol):
    """A film as its source gives it: `Video`, `Animation`, `Stills` or `Given`."""

    fps: float
    duration: float | None
    has_audio: bool

    def shown(self, start: float) -> Iterator[Shown]:
        """The frames in order, times from the film's beginning; those long before `start` may be left out."""

    def load(self, frame: Any) -> Any:
        """The frame ready to be drawn. Raises PictureError."""

    def size(self, frame: Any) -> tuple[int, int]:
        """(width, height) of a loaded frame as it is meant to be seen: upright, pixels square."""

    def draw(self, frame: Any, size: tuple[int, int], gray: bool) -> Picture:
        """The loaded frame at that size (width, height)."""


@dataclass(frozen=True)
class Film:
    """What is known of a film before it is watched, and the pictures.

    `width` and `height` are pixels, upright and square. `fps` is nominal: times are each picture's own.
    `duration` is in seconds of what is shown, as the file promises it (None: it does not), which a
    truncated file does not keep. The last picture stays for 1 / fps or, of an animation, until `duration`.
    """

    width: int
    height: int
    fps: float
    duration: float | None
    has_audio: bool
    _reel: Reel = field(repr=False)
    _shown: Iterator[Shown] = field(repr=False)
    _gray: bool = field(repr=False)

    def pictures(self, size: tuple[int, int] | None = None) -> Iterator[Timed]:
        """The pictures in order, once; times strictly increase. Memory does not grow with their number.

        `size` is the (width, height) in pixels they come in, by default the film's: ask for what is
        needed, scaling here costs least. Frames of a video that change size half-way are scaled too.
        Raises ConfigError, and PictureError after the last picture that could be read.
        """
        size = size or (self.width, self.height)
        if min(size) < 1:
            raise ConfigError(f"size is {size[0]} x {size[1]}: give at least 1 x 1 pixels")
        return self._drawn(size)

    def until(self, last: float) -> float:
        """When the film ends, in seconds, if its last picture came at `last`."""
        if isinstance(self._reel, Animation) and self.duration is not None:
            return max(self.duration, last + SLACK)
        return last + 1 / self.fps

    def _drawn(self, size: tuple[int, int]) -> Iterator[Timed]:
        last, picture = None, np.zeros((0, 0), np.uint8)
        for time, _, frame in self._shown:
            if frame is not last:  # a frame shown twice is drawn once
                last, picture = frame, self._reel.draw(frame, size, self._gray)
            yield Timed(time, picture)


def frames(
    source: Source,
    *,
    fps: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    every: int = 1,
    gray: bool = True,
    dark: bool = False,
    keep_going: bool = False,
) -> Film:
    """The film in `source`: a path, a binary stream, which need not seek, or pictures, one after the other.

    A path leads to any video that FFmpeg decodes, an animated GIF, WebP or PNG, a directory of pictures
    (in natural order: 2 before 10) or a text file that names pictures one a line, relative to its own
    folder. Directory, list and pictures run at `fps`, else at 30; of the rest each frame comes at its own time, or
    with `fps` at 0, 1 / fps, ... the latest that has begun. `start` and `duration` are seconds; the frame on
    the screen at `start` comes at time 0. `every` N-th frame is taken, at its own time. `gray`: luma instead
    of RGB. Transparent pixels show the paper, black if `dark`.

    Raises ConfigError; PictureError for what cannot be read. All that can be read of a damaged film is
    shown first; with `keep_going` it ends with a GlyphgradWarning instead, and damaged pictures of a
    directory or list are left out, each with one.
    """
    _check(fps, start, duration, every)
    reel = _reel(source, fps, dark, keep_going)
    if reel.duration is not None and start >= reel.duration > 0:
        raise ConfigError(f"start is {start:g} s: the film ends at {reel.duration:g} s, give less")
    shown = _selected(reel, fps, start, duration, every, keep_going)
    first = next(shown, None)
    if first is None and start:
        raise ConfigError(f"start is {start:g} s: the film ends before, give less")
    if first is None:
        raise PictureError(f"film {_name(source)} holds no frame that can be read: is the file whole?")
    lasts = min(math.inf if reel.duration is None else reel.duration - start, duration or math.inf)
    return Film(
        *reel.size(first[2]),
        fps=fps or reel.fps / every,
        duration=lasts if lasts < math.inf else None,
        has_audio=reel.has_audio,
        _reel=reel,
        _shown=chain([first], shown),
        _gray=gray,
    )


def _check(fps: float | None, start: float, duration: float | None, every: int) -> None:
    if fps is not None and not 0 < fps <= MAX_FPS:
        raise ConfigError(f"fps is {fps:g}: give more than 0 and at most {MAX_FPS} frames a second")
    if not 0 <= start < math.inf:
        raise ConfigError(f"start is {start:g}: give 0 or more seconds")
    if duration is not None and not 0 < duration < math.inf:
        raise ConfigError(f"duration is {duration:g}: give more than 0 seconds")
    if every < 1:
        raise ConfigError(f"every is {every}: give 1 for every frame, 2 for every second one, ...")


def _name(source: Source) -> str:
    if isinstance(source, str | Path):
        return repr(str(source))
    return "standard input" if _is_stream(source) else "given"


def _is_stream(source: Source) -> TypeGuard[BinaryIO]:
    return hasattr(source, "read")


# --- Where a film comes from ---


def _reel(source: Source, fps: float | None, dark: bool, keep_going: bool) -> Reel:
    name = _name(source)
    if not isinstance(source, str | Path):
        if not _is_stream(source):
            if not isinstance(source, Iterable):
                raise ConfigError(f"film is {source!r}: give a path, a binary stream, or pictures one after the other")
            return Given(source, fps, dark)
        head, stream = _peeked(source)
        return Animation(stream.read(), name, dark) if is_animation(head) else Video(stream, name)
    path = Path(source)
    if not path.exists():
        raise PictureError(f"film {name} does not exist: check the path")
    if path.is_dir():
        return Stills.of_directory(path, fps, dark)
    if not path.is_file():
        raise PictureError(f"film {name} is a pipe or a device: give it as a stream, on standard input")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            if is_animation(head):
                return Animation(head + file.read(), name, dark)
    except OSError as error:
        raise PictureError(f"film {name} cannot be read ({error.strerror}): check the file") from None
    if not head:
        raise PictureError(f"film {name} is empty (0 bytes): give a film")
    return Stills.of_list(path, fps, dark, keep_going) if is_list(head) else Video(str(path), name)


class _Rejoined:
    """A stream that cannot seek, with what has been read of it put back."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = io.BytesIO(head), rest

    def read(self, size: int = -1) -> bytes:
        head = self._head.read(size)
        return head + self._rest.read(size if size < 0 else size - len(head))


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and the stream as if they had not been read."""
    head = stream.read(16)
    if stream.seekable():
        stream.seek(-len(head), io.SEEK_CUR)
        return head, stream
    return head, cast(BinaryIO, _Rejoined(head, stream))


# --- Which frames are shown, and when ---


def _selected(
    reel: Reel, fps: float | None, start: float, duration: float | None, every: int, keep_going: bool
) -> Iterator[Shown]:
    """The frames that are asked for, loaded, at times from `start`."""
    shown: Iterator[Shown] = _forgiving(reel.shown(start), keep_going)
    if start:
        shown = _from(start, shown)
    shown = _loaded(islice(shown, None, None, every), reel, keep_going)
    if fps:
        shown = _resampled(shown, fps, every)
    if duration:
        end = duration - SLACK
        shown = takewhile(lambda one: one[0] < end, shown)
    return shown


def _forgiving(shown: Iterator[Shown], keep_going: bool) -> Iterator[Shown]:
    """All frames up to the error; with `keep_going` that is only a warning."""
    try:
        yield from shown
    except PictureError as error:
        if not keep_going:
            raise
        warnings.warn(str(error), GlyphgradWarning, stacklevel=2)


def _from(start: float, shown: Iterable[Shown]) -> Iterator[Shown]:
    """From the frame that is on the screen at `start`, which comes at time 0."""
    on_screen = None
    for time, lasts, frame in shown:
        if time <= start + SLACK:
            on_screen = (0.0, time + lasts - start, frame)
            continue
        if on_screen:
            yield on_screen
            on_screen = None
        yield time - start, lasts, frame
    if on_screen and on_screen[1] > SLACK:
        yield on_screen


def _loaded(shown: Iterable[Shown], reel: Reel, keep_going: bool) -> Iterator[Shown]:
    """Only now, when it is known which frames are wanted: a directory's pictures take long to read."""
    for time, lasts, frame in shown:
        try:
            loaded = reel.load(frame)
        except PictureError as error:
            if not keep_going:
                raise
            warnings.warn(str(error), GlyphgradWarning, stacklevel=2)
            continue
        yield time, lasts, loaded


def _resampled(shown: Iterable[Shown], fps: float, every: int) -> Iterator[Shown]:
    """A frame at 0, 1 / fps, ...: the latest that has begun, the first one before it begins."""
    slot, end, on_screen, broken = 0, 0.0, None, None

    def due(until: float) -> Iterator[Shown]:
        nonlocal slot
        while slot / fps < until - SLACK:
            yield slot / fps, 1 / fps, on_screen
            slot += 1

    try:
        for time, lasts, frame in shown:
            if on_screen is not None:
                yield from due(time)
            on_screen, end = frame, time + lasts * every
    except PictureError as error:  # the frame before it is still to be shown
        broken = error
    yield from due(end)
    if broken:
        raise broken
