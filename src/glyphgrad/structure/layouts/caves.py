"""Caves: noise smoothed by a cellular automaton, its parts joined by the shortest cuts."""

from __future__ import annotations

import numpy as np

from glyphgrad.structure.layouts.connect import Mask, components, shortest_cuts, sizes
from glyphgrad.structure.layouts.plan import Cell, Plan, around, furnish, solid

_SMALLEST = 12
"""Cells of the smallest cavern worth a tunnel, and of the smallest rock left standing in one."""


def caves(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """Caverns of one piece; at times flooded in parts, at times with pillars of rock."""
    fill = rng.uniform(0.44, 0.52)
    rock = _smoothed(rng.random((rows, cols)) < fill, steps=int(rng.integers(4, 6)))
    floor, tunnels = shortest_cuts(~rock, least=_SMALLEST)
    for path in tunnels:
        ways = np.zeros_like(floor)
        ways[tuple(np.transpose(path))] = True
        floor |= around(ways) if rng.random() < 0.3 else ways
    floor[[0, -1]] = floor[:, [0, -1]] = False
    floor |= _specks(~floor)
    cells = solid(rows, cols)
    cells[floor] = Cell.FLOOR
    kind = "cave system"
    if rng.random() < 0.3:
        _flood(rng, cells)
        kind = "flooded cave system"
    furnish(rng, cells, treasures=int(rng.integers(0, 5)))
    return Plan(cells, kind, walls=("#", "block", "lines", "rock"))


def _smoothed(rock: Mask, steps: int) -> Mask:
    """The 4-5 rule: rock stays with four neighbours of rock and forms with five; beyond the edge all is rock."""
    for _ in range(steps):
        padded = np.pad(rock, 1, constant_values=True).astype(np.int8)
        three = padded[:-2] + padded[1:-1] + padded[2:]
        rock = three[:, :-2] + three[:, 1:-1] + three[:, 2:] >= 5
        rock[[0, -1]] = rock[:, [0, -1]] = True
    return rock


def _specks(rock: Mask) -> Mask:
    """Rocks of a few cells, which look like noise."""
    labels, count = components(rock)
    small = np.flatnonzero(sizes(labels, count) < _SMALLEST // 3)
    return np.isin(labels, small)


def _flood(rng: np.random.Generator, cells: np.ndarray) -> None:
    """Ponds in the widest places: only where the floor around stays of one piece."""
    wide = ~around(around(cells == Cell.SOLID))
    ponds = wide & _smoothed(rng.random(cells.shape) < 0.55, steps=3)
    ponds[[0, -1]] = ponds[:, [0, -1]] = False
    cells[ponds] = Cell.WATER
    labels, count = components(cells == Cell.FLOOR)
    cut_off = (labels >= 0) & (labels != sizes(labels, count).argmax())
    cells[cut_off] = Cell.WATER
