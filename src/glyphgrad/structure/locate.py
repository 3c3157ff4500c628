"""Locate: where the grid of a picture lies, and how large its cells are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphgrad.structure.match import THRESHOLD, Matches, cells_of, match
from glyphgrad.structure.tiles import Tiles

GOOD = 0.99
"""The share of sure cells from which on a picture counts as one of glyphs."""

_WINDOW = 256
_PERIODS = (6.0, 72.0)
_HARMONICS = 6
_GUESSES = 6
_HOPE = 0.3
"""Share of sure cells in a window below which no place is looked for at that size."""
_LEAST_INKED = 4
"""Inked cells without which a window has no opinion."""


@dataclass(frozen=True)
class Place:
    """The upper left corner of the first cell, and the side of a cell, all in pixels of the picture."""

    x: float
    y: float
    period: float


@dataclass(frozen=True)
class Vote:
    """Where a window would put the picture's grid, (x, y) in pixels, and the share of its cells that are sure there."""

    offset: tuple[int, int]
    share: float


def locate(levels: NDArray[np.uint8], tiles: Tiles) -> tuple[Place, Matches]:
    """The place at which most inked cells of a grey picture (H, W) are surely glyphs, and those matches.

    The place where it ought to be (0, 0) is taken if it is good; else windows vote for an offset, at
    the right size of a cell and at those that the picture's spectrum suggests.
    """
    best = Place(0.0, 0.0, float(tiles.tile))
    matches = matches_at(levels, best, tiles)
    most = matches.share
    for period in (best.period, *_likely_periods(levels)) if most < GOOD else ():
        for place in _voted(levels, period, tiles):
            other = matches_at(levels, place, tiles)
            share = other.share_of(_whole(levels.shape, place, other.glyphs.shape))
            if share > most:
                best, matches, most = place, other, share
        if most >= GOOD:
            break
    return best, matches


def uncut(levels: NDArray[np.uint8], place: Place, tile: int) -> NDArray[np.uint8]:
    """As `aligned`, without the cells that the picture's edge cuts."""
    shown = aligned(levels, place, tile)
    whole = _whole(levels.shape, place, (shown.shape[0] // tile, shown.shape[1] // tile))
    rows, cols = (int(whole.any(axis=axis).sum()) for axis in (1, 0))
    top, left = np.unravel_index(whole.argmax(), whole.shape)
    return shown[top * tile :, left * tile :][: rows * tile, : cols * tile]


def _whole(shape: tuple[int, ...], place: Place, cells: tuple[int, ...]) -> NDArray[np.bool_]:
    """(rows, cols) Which cells the picture's edge does not cut, by a pixel or more."""
    within = []
    for side, start, count in zip(shape, (place.y, place.x), cells, strict=True):
        begin = start + place.period * np.arange(count)
        within.append((begin > -1) & (begin + place.period < side + 1))
    return within[0][:, None] & within[1]


def matches_at(levels: NDArray[np.uint8], place: Place, tiles: Tiles) -> Matches:
    return match(cells_of(aligned(levels, place, tiles.tile) >= THRESHOLD, tiles.tile), tiles)


def aligned(levels: NDArray[np.uint8], place: Place, tile: int) -> NDArray[np.uint8]:
    """The picture laid so that its cells begin at (0, 0) and are `tile` pixels large; black beyond its edges."""
    if place == Place(0.0, 0.0, float(tile)):
        return levels
    rows, cols = (
        max(1, round((side - start) / place.period))
        for side, start in zip(levels.shape, (place.y, place.x), strict=True)
    )
    margin = int(place.period) + 2
    wide = Image.fromarray(np.pad(levels, margin))
    left, top = place.x + margin, place.y + margin
    box = (left, top, left + cols * place.period, top + rows * place.period)
    return np.asarray(wide.resize((cols * tile, rows * tile), Image.Resampling.BICUBIC, box))


def votes(levels: NDArray[np.uint8], tiles: Tiles, hope: float = 0.0) -> list[Vote]:
    """What windows in the middle and the four corners say; those with hardly any ink say nothing.

    Where the first that speaks can make sense of less than `hope` of its cells the others are not asked.
    """
    found: list[Vote] = []
    for top, left in _corners(levels.shape):
        window = levels[top : top + _WINDOW, left : left + _WINDOW] >= THRESHOLD
        best = _best_offset(window, (-left % tiles.tile, -top % tiles.tile), tiles)
        if best:
            (x, y), share = best
            found.append(Vote(((x + left) % tiles.tile, (y + top) % tiles.tile), share))
        if found and found[0].share < hope:
            break
    return found


def _corners(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """(top, left) of the windows; of a picture no larger than a window one."""
    last_top, last_left = (max(0, side - _WINDOW) for side in shape)
    places = [(last_top // 2, last_left // 2), (0, 0), (0, last_left), (last_top, 0), (last_top, last_left)]
    yield from dict.fromkeys(places)


def _best_offset(bits: NDArray[np.bool_], first: tuple[int, int], tiles: Tiles) -> tuple[tuple[int, int], float] | None:
    """(x, y) in pixels at which most inked cells of a window are sure, and their share; None without ink.

    Where several are as good the earliest counts, `first` before all.
    """
    best: tuple[tuple[int, int], float] | None = None
    across, down = (min(tiles.tile, side - tiles.tile + 1) for side in bits.shape[::-1])
    offsets = [first, *((x, y) for y in range(down) for x in range(across))]
    for x, y in offsets:
        matches = match(cells_of(bits[y:, x:], tiles.tile), tiles)
        if matches.inked.sum() >= _LEAST_INKED and (best is None or matches.share > best[1]):
            best = (x, y), matches.share
            if best[1] == 1:
                break
    return best


def _voted(levels: NDArray[np.uint8], period: float, tiles: Tiles) -> Iterator[Place]:
    """The places that the windows vote for, with cells of `period` pixels."""
    found = votes(aligned(levels, Place(0.0, 0.0, period), tiles.tile), tiles, _HOPE)
    for offset in dict.fromkeys(vote.offset for vote in found):
        x, y = (_nearest(period / tiles.tile * pixels, period) for pixels in offset)
        yield Place(x, y, period)


def _nearest(shift: float, period: float) -> float:
    """A shift modulo a period, in (-period / 2, period / 2]."""
    return shift - period * math.ceil(shift / period - 0.5)


def _likely_periods(levels: NDArray[np.uint8]) -> list[float]:
    """Sizes of cells at whose multiples' frequencies the picture's edges have their power, best first.

    Glyphs leave the rims of their cells free more often than not: the edges, summed along each axis,
    have the cell's period.
    """
    periods = np.geomspace(*_PERIODS, 4000)
    power = np.zeros(len(periods))
    for axis in (0, 1):
        edges = np.abs(np.diff(levels.astype(np.float32), axis=1 - axis)).sum(axis=axis)
        spectrum = np.abs(np.fft.rfft(edges - edges.mean(), 1 << 17)) ** 2
        for harmonic in range(1, _HARMONICS + 1):
            frequency = harmonic / periods
            there = np.rint(frequency * (1 << 17)).astype(np.intp)
            power += np.where(frequency < 0.5, spectrum[np.minimum(there, len(spectrum) - 1)], 0)
    peaks = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    return [float(periods[peak]) for peak in peaks[np.argsort(-power[peaks])][:_GUESSES]]
