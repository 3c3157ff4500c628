from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from glyphgrad import Art, GlyphAtlas, Layout
from glyphgrad.codec.picture import atlas_sheet, encode_png
from glyphgrad.core.raster import pixels

LAYOUT = Layout(rows=2, cols=2, cell_height=6, cell_width=4, row_gap=3)


def read(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.mark.parametrize("dark", [False, True])
def test_a_png_is_the_hard_grid_a_pixel_a_dot(noise_atlas: GlyphAtlas, dark: bool) -> None:
    art = Art(noise_atlas.frame(np.array([[1, 2], [0, 4]])), noise_atlas, LAYOUT, dark)
    shown = read(encode_png(art))
    np.testing.assert_array_equal(shown[:6, 4:], pixels(noise_atlas.coverage[2], dark))
    assert (shown[6:9] == (0 if dark else 255)).all()  # the row gap
    assert shown.shape == (15, 8)


@pytest.mark.parametrize("dark", [False, True])
def test_the_atlas_sheet_shows_every_glyph_in_its_border(dark: bool) -> None:
    coverage = np.random.default_rng(0).random((18, 6, 4), dtype=np.float32)
    sheet = read(atlas_sheet(GlyphAtlas("abcdefghijklmnopqr", coverage), dark))
    assert sheet.shape == (2 * 13, 16 * 9)  # 2 x 6 + 1 by 2 x 4 + 1 pixels a cell
    np.testing.assert_array_equal(sheet[13:25:2, 9:17:2], pixels(coverage[17], dark))
    border = pixels(np.array(0.25), dark)
    assert (sheet[12] == border).all()
    assert (sheet[:, 8] == border).all()
