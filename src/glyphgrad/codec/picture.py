"""Art -> picture file: exactly what the device shows, a pixel a dot."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.raster import pixels

_SHEET_COLUMNS = 16
_SHEET_SCALE = 2
_BORDER = 0.25
"""Ink of the cell borders on an atlas sheet: visible on either paper, lighter than any stroke."""


def encode_png(art: Art) -> bytes:
    return png(art.pixels)


def png(levels: NDArray[np.uint8]) -> bytes:
    """Grey levels (H, W) or colours (H, W, 3) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def atlas_sheet(atlas: GlyphAtlas, dark: bool) -> bytes:
    """Every glyph of an atlas in its cell, twice as large, 16 a row, with the cells' borders, as PNG."""
    count, height, width = atlas.coverage.shape
    rows = -(-count // _SHEET_COLUMNS)
    cells = np.zeros((rows * _SHEET_COLUMNS, height * _SHEET_SCALE + 1, width * _SHEET_SCALE + 1), np.float32)
    cells[:, -1, :] = cells[:, :, -1] = _BORDER
    cells[:count, :-1, :-1] = atlas.coverage.repeat(_SHEET_SCALE, 1).repeat(_SHEET_SCALE, 2)
    sheet = cells.reshape(rows, _SHEET_COLUMNS, *cells.shape[1:]).transpose(0, 2, 1, 3)
    return png(pixels(sheet.reshape(rows * cells.shape[1], -1), dark))
