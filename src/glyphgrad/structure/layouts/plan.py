"""Plan: what each cell of a map is, before anything says how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from glyphgrad.structure.layouts.connect import Mask


class Cell(IntEnum):
    """What a cell is: rock, of which the rim is drawn as wall; empty; ... From FLOOR on one can walk there."""

    SOLID = 0
    PILLAR = 1
    WATER = 2
    TREE = 3
    LETTER = 4
    EMPTY = 5
    FLOOR = 6
    DOOR = 7
    UP = 8
    DOWN = 9
    TREASURE = 10
    ALTAR = 11
    GRASS = 12
    FOREST = 13
    HILL = 14
    BRIDGE = 15


Cells = NDArray[np.uint8]
"""(rows, cols) of Cell."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A map: its `cells`, what a caption calls it, the wall styles that suit it, and any writing.

    `writing` maps (row, column) to the text that begins there and reads to the right, over the cells.
    """

    cells: Cells
    kind: str
    walls: tuple[str, ...]
    writing: tuple[tuple[int, int, str], ...] = ()

    @property
    def walkable(self) -> Mask:
        return walkable(self.cells)


def walkable(cells: Cells) -> Mask:
    return cells >= Cell.FLOOR


def solid(rows: int, cols: int) -> Cells:
    """A map on which nothing has been dug yet."""
    return np.full((rows, cols), Cell.SOLID, np.uint8)


def scatter(rng: np.random.Generator, cells: Cells, where: Mask, what: Cell, count: int) -> None:
    """Put `what` on `count` different cells of `where`, or on all of them if there are fewer."""
    places = np.flatnonzero(where)
    cells.flat[rng.permutation(places)[:count]] = what


_GRASS = (0.3, 0.5)
"""Share of a meadow that is grown over."""


def meadow(rng: np.random.Generator, cells: Cells, where: Mask) -> None:
    """Let grass grow on some of the cells of `where`."""
    cells[where & (rng.random(cells.shape) < rng.uniform(*_GRASS))] = Cell.GRASS


def furnish(rng: np.random.Generator, cells: Cells, treasures: int) -> None:
    """Stairs up and down at opposite ends of the floor, and a few treasures; never beside a door."""
    free = (cells == Cell.FLOOR) & ~beside(cells == Cell.DOOR)
    places = np.argwhere(free)
    if len(places) < 2:
        return
    along = places @ rng.normal(size=2)
    cells[tuple(places[along.argmin()])] = Cell.UP
    cells[tuple(places[along.argmax()])] = Cell.DOWN
    scatter(rng, cells, free & (cells == Cell.FLOOR), Cell.TREASURE, treasures)


def beside(mask: Mask) -> Mask:
    """Which cells have one of `mask` above, below, left or right of them."""
    near = np.zeros_like(mask)
    near[1:] |= mask[:-1]
    near[:-1] |= mask[1:]
    near[:, 1:] |= mask[:, :-1]
    near[:, :-1] |= mask[:, 1:]
    return near


def around(mask: Mask) -> Mask:
    """Which cells are in `mask` or touch it, corners too."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    both = rows.copy()
    both[:, 1:] |= rows[:, :-1]
    both[:, :-1] |= rows[:, 1:]
    return both
