"""Islands: land where smooth noise is high, woods and hills where it is higher, bridges over the water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.structure.layouts.connect import shortest_cuts
from glyphgrad.structure.layouts.plan import Cell, Plan, furnish

_SMALLEST = 8
"""Cells of the smallest island."""


def islands(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """An archipelago, every island of which one can reach on foot."""
    height = _height(rng, rows, cols)
    level = np.quantile(height, 1 - rng.uniform(0.3, 0.55))
    land, bridges = shortest_cuts(height > level, least=_SMALLEST)
    cells = np.full((rows, cols), Cell.WATER, np.uint8)
    cells[land] = Cell.FLOOR
    grass, forest, hill = np.quantile(height[land], np.sort(rng.uniform(0.25, 1, 3)))
    for above, what in ((grass, Cell.GRASS), (forest, Cell.FOREST), (hill, Cell.HILL)):
        cells[land & (height > above)] = what
    for path in bridges:
        for place in path:
            if not land[place]:
                cells[place] = Cell.BRIDGE
    furnish(rng, cells, treasures=int(rng.integers(0, 4)))
    return Plan(cells, "archipelago", walls=("#", "block", "lines", "double"))


def _height(rng: np.random.Generator, rows: int, cols: int) -> NDArray[np.float64]:
    """(rows, cols) Value noise of three octaves, lower towards the edges, lowest on them."""
    coarse = int(rng.integers(4, 9))
    total = np.zeros((rows, cols))
    for octave, weight in enumerate((1, 0.5, 0.25)):
        total += weight * _smooth(rng.random((coarse * 2**octave,) * 2), rows, cols)
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, cols)
    total -= 0.8 * np.maximum(abs(y), abs(x)) ** 4
    total[[0, -1]] = total[:, [0, -1]] = -1
    return total


def _smooth(values: NDArray[np.float64], rows: int, cols: int) -> NDArray[np.float64]:
    """Values on a coarse lattice, joined by straight lines along both axes."""
    return _between(len(values), rows) @ values @ _between(values.shape[1], cols).T


def _between(coarse: int, fine: int) -> NDArray[np.float64]:
    """(fine, coarse) Weights that interpolate linearly."""
    at = np.linspace(0, coarse - 1, fine)
    return np.maximum(0, 1 - abs(at[:, None] - np.arange(coarse)))
