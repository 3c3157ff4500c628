"""A x of whole pictures, A = sum_f a_f F_f^T F_f: half the slope of an energy <x, A x>.

Along an axis each part of A is a band, so a picture is seen through it a strip at a time, by small dense
products. Parts that look alike down the picture share that pass: a blur and its two derivatives need two
passes down and two across, not six. Pooling whose stride divides its kernel sees sums over blocks of
pixels only, and is done on those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.fit.filters import Doubles, Filter, Taps, taps_of

_STRIP = 32
"""Pixels of a strip: a strip is multiplied by as many more as the band is wide, but tiny products cost calls."""


@dataclass(frozen=True, eq=False)
class _Band:
    """A banded operator along an axis, strip by strip: pixels of the result, pixels they depend on, and how."""

    strips: tuple[tuple[slice, slice, Doubles], ...]

    @classmethod
    def of(cls, taps: Sequence[tuple[float, Taps]], pixels: int) -> _Band:
        """sum of weight * Y^T Y over an axis."""
        margin, strips = max(tap.margin for _, tap in taps), []
        for start in range(0, pixels, _STRIP):
            rows = range(start, min(pixels, start + _STRIP))
            columns = range(max(0, rows.start - margin), min(pixels, rows.stop + margin))
            block = sum(weight * tap.normal(rows, columns) for weight, tap in taps)
            strips.append((slice(rows.start, rows.stop), slice(columns.start, columns.stop), np.asarray(block)))
        return cls(tuple(strips))

    def down(self, images: NDArray[np.floating], out: NDArray[np.floating]) -> None:
        """Along the rows of images (..., n, m)."""
        for rows, columns, block in self.strips:
            np.matmul(block.astype(images.dtype), images[..., columns, :], out=out[..., rows, :])

    def across(self, images: NDArray[np.floating], out: NDArray[np.floating]) -> None:
        """Along the columns of images (..., n, m)."""
        for rows, columns, block in self.strips:
            np.matmul(images[..., columns], block.T.astype(images.dtype), out=out[..., rows])


def normal(images: NDArray[np.floating], layout: Layout, filters: tuple[Filter, ...]) -> NDArray[np.floating]:
    """A x of images (..., height, width) of a layout, in their own precision."""
    flat, bands = _operator(layout, filters)
    total = np.multiply(images, flat, dtype=images.dtype)
    for block, down, across in bands:
        blocks = _sums(images, block)
        seen, part = np.empty_like(blocks), np.empty_like(blocks)
        down.down(blocks, seen)
        across.across(seen, part)
        _spread(part, block, total)
    return total


def _sums(images: NDArray[np.floating], block: int) -> NDArray[np.floating]:
    """Sums over blocks of pixels each way; those that are not whole are left out."""
    if block == 1:
        return images
    height, width = (side // block * block for side in images.shape[-2:])
    lines = np.asarray(sum(images[..., y:height:block, :] for y in range(block)))  # whole lines first: these are fast
    return np.asarray(sum(lines[..., x:width:block] for x in range(block)))


def _spread(part: NDArray[np.floating], block: int, total: NDArray[np.floating]) -> None:
    """Add to all pixels of every block what `part` has for it."""
    height, width = (side // block * block for side in total.shape[-2:])
    lines = part if block == 1 else np.repeat(part, block, axis=-1)
    for y in range(block):
        total[..., y:height:block, :width] += lines


@lru_cache(maxsize=8)
def _operator(layout: Layout, filters: tuple[Filter, ...]) -> tuple[float, list[tuple[int, _Band, _Band]]]:
    """What A multiplies every pixel by; and its bands (down, across), each with the blocks that it acts on."""
    flat, parts = 0.0, dict[tuple[int, Taps], list[tuple[float, Taps]]]()
    for filter in filters:
        if filter.kind == "identity":
            flat += filter.weight
            continue
        block = filter.stride if filter.kind == "pooling" and filter.kernel % filter.stride == 0 else 1
        for taps in taps_of(filter, layout) if filter.weight > 0 else ():
            down, across = (replace(tap, kernel=tap.kernel[::block], stride=tap.stride // block) for tap in taps)
            parts.setdefault((block, down), []).append((filter.weight, across))
    return flat, [
        (block, _Band.of([(1.0, down)], layout.height // block), _Band.of(across, layout.width // block))
        for (block, down), across in parts.items()
    ]
