"""What an eye sees of a painting and of its target, and what every cell contributes to it.

The error is that of CIELAB: at every sample s of the eye

    E = sum_s w_s |M_c (u_s - t_s)|^2

where u and t are the linear light of render and target, w_s is the squared slope of lightness between them, and M_c,
of the cell that is looked at, the slopes of L*, a* and b* at its colour relative to that of lightness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.color import RGB_TO_XYZ, lab_slopes, lightness
from glyphgrad.fit.blend import Sums
from glyphgrad.fit.eye import Cells, Eye, Floats

_LUMINANCE = RGB_TO_XYZ[1].astype(np.float32)
_NEAR = np.float32(0.02)
"""Luminances nearer than this to the target's are weighed by the slope of lightness over so much: at black it is steep."""


class View:
    """`seen` and `wanted` are planes of light (3, Y, X) of the render and the target; `own` what each cell adds to `seen`."""

    def __init__(self, eye: Eye, target: Floats, shown: Floats, coverage: Floats, share: float) -> None:
        """`target` and `shown` (3, height, width) are light in [0, 1]; `share` weighs the mean error of the samples."""
        self.eye, self.count = eye, len(coverage)
        self.wanted, self.seen = eye.plane(target), eye.plane(shown)
        rows, cols = eye.layout.rows, eye.layout.cols
        across, down = np.meshgrid(np.arange(cols), np.arange(rows))
        own = eye.alone(shown, (down.ravel(), across.ravel()))
        self.own = own.reshape(rows, cols, *own.shape[1:])
        box = eye.patches(np.ones((1, *coverage.shape[1:]), np.float32))
        self.basis = np.concatenate([box, eye.patches(coverage), eye.patches(coverage**2)])
        o, b, q = np.split(self.basis, [1, 1 + self.count])
        self._products = np.concatenate([o * o, b * b, b * q, q * q, o * b, o * q]).T
        self.share, self._each = np.float32(share), np.float32(share / (eye.down.each * eye.across.each))
        self.aimed = self.wanted  # what the cells there were painted for
        self.weigh()

    def weigh(self) -> None:
        """Work out the weights w (Y, X) anew: from what is seen now."""
        inside = np.maximum(self.eye.inside, np.float32(1e-3))
        wanted, seen = (
            np.maximum(np.tensordot(_LUMINANCE, light, 1) / inside, 0) for light in (self.wanted, self.seen)
        )
        apart = seen - wanted
        near = np.abs(apart) < _NEAR
        seen = np.where(near, wanted + np.where(apart < 0, -np.minimum(_NEAR, wanted), _NEAR), seen)
        gap = np.where(seen == wanted, np.float32(1), seen - wanted)
        slope = (lightness(seen) - lightness(wanted)) / gap
        self.weight = np.where(self.eye.inside > 0, self._each * (slope / inside) ** 2, np.float32(0))

    def metric(self) -> Floats:
        """M (rows, cols, 3, 3) of every cell, upper triangular."""
        inside = np.maximum(self.eye.inside, np.float32(1e-3))
        slopes = lab_slopes(np.moveaxis(self.wanted / inside, 0, -1)) * (self.eye.inside > 0)[..., None, None]
        whole = self.eye.sums(np.swapaxes(slopes, -1, -2) @ slopes)
        light = self.eye.sums(slopes[..., 0, :].sum(axis=-1) ** 2)
        root = np.linalg.cholesky(whole / light[..., None, None] + 1e-6 * np.eye(3))
        return np.swapaxes(root, -1, -2).astype(np.float32)

    def painted(self, where: NDArray[np.bool_] | None) -> None:
        """Remember what all cells, or those of a mask (rows, cols), were painted for."""
        self.aimed = self.wanted if where is None else np.where(self.eye.spread(where), self.wanted, self.aimed)

    def moved(self) -> Floats:
        """(rows, cols) How far what is wanted lies from what each cell was painted for: root of its mean part of E."""
        apart = ((self.wanted - self.aimed) ** 2).sum(axis=0)
        return np.asarray(np.sqrt(self.eye.sums(self.weight * apart) / self.share))

    @property
    def error(self) -> float:
        """E, but for the metric of colour."""
        return float((self.weight * ((self.seen - self.wanted) ** 2).sum(axis=0)).sum())

    def sums(self, cells: Cells) -> Sums:
        """The weighted inner products of some cells, with what would make the samples of each perfect."""
        weight, wanted = self.eye.look(self.weight[None], cells)[:, 0], self.eye.look(self.wanted - self.seen, cells)
        wanted += self.own[cells]
        n = len(weight)
        fields = (wanted * weight[:, None]).reshape(3 * n, -1) @ self.basis.T
        oo, bb, bq, qq, ob, oq = np.split(weight @ self._products, [1 + i * self.count for i in range(5)], axis=1)
        fo, fb, fq = np.split(fields.reshape(n, 3, -1), [1, 1 + self.count], axis=2)
        return Sums(oo, bb, bq, qq, ob, oq, fo, fb, fq)

    def put(self, cells: Cells, glyphs: NDArray[np.intp], terms: Floats) -> None:
        """Let cells show glyphs (n,) in light: `terms` (n, 3, 3) are the channels of box, ink and its square."""
        new = terms[0][:, :, None] * self.basis[0]
        new += terms[1][:, :, None] * self.basis[1 + glyphs][:, None]
        new += terms[2][:, :, None] * self.basis[1 + self.count + glyphs][:, None]
        self._set(cells, new)

    def presume(self, cells: Cells, target: Floats) -> None:
        """Let cells show what a target (3, height, width) does, as if they had been painted perfectly."""
        self._set(cells, self.eye.alone(target, cells))

    def _set(self, cells: Cells, new: Floats) -> None:
        self.eye.add(self.seen, cells, new - self.own[cells])
        self.own[cells] = new
