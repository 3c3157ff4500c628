"""The list of films, on screens of any size."""

from __future__ import annotations

import pytest

from glyphgrad.serve.menu import Menu

FILMS = [("planet", "A planet with rings, turning"), ("waves", "waves"), ("x" * 60, "y" * 90)]


def test_it_tells_name_and_title() -> None:
    lines = [line.rstrip() for line in Menu(FILMS[:2]).frame(24, 80).lines]
    assert lines[2:4] == ["> 1  planet  A planet with rings, turning", "  2  waves"]


@pytest.mark.parametrize("cols", [20, 37, 300])
@pytest.mark.parametrize("films", [2, 3, 33])
def test_it_fits(cols: int, films: int) -> None:
    frame = Menu([*FILMS * 11][:films]).frame(10, cols)
    assert frame.rows <= 10
    assert frame.cols <= cols
    assert any(frame.lines[-1].rstrip().endswith(end) for end in ("q quits", "q ends"))
