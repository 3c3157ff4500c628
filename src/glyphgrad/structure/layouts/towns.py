"""Towns: streets that part the ground into lots; houses with doors, gardens, ponds and a market."""

from __future__ import annotations

import numpy as np

from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, scatter, solid
from glyphgrad.structure.layouts.rooms import Box

_LOT = 7
"""Cells across the smallest lot: a house of three within its walls, and a path around it."""


def towns(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """A walled town. Whatever stands on a lot leaves its edge free, so that the streets stay of one piece."""
    cells = solid(rows, cols)
    cells[1:-1, 1:-1] = Cell.FLOOR
    largest, houses = int(rng.integers(8, 17)), rng.uniform(0.6, 0.95)
    for lot in _lots(rng, Box(1, 1, rows - 1, cols - 1), largest):
        build = _house if rng.random() < houses else _DRAWN[int(rng.integers(len(_DRAWN)))]
        build(rng, cells, lot)
    return Plan(cells, "walled town plan", walls=("#", "block", "lines", "double"))


def _lots(rng: np.random.Generator, box: Box, largest: int) -> list[Box]:
    """A box cut in two by streets, again and again."""
    if box.height > box.width:
        return [lot.turned() for lot in _lots(rng, box.turned(), largest)]
    if box.width <= largest or box.width < 2 * _LOT + 2:
        return [box]
    street = int(rng.integers(1, 3 if box.width > 2 * largest else 2))
    cut = int(rng.integers(box.left + _LOT, box.right - _LOT - street + 1))
    left = Box(box.top, box.left, box.bottom, cut)
    right = Box(box.top, cut + street, box.bottom, box.right)
    return _lots(rng, left, largest) + _lots(rng, right, largest)


def _house(rng: np.random.Generator, cells: Cells, lot: Box) -> None:
    """Four walls and a door, a cell or two within the lot; sometimes a garden around."""
    garden = cells[lot.top + 1 : lot.bottom - 1, lot.left + 1 : lot.right - 1]
    if rng.random() < 0.3:
        garden[:] = Cell.GRASS
    height, width = (int(rng.integers(max(5, 3 * side // 4), side + 1)) for side in garden.shape)
    top, left = (
        int(rng.integers(0, side - size + 1)) for side, size in zip(garden.shape, (height, width), strict=True)
    )
    house = garden[top : top + height, left : left + width]
    house[:] = Cell.SOLID
    house[1:-1, 1:-1] = Cell.FLOOR
    if max(height, width) >= 9:
        _part(rng, house)
    wall = (house, house.T, house[::-1], house[:, ::-1].T)[int(rng.integers(4))]
    places = np.flatnonzero(wall[1, 1:-1] == Cell.FLOOR) + 1
    wall[0, rng.choice(places)] = Cell.DOOR


def _part(rng: np.random.Generator, house: Cells) -> None:
    """A wall with a door that makes two rooms of three and more out of one."""
    long = house if house.shape[1] >= house.shape[0] else house.T
    wall = int(rng.integers(4, long.shape[1] - 4))
    long[1:-1, wall] = Cell.SOLID
    long[int(rng.integers(1, len(long) - 1)), wall] = Cell.DOOR


def _park(rng: np.random.Generator, cells: Cells, lot: Box) -> None:
    """Grass, and trees that never stand side by side."""
    inner = cells[lot.top + 1 : lot.bottom - 1, lot.left + 1 : lot.right - 1]
    inner[:] = Cell.GRASS
    lattice = np.zeros(inner.shape, bool)
    lattice[::2, ::2] = True
    scatter(rng, inner, lattice, Cell.TREE, int(lattice.sum() * rng.uniform(0.3, 0.8)))


def _pond(rng: np.random.Generator, cells: Cells, lot: Box) -> None:
    """A round pond in grass."""
    inner = cells[lot.top + 1 : lot.bottom - 1, lot.left + 1 : lot.right - 1]
    inner[:] = Cell.GRASS
    y, x = np.ogrid[-1 : 1 : inner.shape[0] * 1j, -1 : 1 : inner.shape[1] * 1j]
    inner[np.hypot(y, x) < rng.uniform(0.5, 0.9)] = Cell.WATER


def _market(rng: np.random.Generator, cells: Cells, lot: Box) -> None:
    """A square with rows of stalls."""
    inner = cells[lot.top + 2 : lot.bottom - 2, lot.left + 2 : lot.right - 2]
    inner[:: int(rng.integers(2, 4)), ::2] = Cell.PILLAR


_DRAWN = (_park, _pond, _market)
