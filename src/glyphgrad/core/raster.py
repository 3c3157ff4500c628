"""Glyph grid -> picture: the oracle that every other renderer is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout


def render(glyphs: NDArray[np.integer], coverage: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """The ink (height, width) in [0, 1] of a grid of glyph numbers (rows, cols); gaps are blank.

    `coverage` is (G, cell_height, cell_width), ink in [0, 1].
    """
    rows, cols = layout.rows, layout.cols
    ink = np.zeros((rows, layout.row_pitch, cols, layout.cell_width), np.float32)
    ink[:, : layout.cell_height] = coverage[glyphs].transpose(0, 2, 1, 3)
    return ink.reshape(rows * layout.row_pitch, layout.width)[: layout.height]


def pixels(ink: NDArray[np.floating], dark: bool) -> NDArray[np.uint8]:
    """Ink in [0, 1] as grey levels: black on white paper, or white on a dark screen."""
    level = np.clip(ink, 0, 1) * 255
    return np.rint(level if dark else 255 - level).astype(np.uint8)
