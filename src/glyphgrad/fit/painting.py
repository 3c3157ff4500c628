"""A grid of glyphs and colours on its way: the cells whose light, as an eye sees it, is most like the picture's.

Cells choose one after the other, each seeing what those around it have left to do: so what a palette lacks is made
up for by neighbours. Cells out of each other's reach choose together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.fit.blend import Stats, Sums, bend
from glyphgrad.fit.eye import Cells, Eye, Floats
from glyphgrad.fit.paints import Chosen, Paints
from glyphgrad.fit.view import View

_UNSEEN = 0.3
"""CIELAB difference over a cell that nobody sees: a stroke that gains less is left out."""


class Painting:
    """`glyphs` (rows, cols), and in light `over` and `under` (rows, cols, 3): the foreground and the background.

    `pair` (rows, cols, 2) are the numbers of these in a palette, if there is one. All is zero until it has been `swept`.
    """

    def __init__(
        self,
        target: Floats,
        coverage: Floats,
        layout: Layout,
        eyes: Sequence[tuple[Eye, float]],
        paints: Paints,
        dark: bool,
    ) -> None:
        """`target` (height, width, 3) is linear light in [0, 1]; each of `eyes` counts for a share."""
        self.paints, shape = paints, (layout.rows, layout.cols)
        light = np.ascontiguousarray(target.transpose(2, 0, 1), np.float32)
        shown = light.copy()
        for top in range(layout.cell_height, layout.height, layout.row_pitch):
            shown[:, top : top + layout.row_gap] = 0 if dark else 1
        self.views = [View(eye, light, shown, coverage, share) for eye, share in eyes]
        self.metric = self.views[0].metric()
        self.glyphs, self.pair, self.swept = np.zeros(shape, np.intp), np.zeros((*shape, 2), np.intp), False
        self.over, self.under = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
        self.fee = np.where(coverage.any(axis=(1, 2)), np.float32(_UNSEEN**2), np.float32(0))

    def retarget(self, target: Floats, noticed: float) -> NDArray[np.bool_]:
        """Aim at another picture (height, width, 3); which cells (rows, cols) have changed and have to be painted anew.

        Those are the ones whose target differs by more than `noticed` from what they were painted for: in CIELAB,
        but for the metric of colour. Until they are painted they count as perfect.
        """
        light = np.ascontiguousarray(target.transpose(2, 0, 1))
        for view in self.views:
            view.wanted = view.eye.plane(light)
        self.metric = self.views[0].metric()
        changed = self.views[0].moved() > noticed
        for cells in self.classes(changed):
            for view in self.views:
                view.presume(cells, light)
        return changed

    @property
    def error(self) -> float:
        """Mean of w |u - t|^2 over the cells: E but for the metric of colour."""
        return sum(view.error for view in self.views) / self.glyphs.size

    def classes(self, where: NDArray[np.bool_]) -> Iterator[Cells]:
        """The cells of a mask (rows, cols), as many at a time as may change together."""
        down, across = (max(reach) for reach in zip(*(view.eye.reach for view in self.views), strict=True))
        for y, x in np.ndindex(down, across):
            rows, cols = np.nonzero(where[y::down, x::across])
            if len(rows):
                yield y + down * rows, x + across * cols

    def stats(self, cells: Cells) -> Stats:
        """The least squares of some cells."""
        return Stats(reduce(Sums.plus, (view.sums(cells) for view in self.views)), self.metric[cells])

    def sweep(self, where: NDArray[np.bool_] | None = None, inertia: float = 0.0) -> int:
        """Give every cell, or those of a mask, its best glyph and colours, the rest held; how many glyphs changed.

        `inertia` is the CIELAB difference by which another glyph must be better than the one that is there.
        """
        before = self.glyphs.copy() if self.swept else np.full_like(self.glyphs, -1)
        for view in self.views:
            view.weigh()
        for cells in self.classes(np.ones(self.glyphs.shape, bool) if where is None else where):
            stats, fee = self.stats(cells), np.tile(self.fee, (len(cells[0]), 1))
            fee[np.arange(len(fee)), self.glyphs[cells]] -= np.float32(inertia**2)
            self._put(cells, self.paints.choose(stats, fee, self.pair[cells] if self.swept else None))
        self.views[0].painted(where)
        self.swept = True
        return int(np.count_nonzero(self.glyphs != before))

    def _put(self, cells: Cells, chosen: Chosen) -> None:
        k, apart = bend(chosen.over, chosen.under), chosen.over - chosen.under
        for view in self.views:
            view.put(cells, chosen.glyphs, np.stack([chosen.under, (1 - k) * apart, k * apart]))
        self.glyphs[cells], self.over[cells], self.under[cells] = chosen.glyphs, chosen.over, chosen.under
        if chosen.pair is not None:
            self.pair[cells] = chosen.pair
