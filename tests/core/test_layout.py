from __future__ import annotations

import pytest

from glyphgrad import Layout
from glyphgrad.core.layout import MAX_CELLS, grid_for
from glyphgrad.errors import ConfigError


def test_gaps_lie_between_rows_only() -> None:
    layout = Layout(rows=3, cols=5, cell_height=10, cell_width=4, row_gap=2)
    assert (layout.width, layout.height, layout.inked_height, layout.row_pitch) == (20, 34, 30, 12)


@pytest.mark.parametrize("name", ["rows", "cols", "cell_height", "cell_width"])
@pytest.mark.parametrize("value", [0, -3])
def test_sizes_are_at_least_one(name: str, value: int) -> None:
    sizes = {"rows": 2, "cols": 2, "cell_height": 2, "cell_width": 2, name: value}
    with pytest.raises(ConfigError, match=f"{name} is {value}"):
        Layout(**sizes)


def test_a_gap_is_not_negative() -> None:
    with pytest.raises(ConfigError, match="row_gap is -1"):
        Layout(2, 2, 2, 2, row_gap=-1)


def test_a_grid_too_large_to_hold_is_refused() -> None:
    Layout(2, MAX_CELLS // 2, 1, 1)
    with pytest.raises(ConfigError, match=f"{MAX_CELLS}x2"):
        Layout(2, MAX_CELLS, 1, 1)


@pytest.mark.parametrize(
    ("cols", "rows", "fit", "grid"),
    [
        (40, None, "contain", (40, 16)),  # 400 px wide, so 400 high: 16 rows are 16 * 20 + 15 * 5 = 395
        (40, None, "stretch", (40, 20)),  # the gaps do not count: 20 * 20
        (None, 16, "contain", (40, 16)),  # 395 px high, so 395 wide
        (None, 20, "stretch", (40, 20)),
        (7, 9, "contain", (7, 9)),
    ],
)
def test_the_missing_side_follows_a_square_picture(
    cols: int | None, rows: int | None, fit: str, grid: tuple[int, int]
) -> None:
    assert grid_for(1.0, cols, rows, (10, 20), 5, fit) == grid


def test_a_wide_picture_gets_fewer_rows() -> None:
    assert grid_for(2.0, 40, None, (10, 20), 0, "contain") == (40, 10)


def test_a_grid_has_at_least_one_row_and_column() -> None:
    assert grid_for(1000.0, 4, None, (10, 20), 0, "contain") == (4, 1)
    assert grid_for(0.001, None, 4, (10, 20), 0, "contain") == (1, 4)


@pytest.mark.parametrize(
    ("changes", "quoted"),
    [
        ({"fit": "squeeze"}, "'squeeze'"),
        ({"cols": None, "rows": None}, "not given"),
        ({"cell": (10, 0)}, "cell height is 0"),
        ({"cell": (-1, 20)}, "cell width is -1"),
        ({"row_gap": -20}, "row_gap is -20"),  # would make a row 0 pixels high
        ({"cols": 10**400}, "cols is 1000"),  # no float can hold it
    ],
)
def test_a_grid_that_cannot_be_is_refused(changes: dict[str, object], quoted: str) -> None:
    options = {"aspect": 1.0, "cols": 40, "rows": None, "cell": (10, 20), "row_gap": 0, "fit": "contain"}
    with pytest.raises(ConfigError, match=quoted):
        grid_for(**(options | changes))
