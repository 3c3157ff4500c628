"""Mazes: a growing tree over a lattice, square, round or ring-shaped, with as many loops as wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.structure.layouts.connect import Mask, keep_largest
from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, furnish, solid


def mazes(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """A maze whose ways are one to three cells wide."""
    width = int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
    shape = ((rows - 1) // (width + 1), (cols - 1) // (width + 1))
    name, nodes = _outline(rng, shape)
    texture = rng.choice(["winding", "branching", "mixed"])
    newest = {"winding": 1.0, "branching": 0.0, "mixed": rng.uniform(0.6, 0.95)}[str(texture)]
    links = _tree(rng, nodes, newest)
    if rng.random() < 0.5:
        links = np.concatenate([links, _loops(rng, nodes, share=rng.uniform(0.02, 0.15))])
    cells = _dug(nodes, links, width, rows, cols)
    furnish(rng, cells, treasures=int(rng.integers(0, 4)))
    return Plan(cells, f"{name}{texture} maze", walls=("#", "block", "lines", "double"))


def _outline(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[str, Mask]:
    """The name of a shape and which nodes of the lattice are in it."""
    choice = rng.random()
    if choice < 0.6 or min(shape) < 12:
        return "", np.ones(shape, bool)
    y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    radius = np.maximum(abs(y), abs(x)) if choice > 0.9 else np.hypot(y, x)
    if choice < 0.75:
        return "round ", keep_largest(radius <= 1)
    hole = rng.uniform(0.25, 0.5)
    return ("hollow square " if choice > 0.9 else "ring-shaped "), keep_largest((radius <= 1) & (radius >= hole))


def _tree(rng: np.random.Generator, nodes: Mask, newest: float) -> NDArray[np.intp]:
    """(n, 2) The links of a growing tree over `nodes`: node numbers by rows, the smaller first.

    It grows from its newest node with that probability and from any other else: 1 digs long winding
    ways (a depth-first search), 0 short branching ones (Prim's).
    """
    width = nodes.shape[1]
    free = np.pad(nodes, 1).ravel().tolist()
    steps = (1, width + 2, -1, -width - 2)
    draws = iter(rng.random(8 * nodes.size + 8).tolist())
    start = int(rng.choice(np.flatnonzero(free)))
    free[start] = False
    active, links = [start], []
    while active:
        at = len(active) - 1 if next(draws) < newest else int(next(draws) * len(active))
        node = active[at]
        ways = [node + step for step in steps if free[node + step]]
        if not ways:
            active[at] = active[-1]
            active.pop()
            continue
        new = ways[int(next(draws) * len(ways))]
        free[new] = False
        active.append(new)
        links.append((min(node, new), max(node, new)))
    row, col = np.divmod(np.array(links, np.intp).reshape(-1, 2), width + 2)
    return (row - 1) * width + col - 1


def _loops(rng: np.random.Generator, nodes: Mask, share: float) -> NDArray[np.intp]:
    """(n, 2) A share of all the links there could be."""
    number = np.arange(nodes.size).reshape(nodes.shape)
    across, down = nodes[:, 1:] & nodes[:, :-1], nodes[1:] & nodes[:-1]
    links = np.concatenate(
        [
            np.stack([number[:, :-1][across], number[:, 1:][across]], axis=1),
            np.stack([number[:-1][down], number[1:][down]], axis=1),
        ]
    )
    return links[rng.random(len(links)) < share]


def _dug(nodes: Mask, links: NDArray[np.intp], width: int, rows: int, cols: int) -> Cells:
    """The map: a block of `width` cells a node, walls of one cell between, in the middle of the map."""
    pitch = width + 1
    top, left = ((side - 1 - count * pitch) // 2 + 1 for side, count in zip((rows, cols), nodes.shape, strict=True))
    cells = solid(rows, cols)
    starts, ends = (np.stack(np.divmod(nodes_of, nodes.shape[1])) for nodes_of in links.T)
    block = np.mgrid[:width, :width].reshape(2, -1, 1)
    corner = np.array([top, left]).reshape(2, 1, 1)
    for places in (starts * pitch, ends * pitch, starts * pitch + (ends - starts)):  # the last opens the wall between
        cells[tuple(corner + places[:, None] + block)] = Cell.FLOOR
    return cells
