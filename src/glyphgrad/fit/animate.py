"""A film of pictures -> a film of grids, as it comes: memory does not grow with its length.

Shots are found and looked at a stretch of pictures ahead, so that all pictures of a shot have one look.
What depends on a picture alone, and is most of the work, may be done by several threads; the grids then
follow each other. How many threads there are changes nothing in what comes out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.video import Picture, Timed
from glyphgrad.fit import look
from glyphgrad.fit.config import FilmConfig, FitConfig
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Indices
from glyphgrad.fit.follow import Follower
from glyphgrad.fit.look import Look
from glyphgrad.fit.means import Means, ShouldStop
from glyphgrad.fit.shots import Stretch, stretches
from glyphgrad.fit.tone import Aim
from glyphgrad.fit.warp import Warp, warped

_HELD = 1 << 26
"""Bytes of pictures that may be looked at ahead: of very large ones fewer are."""

A = TypeVar("A")
B = TypeVar("B")


def animate(
    pages: Iterable[Timed],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    film: FilmConfig | None = None,
    dark: bool = False,
    should_stop: ShouldStop | None = None,
) -> Iterator[tuple[float, Frame]]:
    """The seconds at which each frame comes, and the frame, for every page.

    `pages` are pictures (height, width) or (height, width, 3) of the layout, uint8, on paper or, if `dark`,
    on a dark screen (see core.paged.paged), and their times. It ends early when `should_stop` answers
    True. Raises GlyphgradError.
    """
    film = film or FilmConfig()
    means = Means(atlas, layout, config, should_stop)
    length = max(1, min(film.look_ahead, _HELD // (layout.height * layout.width)))
    cast = _Cast(means, film)
    with means.few_threads():
        jobs = _jobs(stretches(pages, length), means, dark)
        for prepared in _mapped(_Job.prepared, jobs, film.workers):
            if should_stop is not None and should_stop():
                return
            yield prepared.time, atlas.frame(cast.glyphs(prepared))


@dataclass(frozen=True, eq=False)
class _Job:
    """A page to be prepared: how it is looked at, and the page before it in its shot, if any."""

    timed: Timed
    before: Picture | None
    look: Look
    means: Means

    def prepared(self) -> _Prepared:
        picture, config, slopes, moved = self.timed.picture, self.means.config, None, None
        aim = self.look.aim(picture)
        if self.before is not None:
            moved = change(self.before, picture, self.means.layout)
            if config.solver != "gradient" and config.align == "off":
                slopes = self.means.energy(aim).slopes()
        return _Prepared(self.timed.time, aim, slopes, moved)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What is needed of a page to find its grid.

    `moved` (rows, cols) is None for the first page of a shot, `slopes` where the grid does not follow from them.
    """

    time: float
    aim: Aim
    slopes: Floats | None
    moved: NDArray[np.floating] | None


def _jobs(film: Iterable[Stretch], means: Means, dark: bool) -> Iterator[_Job]:
    """The pages of a film, each with the look of its shot."""
    now: Look | None = None
    last: Picture | None = None
    for stretch in film:
        pages = [timed.picture for timed in stretch.pictures]
        if now is None or stretch.begins:
            before = now = look.learn(pages, means, dark)
            last = None
        else:
            before, now = now, look.went_on(now, pages, means)
        for place, timed in enumerate(stretch.pictures, start=1):
            shade = now if now is before else look.between(before, now, place / len(pages))
            yield _Job(timed, last, shade, means)
            last = timed.picture


class _Cast:
    """The grid on its way through the film."""

    def __init__(self, means: Means, film: FilmConfig) -> None:
        self._means, self._film = means, film
        self._follower: Follower | None = None
        self._warp: Warp | None = None

    def glyphs(self, page: _Prepared) -> Indices:
        """(rows, cols) The grid of the next page."""
        if page.moved is None:
            self._follower = self._warp = None
        if self._means.config.solver == "gradient":
            return self._descended(page.aim)
        if page.slopes is not None and page.moved is not None and self._follower:
            return self._follower.follow(page.slopes, page.moved)
        aim = page.aim if self._means.config.align == "off" else self._aligned(page.aim)
        energy = self._means.energy(aim)
        if page.moved is not None and self._follower:
            return self._follower.follow(energy.slopes(), page.moved)
        return self._begun(energy)

    def _begun(self, energy: Energy) -> Indices:
        means = self._means
        grid = means.solve(energy, effort=means.config.effort)
        self._follower = Follower(energy, grid, self._film.stability, means.config.diversity, means.protected)
        return self._follower.grid

    def _aligned(self, aim: Aim) -> Aim:
        """The aim, moved to where it suits the characters, which is not far from where the one before was."""
        start = self._follower.grid if self._follower else None
        self._warp, _ = self._means.aligned(aim, start, self._warp, self._film.temporal_weight)
        return replace(aim, ink=warped(aim.ink, self._warp))

    def _descended(self, aim: Aim) -> Indices:
        """By the original's descent: every page for itself but for its place."""
        from glyphgrad.fit.gradient import descend

        means = self._means
        if means.config.align != "off":
            aim = self._aligned(aim)
        return descend(aim.ink, means.atlas, means.layout, means.config, None, means.should_stop or (lambda: False))


def change(before: Picture, after: Picture, layout: Layout) -> NDArray[np.float64]:
    """(rows, cols) Mean change, in [0, 1], of the pixels of every cell between two pages."""
    moved = np.maximum(before, after) - np.minimum(before, after)
    if moved.ndim == 3:
        moved = moved.max(axis=2)
    gaps = np.pad(moved, ((0, layout.row_gap), (0, 0))).reshape(layout.rows, layout.row_pitch, -1)
    lines = gaps[:, : layout.cell_height].sum(axis=1, dtype=np.uint32)
    cells = lines.reshape(layout.rows, layout.cols, layout.cell_width).sum(axis=2)
    return np.asarray(cells / (255 * layout.cell_height * layout.cell_width))


def _mapped(work: Callable[[A], B], jobs: Iterator[A], workers: int) -> Iterator[B]:
    """`work` of every job, in order. All workers but the caller's own thread are always some jobs ahead."""
    if workers == 1:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(workers - 1) as pool:
        ahead: deque[Future[B]] = deque(pool.submit(work, job) for job in islice(jobs, 2 * workers))
        while ahead:
            done = ahead.popleft().result()
            ahead.extend(pool.submit(work, job) for job in islice(jobs, 1))
            yield done
