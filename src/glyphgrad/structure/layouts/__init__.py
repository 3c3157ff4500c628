"""The families of maps, each in a file of its own: a seed in, a Plan out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glyphgrad.errors import ConfigError
from glyphgrad.structure.layouts.banners import banners
from glyphgrad.structure.layouts.caves import caves
from glyphgrad.structure.layouts.connect import components
from glyphgrad.structure.layouts.corridors import corridors
from glyphgrad.structure.layouts.islands import islands
from glyphgrad.structure.layouts.labyrinths import labyrinths
from glyphgrad.structure.layouts.mazes import mazes
from glyphgrad.structure.layouts.plan import Plan
from glyphgrad.structure.layouts.rooms import rooms
from glyphgrad.structure.layouts.temples import temples
from glyphgrad.structure.layouts.towns import towns

LEAST_CELLS = 16
"""Cells a map has across and down at the least."""

_TRIES = 100


@dataclass(frozen=True)
class Family:
    """How a family draws a map of (rows, cols), and the shares of its cells on which one may walk."""

    draw: Callable[[np.random.Generator, int, int], Plan]
    floor: tuple[float, float]


FAMILIES = {
    "caves": Family(caves, (0.25, 0.7)),
    "rooms": Family(rooms, (0.15, 0.6)),
    "corridors": Family(corridors, (0.1, 0.5)),
    "mazes": Family(mazes, (0.2, 0.75)),
    "labyrinths": Family(labyrinths, (0.35, 0.75)),
    "banners": Family(banners, (0.35, 0.95)),
    "islands": Family(islands, (0.2, 0.65)),
    "towns": Family(towns, (0.45, 0.9)),
    "temples": Family(temples, (0.45, 0.9)),
}


def draw(family: str, rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """A map of a family: its floor of one piece and within the family's range, its border closed.

    Raises ConfigError for another name, and for fewer than 16 x 16 cells.
    """
    if family not in FAMILIES:
        raise ConfigError(f"family is {family!r}: choose among {', '.join(FAMILIES)}")
    if min(rows, cols) < LEAST_CELLS:
        raise ConfigError(f"map is {cols}x{rows} cells: give at least {LEAST_CELLS}x{LEAST_CELLS}")
    for _ in range(_TRIES):
        plan = FAMILIES[family].draw(rng, rows, cols)
        if is_sound(plan, *FAMILIES[family].floor):
            return plan
    raise ConfigError(f"map is {cols}x{rows} cells: no map of family {family!r} fits, make it larger")


def is_sound(plan: Plan, low: float, high: float) -> bool:
    """Whether the floor is one piece, within the shares, and nowhere on the border."""
    floor = plan.walkable
    border = floor[[0, -1]].any() or floor[:, [0, -1]].any()
    return bool(not border and low <= floor.mean() <= high and components(floor)[1] == 1)
