"""Facts of small maps that one can count by hand; loops against a graph library's cycle rank."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy import ndimage

from glyphgrad.structure.captions import TRIGGER, caption
from glyphgrad.structure.layouts import draw
from glyphgrad.structure.layouts.plan import Cell
from glyphgrad.structure.measures import dead_ends, fingerprint, loops, measure, mirrors, rooms

SIGNS = {" ": Cell.SOLID, ".": Cell.FLOOR, "+": Cell.DOOR, "=": Cell.BRIDGE, "o": Cell.PILLAR, "$": Cell.TREASURE}


def cells_of(*lines: str) -> np.ndarray:
    return np.array([[SIGNS[sign] for sign in line] for line in lines], np.uint8)


def test_counted_by_hand() -> None:
    plan = cells_of(
        "                 ",
        " ...  ...        ",
        " ...++.o.+.....  ",
        " ...  ..$    .   ",
        " .         ...   ",
        "                 ",
    )
    measures = measure(plan)
    assert (measures.rooms, measures.doors, measures.treasures, measures.pillars) == (1, 3, 1, 1)
    assert measures.steps == 9 + 1 + 2 + 8 + 1 + 5 + 1 + 3
    assert measures.floor == round(measures.steps / plan.size, 4)
    assert measures.dead_ends == 3  # below the room, the corridor's right end, its left end
    assert measures.loops == 1  # around the pillar
    assert measures.islands == 1
    assert measures.mirrors == ()


def test_islands_and_bridges() -> None:
    measures = measure(cells_of("..==..   ..", "..  ..===.."))
    assert (measures.islands, measures.bridges) == (3, 2)


def test_loops_are_the_cycle_rank_without_the_squares_of_floor() -> None:
    for family in ("mazes", "corridors", "caves"):
        floor = draw(family, np.random.default_rng(3), 48, 48).walkable
        holes = ndimage.label(~np.pad(floor, 1), np.ones((3, 3)))[1] - 1
        assert loops(floor) == holes
    ring = nx.cycle_graph(8)
    square = np.ones((3, 3), bool)
    square[1, 1] = False
    assert loops(square) == len(nx.cycle_basis(ring)) == 1


def test_dead_ends_and_rooms() -> None:
    cross = np.zeros((5, 5), bool)
    cross[2], cross[:, 2] = True, True
    assert dead_ends(cross) == 4
    assert rooms(cross) == 0
    assert rooms(np.ones((3, 3), bool)) == 1
    assert rooms(np.ones((2, 9), bool)) == 0


def test_mirrors_are_those_of_the_drawn_part() -> None:
    plus = cells_of("      ", "  .   ", " ...  ", "  .   ", "      ")
    assert mirrors(plus) == ("left-right", "top-bottom", "diagonal")
    assert mirrors(cells_of(" .. ", " .  ")) == ("diagonal",)
    assert mirrors(cells_of("...", ".  ")) == ()


def test_a_fingerprint_is_the_same_for_the_eight_symmetries_alone() -> None:
    cells = draw("caves", np.random.default_rng(5), 24, 24).cells
    images = [np.rot90(turned, quarter) for turned in (cells, cells[::-1]) for quarter in range(4)]
    assert len({image.tobytes() for image in images}) == 8
    assert len({fingerprint(image) for image in images}) == 1
    other = cells.copy()
    other[12, 12] = Cell.TREASURE
    assert fingerprint(other) != fingerprint(cells)


def test_a_caption_tells_the_measures() -> None:
    from glyphgrad.structure.dress import dress

    rng = np.random.default_rng(2)
    plan = draw("rooms", rng, 64, 64)
    _, look = dress(plan, rng, "#.+")
    measures = measure(plan.cells)
    said = caption("rooms", plan, look, measures)
    parts = said.split(", ")
    doors = int((plan.cells == Cell.DOOR).sum())
    assert parts[:2] == [TRIGGER, "systematic dungeon map"]
    assert {f"{measures.rooms} rooms", f"{doors} doors", "white on black"} <= set(parts)
    assert f"{plan.walkable.mean():.0%} floor" in parts
