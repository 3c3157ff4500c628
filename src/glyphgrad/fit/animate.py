"""A film of pictures -> a film of grids, as it comes: memory does not grow with its length.

Shots are found and looked at a stretch of pictures ahead, so that all pictures of a shot have one look.
What depends on a picture and the one before alone, and is most of the work, is done by several processes, a
few pictures at a time; the grids then follow each other. Thus a shot of any length is shared by all of them, and
how many they are changes nothing in what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
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
from glyphgrad.fit.crew import Crew, StoppedError, usual_workers
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
_TOGETHER, _SENT = 8, 1 << 22
"""Pages, and bytes of them, that a worker is given at a time: the one before the first is sent along with them."""

_PARTS = (2, 2)
"""Of a cell, down and across: an edge that moves within it, as in a slow pan, is seen."""
_SUMMABLE = 257
"""Pixels whose sum is below 2 ** 16."""

A = TypeVar("A")


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
    with means.few_threads(), Crew(means, _workers(film, config)) as crew, suppress(StoppedError):
        means = replace(means, crew=crew)
        looked = pages_of(_then(crew.hire, stretches(pages, length)), means, dark)
        for chunk in means.each(prepare, chunks(looked, layout)):
            for prepared in chunk:
                if should_stop is not None and should_stop():
                    return
                yield prepared.time, atlas.frame(cast.glyphs(prepared))


@dataclass(frozen=True, eq=False)
class Page:
    """A page to be prepared: how it is looked at, and the page before it in its shot, if any."""

    timed: Timed
    look: Look
    before: Page | None

    def prepared(self, means: Means) -> Prepared:
        aim, level = self.look.aim(self.timed.picture), part_means(self.timed.picture, means.layout, *_PARTS)
        if self.before is None or not look.goes_on(self.before.look, self.look):
            grid = means.solve(means.energy(aim), effort=means.config.effort) if _is_linear(means.config) else None
            return Prepared(self.timed.time, 0.0, aim, level, None, grid=grid)
        elapsed = self.timed.time - self.before.timed.time
        moved = change(self.before.timed.picture, self.timed.picture, means.layout)
        if not _is_linear(means.config):
            return Prepared(self.timed.time, elapsed, aim, level, moved)
        energy, alike = means.energy(aim), self.before.look is self.look
        delta = Delta.of(energy, grown(moved > 0, *energy.pairs.reach) if alike else everywhere(moved))
        return Prepared(self.timed.time, elapsed, None, level, moved, delta)

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

    `time` and what has `elapsed` since the page before are seconds. `level` (rows, cols, parts) is the mean of
    every part of a cell, `moved` (rows, cols) its mean change, both in [0, 1]; `moved` is None for the first page of a shot.
    Where the grid follows from `delta` nobody needs the `aim`; where it depends on the aim alone it is the `grid`.
    """

    time: float
    elapsed: float
    aim: Aim | None
    level: NDArray[np.floating]
    moved: NDArray[np.floating] | None
    delta: Delta | None = None
    grid: Indices | None = None


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
            page = Page(timed, look.between(before, now, place / len(pages)), last)
            yield page
            last = page.alone()


def chunks(looked: Iterable[Page], layout: Layout) -> Iterator[list[Page]]:
    """The pages, as many together as are worth sending to a worker."""
    size = max(1, min(_TOGETHER, _SENT // (layout.height * layout.width)))
    chunk, broken = list[Page](), None
    try:
        for page in looked:
            chunk.append(page)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except PictureError as error:  # what precedes it is still to come
        broken = error
    if chunk:
        yield chunk
    if broken:
        raise broken


def prepare(means: Means, chunk: list[Page]) -> list[Prepared]:
    """What a worker does for a film."""
    return [page.prepared(means) for page in chunk]


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
        if page.delta is None:
            return self._looked_at(page)
        assert page.moved is not None  # a delta is one to the page before
        assert self._follower is not None
        return self._follower.follow(*page.delta, Moved(page.moved, page.level), page.elapsed)

    def _looked_at(self, page: Prepared) -> Indices:
        """The grid of a page whose aim has to be seen."""
        means, aim = self._means, page.aim
        assert aim is not None  # there is no delta
        if means.config.align != "off":
            aim = self._aligned(aim)
        if means.config.solver == "gradient":
            return self._descended(aim)
        energy = means.energy(aim)
        if page.moved is not None and self._follower is not None:
            every = Delta.of(energy, everywhere(page.moved))
            return self._follower.follow(*every, Moved(page.moved, page.level), page.elapsed)
        grid = means.solve(energy, effort=means.config.effort) if page.grid is None else page.grid
        stability, diversity = self._film.stability, means.config.diversity
        self._follower = Follower(energy, grid, page.level, stability, diversity, means.protected)
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
        return descend(aim.ink, means.atlas, means.layout, means.config, None, means.should_stop or (lambda: False))


def everywhere(cells: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The mask of all cells (rows, cols)."""
    return np.ones(cells.shape, bool)


def change(before: Picture, after: Picture, layout: Layout) -> NDArray[np.float64]:
    """(rows, cols) Mean change, in [0, 1], of the pixels of every cell between two pages."""
    return part_means(np.maximum(before, after) - np.minimum(before, after), layout, 1, 1)[:, :, 0]


def part_means(page: Picture, layout: Layout, down: int, across: int) -> NDArray[np.float64]:
    """(rows, cols, parts) The mean, in [0, 1], of the pixels of every part of the cells of a page, each cut into
    `down` x `across` of them (fewer of tiny ones); of colours the strongest channel's."""
    if page.ndim == 3:
        page = page.max(axis=2)
    if layout.row_gap:
        page = np.pad(page, ((0, layout.row_gap), (0, 0)))
    rows = page.reshape(layout.rows, layout.row_pitch, -1)[:, : layout.cell_height]
    kind, found = np.uint16 if layout.cell_height <= _SUMMABLE else np.uint32, []
    for top, bottom in _cuts(layout.cell_height, down):
        lines = rows[:, top:bottom].sum(axis=1, dtype=kind).reshape(layout.rows, layout.cols, layout.cell_width)
        for left, right in _cuts(layout.cell_width, across):
            total = sum(lines[:, :, column].astype(np.uint32) for column in range(left, right))
            found.append(total / (255 * (bottom - top) * (right - left)))
    return np.stack(found, axis=-1)


def _cuts(pixels: int, parts: int) -> list[tuple[int, int]]:
    """From where to where the parts of a side reach, none of them empty."""
    parts = min(parts, pixels)
    return list(pairwise(pixels * part // parts for part in range(parts + 1)))


def _is_linear(config: FitConfig) -> bool:
    """Whether the field of a grid changes with the target alone: the descent looks anew, and what is aligned moves."""
    return config.solver != "gradient" and config.align == "off"


def _workers(film: FilmConfig, config: FitConfig) -> int:
    """How many workers there is something to do for."""
    return (film.workers or usual_workers()) if _is_linear(config) else 1


def _then(call: Callable[[], None], items: Iterable[A]) -> Iterator[A]:
    """The items; `call` is called when there is a second one."""
    for number, item in enumerate(items):
        if number == 1:
            call()
        yield item
