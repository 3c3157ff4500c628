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
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.video import Picture, Timed
from glyphgrad.errors import PictureError
from glyphgrad.fit import look
from glyphgrad.fit.config import FilmConfig, FitConfig
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Indices
from glyphgrad.fit.follow import Follower, Moved, grown
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
    if config.in_color:
        from glyphgrad.fit.color_film import color_film

        length = max(1, min(film.look_ahead, _HELD // (3 * layout.height * layout.width)))
        with threadpool_limits(config.threads or 1, "blas"):
            yield from color_film(stretches(pages, length), atlas, layout, config, film.stability, dark, should_stop)
        return
    means = Means(atlas, layout, config, should_stop)
    length = max(1, min(film.look_ahead, _HELD // (layout.height * layout.width)))
    cast = Cast(means, film)
    with means.few_threads():
        looked = pages_of(stretches(pages, length), means, dark)
        for prepared in _mapped(Page.prepared, looked, film.workers):
            if should_stop is not None and should_stop():
                return
            yield prepared.time, atlas.frame(cast.glyphs(prepared))


@dataclass(frozen=True, eq=False)
class Page:
    """A page to be prepared: how it is looked at, and the page before it in its shot, if any."""

    timed: Timed
    look: Look
    before: Page | None
    means: Means

    def prepared(self) -> Prepared:
        aim, moved, delta, elapsed = self.look.aim(self.timed.picture), None, None, 0.0
        if self.before is not None and look.goes_on(self.before.look, self.look):
            elapsed = self.timed.time - self.before.timed.time
            moved = change(self.before.timed.picture, self.timed.picture, self.means.layout)
            if self.means.config.solver != "gradient" and self.means.config.align == "off":
                energy, alike = self.means.energy(aim), self.before.look is self.look
                delta = Delta.of(energy, grown(moved > 0, *energy.pairs.reach) if alike else everywhere(moved))
        level = cell_means(self.timed.picture, self.means.layout)
        return Prepared(self.timed.time, elapsed, aim, level, moved, delta)

    def alone(self) -> Page:
        """The page without those before it, which it would keep in memory."""
        return replace(self, before=None)


class Delta(NamedTuple):
    """The slopes (n, G) of the cells that a mask (rows, cols) tells to have changed."""

    slopes: Floats
    where: NDArray[np.bool_]

    @classmethod
    def of(cls, energy: Energy, where: NDArray[np.bool_]) -> Delta:
        return cls(energy.slopes_at(where), where)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What is needed of a page to find its grid.

    `time` and what has `elapsed` since the page before are seconds. `level` (rows, cols) is the mean of every
    cell, `moved` (rows, cols) its mean change, both in [0, 1]; `moved` is None for the first
    page of a shot, `delta` where the grid does not follow from it.
    """

    time: float
    elapsed: float
    aim: Aim
    level: NDArray[np.floating]
    moved: NDArray[np.floating] | None
    delta: Delta | None


def pages_of(film: Iterable[Stretch], means: Means, dark: bool) -> Iterator[Page]:
    """The pages of a film, each with the look of its shot."""
    now: Look | None = None
    last: Page | None = None
    for stretch in film:
        pages = [timed.picture for timed in stretch.pictures]
        if now is None or stretch.begins:
            before = now = look.learn(pages, means, dark)
            last = None
        else:
            before, now = now, look.went_on(now, pages, means)
        for place, timed in enumerate(stretch.pictures, start=1):
            page = Page(timed, look.between(before, now, place / len(pages)), last, means)
            yield page
            last = page.alone()


class Cast:
    """The grid on its way through the film."""

    def __init__(self, means: Means, film: FilmConfig) -> None:
        self._means, self._film = means, film
        self._follower: Follower | None = None
        self.warp: Warp | None = None

    def glyphs(self, page: Prepared) -> Indices:
        """(rows, cols) The grid of the next page."""
        if page.moved is None:
            self._follower = self.warp = None
        if self._means.config.solver == "gradient":
            return self._descended(page.aim)
        delta = page.delta
        if delta is None:
            aim = page.aim if self._means.config.align == "off" else self._aligned(page.aim)
            energy = self._means.energy(aim)
            if page.moved is None or self._follower is None:
                return self._begun(energy, page.level)
            delta = Delta.of(energy, everywhere(page.moved))
        assert page.moved is not None  # a delta is one to the page before
        assert self._follower is not None
        return self._follower.follow(*delta, Moved(page.moved, page.level), page.elapsed)

    def _begun(self, energy: Energy, level: NDArray[np.floating]) -> Indices:
        means = self._means
        grid = means.solve(energy, effort=means.config.effort)
        self._follower = Follower(energy, grid, level, self._film.stability, means.config.diversity, means.protected)
        return self._follower.grid

    def _aligned(self, aim: Aim) -> Aim:
        """The aim, moved to where it suits the characters, which is not far from where the one before was."""
        start = self._follower.grid if self._follower else None
        self.warp, _ = self._means.aligned(aim, start, self.warp, self._film.temporal_weight)
        return replace(aim, ink=warped(aim.ink, self.warp))

    def _descended(self, aim: Aim) -> Indices:
        """By the original's descent: every page for itself but for its place."""
        from glyphgrad.fit.gradient import descend

        means = self._means
        if means.config.align != "off":
            aim = self._aligned(aim)
        return descend(aim.ink, means.atlas, means.layout, means.config, None, means.should_stop or (lambda: False))


def everywhere(cells: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The mask of all cells (rows, cols)."""
    return np.ones(cells.shape, bool)


def change(before: Picture, after: Picture, layout: Layout) -> NDArray[np.float64]:
    """(rows, cols) Mean change, in [0, 1], of the pixels of every cell between two pages."""
    return cell_means(np.maximum(before, after) - np.minimum(before, after), layout)


def cell_means(page: Picture, layout: Layout) -> NDArray[np.float64]:
    """(rows, cols) The mean, in [0, 1], of the pixels of every cell of a page; of colours the strongest channel's."""
    if page.ndim == 3:
        page = page.max(axis=2)
    gaps = np.pad(page, ((0, layout.row_gap), (0, 0))).reshape(layout.rows, layout.row_pitch, -1)
    lines = gaps[:, : layout.cell_height].sum(axis=1, dtype=np.uint32)
    cells = lines.reshape(layout.rows, layout.cols, layout.cell_width).sum(axis=2)
    return np.asarray(cells / (255 * layout.cell_height * layout.cell_width))


def _mapped(work: Callable[[A], B], jobs: Iterator[A], workers: int) -> Iterator[B]:
    """`work` of every job, in order. All workers but the caller's own thread are always some jobs ahead."""
    if workers == 1:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(workers - 1) as pool:
        ahead, broken = deque[Future[B]](), None
        while True:
            try:
                while not broken and len(ahead) < 2 * workers:
                    ahead.append(pool.submit(work, next(jobs)))
            except StopIteration:
                pass
            except PictureError as error:  # what precedes it is still to come
                broken = error
            if not ahead:
                break
            yield ahead.popleft().result()
        if broken:
            raise broken
