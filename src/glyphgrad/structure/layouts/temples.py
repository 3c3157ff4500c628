"""Temples: courts one within the other, the same to the left as to the right and above as below, and gardens in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, beside, meadow, solid

_COURT = 4
"""Cells from one wall to the next at the least: a court of three."""


def temples(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """A quarter is drawn and mirrored twice about a middle row and column.

    Every court is closed by a wall with doors, and cross walls with doors of their own part it.
    """
    height, width = (rows - 1) // 2 + rows % 2, (cols - 1) // 2 + cols % 2
    quarter = np.full((height, width), Cell.FLOOR, np.uint8)
    depth, walls = 0, []
    while min(height, width) - depth >= _COURT:
        _wall(quarter, depth)
        walls.append(depth)
        depth += int(rng.integers(_COURT, 8))
    for outer, inner in pairwise(walls):
        _furnish(rng, quarter, outer, inner)
    _sanctum(rng, quarter, walls[-1])
    meadow(rng, quarter, (quarter == Cell.FLOOR) & ~beside(quarter == Cell.DOOR))
    half = np.concatenate([quarter, quarter[-2::-1]])
    whole = np.concatenate([half, half[:, -2::-1]], axis=1)
    cells = solid(rows, cols)
    cells[: whole.shape[0], : whole.shape[1]] = whole
    return Plan(cells, "symmetrical temple plan", walls=("#", "block", "lines", "double"))


def _wall(quarter: Cells, depth: int) -> None:
    quarter[depth, depth:] = quarter[depth:, depth] = Cell.SOLID


def _furnish(rng: np.random.Generator, quarter: Cells, outer: int, inner: int) -> None:
    """A court between two walls: doors through the inner one, and cross walls, or pillars, or neither."""
    height, width = quarter.shape
    sides = rng.random(2) < 0.6
    if sides[0] or not sides[1]:
        quarter[inner, int(rng.integers(inner + 2, width))] = Cell.DOOR
    if sides[1]:
        quarter[int(rng.integers(inner + 2, height)), inner] = Cell.DOOR
    choice = rng.random()
    if choice < 0.5:
        _cross_wall(rng, quarter, outer, inner)
    elif choice < 0.85 and inner - outer > _COURT:
        middle = slice(outer + 2, None, 2)
        quarter[outer + 2, middle] = quarter[middle, outer + 2] = Cell.PILLAR


def _cross_wall(rng: np.random.Generator, quarter: Cells, outer: int, inner: int) -> None:
    """Walls across a court with a door in each, where the inner wall has no door beside them."""
    for side in (quarter, quarter.T):
        places = [
            place
            for place in range(inner + 1, side.shape[1] - 2)
            if Cell.DOOR not in side[[outer, inner], place - 1 : place + 2]
        ]
        if places and rng.random() < 0.8:
            place = places[int(rng.integers(len(places)))]
            side[outer + 1 : inner, place] = Cell.SOLID
            side[int(rng.integers(outer + 1, inner)), place] = Cell.DOOR


def _sanctum(rng: np.random.Generator, quarter: Cells, wall: int) -> None:
    """The middle: an altar, a pool around it, stairs down, treasure in the corners."""
    height, width = quarter.shape
    reach = min(height, width) - 1 - wall
    if reach >= 4 and rng.random() < 0.6:
        pool = int(rng.integers(2, reach - 1))
        quarter[height - pool :, width - pool :] = Cell.WATER
    elif reach >= 3:
        quarter[wall + 2, wall + 2] = rng.choice([Cell.TREASURE, Cell.PILLAR])
    if quarter[-1, -1] == Cell.FLOOR:
        quarter[-1, -1] = rng.choice([Cell.ALTAR, Cell.DOWN])
    if (quarter[1:3, 1:3] == Cell.FLOOR).all():
        quarter[1, 1] = rng.choice([Cell.FLOOR, Cell.TREASURE])
