"""Linear filters of a picture: their kinds, and what each is along one axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

_CUT = 3.0
"""Gaussians end at this many sigma: beyond lies 0.3 % of their mass, and the reach sets the cost."""


@dataclass(frozen=True)
class Filter:
    """A linear filter of the picture and the weight of its squared output. Make one with a constructor below.

    `kind` is identity, pooling (`kernel`, `stride`, pixels), gaussian or gradient (`sigma`, pixels).
    Raises ConfigError for a weight below 0, a kernel or stride below 1, a sigma that is not above 0.
    """

    kind: str
    weight: float
    sigma: float = 1.0
    kernel: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("identity", "pooling", "gaussian", "gradient"):
            raise ConfigError(f"filter kind is {self.kind!r}: choose identity, pooling, gaussian or gradient")
        if not 0 <= self.weight < np.inf:
            raise ConfigError(f"weight of the {self.kind} filter is {self.weight}: give 0 or more")
        if not 0 < self.sigma < np.inf:
            raise ConfigError(f"sigma of the {self.kind} filter is {self.sigma}: give pixels, more than 0")
        for name in ("kernel", "stride"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} of the pooling filter is {getattr(self, name)}: give at least 1 pixel")


def identity(weight: float) -> Filter:
    """The ink itself, pixel by pixel."""
    return Filter("identity", weight)


def pooling(weight: float, kernel: int, stride: int) -> Filter:
    """Means of `kernel` x `kernel` pixels, `stride` apart; incomplete windows are dropped."""
    return Filter("pooling", weight, kernel=kernel, stride=stride)


def gaussian(weight: float, sigma: float) -> Filter:
    """Gaussian blur over the whole plane: nothing is special at the picture's border."""
    return Filter("gaussian", weight, sigma=sigma)


def gradient(weight: float, sigma: float) -> Filter:
    """Both derivatives of the Gaussian blur: the energy of edges at scale `sigma`."""
    return Filter("gradient", weight, sigma=sigma)


def seed_filters(layout: Layout, multiscale: float, kernel: int) -> tuple[Filter, ...]:
    """The original tool's loss: MSE plus `multiscale` times the MSE of a copy pooled by `kernel` at half steps.

    Raises ConfigError for a kernel larger than the picture, unless `multiscale` is 0.
    """
    pixels = identity(1 / (layout.height * layout.width))
    if multiscale == 0:
        return (pixels,)
    means = pooling(multiscale, kernel, max(1, kernel // 2))
    (down, across), *_ = taps_of(means, layout)
    return pixels, pooling(multiscale / (down.count * across.count), kernel, means.stride)


@dataclass(frozen=True)
class Taps:
    """A filter along one axis: out[o] = sum_j kernel[j] x[first + o * stride + j], o in [0, count)."""

    kernel: tuple[float, ...]
    stride: int
    first: int
    count: int

    @property
    def margin(self) -> int:
        """How many pixels on either side of a pixel share an output with it."""
        return len(self.kernel) - 1

    def matrix(self, outputs: int, inputs: int, lead: int) -> Doubles:
        """(outputs, inputs) The weights of consecutive outputs, the first of which starts at input `lead`."""
        tap = np.arange(inputs) - lead - self.stride * np.arange(outputs)[:, None]
        inside = (tap >= 0) & (tap < len(self.kernel))
        return np.where(inside, np.array(self.kernel)[np.clip(tap, 0, self.margin)], 0.0)

    def normal(self, rows: range, columns: range) -> Doubles:
        """(rows, columns) The part of Y^T Y between two runs of pixels: by what they share outputs."""
        low, high = max(rows.start, columns.start), min(rows.stop, columns.stop)
        first = max(0, -((self.first + self.margin - low) // self.stride))
        outputs = max(0, min(self.count, (high - 1 - self.first) // self.stride + 1) - first)
        lead = self.first + first * self.stride
        ahead, behind = (self.matrix(outputs, len(run), lead - run.start) for run in (rows, columns))
        return ahead.T @ behind

    def windows(self, starts: Indices, size: int) -> Indices:
        """(cells, 3) What tells cells apart: lead of the first output that sees them, outputs missing at either end."""
        first = -((self.first + self.margin - starts) // self.stride)
        seen = self.seen_by(size)
        missing = np.clip(-first, 0, seen), np.clip(first + seen - self.count, 0, seen)
        return np.stack([self.first + first * self.stride - starts, *missing], axis=1)

    def seen_by(self, size: int) -> int:
        """At most so many outputs see a cell of `size` pixels."""
        return (size + self.margin - 1) // self.stride + 1


def taps_of(filter: Filter, layout: Layout) -> list[tuple[Taps, Taps]]:
    """The separable parts of a filter, each (down, across)."""
    extents = layout.height, layout.width
    if filter.kind in ("identity", "pooling"):
        if filter.kernel > min(extents):
            raise ConfigError(
                f"pooling kernel is {filter.kernel}, larger than the picture of {layout.width} x {layout.height} "
                "pixels: give a smaller kernel or a multiscale weight of 0"
            )
        mean = (1 / filter.kernel,) * filter.kernel
        down, across = (Taps(mean, filter.stride, 0, (n - filter.kernel) // filter.stride + 1) for n in extents)
        return [(down, across)]
    radius = max(1, round(_CUT * filter.sigma))
    x = np.arange(-radius, radius + 1)
    bell = np.exp(-0.5 * (x / filter.sigma) ** 2)
    bell /= bell.sum()
    slope = bell * x / filter.sigma**2
    kernels = [(bell, bell)] if filter.kind == "gaussian" else [(slope, bell), (bell, slope)]
    full = [
        [Taps(tuple(k.tolist()), 1, 1 - len(k), n + len(k) - 1) for k, n in zip(pair, extents, strict=True)]
        for pair in kernels
    ]
    return [(down, across) for down, across in full]
