"""A grid of glyphs and colours on its way: the cells whose light, as an eye sees it, is most like the picture's.

The error is that of CIELAB, to first order about the target: at every sample s of a blurring eye (see `eye`)

    E = sum_s w_s |M_c (u_s - t_s)|^2

where u and t are the linear light of render and target, w_s is the squared slope of lightness at t_s, and M_c, of
the cell that is looked at, the slopes of L*, a* and b* relative to that of lightness. Cells choose one after the
other, each seeing what those around it have left to do: so what a palette lacks is made up for by neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.color import lab_slopes
from glyphgrad.core.layout import Layout
from glyphgrad.fit.blend import Stats, bend
from glyphgrad.fit.eye import Eye, Floats
from glyphgrad.fit.paints import Chosen, Paints

_UNSEEN = 0.3
"""CIELAB difference over a cell that nobody sees: a stroke that gains less is left out."""


class Painting:
    """Glyphs and colours on their way: `seen` and `wanted` are planes of light (3, Y, X) of the render and the target."""

    def __init__(self, target: Floats, coverage: Floats, layout: Layout, eye: Eye, paints: Paints, dark: bool) -> None:
        """`target` (height, width, 3) is linear light in [0, 1]."""
        self.eye, self.layout, self.paints = eye, layout, paints
        light = np.ascontiguousarray(target.transpose(2, 0, 1), np.float32)
        self.wanted = eye.plane(light)
        shown = light.copy()
        for top in range(layout.cell_height, layout.height, layout.row_pitch):
            shown[:, top : top + layout.row_gap] = 0 if dark else 1
        self.seen = eye.plane(shown)
        self.count = len(coverage)
        self._ends = [1, 1 + self.count]
        box = eye.patches(np.ones((1, layout.cell_height, layout.cell_width), np.float32))
        self.basis = np.concatenate([box, eye.patches(coverage), eye.patches(coverage**2)])
        o, b, q = np.split(self.basis, self._ends)
        self._products = np.concatenate([o * o, b * b, b * q, q * q, o * b, o * q]).T
        self.own = self._parts(light)
        self.weight, self.metric = self._weights()
        shape = layout.rows, layout.cols
        self.glyphs = np.full(shape, -1)
        self.over, self.under = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
        size = eye.down.each * eye.across.each
        self.fee = np.where(coverage.any(axis=(1, 2)), np.float32(_UNSEEN**2 * size), np.float32(0))

    def _parts(self, light: Floats) -> Floats:
        """(rows, cols, 3, samples of a patch) What is seen of each cell of a picture (3, height, width) alone."""
        layout = self.layout
        padded = np.pad(light, ((0, 0), (0, layout.row_gap), (0, 0)))
        cells = padded.reshape(3, layout.rows, layout.row_pitch, layout.cols, layout.cell_width)[
            :, :, : layout.cell_height
        ]
        flat = cells.transpose(1, 3, 0, 2, 4).reshape(-1, layout.cell_height, layout.cell_width)
        return self.eye.patches(flat).reshape(layout.rows, layout.cols, 3, -1)

    def _weights(self) -> tuple[Floats, Floats]:
        """w (Y, X) of every sample, and M (rows, cols, 3, 3) of every cell."""
        seen = np.maximum(self.eye.inside, np.float32(1e-3))
        there = (self.eye.inside > 0).astype(np.float32)
        slopes = lab_slopes(np.moveaxis(self.wanted / seen, 0, -1))
        lightness = slopes[..., 0, :].sum(axis=-1) ** 2 * there
        whole = np.swapaxes(slopes, -1, -2) @ slopes * there[..., None, None]
        shape = self._of_cells(whole) / self._of_cells(lightness)[..., None, None]
        metric = np.swapaxes(np.linalg.cholesky(shape + 1e-6 * np.eye(3)), -1, -2)
        return lightness / seen**2, metric.astype(np.float32)

    def _of_cells(self, plane: NDArray[np.floating]) -> NDArray[np.floating]:
        """(rows, cols, ...) Sums over the samples that lie in each cell and its gap, of (Y, X, ...)."""
        down, across = self.eye.down, self.eye.across
        inner = plane[down.margin : -down.margin, across.margin : -across.margin]
        cells = inner.reshape(down.cells, down.each, across.cells, across.each, *plane.shape[2:])
        return np.asarray(cells.sum(axis=(1, 3)))

    @property
    def error(self) -> float:
        """Mean of w |u - t|^2 over the samples of the picture: E but for the metric of colour."""
        apart = ((self.seen - self.wanted) ** 2).sum(axis=0)
        return float((self.weight * apart).sum() / np.count_nonzero(self.weight))

    def stats(self, cells: tuple[slice, slice]) -> Stats:
        """The least squares of the cells of a class."""
        weight, error = (self.eye.window(plane, cells) for plane in (self.weight[None], self.wanted - self.seen))
        n = weight.shape[0] * weight.shape[1]
        weight = weight.reshape(n, -1)
        wanted = error.reshape(n, 3, -1) + self.own[cells].reshape(n, 3, -1)
        fields = (wanted * weight[:, None]).reshape(3 * n, -1) @ self.basis.T
        fo, fb, fq = np.split(fields.reshape(n, 3, -1), self._ends, axis=2)
        oo, *grams = np.split(weight @ self._products, [1 + i * self.count for i in range(5)], axis=1)
        bb, bq, qq, ob, oq = grams
        return Stats(bb, bq, qq, ob, oq, oo, fb, fq, fo, self.metric[cells].reshape(n, 3, 3))

    def sweep(self) -> int:
        """Give every cell its best glyph and colours, the rest held; how many glyphs changed."""
        changed = 0
        for cells in self.eye.classes():
            stats = self.stats(cells)
            chosen = self.paints.choose(stats, np.broadcast_to(self.fee, stats.bb.shape))
            shape = self.glyphs[cells].shape
            changed += int(np.count_nonzero(self.glyphs[cells] != chosen.glyphs.reshape(shape)))
            self._put(cells, chosen)
        return changed

    def _put(self, cells: tuple[slice, slice], chosen: Chosen) -> None:
        shape = self.glyphs[cells].shape
        k, apart = bend(chosen.over, chosen.under), chosen.over - chosen.under
        new = chosen.under[:, :, None] * self.basis[0]
        new += ((1 - k) * apart)[:, :, None] * self.basis[1 + chosen.glyphs][:, None]
        new += (k * apart)[:, :, None] * self.basis[1 + self.count + chosen.glyphs][:, None]
        new = new.reshape(*shape, 3, -1)
        window = self.eye.window(self.seen, cells)
        window += (new - self.own[cells]).reshape(window.shape)
        self.own[cells] = new
        self.glyphs[cells] = chosen.glyphs.reshape(shape)
        self.over[cells], self.under[cells] = chosen.over.reshape(*shape, 3), chosen.under.reshape(*shape, 3)
