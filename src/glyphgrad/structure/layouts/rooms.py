"""Rooms: a binary space partition, a room a leaf, the two halves of every cut joined by a corridor with doors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, furnish, solid

_LEAST = 8
"""Cells across the smallest leaf: a room of three, its walls, and the corridors around."""


@dataclass(frozen=True)
class Box:
    """A rectangle of cells: rows top to bottom and columns left to right, the last ones outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def turned(self) -> Box:
        return Box(self.left, self.top, self.right, self.bottom)


def rooms(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """Rooms of many sizes, every way in or out of one a door."""
    cells = solid(rows, cols)
    largest = int(rng.integers(12, 25))
    dug = _Partition(rng, cells, largest, loops=rng.uniform(0, 0.5)).fill(Box(0, 0, rows, cols))
    for room in dug if rng.random() < 0.5 else ():
        _put_pillars(cells, room)
    furnish(rng, cells, treasures=int(rng.integers(0, 9)))
    return Plan(cells, "systematic dungeon map", walls=("#", "block", "lines", "double", "rock"))


class _Partition:
    """Cuts a box until its parts are small, and joins what each cut has parted."""

    def __init__(self, rng: np.random.Generator, cells: Cells, largest: int, loops: float):
        self.rng, self.cells, self.largest, self.loops = rng, cells, largest, loops
        self.taken = np.zeros(cells.shape, bool)  # rooms and their walls, where no corridor goes

    def fill(self, box: Box) -> list[Box]:
        """The rooms dug in a box, all joined. A box taller than wide is turned, so that every cut is upright."""
        if box.height > box.width:
            self.cells, self.taken = self.cells.T, self.taken.T
            dug = [room.turned() for room in self.fill(box.turned())]
            self.cells, self.taken = self.cells.T, self.taken.T
            return dug
        if box.width < 2 * _LEAST or (box.width <= self.largest and self.rng.random() < 0.8):
            return [self._dig(box)]
        slack = (box.width - 2 * _LEAST) // 3
        cut = int(self.rng.integers(box.left + _LEAST + slack, box.right - _LEAST - slack + 1))
        left = self.fill(Box(box.top, box.left, box.bottom, cut))
        right = self.fill(Box(box.top, cut, box.bottom, box.right))
        for _ in range(1 + (self.rng.random() < self.loops)):
            self._join(left, right, cut)
        return left + right

    def _dig(self, box: Box) -> Box:
        """A room in a box, two cells from its edges: its walls, and the corridor that runs along a cut."""
        height, width = (self._side(side - 4) for side in (box.height, box.width))
        top = int(self.rng.integers(box.top + 2, box.bottom - 1 - height))
        left = int(self.rng.integers(box.left + 2, box.right - 1 - width))
        room = Box(top, left, top + height, left + width)
        self.cells[top : room.bottom, left : room.right] = Cell.FLOOR
        self.taken[top - 1 : room.bottom + 1, left - 1 : room.right + 1] = True
        return room

    def _side(self, most: int) -> int:
        return int(self.rng.integers(max(3, 2 * most // 3), most + 1))

    def _join(self, left: list[Box], right: list[Box], cut: int) -> None:
        """A corridor from a room on the left to the cut, along it, and on to a room on the right."""
        ends = [self._way_out(rooms, cut) for rooms in (left, right)]
        for row, door in ends:
            self.cells[row, min(door, cut) : max(door, cut) + 1] = Cell.FLOOR
            self.cells[row, door] = Cell.DOOR
        low, high = sorted(row for row, _ in ends)
        self.cells[low : high + 1, cut] = Cell.FLOOR

    def _way_out(self, rooms: list[Box], cut: int) -> tuple[int, int]:
        """Where a door may be from which a row leads straight to the cut, past no other room.

        There is always one: in the room that is nearest to the cut. It is next to another door only if
        no room has a better place.
        """
        spare: list[tuple[int, int]] = []
        for room in (rooms[number] for number in self.rng.permutation(len(rooms))):
            door = room.right if room.right <= cut else room.left - 1
            free = ~self.taken[room.top : room.bottom, min(door, cut) + 1 : max(door, cut)].any(axis=1)
            doors = self.cells[room.top - 1 : room.bottom + 1, door] == Cell.DOOR
            apart = np.flatnonzero(free & ~doors[2:] & ~doors[:-2])
            if len(apart):
                return room.top + int(self.rng.choice(apart)), door
            spare += [(room.top + row, door) for row in np.flatnonzero(free).tolist()]
        return spare[0]


def _put_pillars(cells: Cells, room: Box) -> None:
    """Two rows of pillars along the long walls of a hall."""
    if min(room.height, room.width) < 7:
        return
    if room.height > room.width:
        cells, room = cells.T, room.turned()
    if room.width % 2:
        cells[[[room.top + 1], [room.bottom - 2]], np.arange(room.left + 1, room.right - 1, 2)] = Cell.PILLAR
