from __future__ import annotations

import pytest

from glyphgrad import PRESETS
from glyphgrad.core.presets import DEFAULT_PRESET, preset_named
from glyphgrad.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "grid", "pixels"),
    [("epson", (42, 21), (504, 624)), ("discord", (42, 21), (504, 504)), ("terminal", (80, 40), (800, 800))],
)
def test_geometry_for_a_square_picture(name: str, grid: tuple[int, int], pixels: tuple[int, int]) -> None:
    layout = PRESETS[name].layout_for(512, 512)
    assert (layout.cols, layout.rows) == grid
    assert (layout.width, layout.height) == pixels


def test_the_receipt_printer_is_the_default() -> None:
    assert DEFAULT_PRESET == "epson"
    epson = PRESETS["epson"]
    assert (epson.cell, epson.row_gap, epson.encoding, epson.ban, epson.fit) == ((12, 24), 6, "cp437", "`\\", "stretch")


@pytest.mark.parametrize(("name", "rows"), [("epson", 21), ("discord", 21), ("terminal", 20)])
def test_only_the_terminal_follows_a_wide_picture(name: str, rows: int) -> None:
    assert PRESETS[name].layout_for(1000, 500).rows == rows


@pytest.mark.parametrize(("name", "count"), [("epson", 222), ("discord", 222), ("terminal", 95)])
def test_every_preset_draws_its_whole_charset_uncut(name: str, count: int) -> None:
    atlas = PRESETS[name].atlas()
    assert len(atlas.chars) == count
    assert atlas.coverage.shape[1:] == PRESETS[name].cell[::-1]
    assert atlas.cut == ""


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("epson", "terminus-normal.otb at 24 px"),
        ("discord", "SourceCodePro-Regular.ttf at 20 px"),
        ("terminal", "DejaVuSansMono.ttf at 16.61 px"),
    ],
)
def test_fonts_come_at_the_size_of_the_cell(name: str, font: str) -> None:
    assert PRESETS[name].atlas("ab").fonts[0] == font


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'fax'.*epson, discord, terminal"):
        preset_named("fax")
