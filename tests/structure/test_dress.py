from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glyphgrad.errors import ConfigError
from glyphgrad.structure.dress import dress
from glyphgrad.structure.layouts import FAMILIES, draw
from glyphgrad.structure.layouts.plan import Cell, Plan
from glyphgrad.structure.tiles import CHARSET

LETTERS = {" ": Cell.SOLID, ".": Cell.FLOOR, "+": Cell.DOOR, "~": Cell.WATER, "o": Cell.PILLAR}


def plan_of(*lines: str, walls: str = "lines") -> Plan:
    return Plan(np.array([[LETTERS[char] for char in line] for line in lines], np.uint8), "", (walls,))


def dressed(plan: Plan, chars: str) -> list[str]:
    return [line.rstrip() for line in dress(plan, np.random.default_rng(0), " " + chars)[0].lines]


def test_lines_join_around_rooms_and_at_doors() -> None:
    rooms = plan_of(" " * 12, "  ~~~  ~~~  ", "  ~~~  ~~~  ", "  ~~~++~~~  ", " " * 12)
    assert dressed(rooms, "~+─│┌┐└┘├┤┬┴┼■") == [
        " ┌───┐┌───┐",
        " │~~~││~~~│",
        " │~~~││~~~│",
        " │~~~++~~~│",
        " └───┘└───┘",
    ]


def test_lines_branch_where_a_wall_parts_two_rooms() -> None:
    rooms = plan_of("     ", " ~ ~ ", "     ", " ~ ~ ", "     ", walls="double")
    assert dressed(rooms, "~═║╔╗╚╝╠╣╦╩╬■") == ["╔═╦═╗", "║~║~║", "╠═╬═╣", "║~║~║", "╚═╩═╝"]


def test_walls_stand_around_all_that_is_open_and_nowhere_else() -> None:
    assert dressed(plan_of("      ", "      ", "   ~  ", "      ", walls="#"), "#~") == ["", "  ###", "  #~#", "  ###"]


def test_rock_fills_all_that_is_solid() -> None:
    assert dressed(plan_of("     ", "  ~  ", "     ", walls="rock"), "#~") == ["#####", "##~##", "#####"]


def test_writing_lies_over_the_cells_without_characters_that_are_not_there() -> None:
    plan = replace(plan_of("     ", " ~~~ ", "     ", walls="#"), writing=((1, 1, "abc"),))
    assert dressed(plan, "#ac~")[1] == "#a c#"


@pytest.mark.parametrize("chars", [CHARSET, " #.", "#", "█·+"])
@pytest.mark.parametrize("family", FAMILIES)
def test_only_characters_of_the_charset_are_used(family: str, chars: str) -> None:
    for seed in range(3):
        plan = draw(family, np.random.default_rng(seed), 32, 32)
        frame, _ = dress(plan, np.random.default_rng(seed), " " + chars)
        assert set("".join(frame.lines)) <= set(" " + chars)


def test_a_charset_without_walls_is_refused() -> None:
    with pytest.raises(ConfigError, match="no characters for walls"):
        dress(plan_of(" ~ "), np.random.default_rng(0), ".+")
