"""Captions: a map in words, the trigger first, every fact from its measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glyphgrad.structure.dress import Look
from glyphgrad.structure.layouts.plan import Cell, Plan
from glyphgrad.structure.measures import Measures

TRIGGER = "ascii_structure_style"
"""The word that calls the style up."""

_WALLS = {
    "#": "walls of hash signs",
    "rock": "solid rock of hash signs",
    "block": "solid block walls",
    "lines": "thin line walls",
    "double": "double line walls",
}
STYLES = tuple(style for style in _WALLS if style != "rock")
"""Wall styles that suit every family."""
_FLOORS = {".": "dotted floor", "·": "dotted floor", " ": "bare floor"}

ENDING = "white on black"
"""Of every caption."""


def caption(family: str, plan: Plan, look: Look, measures: Measures) -> str:
    """One line without a line end."""
    walls = [] if family == "islands" else [_WALLS[look.wall]]
    floor = _FLOORS[look.signs[Cell.FLOOR]]
    parts = [TRIGGER, plan.kind, density(measures.floor), *_facts(family, look, measures), *walls, floor, ENDING]
    return ", ".join(parts)


def density(floor: float) -> str:
    """In words and as a share of the map, in [0, 1]."""
    words = ((0.2, "sparse"), (0.4, "half open"), (0.65, "open"), (1.0, "wide open"))
    return f"{next(word for most, word in words if floor <= most)}, {floor:.0%} floor"


def _facts(family: str, look: Look, measures: Measures) -> list[str]:
    rooms, doors = _count(measures.rooms, "room"), _seen(look, Cell.DOOR, measures.doors, "door")
    loops, ends = _count(measures.loops, "loop"), _count(measures.dead_ends, "dead end")
    facts = {
        "caves": [_count(measures.steps, "step") + " of floor", loops],
        "rooms": [rooms, doors, loops],
        "corridors": [_count(measures.steps, "step") + " of corridor", ends, loops],
        "mazes": [ends, loops],
        "labyrinths": [rooms, doors, ends, loops],
        "banners": [doors],
        "islands": [_count(measures.islands, "island"), _seen(look, Cell.BRIDGE, measures.bridges, "bridge")],
        "towns": [_count(measures.rooms - 1, "room") + " indoors", doors],
        "temples": [rooms, doors, _seen(look, Cell.PILLAR, measures.pillars, "pillar")],
    }[family]
    symmetry = "mirrored " + " and ".join(measures.mirrors) if measures.mirrors else ""
    treasures = _seen(look, Cell.TREASURE, measures.treasures, "treasure") if measures.treasures else ""
    return [fact for fact in (*facts, symmetry, treasures) if fact]


def _seen(look: Look, kind: Cell, number: int, thing: str) -> str:
    """A count, but nothing of what the charset has no sign for: it looks like floor."""
    return _count(number, thing) if look.signs[kind] != look.signs[Cell.FLOOR] else ""


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'s' * (number != 1)}"


def completed(prompt: str, rng: np.random.Generator, styles: Sequence[str] = STYLES) -> str:
    """A prompt as captions are: the trigger first, and one of the wall styles, a floor and the ending if it names none."""
    has_walls = any(word in prompt.replace("walled", "") for word in ("wall", "rock", "island", "archipelago"))
    walls = [] if has_walls else [_WALLS[str(rng.choice(styles))]]
    floor = [] if "floor" in prompt else [str(rng.choice(sorted({*_FLOORS.values()})))]
    ending = [] if ENDING in prompt else [ENDING]
    return with_trigger(", ".join([prompt.strip(" ,"), *walls, *floor, *ending]), TRIGGER)


def with_trigger(caption: str, trigger: str) -> str:
    """The caption, the trigger before it where it holds none."""
    return caption if trigger in caption else f"{trigger}, {caption}"
