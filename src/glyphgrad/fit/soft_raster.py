"""Weights over glyphs -> ink, differentiably: the raster in which a cell may be many glyphs at once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from glyphgrad.core.layout import Layout


class SoftRaster:
    """Draws weighted sums of glyphs on a Layout. `coverage` is (G, h, w), ink in [0, 1]."""

    def __init__(self, coverage: NDArray[np.floating], layout: Layout, device: torch.device | str = "cpu"):
        self.layout = layout
        self.glyphs = torch.as_tensor(coverage.reshape(len(coverage), -1), device=device)

    def __call__(self, weights: Tensor) -> Tensor:
        """(rows * cols, G) weights in [0, 1], summing to 1 over G -> ink (height, width) in [0, 1].

        With one-hot weights this is `core.raster.render`.
        """
        rows, cols, gap = self.layout.rows, self.layout.cols, self.layout.row_gap
        height, width = self.layout.cell_height, self.layout.cell_width
        cells = (weights @ self.glyphs).view(rows, cols, height, width)
        strips = cells.transpose(1, 2).reshape(rows, height, cols * width)
        if gap:
            strips = pad(strips, (0, 0, 0, gap))
        return strips.reshape(-1, cols * width)[: self.layout.height]
