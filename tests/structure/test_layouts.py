"""Every family, over many seeds, by an independent walk (scipy's labels)."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from scipy import ndimage

from glyphgrad.errors import ConfigError
from glyphgrad.structure.layouts import FAMILIES, draw, is_sound
from glyphgrad.structure.layouts.banners import banners
from glyphgrad.structure.layouts.mazes import _tree
from glyphgrad.structure.layouts.plan import Cell, Plan, solid

SEEDS = range(6)
SIZES = [(64, 64), (32, 32), (16, 16), (33, 47)]


def plans(family: str) -> list[Plan]:
    return [
        draw(family, np.random.default_rng([seed, rows]), rows, cols)
        for rows, cols in SIZES
        for seed in (SEEDS if rows == 64 else SEEDS[:2])
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_floor_is_one_piece_within_its_range_and_the_border_is_closed(family: str) -> None:
    low, high = FAMILIES[family].floor
    for plan in plans(family):
        floor = plan.cells >= Cell.FLOOR
        assert ndimage.label(floor)[1] == 1
        assert not floor[[0, -1]].any()
        assert not floor[:, [0, -1]].any()
        assert low <= floor.mean() <= high


@pytest.mark.parametrize("family", ["rooms", "labyrinths", "towns", "temples", "banners"])
def test_a_door_stands_in_a_wall_between_two_open_sides(family: str) -> None:
    drawn = plans(family)
    assert family == "banners" or all((plan.cells == Cell.DOOR).any() for plan in drawn if len(plan.cells) == 64)
    for plan in drawn:
        floor = plan.cells >= Cell.FLOOR
        for y, x in np.argwhere(plan.cells == Cell.DOOR):
            across, along = floor[y, [x - 1, x + 1]], floor[[y - 1, y + 1], x]
            assert {tuple(across), tuple(along)} == {(True, True), (False, False)}, (family, y, x)


def test_every_room_of_a_dungeon_is_a_rectangle_that_only_doors_open() -> None:
    for seed in SEEDS:
        cells = draw("rooms", np.random.default_rng(seed), 64, 64).cells
        labels, count = ndimage.label((cells >= Cell.FLOOR) & (cells != Cell.DOOR) | (cells == Cell.PILLAR))
        parts = [labels[place] == label + 1 for label, place in enumerate(ndimage.find_objects(labels))]
        rooms = [part for part in parts if ndimage.binary_opening(part, np.ones((3, 3))).any()]
        assert all(room.all() for room in rooms)
        assert 5 < len(rooms) < count


@pytest.mark.parametrize("newest", [0.0, 0.5, 1.0])
def test_the_ways_of_a_maze_are_a_spanning_tree(newest: float) -> None:
    nodes = np.ones((9, 14), bool)
    nodes[3:6, 5:9] = False
    graph = nx.Graph(_tree(np.random.default_rng(1), nodes, newest).tolist())
    assert nx.is_tree(graph)
    assert set(graph) == set(np.flatnonzero(nodes))
    assert all(abs(a - b) in (1, 14) for a, b in graph.edges)


def test_the_holes_of_letters_are_no_floor() -> None:
    plans = [banners(np.random.default_rng(seed), 64, 64) for seed in range(12)]
    assert all(ndimage.label(plan.walkable)[1] == 1 for plan in plans)
    assert any((plan.cells == Cell.EMPTY).any() for plan in plans)


def test_temples_are_the_same_in_both_mirrors() -> None:
    for seed in SEEDS:
        cells = draw("temples", np.random.default_rng(seed), 63, 63).cells
        np.testing.assert_array_equal(cells, cells[::-1])
        np.testing.assert_array_equal(cells, cells[:, ::-1])


def test_islands_have_water_around_and_bridges_over_it() -> None:
    for seed in SEEDS:
        cells = draw("islands", np.random.default_rng(seed), 64, 64).cells
        assert (cells[[0, -1]] == Cell.WATER).all()
        land = (cells >= Cell.FLOOR) & (cells != Cell.BRIDGE)
        assert (ndimage.label(land)[1] > 1) == (cells == Cell.BRIDGE).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_differ_and_repeat(family: str) -> None:
    first, again, other = (draw(family, np.random.default_rng(seed), 48, 48).cells for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_an_unsound_map_is_found_out() -> None:
    cells = solid(20, 20)
    cells[5:9, 5:9] = Cell.FLOOR
    assert is_sound(Plan(cells, "", ("#",)), 0.01, 0.5)
    assert not is_sound(Plan(cells, "", ("#",)), 0.1, 0.5)
    for place in ((12, 12), (9, 0)):
        broken = cells.copy()
        broken[place] = Cell.FLOOR
        assert not is_sound(Plan(broken, "", ("#",)), 0.01, 0.5)


@pytest.mark.parametrize(("family", "side", "quoted"), [("forests", 64, "'forests'"), ("caves", 15, "15x15")])
def test_bad_arguments_are_refused(family: str, side: int, quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        draw(family, np.random.default_rng(0), side, side)
