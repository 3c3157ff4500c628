"""Dress: a Plan -> the characters that show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.frame import Frame
from glyphgrad.errors import ConfigError
from glyphgrad.structure.layouts.connect import Mask
from glyphgrad.structure.layouts.plan import Cell, Plan, around

LINES = {"lines": "■───│┘└┴│┐┌┬│┤├┼", "double": "■═══║╝╚╩║╗╔╦║╣╠╬"}
"""Wall styles of joined lines: the character of each sum of 1 left, 2 right, 4 up, 8 down."""

GLYPHS = {"#": "#", "block": "█", "rock": "#"}
"""Wall styles of one character; `rock` fills all that is solid with it."""

SIGNS = {
    Cell.PILLAR: "○o■",
    Cell.WATER: "≈~",
    Cell.TREE: "♣♠T",
    Cell.DOOR: "+",
    Cell.UP: "<",
    Cell.DOWN: ">",
    Cell.TREASURE: "$",
    Cell.ALTAR: "_",
    Cell.GRASS: "\"'",
    Cell.FOREST: "♠♣",
    Cell.HILL: "^▲",
    Cell.BRIDGE: "=",
    Cell.LETTER: "█#■*@",
}
_FLOORS = ".· "


@dataclass(frozen=True)
class Look:
    """What was drawn from the seed: the wall style and the character of each kind of cell."""

    wall: str
    signs: tuple[str, ...]


def dress(plan: Plan, rng: np.random.Generator, chars: str) -> tuple[Frame, Look]:
    """The characters of a plan, all among `chars`, in a look drawn from `rng`. Raises ConfigError."""
    look = _look(plan, rng, chars)
    codes = np.array([ord(sign) for sign in look.signs], np.uint32)
    cells = codes[plan.cells]
    rock = plan.cells == Cell.SOLID
    walls = rock if look.wall == "rock" else rock & around(plan.cells > Cell.SOLID)
    if look.wall in LINES:
        joined = np.array(list(map(ord, LINES[look.wall])), np.uint32)[_joints(plan, walls)]
        cells[walls] = joined[walls]
    else:
        cells[walls] = ord(GLYPHS[look.wall])
    for row, col, text in plan.writing:
        known = "".join(char if char in chars else " " for char in text)
        cells[row, col : col + len(text)] = [ord(char) for char in known]
    return Frame(cells), look


def _look(plan: Plan, rng: np.random.Generator, chars: str) -> Look:
    walls = [style for style in plan.walls if set(LINES.get(style) or GLYPHS[style]) <= set(chars)]
    if not walls:
        raise ConfigError(f"charset {chars!r} holds no characters for walls: add '#', '█' or the box characters")
    signs = [" "] * len(Cell)
    signs[Cell.FLOOR] = _one_of(rng, _FLOORS, chars, "")
    for kind, choice in SIGNS.items():
        signs[kind] = _one_of(rng, choice, chars, signs[Cell.FLOOR])
    return Look(walls[int(rng.integers(len(walls)))], tuple(signs))


def _one_of(rng: np.random.Generator, choice: str, chars: str, stand_in: str) -> str:
    """One of the characters that there are; where there is none the cell looks like plain floor."""
    there = [char for char in choice if char in chars]
    return there[int(rng.integers(len(there)))] if there else stand_in


def _joints(plan: Plan, walls: Mask) -> NDArray[np.intp]:
    """(rows, cols) in 0..15: with which neighbours a wall is joined, as sums of 1 left, 2 right, 4 up, 8 down.

    Two neighbouring walls (or a wall and a door) belong together if one of the cells along their sides
    is open: the walls of two rooms that stand back to back stay apart.
    """
    part = np.pad(walls | (plan.cells == Cell.DOOR), 1)
    open_ = np.pad((plan.cells > Cell.SOLID) & (plan.cells != Cell.DOOR), 1)
    joints = np.zeros(part.shape, np.intp)
    for axis, (before, after) in enumerate(((8, 4), (2, 1))):
        low, high = np.delete(part, -1, axis), np.delete(part, 0, axis)
        sides = np.roll(open_, 1, 1 - axis) | np.roll(open_, -1, 1 - axis)
        pair = low & high & (np.delete(sides, -1, axis) | np.delete(sides, 0, axis))
        cut = [slice(None), slice(None)]
        for bit, end in ((before, slice(None, -1)), (after, slice(1, None))):
            cut[axis] = end
            joints[tuple(cut)] += bit * pair
    return joints[1:-1, 1:-1]
