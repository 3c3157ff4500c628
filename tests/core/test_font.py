from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from glyphgrad.core.font import Face, FontSpec
from glyphgrad.core.presets import DEJAVU_SANS_MONO, SOURCE_CODE_PRO, TERMINUS
from glyphgrad.errors import ConfigError, FontError, GlyphgradWarning

HIEROGLYPH = "\U00013000"  # in none of the bundled fonts


@pytest.mark.parametrize(("cell_width", "size"), [(12, 24), (13, 24), (11, 22), (8, 16), (16, 32)])
def test_a_bitmap_font_takes_the_widest_strike_that_fits(cell_width: int, size: int) -> None:
    assert Face(FontSpec(TERMINUS), (cell_width, 2 * cell_width)).size == size


def test_of_strikes_of_one_width_the_nearest_in_height_is_taken() -> None:
    assert Face(FontSpec(TERMINUS), (8, 14)).size == 14
    assert Face(FontSpec(TERMINUS), (8, 20)).size == 16


def test_terminus_24_fills_its_cell_of_12_with_full_dots() -> None:
    block, cut = Face(FontSpec(TERMINUS), (12, 24)).draw("█")
    assert (block == 1).all()
    assert cut == 0
    letter, _ = Face(FontSpec(TERMINUS), (12, 24)).draw("g")
    assert set(np.unique(letter)) == {0, 1}


def test_a_strike_asked_for_is_taken() -> None:
    assert Face(FontSpec(TERMINUS, 16), (12, 24)).size == 16


def test_a_strike_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(FontError, match="no strike of 23 pixels: choose one of 12, 14, 16"):
        Face(FontSpec(TERMINUS, 23), (12, 24))


def test_a_cell_narrower_than_any_strike_is_warned_of() -> None:
    with pytest.warns(GlyphgradWarning, match="no strike narrower than 6 pixels.*cell's 3"):
        Face(FontSpec(TERMINUS), (3, 8))


@pytest.mark.parametrize("font", [DEJAVU_SANS_MONO, SOURCE_CODE_PRO])
@pytest.mark.parametrize("width", [6, 10, 12])
def test_a_scalable_font_takes_the_size_whose_advance_is_the_cells_width(font: Path, width: int) -> None:
    advance = {DEJAVU_SANS_MONO: 1233 / 2048, SOURCE_CODE_PRO: 600 / 1000}[font]  # from the fonts' own tables
    size = Face(FontSpec(font), (width, 2 * width)).size
    assert size == pytest.approx(width / advance, rel=1e-3)  # FreeType rounds the advance of a 1,000 px em


def test_a_size_asked_for_is_taken() -> None:
    assert Face(FontSpec(DEJAVU_SANS_MONO, 9.5), (10, 20)).size == 9.5


@pytest.mark.parametrize(
    ("char", "there"), [("A", True), ("é", True), (" ", True), ("\xa0", True), (HIEROGLYPH, False)]
)
def test_has_tells_what_the_font_draws_itself(char: str, there: bool) -> None:
    assert Face(FontSpec(DEJAVU_SANS_MONO), (10, 20)).has(char) is there


def test_y_offset_moves_the_glyph_down() -> None:
    high, _ = Face(FontSpec(SOURCE_CODE_PRO, 12, y_offset=2), (10, 24)).draw("x")
    low, _ = Face(FontSpec(SOURCE_CODE_PRO, 12, y_offset=5), (10, 24)).draw("x")
    np.testing.assert_array_equal(np.roll(high, 3, axis=0), low)
    assert high.any()


def test_a_glyph_narrower_than_its_cell_is_centred() -> None:
    ink, _ = Face(FontSpec(TERMINUS, 16), (12, 16)).draw("█")
    assert (ink.any(axis=0) == [False] * 2 + [True] * 8 + [False] * 2).all()


def test_space_is_blank() -> None:
    ink, cut = Face(FontSpec(TERMINUS), (12, 24)).draw(" ")
    assert not ink.any()
    assert cut == 0


def test_the_share_of_ink_cut_off_is_told() -> None:
    whole = Face(FontSpec(TERMINUS), (12, 24)).draw("█")[1]
    half = Face(FontSpec(TERMINUS, 24, y_offset=12), (12, 24)).draw("█")[1]
    assert (whole, half) == (0, 0.5)


@pytest.mark.parametrize("offset", [24, 60, 1000])
def test_a_glyph_shifted_out_of_its_cell_is_all_cut(offset: int) -> None:
    ink, cut = Face(FontSpec(TERMINUS, 24, y_offset=offset), (12, 24)).draw("█")
    assert not ink.any()
    assert cut == 1


def test_a_missing_font_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FontError, match=r"none\.ttf' does not exist"):
        Face(FontSpec(tmp_path / "none.ttf"), (10, 20))


@pytest.mark.parametrize("content", [b"", b"this is no font"])
def test_a_file_that_is_no_font_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "text.ttf"
    path.write_bytes(content)
    with pytest.raises(FontError, match=r"text\.ttf' is not a font"):
        Face(FontSpec(path), (10, 20))


def test_a_system_font_of_the_same_name_does_not_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "share" / "fonts"
    system.mkdir(parents=True)
    shutil.copy(DEJAVU_SANS_MONO, system / "mine.ttf")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "mine.ttf").write_bytes(b"damaged")
    with pytest.raises(FontError, match=r"mine\.ttf' is not a font"):
        Face(FontSpec(tmp_path / "mine.ttf"), (10, 20))


@pytest.mark.parametrize("size", [0, -3, 1001, float("nan")])
def test_a_size_that_cannot_be_is_refused(size: float) -> None:
    with pytest.raises(ConfigError, match=f"font size is {size}"):
        FontSpec(TERMINUS, size)
