"""What a blurring eye sees of a grid's cells: light, on samples as far apart as the blur allows.

Light adds up and an eye averages it, so everything here is linear light, though a device mixes ink and
paper in sRGB values. A cell reaches as far as the blur spreads it: the samples it reaches are its *patch*.
Cells whose patches do not meet make a *colour class* and can be changed together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout

Floats = NDArray[np.float32]
Cells = tuple[NDArray[np.intp], NDArray[np.intp]]
"""The rows and the columns of n cells of a grid."""

_CUT = 3.0
"""The blur ends at this many sigma: beyond lies 0.3 % of its mass."""
_COARSE = 1.3
"""Samples lie at most so many sigma apart: what they cannot tell is less than 5 % of the finest wave they can."""


@dataclass(frozen=True)
class Axis:
    """Samples along one axis: `step` pixels apart, `each` in a cell's pitch, `margin` more on either side of it."""

    cells: int
    size: int
    pitch: int
    step: int
    sigma: float

    @classmethod
    def of(cls, cells: int, size: int, pitch: int, sigma: float) -> Axis:
        step = max(d for d in range(1, pitch + 1) if pitch % d == 0 and d <= max(1, _COARSE * sigma))
        return cls(cells, size, pitch, step, sigma)

    @property
    def each(self) -> int:
        return self.pitch // self.step

    @property
    def margin(self) -> int:
        return math.ceil(_CUT * self.sigma / self.step)

    @property
    def patch(self) -> int:
        """Samples of a cell's patch."""
        return self.each + 2 * self.margin

    @property
    def apart(self) -> int:
        """How many cells lie from one to the next whose patch does not meet its own."""
        return -(-self.patch // self.each)

    @property
    def samples(self) -> int:
        """Samples of the whole axis with its margins."""
        return self.cells * self.each + 2 * self.margin

    def at(self, count: int) -> NDArray[np.float64]:
        """(count,) Where the first samples lie, in pixels from the first pixel's centre."""
        return np.asarray((np.arange(count) - self.margin + 0.5) * self.step - 0.5)

    def inside(self, pixels: int) -> NDArray[np.bool_]:
        """(samples,) Which samples lie within so many pixels."""
        at = self.at(self.samples)
        return np.asarray((at >= 0) & (at <= pixels - 1))

    @cached_property
    def blur(self) -> Floats:
        """(patch, pitch) The share of each pixel of a cell's pitch that each sample of its patch sees."""
        away = (self.at(self.patch)[:, None] - np.arange(self.pitch)) / self.sigma
        bell = np.exp(-0.5 * away**2)
        whole = np.exp(-0.5 * (np.arange(-math.ceil(6 * self.sigma), math.ceil(6 * self.sigma) + 1) / self.sigma) ** 2)
        return np.asarray(bell / whole.sum(), np.float32)

    def seen(self, strips: Floats) -> Floats:
        """(samples, m) of pixels (cells * pitch, m): each cell's pixels, blurred, add up."""
        patches = self.blur @ strips.reshape(self.cells, self.pitch, -1)
        out = np.zeros((self.samples, patches.shape[-1]), np.float32)
        for start in range(self.apart):  # cells so far apart do not overlap
            for cell in range(start, self.cells, self.apart):
                out[cell * self.each : cell * self.each + self.patch] += patches[cell]
        return out


@dataclass(frozen=True, eq=False)
class Eye:
    """An eye with a blur of `sigma` pixels before a layout.

    A *plane* (channels, down.samples, across.samples) is what it sees of a picture of light.
    """

    layout: Layout
    sigma: float

    @cached_property
    def down(self) -> Axis:
        return Axis.of(self.layout.rows, self.layout.cell_height, self.layout.row_pitch, self.sigma)

    @cached_property
    def across(self) -> Axis:
        return Axis.of(self.layout.cols, self.layout.cell_width, self.layout.cell_width, self.sigma)

    def plane(self, light: Floats) -> Floats:
        """What is seen of a picture (channels, height, width); all around it is dark."""
        layout, channels = self.layout, len(light)
        padded = np.pad(light, ((0, 0), (0, layout.row_gap), (0, 0))).astype(np.float32, copy=False)
        down = np.stack([self.down.seen(each) for each in padded])
        across = self.across.seen(np.ascontiguousarray(down.transpose(2, 0, 1)).reshape(layout.width, -1))
        return np.ascontiguousarray(across.reshape(-1, channels, self.down.samples).transpose(1, 2, 0))

    def patches(self, images: Floats) -> Floats:
        """(n, samples of a patch) What is seen of each of some cells (n, cell_height, cell_width) alone."""
        down, across = self.down.blur[:, : self.layout.cell_height], self.across.blur
        return np.asarray((down @ images @ across.T).reshape(len(images), -1))

    def alone(self, light: Floats, cells: Cells) -> Floats:
        """(n, channels, samples of a patch) What is seen of some cells of a picture (channels, height, width), each alone."""
        layout = self.layout
        padded = np.pad(light, ((0, 0), (0, layout.row_gap), (0, 0)))
        pitches = padded.reshape(-1, layout.rows, layout.row_pitch, layout.cols, layout.cell_width)
        each = pitches[:, cells[0], : layout.cell_height, cells[1]]
        return self.patches(each.reshape(-1, *each.shape[2:])).reshape(*each.shape[:2], -1)

    def sums(self, plane: NDArray[np.floating]) -> NDArray[np.floating]:
        """(rows, cols, ...) Sums over the samples that lie in each cell and its gap, of (down.samples, across.samples, ...)."""
        down, across = self.down, self.across
        inner = plane[down.margin : -down.margin, across.margin : -across.margin]
        cells = inner.reshape(down.cells, down.each, across.cells, across.each, *plane.shape[2:])
        return np.asarray(cells.sum(axis=(1, 3)))

    def spread(self, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(down.samples, across.samples) Which samples lie in the cells of a mask (rows, cols)."""
        inner = cells.repeat(self.down.each, axis=0).repeat(self.across.each, axis=1)
        return np.pad(inner, ((self.down.margin,) * 2, (self.across.margin,) * 2))

    @cached_property
    def inside(self) -> Floats:
        """(down.samples, across.samples) How much of what a sample sees is picture; 0 where it lies outside."""
        seen = self.plane(np.ones((1, self.layout.height, self.layout.width), np.float32))[0]
        down, across = self.down.inside(self.layout.height), self.across.inside(self.layout.width)
        return seen * (down[:, None] & across)

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns from a cell to the next whose patch does not meet its own."""
        return self.down.apart, self.across.apart

    def look(self, plane: Floats, cells: Cells) -> Floats:
        """(n, channels, samples of a patch) The patches of some cells of a plane."""
        view, at = self._patches(plane), self._places(cells)
        return np.moveaxis(view[:, at[0], at[1]].reshape(len(plane), len(at[0]), -1), 0, 1)

    def add(self, plane: Floats, cells: Cells, patches: Floats) -> None:
        """Add patches (n, channels, samples) to a plane, of cells out of each other's reach."""
        view, at = self._patches(plane), self._places(cells)
        view[:, at[0], at[1]] += np.moveaxis(patches, 0, 1).reshape(len(plane), len(at[0]), *view.shape[3:])

    def _patches(self, plane: Floats) -> Floats:
        shape = self.down.patch, self.across.patch
        return np.lib.stride_tricks.sliding_window_view(plane, shape, axis=(1, 2), writeable=True)

    def _places(self, cells: Cells) -> Cells:
        return cells[0] * self.down.each, cells[1] * self.across.each
