"""Walk: where one can go on a map of which only the characters are known, and making it of one piece.

A blank cell says by itself neither floor nor rock. On a map with a dotted floor it is rock; on one whose
floor is bare it is floor where signs (doors, stairs, treasure, ...) stand in the same part of the map, and
that part does not run out over the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glyphgrad.core.frame import Frame
from glyphgrad.structure.dress import SIGNS
from glyphgrad.structure.layouts.connect import Mask, components, keep_largest, shortest_cuts, sizes
from glyphgrad.structure.layouts.plan import Cell

_DOTS = ".·"
_DOOR, _BRIDGE = "+="
_WATER = SIGNS[Cell.WATER]
_ON_FOOT = "".join(signs for cell, signs in SIGNS.items() if cell > Cell.FLOOR)
_DOTTED = 0.01
"""Share of cells from which dots on a map are its floor."""
_SPECK = 2
"""Cells of a part of the floor that is too small to be missed."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The floor (rows, cols) of a map, in `parts` that hang together, and the character of plain floor."""

    floor: Mask
    parts: int
    sign: str

    @property
    def apart(self) -> int:
        """Cells of the floor that the largest part does not reach."""
        return int(self.floor.sum() - keep_largest(self.floor).sum())


def ground(frame: Frame) -> Ground:
    """The floor of a map. Specks of one cell do not count."""
    dots = _is(frame, _DOTS)
    dotted = dots.mean() >= _DOTTED
    signs = _is(frame, _ON_FOOT)
    floor = dots | signs if dotted else _parts_with(_is(frame, " ") | signs | dots, signs)
    labels, count = components(floor)
    floor &= np.isin(labels, np.flatnonzero(sizes(labels, count) >= _SPECK))
    return Ground(floor, components(floor)[1], max(_DOTS, key=frame.text.count) if dotted else " ")


def repaired(frame: Frame) -> tuple[Frame, int]:
    """A map whose floor is of one piece, and the number of cells that were changed for it.

    Between two parts runs the shortest cut: a door where it enters a wall and where it leaves it, a bridge over water,
    else floor.
    """
    found = ground(frame)
    _, paths = shortest_cuts(found.floor, least=1)
    cells = frame.cells.copy()
    for path in paths:
        before = found.sign
        for place in path:
            if not found.floor[place]:
                cells[place] = ord(before := _way(chr(frame.cells[place]), before, found.sign))
    return Frame(cells), int((cells != frame.cells).sum())


def _way(char: str, before: str, floor: str) -> str:
    """What a cell becomes on a path that comes from the character `before`."""
    if char in _WATER:
        return _BRIDGE
    return floor if char == " " or before == _DOOR else _DOOR


def _is(frame: Frame, chars: str) -> Mask:
    return np.isin(frame.cells, [ord(char) for char in chars])


def _parts_with(mask: Mask, signs: Mask) -> Mask:
    """The parts of a mask that hold a sign and do not reach the edge."""
    labels, count = components(mask)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.isin(labels, np.setdiff1d(labels[signs & mask], edge)) if count else mask
