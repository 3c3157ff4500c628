"""Match: which glyph each cell of a picture of two levels is nearest to, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from glyphgrad.structure.layouts.connect import Mask
from glyphgrad.structure.tiles import Tiles

THRESHOLD = 128
"""From this level on a pixel counts as white."""

_NEAR = 32
"""A cell may differ from its glyph in one of so many pixels: 8 of 256."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Per cell the nearest glyph and the pixels in which it and the runner-up differ from the cell."""

    glyphs: NDArray[np.intp]
    distance: NDArray[np.float32]
    runner_up: NDArray[np.float32]
    near: int

    @property
    def confidence(self) -> NDArray[np.float32]:
        """In [0, 1]: 1 for an exact glyph, 0 for a tie of two."""
        return np.asarray(1 - self.distance / np.maximum(self.runner_up, 1), np.float32)

    @property
    def sure(self) -> Mask:
        """Near a glyph whose runner-up is more than twice as far."""
        return (self.distance <= self.near) & (self.runner_up > 2 * self.distance)

    @property
    def inked(self) -> Mask:
        """All cells but those that are surely blank. (The space is glyph 0.)"""
        return ~(self.sure & (self.glyphs == 0))

    @property
    def share(self) -> float:
        """The share of sure cells among the inked ones, in [0, 1]; 1 where no cell is inked."""
        return self.share_of(self.inked)

    def share_of(self, where: Mask) -> float:
        """As `share`, of the inked cells of a mask."""
        inked = self.inked & where
        return float(self.sure[inked].mean()) if inked.any() else 1.0


def cells_of(bits: Mask, tile: int) -> Mask:
    """(rows, cols, tile * tile) The cells of a picture; what is left at its right and lower edge is dropped."""
    rows, cols = bits.shape[0] // tile, bits.shape[1] // tile
    whole = bits[: rows * tile, : cols * tile].reshape(rows, tile, cols, tile)
    return whole.transpose(0, 2, 1, 3).reshape(rows, cols, tile * tile)


def match(cells: Mask, tiles: Tiles) -> Matches:
    """The nearest glyphs of cells (..., tile * tile): found by their bits where they are exact, else by distance."""
    shape, pixels = cells.shape[:-1], tiles.tile**2
    packed = np.packbits(cells.reshape(-1, pixels), axis=1)
    kinds, place = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_inverse=True)
    table = _table(tiles)
    glyphs = np.array([table.exact.get(kind.tobytes(), -1) for kind in kinds], np.intp)
    distance, runner_up = np.zeros(len(kinds), np.float32), table.apart[glyphs]
    odd = np.flatnonzero(glyphs < 0)
    if len(odd):
        bits = np.unpackbits(kinds[odd].view(np.uint8).reshape(len(odd), -1), axis=1).astype(np.float32)
        apart = bits.sum(axis=1)[:, None] + table.ink - 2 * (bits @ table.bits)
        nearest = np.argpartition(apart, 1, axis=1)[:, :2]
        two = np.take_along_axis(apart, nearest, axis=1)
        glyphs[odd], distance[odd], runner_up[odd] = nearest[:, 0], two[:, 0], two[:, 1]
    place = place.reshape(shape)
    return Matches(glyphs[place], distance[place], runner_up[place], pixels // _NEAR)


@dataclass(frozen=True, eq=False)
class _Table:
    """Glyph bytes -> number; the glyphs' bits (pixels, G), their ink (G,), the distance to the next glyph (G,)."""

    exact: dict[bytes, int]
    bits: NDArray[np.float32]
    ink: NDArray[np.float32]
    apart: NDArray[np.float32]


@cache
def _table(tiles: Tiles) -> _Table:
    bits = tiles.bitmaps.reshape(len(tiles.chars), -1)
    exact = {row.tobytes(): number for number, row in enumerate(np.packbits(bits, axis=1))}
    ones = bits.astype(np.float32)
    ink = ones.sum(axis=1)
    between = ink[:, None] + ink - 2 * (ones @ ones.T)
    np.fill_diagonal(between, np.inf)
    return _Table(exact, np.ascontiguousarray(ones.T), ink, between.min(axis=1))
