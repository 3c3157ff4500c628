"""Floors of maps of which only the characters are known, and making them of one piece."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.frame import Frame
from glyphgrad.structure.dress import dress
from glyphgrad.structure.layouts import FAMILIES, draw
from glyphgrad.structure.tiles import CHARSET
from glyphgrad.structure.walk import ground, repaired

DOTTED = ["########", "#..#...#", "#..#...#", "########"]
BARE = ["########", "#  # > #", "# <#   #", "########"]


def test_a_dotted_floor_in_two_parts() -> None:
    found = ground(Frame.from_lines(DOTTED))
    assert (found.parts, found.apart, found.sign) == (2, 4, ".")


def test_a_bare_floor_is_where_signs_are() -> None:
    pocket = ["####", "#  #", "####"]  # rock, for all one can tell
    found = ground(Frame.from_lines([*BARE, *(line.ljust(8) for line in pocket)]))
    assert (found.parts, int(found.floor.sum()), found.sign) == (2, 10, " ")


def test_what_runs_out_over_the_edge_is_no_floor() -> None:
    assert ground(Frame.from_lines(["###", " > ", "###"])).parts == 0


@pytest.mark.parametrize(
    ("lines", "way"), [(DOTTED, "+"), (BARE, "+"), ([line.replace("#", "≈") for line in DOTTED], "=")]
)
def test_a_repair_is_one_cell_where_one_is_enough(lines: list[str], way: str) -> None:
    before = Frame.from_lines(lines)
    after, changed = repaired(before)
    assert changed == 1
    assert ground(after).parts == 1
    assert [chr(code) for code in after.cells[after.cells != before.cells]] == [way]


def test_a_thick_wall_gets_a_door_and_a_passage() -> None:
    after, changed = repaired(Frame.from_lines(["#########", "#..###..#", "#########"]))
    assert changed == 3
    assert after.lines[1] == "#..+.+..#"


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_of_the_dataset_are_of_one_piece(family: str) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        frame, _ = dress(draw(family, rng, 32, 32), rng, CHARSET)
        assert ground(frame).parts == 1
        assert repaired(frame)[1] == 0
