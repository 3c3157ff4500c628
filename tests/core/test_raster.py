from __future__ import annotations

import numpy as np

from glyphgrad import GlyphAtlas, Layout
from glyphgrad.core.raster import pixels, render

GLYPHS = np.array([[1, 2, 3], [4, 5, 0]])
LAYOUT = Layout(rows=2, cols=3, cell_height=6, cell_width=4, row_gap=5)


def test_every_glyph_lies_in_its_cell(noise_atlas: GlyphAtlas) -> None:
    ink = render(GLYPHS, noise_atlas.coverage, LAYOUT)
    for (row, col), glyph in np.ndenumerate(GLYPHS):
        cell = ink[row * 11 : row * 11 + 6, col * 4 : col * 4 + 4]
        np.testing.assert_array_equal(cell, noise_atlas.coverage[glyph])


def test_gaps_are_blank_and_none_follows_the_last_row(noise_atlas: GlyphAtlas) -> None:
    ink = render(GLYPHS, noise_atlas.coverage, LAYOUT)
    assert ink.shape == (17, 12)
    assert not ink[6:11].any()


def test_ink_is_black_on_paper_and_white_on_a_dark_screen() -> None:
    ink = np.array([[0.0, 0.25, 1.0]])
    assert pixels(ink, dark=False).tolist() == [[255, 191, 0]]
    assert pixels(ink, dark=True).tolist() == [[0, 64, 255]]


def test_ink_outside_its_range_is_clipped() -> None:
    assert pixels(np.array([[-0.5, 1.5]]), dark=True).tolist() == [[0, 255]]
