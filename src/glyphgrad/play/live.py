"""A video, an animation or pictures, fitted as they are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from glyphgrad.core import video
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.paged import paged
from glyphgrad.core.presets import Preset
from glyphgrad.core.video import Picture, Timed
from glyphgrad.errors import PictureError

_FAR = 10_000
"""Milliseconds ahead from which a video is opened anew there: up to then, reading on is as quick."""
_BEFORE = 1_000
"""Milliseconds by which it is opened earlier: of the frame it is opened in, nobody tells when it began."""

Fitter = Callable[[Picture], Frame]


class Live:
    """The film at `path` as characters for `device`: a picture is fitted when it is asked for, others never.

    A device with neither columns nor rows gets as many as `room`, (rows, cols), answers, and other ones
    when it answers otherwise. `fps` as in `video.frames`; `start` in milliseconds. Raises PictureError,
    ConfigError.
    """

    def __init__(
        self, path: Path, device: Preset, room: Callable[[], tuple[int, int]], fps: float | None = None, start: int = 0
    ):
        self._path, self._device, self._room, self._fps = path, device, room, fps
        self._fitted: tuple[_Shown, Frame] | None = None
        self._open(start)

    @property
    def header(self) -> ClipHeader:
        rows, cols = self._layout.rows, self._layout.cols
        return ClipHeader(rows, cols, self._device.name, self._device.dark, duration=self._reading.duration)

    def at(self, time: int) -> TimedFrame:
        if not self._reading.reaches(time) or self._space() != self._laid_out_for:
            self._open(max(0, min(time, self._reading.duration or time) - _BEFORE))
        self._reading.read_to(time)
        shown = self._reading.now
        if self._fitted is None or self._fitted[0] is not shown:
            self._fitted = shown, self._fit(shown.page)
        return TimedFrame(shown.start, self._reading.end, self._fitted[1])

    def close(self) -> None:
        """Nothing to do: a video is closed when nobody holds it."""

    def _space(self) -> tuple[int, int] | None:
        """What there is room for, if that matters."""
        return None if self._device.cols or self._device.rows else self._room()

    def _open(self, origin: int) -> None:
        film = video.frames(self._path, fps=self._fps, start=origin / 1000, dark=self._device.dark)
        self.has_audio = film.has_audio
        self._laid_out_for = self._space()
        self._layout = layout_in(self._device, film.width, film.height, self._laid_out_for)
        self._fit = fitter(self._device, self._layout)
        pages = paged(film, self._layout, self._device.fit, self._device.dark)
        self._reading: _Reading = _Reading(film, origin, pages)


@dataclass(frozen=True, eq=False)
class _Shown:
    """A page and its time in milliseconds since the film began."""

    start: int
    page: Picture


class _Reading:
    """A video from `origin` (milliseconds) on, as pages: the one that is due, and the one after it."""

    def __init__(self, film: video.Film, origin: int, pages: Iterator[Timed]):
        self._film, self._origin = film, origin
        self._pages = pages
        self._damage: PictureError | None = None
        self.duration = None if film.duration is None else origin + round(1000 * film.duration)
        first = self._read()
        if first is None:
            raise self._damage or PictureError("the film holds no frame that can be read: is the file whole?")
        self.now, self._next = first, self._read()

    @property
    def end(self) -> int:
        """When the picture that is due goes."""
        if self._next:
            return self._next.start
        return self._origin + round(1000 * self._film.until((self.now.start - self._origin) / 1000))

    def reaches(self, time: int) -> bool:
        """Whether to read on until then, and not to open the film anew."""
        return self.now.start <= time and (time <= self.now.start + _FAR or self.duration is None or not self._next)

    def read_to(self, time: int) -> None:
        """Raises PictureError when all that could be read has been shown."""
        while self._next and self._next.start <= time:
            self.now, self._next = self._next, self._read()
        if self._damage and time >= self.end:
            raise self._damage
        if not self._next:
            self.duration = self.end

    def _read(self) -> _Shown | None:
        try:
            timed = next(self._pages, None)
        except PictureError as error:
            self._damage = error
            return None
        return timed and _Shown(self._origin + round(1000 * timed.time), timed.picture)


def layout_in(device: Preset, width: int, height: int, space: tuple[int, int] | None) -> Layout:
    """The device's grid for a picture of `width` x `height` pixels, or the largest in a space of (rows, cols)."""
    if space is None:
        return device.layout_for(width, height)
    rows, cols = space
    wide = replace(device, cols=cols).layout_for(width, height)
    return wide if wide.rows <= rows else replace(device, rows=rows).layout_for(width, height)


def fitter(device: Preset, layout: Layout) -> Fitter:
    """What makes characters of one page after the other, quickly."""
    from glyphgrad.fit import live
    from glyphgrad.fit.config import FitConfig

    config = FitConfig(solver="discrete", effort="fast")
    return live.Live(device.atlas(), layout, config, dark=device.dark).frame
