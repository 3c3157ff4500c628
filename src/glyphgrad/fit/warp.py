"""Warp: how the target is moved under the grid of characters: shift, scale and a bounded bend at every corner.

All of it is a displacement of the corners of the grid, bilinear between them: shift and scale are linear
in the position, and bilinear interpolation keeps what is linear. So one small array per axis, the
displacement of every corner, says where every pixel is taken from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError

Doubles = NDArray[np.float64]
Floating = NDArray[np.floating]

NARROWEST, WIDEST = 0.9, 1.2
"""Bounds of the scale, the original's."""
GLOBAL = 4
"""Parameters of the whole picture: shift down, shift across, scale down, scale across."""


@dataclass(frozen=True, eq=False)
class Warp:
    """Where every pixel of the aligned target is taken from, relative to where it lies.

    `parameters` (4 + 2 * corners,) are unbounded: shift and scale of the whole picture, each (down, across),
    then the bend (rows + 1, cols + 1, 2) of the corners of the grid. Whatever they are, the shift and the
    bend are at most half a cell each way and the scale is between 0.9 and 1.2; zeros are the identity. A
    scale above 1 makes the picture smaller: it is taken from further out. Raises ConfigError.
    """

    layout: Layout
    parameters: Doubles

    def __post_init__(self) -> None:
        count = parameter_count(self.layout)
        if self.parameters.shape != (count,):
            raise ConfigError(f"warp parameters are {self.parameters.shape}: give ({count},) for this layout")
        if np.isnan(self.parameters).any():
            raise ConfigError("warp parameters hold NaN: give numbers, zeros for the identity")

    @classmethod
    def identity(cls, layout: Layout) -> Warp:
        return cls(layout, np.zeros(parameter_count(layout)))

    @classmethod
    def of(cls, layout: Layout, shift: Doubles, scale: Doubles, bend: Doubles) -> Warp:
        """From values instead of parameters, those at the bounds or beyond taken to just within them.

        `shift` (2,) and `bend` (rows + 1, cols + 1, 2) in pixels, `scale` (2,).
        """
        half, stretch = half_cell(layout), np.clip(scale, NARROWEST, WIDEST) - 1
        t = 3 * stretch / (0.4 + stretch)  # the inverse of what `scale` does
        parts = _unbounded(shift / half), 2 * _unbounded(t), _unbounded(bend / half).ravel()
        return cls(layout, np.concatenate(parts))

    @property
    def shift(self) -> Doubles:
        """(2,) Pixels down and across."""
        return half_cell(self.layout) * np.tanh(self.parameters[:2])

    @property
    def scale(self) -> Doubles:
        """(2,) Down and across, 1 + 0.4 t / (3 - t) with t = tanh(p / 2).

        That is the sigmoid from 0.9 to 1.2 moved so that it is 1 at p = 0, in a form that is 1 to the last bit.
        """
        t = np.tanh(self.parameters[2:GLOBAL] / 2)
        return 1 + 0.4 * t / (3 - t)

    @property
    def bend(self) -> Doubles:
        """(rows + 1, cols + 1, 2) Pixels down and across at every corner, beside shift and scale."""
        return half_cell(self.layout) * np.tanh(self.corners)

    @property
    def corners(self) -> Doubles:
        """(rows + 1, cols + 1, 2) The parameters of the bend."""
        return self.parameters[GLOBAL:].reshape(self.layout.rows + 1, self.layout.cols + 1, 2)

    def displacements(self) -> Doubles:
        """(rows + 1, cols + 1, 2) Pixels down and across from every corner to where its content is taken from."""
        return self.bend + self.shift + (self.scale - 1) * _from_centre(self.layout)

    def chain(self, slopes: Doubles) -> Doubles:
        """(4 + 2 * corners,) The derivative by the parameters, from that by `displacements` of the same shape."""
        half = half_cell(self.layout)
        t = np.tanh(self.parameters[2:GLOBAL] / 2)
        shift = slopes.sum(axis=(0, 1)) * half * _tanh_slope(self.parameters[:2])
        scale = (slopes * _from_centre(self.layout)).sum(axis=(0, 1)) * 0.6 * (1 - t**2) / (3 - t) ** 2
        return np.concatenate([shift, scale, (slopes * half * _tanh_slope(self.corners)).ravel()])


def parameter_count(layout: Layout) -> int:
    return GLOBAL + 2 * (layout.rows + 1) * (layout.cols + 1)


