"""Measures: facts computed from a map, none taken from how it was drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from glyphgrad.structure.layouts.connect import Mask, components
from glyphgrad.structure.layouts.plan import Cell, Cells, walkable


@dataclass(frozen=True)
class Measures:
    """Counts, and `floor`, the share of all cells on which one can walk, in [0, 1].

    A room is a part of the floor that doors (or nothing) close off, and that is three cells wide
    somewhere. A dead end has one way out. Loops are the ways in which one can walk in a circle: holes
    in the floor. Islands are the parts of the floor without bridges, bridges the parts of those.
    `mirrors` holds the symmetries of the map, of "left-right", "top-bottom" and "diagonal".
    """

    floor: float
    steps: int
    rooms: int
    doors: int
    dead_ends: int
    loops: int
    islands: int
    bridges: int
    pillars: int
    treasures: int
    mirrors: tuple[str, ...]


def measure(cells: Cells) -> Measures:
    floor, doors, bridges = walkable(cells), cells == Cell.DOOR, cells == Cell.BRIDGE
    return Measures(
        floor=round(float(floor.mean()), 4),
        steps=int(floor.sum()),
        rooms=rooms(floor & ~doors),
        doors=int(doors.sum()),
        dead_ends=dead_ends(floor),
        loops=loops(floor),
        islands=components(floor & ~bridges)[1],
        bridges=components(bridges)[1],
        pillars=int((cells == Cell.PILLAR).sum()),
        treasures=int((cells == Cell.TREASURE).sum()),
        mirrors=mirrors(cells),
    )


def rooms(inside: Mask) -> int:
    """How many parts of a floor without its doors hold a square of three cells."""
    labels, _ = components(inside)
    rows = inside[:-2] & inside[1:-1] & inside[2:]
    squares = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return len(np.unique(labels[1:-1, 1:-1][squares]))


def dead_ends(floor: Mask) -> int:
    padded = np.pad(floor, 1).astype(np.int8)
    neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return int((floor & (neighbours <= 1)).sum())


def loops(floor: Mask) -> int:
    """The independent loops of a floor in one piece: 1 less its Euler number, cells - sides + squares of four."""
    across, down = floor[:, 1:] & floor[:, :-1], floor[1:] & floor[:-1]
    squares = across[1:] & across[:-1]
    return int(1 - (floor.sum() - across.sum() - down.sum() + squares.sum()))


def mirrors(cells: Cells) -> tuple[str, ...]:
    """Under which mirrors the drawn part of a map looks the same."""
    rows, cols = (np.flatnonzero((cells > Cell.SOLID).any(axis=axis)) for axis in (1, 0))
    part = cells[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    images = {"left-right": part[:, ::-1], "top-bottom": part[::-1], "diagonal": part.T}
    return tuple(name for name, image in images.items() if np.array_equal(part, image))


def fingerprint(cells: Cells) -> str:
    """The same for a map and for its mirror images and quarter turns; 128 bits in hexadecimal digits."""
    turns = [np.rot90(image, quarter) for image in (cells, cells.T) for quarter in range(4)]
    least = min((turned.shape, turned.tobytes()) for turned in turns)
    return hashlib.blake2b(repr(least[0]).encode() + least[1], digest_size=16).hexdigest()
