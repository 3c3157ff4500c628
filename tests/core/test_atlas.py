from __future__ import annotations

import numpy as np
import pytest

from glyphgrad import Frame, GlyphAtlas
from glyphgrad.core.font import FontSpec
from glyphgrad.core.presets import DEJAVU_SANS_MONO, SOURCE_CODE_PRO, TERMINUS
from glyphgrad.errors import ConfigError, GlyphgradWarning

HIEROGLYPHS = "\U00013000\U00013001"  # in none of the bundled fonts
IN_DEJAVU_ONLY = "♞"
CELL = (12, 24)


def test_coverage_is_ink_of_every_character() -> None:
    atlas = GlyphAtlas.build(" .@", CELL, FontSpec(SOURCE_CODE_PRO))
    assert atlas.coverage.shape == (3, 24, 12)
    assert atlas.coverage.dtype == np.float32
    ink = atlas.coverage.sum(axis=(1, 2))
    assert 0 == ink[0] < ink[1] < ink[2]
    assert 0 <= atlas.coverage.min() < atlas.coverage.max() <= 1
    assert (atlas.cell_width, atlas.cell_height) == CELL


def test_a_character_the_font_lacks_is_drawn_by_the_fallback() -> None:
    atlas = GlyphAtlas.build("a" + IN_DEJAVU_ONLY, CELL, FontSpec(SOURCE_CODE_PRO), FontSpec(DEJAVU_SANS_MONO))
    own = GlyphAtlas.build("a" + IN_DEJAVU_ONLY, CELL, FontSpec(DEJAVU_SANS_MONO))
    assert atlas.fallback == IN_DEJAVU_ONLY
    np.testing.assert_array_equal(atlas.coverage[1], own.coverage[1])
    assert (atlas.coverage[0] != own.coverage[0]).any()


def test_characters_that_no_font_has_are_left_out_with_one_warning() -> None:
    with pytest.warns(GlyphgradWarning) as warned:
        atlas = GlyphAtlas.build("a" + HIEROGLYPHS + "b", CELL, FontSpec(SOURCE_CODE_PRO), FontSpec(DEJAVU_SANS_MONO))
    assert atlas.chars == "ab"
    assert len(atlas.coverage) == 2
    assert [repr(HIEROGLYPHS) in str(warning.message) for warning in warned] == [True]


def test_a_font_that_draws_fewer_than_two_characters_is_refused() -> None:
    with (
        pytest.warns(GlyphgradWarning),
        pytest.raises(ConfigError, match=r"SourceCodePro.*can draw fewer than two"),
    ):
        GlyphAtlas.build("a" + HIEROGLYPHS, CELL, FontSpec(SOURCE_CODE_PRO))


def test_glyphs_that_leave_their_cell_are_named() -> None:
    assert GlyphAtlas.build("il.W", CELL, FontSpec(SOURCE_CODE_PRO)).cut == ""
    assert GlyphAtlas.build("il.W", CELL, FontSpec(SOURCE_CODE_PRO, 30)).cut == "lW"
    assert GlyphAtlas.build("il.W", CELL, FontSpec(SOURCE_CODE_PRO, 20, y_offset=1000)).cut == "il.W"


def test_box_drawing_may_leave_its_cell_since_it_joins() -> None:
    assert GlyphAtlas.build("┼█", CELL, FontSpec(DEJAVU_SANS_MONO, 40)).cut == ""


def test_fonts_and_their_sizes_are_told() -> None:
    atlas = GlyphAtlas.build("ab", CELL, FontSpec(TERMINUS), FontSpec(DEJAVU_SANS_MONO, 18))
    assert atlas.fonts == ("terminus-normal.otb at 24 px", "DejaVuSansMono.ttf at 18 px")


def test_blank_finds_what_has_no_ink() -> None:
    assert GlyphAtlas.build("a \xa0", CELL, FontSpec(TERMINUS)).blank.tolist() == [False, True, True]


def test_grids_are_written_with_the_first_of_twins() -> None:
    atlas = GlyphAtlas.build(" a\xa0", CELL, FontSpec(TERMINUS))
    assert atlas.frame(np.array([[0, 1, 2]])).text == " a \n"


def test_frames_and_glyph_numbers_round_trip(noise_atlas: GlyphAtlas) -> None:
    glyphs = np.array([[7, 0, 3], [1, 1, 2]])
    np.testing.assert_array_equal(noise_atlas.glyphs(noise_atlas.frame(glyphs)), glyphs)


def test_a_character_outside_the_atlas_is_refused(noise_atlas: GlyphAtlas) -> None:
    with pytest.raises(ConfigError, match="'XY'"):
        noise_atlas.glyphs(Frame.from_lines(["aXbY"]))


def test_characters_and_coverage_must_be_as_many() -> None:
    with pytest.raises(ConfigError, match=r"\(3, 2, 2\).*\(2, height, width\)"):
        GlyphAtlas("ab", np.zeros((3, 2, 2), np.float32))