def half_cell(layout: Layout) -> Doubles:
    """(2,) Half the height and half the width of a cell, in pixels."""
    return np.array([layout.cell_height, layout.cell_width]) / 2


def corner_positions(layout: Layout) -> tuple[Doubles, Doubles]:
    """(rows + 1,), (cols + 1,) Where the corners of the grid lie, in pixels: 0 is the middle of the first pixel.

    A row pitch apart, in the middle of the gaps: the outer ones lie half a gap outside the picture.
    """
    down = np.arange(layout.rows + 1, dtype=np.float64) * layout.row_pitch - (layout.row_gap + 1) / 2
    across = np.arange(layout.cols + 1, dtype=np.float64) * layout.cell_width - 0.5
    return down, across


def warped(target: Floating, warp: Warp) -> Floating:
    """The target (H, W) as the warp moves it; blank outside the picture. Zero parameters: the same to the last bit."""
    return linearised(target, warp)[0]


def linearised(target: Floating, warp: Warp) -> tuple[Floating, Callable[[Floating], Doubles]]:
    """The warped target (H, W), and its vector-Jacobian product.

    That takes dE/d(warped target) (H, W) to dE/dparameters (4 + 2 * corners,). Raises ConfigError.
    """
    layout = warp.layout
    if target.shape != (layout.height, layout.width):
        raise ConfigError(f"target is {target.shape}: give {(layout.height, layout.width)}, the pixels of this layout")
    down, across = (hats.astype(target.dtype) for hats in _hats(layout))
    moved = warp.displacements().astype(target.dtype)
    y = np.arange(layout.height, dtype=target.dtype)[:, None] + down @ moved[:, :, 0] @ across.T
    x = np.arange(layout.width, dtype=target.dtype) + down @ moved[:, :, 1] @ across.T
    image, steep_y, steep_x = sample(target, y, x)

    def pull_back(slope: Floating) -> Doubles:
        corners = [down.T @ (slope * steep) @ across for steep in (steep_y, steep_x)]
        return warp.chain(np.stack(corners, axis=2).astype(np.float64))

    return image, pull_back


def sample(image: Floating, y: Floating, x: Floating) -> tuple[Floating, Floating, Floating]:
    """The image (H, W) at positions y, x in pixels, bilinear, 0 outside; and its derivatives by y and by x."""
    height, width = image.shape
    padded = np.pad(image, 2)  # beyond two pixels outside, value and slope are 0: positions may be clipped there
    top, low = _split(y, height)
    left, right = _split(x, width)
    first = top * padded.shape[1] + left
    a, b, c, d = (padded.ravel().take(first + step) for step in (0, 1, padded.shape[1], padded.shape[1] + 1))
    upper, lower = (1 - right) * a + right * b, (1 - right) * c + right * d
    return (1 - low) * upper + low * lower, lower - upper, (1 - low) * (b - a) + low * (d - c)


def _split(position: Floating, size: int) -> tuple[NDArray[np.intp], Floating]:
    """The tap before a position, counted in the padded image, and the share of the tap after it."""
    padded = np.clip(position + 2, 0, size + 3)
    tap = np.minimum(padded.astype(np.intp), size + 2)
    return tap, padded - tap.astype(position.dtype)


@lru_cache(maxsize=4)
def _hats(layout: Layout) -> tuple[Doubles, Doubles]:
    """(H, rows + 1), (W, cols + 1) The weights of the corners at every pixel, down and across."""
    pitches, pixels = (layout.row_pitch, layout.cell_width), (layout.height, layout.width)
    axes = zip(corner_positions(layout), pitches, pixels, strict=True)
    down, across = (np.maximum(0, 1 - abs(np.arange(n)[:, None] - at) / pitch) for at, pitch, n in axes)
    return down, across


def _from_centre(layout: Layout) -> Doubles:
    """(rows + 1, cols + 1, 2) Pixels from the centre of the picture to every corner of the grid."""
    down, across = (at - at.mean() for at in corner_positions(layout))
    return np.stack(np.meshgrid(down, across, indexing="ij"), axis=2)


def _tanh_slope(parameter: Doubles) -> Doubles:
    return 1 - np.tanh(parameter) ** 2


def _unbounded(share: Doubles) -> Doubles:
    """The parameter whose tanh is `share`, but short of where the slope of tanh dies away."""
    return np.arctanh(np.clip(share, -0.99, 0.99))
