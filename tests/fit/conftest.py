"""What several tests of the search share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from glyphgrad.fit.energy import Energy


@pytest.fixture
def brute_force() -> Callable[[Energy], float]:
    """The oracle of every search and bound: Energy -> the lowest E of all grids."""
    return lowest_of_all_grids


def lowest_of_all_grids(energy: Energy) -> float:
    """The lowest E of all grids. E has terms of one and two cells only: they are read off by changing one and two."""
    glyphs, cells = len(energy.coverage), energy.shape[0] * energy.shape[1]
    grids = np.array(list(product(range(glyphs), repeat=cells)))
    few = grids[(grids > 0).sum(axis=1) <= 2]
    known = {tuple(np.flatnonzero(g)) + tuple(g[g > 0]): energy(g.reshape(energy.shape)) for g in few}
    total, blank = np.full(len(grids), known[()]), known[()]
    for c in range(cells):
        total += np.array([blank, *(known[c, k] for k in range(1, glyphs))])[grids[:, c]] - blank
        for d in range(c):
            pair = np.zeros((glyphs, glyphs))
            for k, m in product(range(1, glyphs), repeat=2):
                pair[k, m] = known[d, c, k, m] - known[d, k] - known[c, m] + blank
            total += pair[grids[:, d], grids[:, c]]
    return energy(grids[total.argmin()].reshape(energy.shape))
