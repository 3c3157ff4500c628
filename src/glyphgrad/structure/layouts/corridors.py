"""Corridors: nets of junctions, spirals, serpentines and rings."""

from __future__ import annotations

import numpy as np

from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, furnish, solid


def corridors(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """One long way, or a net of ways, with hardly a room."""
    cells = solid(rows, cols)
    pitch = int(rng.integers(3, 6))
    draw = _DRAWN[int(rng.choice(len(_DRAWN), p=_SHARES))]
    kind = draw(rng, cells, pitch)
    furnish(rng, cells, treasures=int(rng.integers(0, 6)))
    return Plan(cells, kind, walls=("#", "block", "lines", "double"))


def _net(rng: np.random.Generator, cells: Cells, pitch: int) -> str:
    """Junctions on a lattice, joined by the shortest tree and one in eight of the other short ways."""
    nodes = _junctions(rng, cells, pitch)
    for start, end in _ways(rng, nodes):
        _dig(rng, cells, nodes[start] * pitch + 1, nodes[end] * pitch + 1)
    for y, x in (nodes * pitch + 1)[rng.random(len(nodes)) < 0.15]:
        cells[max(1, y - 1) : min(y + 2, len(cells) - 1), max(1, x - 1) : min(x + 2, cells.shape[1] - 1)] = Cell.FLOOR
    return "infinite corridor network"


def _junctions(rng: np.random.Generator, cells: Cells, pitch: int) -> np.ndarray:
    """(n, 2) places on the lattice, none twice."""
    down, across = ((side - 3) // pitch + 1 for side in cells.shape)
    wanted = max(4, int(down * across * rng.uniform(0.15, 0.4)))
    return np.stack(np.divmod(rng.permutation(down * across)[:wanted], across), axis=1)


def _ways(rng: np.random.Generator, nodes: np.ndarray) -> list[tuple[int, int]]:
    """Prim's tree over the distances by row and column, and some more of the shortest pairs."""
    apart = np.abs(nodes[:, None] - nodes[None]).sum(axis=2) + rng.random((len(nodes), len(nodes))) / 2
    near, parent = apart[0].copy(), np.zeros(len(nodes), np.intp)
    near[0] = np.inf
    ways = []
    for _ in range(len(nodes) - 1):
        new = int(near.argmin())
        ways.append((int(parent[new]), new))
        closer = (apart[new] < near) & np.isfinite(near)
        near[closer], parent[closer], near[new] = apart[new][closer], new, np.inf
    short = np.argwhere(np.triu(apart <= 4, k=1))
    more = rng.permutation(short)[: len(nodes) // 8]
    return ways + [(int(start), int(end)) for start, end in more]


def _dig(rng: np.random.Generator, cells: Cells, start: np.ndarray, end: np.ndarray) -> None:
    """Along a row and a column, in either order."""
    if rng.random() < 0.5:
        start, end = end, start
    (y, x), (to_y, to_x) = start, end
    cells[y, min(x, to_x) : max(x, to_x) + 1] = Cell.FLOOR
    cells[min(y, to_y) : max(y, to_y) + 1, to_x] = Cell.FLOOR


def _spiral(rng: np.random.Generator, cells: Cells, pitch: int) -> str:
    """One way that winds inward; at times with short cuts between its turns."""
    turns = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    height, width = ((side - 3) // pitch * pitch for side in cells.shape)
    y, x, reach, turn = 1, 1, [width, height], 0
    while min(reach) > 0:
        dy, dx = turns[turn % 4]
        for _ in range(reach[turn % 2]):
            cells[y, x] = Cell.FLOOR
            y, x = y + dy, x + dx
        cells[y, x] = Cell.FLOOR
        turn += 1
        if turn >= 3:
            reach[turn % 2] -= pitch
    _short_cuts(rng, cells, pitch)
    _flip(rng, cells)
    return "infinite spiral corridor"


def _serpentine(rng: np.random.Generator, cells: Cells, pitch: int) -> str:
    """Long straights from side to side, joined at their ends in turn."""
    last_row, last_col = ((side - 3) // pitch * pitch + 1 for side in cells.shape)
    for number, row in enumerate(range(1, last_row + 1, pitch)):
        cells[row, 1 : last_col + 1] = Cell.FLOOR
        if row < last_row:
            cells[row : row + pitch, 1 if number % 2 else last_col] = Cell.FLOOR
    _short_cuts(rng, cells, pitch)
    _flip(rng, cells)
    return "infinite winding corridor"


def _rings(rng: np.random.Generator, cells: Cells, pitch: int) -> str:
    """Rings one within the other, with a few ways between each and the next."""
    height, width = (side - 2 for side in cells.shape)
    depth = 0
    while min(height, width) - 2 * depth > 2:
        top, left, bottom, right = 1 + depth, 1 + depth, height - depth, width - depth
        cells[[top, bottom], left : right + 1] = cells[top : bottom + 1, [left, right]] = Cell.FLOOR
        depth += pitch
        if min(height, width) - 2 * depth > 2:
            for _ in range(int(rng.integers(1, 4))):
                _spoke(rng, cells, top + pitch, bottom - pitch, slice(left, left + pitch), right)
    return "infinite ring corridors"


def _spoke(rng: np.random.Generator, cells: Cells, low: int, high: int, way: slice, right: int) -> None:
    """From one ring to the next, from the left or from the right."""
    row = int(rng.integers(low, high + 1))
    mirrored = slice(right - (way.stop - way.start) + 1, right + 1)
    cells[row, way if rng.random() < 0.5 else mirrored] = Cell.FLOOR


def _short_cuts(rng: np.random.Generator, cells: Cells, pitch: int) -> None:
    """A few straight ways between neighbouring straights."""
    for _ in range(int(rng.integers(0, 9))):
        y, x = (1 + pitch * int(rng.integers(0, (side - 3) // pitch)) for side in cells.shape)
        column = min(x + int(rng.integers(0, pitch)), cells.shape[1] - 2)
        if cells[y, column] and cells[y + pitch, column]:
            cells[y : y + pitch, column] = Cell.FLOOR


def _flip(rng: np.random.Generator, cells: Cells) -> None:
    """In place, one of the eight ways to lay a square; one of four for other shapes."""
    turned = cells[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])].copy()
    square = cells.shape[0] == cells.shape[1]
    cells[:] = turned.T if square and rng.random() < 0.5 else turned


_DRAWN = (_net, _spiral, _serpentine, _rings)
_SHARES = (0.55, 0.15, 0.15, 0.15)
