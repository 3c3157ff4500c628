"""A grid that follows a film: each picture's search starts from the grid before it, and still cells keep their glyphs.

Of a picture the search needs its slopes alone (Energy.slopes), and the field of a grid is linear in them:
the next picture changes it by their difference, without a look at pixels or at other cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glyphgrad.fit.discrete import settle
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Indices
from glyphgrad.fit.search import Search, Usage

STILL, MOVED = 0.01, 0.02
"""Mean change of a cell's ink, of [0, 1], up to which a change costs all it may, and from which nothing."""
DRIFT = 4.0
"""How many times as far a cell may have drifted since its character was chosen as it may move from page to page."""
_CALM, _LEAST = 0.13, 0.05
"""Seconds in which the cost falls to its half once nothing moves around a cell, and the share that stays: what was
held while something passed by is put right soon after (at once, and it flickers; much later, and it leaves a
trail), and noise is below what stays."""


class Moved(NamedTuple):
    """Of every cell (rows, cols) the mean change of its target since the page before, and (rows, cols, parts) the
    means of its parts; in [0, 1]."""

    change: NDArray[np.floating]
    level: NDArray[np.floating]


class Follower:
    """A grid on its way through the pictures of a shot, from the first one's grid on.

    `energy` is the first picture's, `grid` (rows, cols) suits it, `level` (rows, cols, parts) are the
    means of the parts of every cell of the target, in [0, 1]. `stability` is what a change of character
    costs in a cell that stands still while its neighbours move, in energies of the densest glyph on blank
    paper; less and less when they, too, stand still. `diversity`
    and `protected` are those of `discrete.solve`. A grid that follows is searched by single changes: from a
    good one, chains and pairs took ten times as long and gained a hundredth of a percent.
    """

    def __init__(
        self,
        energy: Energy,
        grid: Indices,
        level: NDArray[np.floating],
        stability: float,
        diversity: float = 0.0,
        protected: NDArray[np.bool_] | None = None,
    ) -> None:
        self._search = search = Search(energy, Usage(diversity, protected, len(energy.coverage)), None)
        self._cost = stability * search.heaviest
        self._slopes = energy.slopes()
        search.reset(grid)
        settle(search)
        self._cells = search.cells.ravel()
        self._held = np.zeros(len(self._cells), np.float32), search.glyphs[self._cells]
        self._level = level.copy()  # when the character was chosen
        self._calm = np.zeros(energy.shape)  # seconds since something moved around a cell

    @property
    def grid(self) -> Indices:
        """(rows, cols) The glyphs as they are."""
        return self._search.grid()

    def follow(self, slopes: Floats, where: NDArray[np.bool_], moved: Moved, elapsed: float) -> Indices:
        """The grid of the next picture, `elapsed` seconds on: by its slopes (n, G), and how far each cell has moved.

        `where` (rows, cols) are the n cells whose slopes are given, those of the others are what they were.
        """
        search, cells, (held, glyphs) = self._search, self._cells, self._held
        change = slopes - self._slopes[where]
        self._slopes[where] = slopes
        search.field[cells, glyphs] += held
        changed = cells[where.ravel()]
        search.field[changed] += change
        search.stale[changed] = np.abs(change).max(axis=1, initial=0) > search.slack
        self._held = now, glyphs = self._costs(moved, elapsed), search.glyphs[cells]
        search.stale[cells[now < held]] = True
        search.field[cells, glyphs] -= now
        search.forget()
        settle(search)
        grid = search.best()
        same = grid == glyphs.reshape(grid.shape)
        self._level = np.where(same[:, :, None], self._level, moved.level)
        return grid

    def _costs(self, moved: Moved, elapsed: float) -> NDArray[np.float32]:
        """(cells,) What a change of character costs now."""
        self._calm = np.where(grown(moved.change > STILL, 1, 1), 0, self._calm + elapsed)
        lasting = np.maximum(0.5 ** (self._calm / _CALM), _LEAST)
        drift = np.abs(moved.level - self._level).mean(axis=2)  # fades and pans move little from page to page
        still = np.clip((MOVED - np.maximum(moved.change, drift / DRIFT)) / (MOVED - STILL), 0, 1)
        return np.asarray(self._cost * lasting * still, dtype=np.float32).ravel()


def grown(mask: NDArray[np.bool_], rows: int, cols: int) -> NDArray[np.bool_]:
    """A mask (n, m) and all that lies at most so many rows and columns away from it."""
    for reach in (rows, cols):  # down, and then, turned over, across
        wide = mask.copy()
        for step in range(1, reach + 1):
            wide[step:] |= mask[:-step]
            wide[:-step] |= mask[step:]
        mask = wide.T
    return mask
