"""Glyph grid -> picture: the oracle that every other renderer is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.colors import RGB, Colors
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


def colored(ink: NDArray[np.floating], colors: Colors, layout: Layout, dark: bool) -> RGB:
    """Ink (height, width) in [0, 1] as sRGB (height, width, 3): each cell's foreground over its background.

    Ink mixes sRGB values, as terminals do. Gaps between rows show the device's paper.
    """
    paper = np.uint8(0 if dark else 255)
    over = _spread(colors.fg, layout, paper)
    under = np.full_like(over, paper) if colors.bg is None else _spread(colors.bg, layout, paper)
    share = np.clip(ink, 0, 1)[..., None].astype(np.float32)
    return np.rint(under + share * (over.astype(np.float32) - under)).astype(np.uint8)


def _spread(colors: RGB, layout: Layout, paper: np.uint8) -> RGB:
    """A colour a cell (rows, cols, 3) -> a colour a pixel (height, width, 3), `paper` in the gaps."""
    shown = np.full((layout.rows, layout.row_pitch, layout.width, 3), paper)
    shown[:, : layout.cell_height] = colors.repeat(layout.cell_width, axis=1)[:, None]
    return shown.reshape(-1, layout.width, 3)[: layout.height]
