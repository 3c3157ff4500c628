"""A grid of glyphs and colours on its way: the cells whose light, as an eye sees it, is most like the picture's.

Cells choose one after the other, each seeing what those around it have left to do: so what a palette lacks is made
up for by neighbours. Cells out of each other's reach choose together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from glyphgrad.core.layout import Layout
from glyphgrad.fit.blend import Stats, bend
from glyphgrad.fit.eye import Cells, Eye, Floats
from glyphgrad.fit.paints import Chosen, Paints
from glyphgrad.fit.view import View

_UNSEEN = 0.3
"""CIELAB difference over a cell that nobody sees: a stroke that gains less is left out."""


class Painting:
    """`glyphs` (rows, cols), and in light `over` and `under` (rows, cols, 3): the foreground and the background."""

    def __init__(
        self, target: Floats, coverage: Floats, layout: Layout, eyes: Sequence[tuple[Eye, float]], paints: Paints, dark: bool
    ) -> None:
        """`target` (height, width, 3) is linear light in [0, 1]; each of `eyes` counts for a share."""
        self.paints, shape = paints, (layout.rows, layout.cols)
        light = np.ascontiguousarray(target.transpose(2, 0, 1), np.float32)
        shown = light.copy()
        for top in range(layout.cell_height, layout.height, layout.row_pitch):
            shown[:, top : top + layout.row_gap] = 0 if dark else 1
        self.views = [View(eye, light, shown, coverage, share) for eye, share in eyes]
        self.metric = self.views[0].metric()
        self.glyphs = np.full(shape, -1)
        self.over, self.under = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
        self.fee = np.where(coverage.any(axis=(1, 2)), np.float32(_UNSEEN**2), np.float32(0))

    @property
    def error(self) -> float:
        """Mean of w |u - t|^2 over the cells: E but for the metric of colour."""
        return sum(view.error for view in self.views) / self.glyphs.size

    def classes(self) -> Iterator[Cells]:
        """The cells that may change together."""
        down, across = (max(reach) for reach in zip(*(view.eye.reach for view in self.views), strict=True))
        for y in range(min(down, self.glyphs.shape[0])):
            for x in range(min(across, self.glyphs.shape[1])):
                yield slice(y, None, down), slice(x, None, across)

    def stats(self, cells: Cells) -> Stats:
        """The least squares of some cells."""
        terms = [sum(each) for each in zip(*(view.stats(cells) for view in self.views), strict=True)]
        return Stats(*terms, self.metric[cells].reshape(-1, 3, 3))

    def sweep(self) -> int:
        """Give every cell its best glyph and colours, the rest held; how many glyphs changed."""
        before = self.glyphs.copy()
        for view in self.views:
            view.weigh()
        for cells in self.classes():
            stats = self.stats(cells)
            self._put(cells, self.paints.choose(stats, np.broadcast_to(self.fee, stats.bb.shape)))
        return int(np.count_nonzero(self.glyphs != before))

    def _put(self, cells: Cells, chosen: Chosen) -> None:
        shape = self.glyphs[cells].shape
        k, apart = bend(chosen.over, chosen.under), chosen.over - chosen.under
        for view in self.views:
            view.put(cells, chosen.glyphs, np.stack([chosen.under, (1 - k) * apart, k * apart]))
        self.glyphs[cells] = chosen.glyphs.reshape(shape)
        self.over[cells], self.under[cells] = chosen.over.reshape(*shape, 3), chosen.under.reshape(*shape, 3)
