"""A grid that follows a film: each picture's search starts from the grid before it, and still cells keep their glyphs.

Of a picture the search needs its slopes alone (Energy.slopes), and the field of a grid is linear in them:
the next picture changes it by their difference, without a look at pixels or at other cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.fit.discrete import settle
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Indices
from glyphgrad.fit.search import Search, Usage

STILL, MOVED = 0.02, 0.06
"""Mean change of a cell's ink, of [0, 1], up to which all of the cost of a change holds, and from which none."""


class Follower:
    """A grid on its way through the pictures of a shot, from the first one's grid on.

    `energy` is the first picture's, `grid` (rows, cols) suits it. `stability` is what a change of character
    costs in a cell whose target does not move, in energies of the densest glyph on blank paper; `diversity`
    and `protected` are those of `discrete.solve`. A grid that follows is searched by single changes: from a
    good one, chains and pairs took ten times as long and gained a hundredth of a percent.
    """

    def __init__(
        self,
        energy: Energy,
        grid: Indices,
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

    @property
    def grid(self) -> Indices:
        """(rows, cols) The glyphs as they are."""
        return self._search.grid()

    def follow(self, slopes: Floats, where: NDArray[np.bool_], moved: NDArray[np.floating]) -> Indices:
        """The grid of the next picture: by its slopes (n, G), how far each cell (rows, cols) has moved, and where.

        `moved` is the mean change of the target's ink, in [0, 1]; `where` (rows, cols) are the n cells whose
        slopes are given, those of the others are what they were.
        """
        search, cells, (held, glyphs) = self._search, self._cells, self._held
        change = slopes - self._slopes[where]
        self._slopes[where] = slopes
        search.field[cells, glyphs] += held
        changed = cells[where.ravel()]
        search.field[changed] += change
        search.stale[changed] = np.abs(change).max(axis=1, initial=0) > search.slack
        still = np.clip((MOVED - moved.ravel()) / (MOVED - STILL), 0, 1)
        self._held = held, glyphs = np.float32(self._cost) * still.astype(np.float32), search.glyphs[cells]
        search.field[cells, glyphs] -= held
        search.forget()
        settle(search)
        return search.best()
