"""Labyrinths: rooms in a maze, each with the doors that the ways need and one or two more."""

from __future__ import annotations

import numpy as np

from glyphgrad.structure.layouts.connect import Mask
from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, furnish, solid


def labyrinths(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """Rooms on the lattice of a maze, the rest filled by its ways."""
    shape = ((rows - 1) // 2, (cols - 1) // 2)
    room, count = _rooms(rng, shape)
    links = _links(room)
    used = _tree(rng, room, links) | (rng.random(len(links)) < _spare(rng, room, links, count))
    cells = _dug(rows, cols, room, links[used])
    furnish(rng, cells, treasures=int(rng.integers(0, 8)))
    return Plan(cells, "labyrinth with rooms", walls=("#", "block", "lines", "double"))


def _rooms(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """(height, width) the number of the room that a node is in, -1 for none; and how many rooms there are.

    No two rooms touch: a way of the maze fits between.
    """
    room = np.full(shape, -1)
    wanted, count = max(1, round(room.size * rng.uniform(0.006, 0.02))), 0
    most = min(8, min(shape) // 2)
    for _ in range(4 * wanted):
        height, width = rng.integers(2, most + 1, 2)
        top, left = (int(rng.integers(0, side - size + 1)) for side, size in zip(shape, (height, width), strict=True))
        nearby = room[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        if count < wanted and (nearby < 0).all():
            room[top : top + height, left : left + width] = count
            count += 1
    return room, count


def _links(room: np.ndarray) -> np.ndarray:
    """(n, 2) The pairs of neighbouring nodes, by their numbers, that are not within one room."""
    number = np.arange(room.size).reshape(room.shape)
    across = np.stack([number[:, :-1], number[:, 1:]], axis=-1).reshape(-1, 2)
    down = np.stack([number[:-1], number[1:]], axis=-1).reshape(-1, 2)
    links = np.concatenate([across, down])
    first, second = room.ravel()[links].T
    return links[(first < 0) | (first != second)]


def _tree(rng: np.random.Generator, room: np.ndarray, links: np.ndarray) -> Mask:
    """Which links make a spanning tree (Kruskal's) in which a room is one node; those of rooms come last."""
    nodes = np.where(room < 0, np.arange(room.size).reshape(room.shape), room.size + room).ravel()
    parent = list(range(int(nodes.max()) + 1))
    last = (room.ravel()[links] >= 0).any(axis=1)
    used = np.zeros(len(links), bool)
    ends = nodes[links].tolist()
    for link in np.argsort(rng.random(len(links)) + last).tolist():
        first, second = (_root(parent, node) for node in ends[link])
        if first != second:
            parent[second] = first
            used[link] = True
    return used


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = node = parent[parent[node]]
    return node


def _spare(rng: np.random.Generator, room: np.ndarray, links: np.ndarray, count: int) -> np.ndarray:
    """(n,) The chance of each further link: a few loops, and about one more door a room."""
    doors = (room.ravel()[links] >= 0).any(axis=1)
    return np.where(doors, 1.2 * count / max(1, doors.sum()), rng.uniform(0, 0.06))


def _dug(rows: int, cols: int, room: np.ndarray, links: np.ndarray) -> Cells:
    """The map: a node each odd row and column, the links between, rooms without inner walls, doors into them."""
    cells = solid(rows, cols)
    height, width = room.shape
    inside = np.zeros((2 * height + 1, 2 * width + 1), np.intp)
    inside[1::2, 1::2] = room + 1
    for axis in (0, 1):
        low, high = np.roll(inside, 1, axis), np.roll(inside, -1, axis)
        inside = np.where((inside == 0) & (low == high), low, inside)
    field = cells[: 2 * height + 1, : 2 * width + 1]
    field[1::2, 1::2] = Cell.FLOOR
    field[inside > 0] = Cell.FLOOR
    (y, x), (to_y, to_x) = np.divmod(links[:, 0], width), np.divmod(links[:, 1], width)
    door = (room.ravel()[links] >= 0).any(axis=1)
    field[y + to_y + 1, x + to_x + 1] = np.where(door, Cell.DOOR, Cell.FLOOR)
    return cells
