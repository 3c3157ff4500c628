"""MatchMap: how well the best glyph fits at every place of a picture, and which alignments that speaks for.

A page of text is off by a pixel and nothing is left of its optimum: no gradient leads there. But glyphs
can be matched anywhere, not just where the grid has its cells. Once that is tabulated an alignment is
judged by looking up its cells, and all shifts and scales there are can be tried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.fit.filters import Filter, Taps, taps_of
from glyphgrad.fit.normal import normal
from glyphgrad.fit.warp import Doubles, Floating, Warp

Indices = NDArray[np.intp]
Try = tuple[float, float]

_PLACES = 12
"""Places per cell, each way, at which glyphs are matched: strokes are about so much of a cell wide."""
_SCALES = 0.08
"""By how much a page of text may be too large or too small and still be found."""
_FINENESS = ((6, None), (12, 2), (24, 2))
"""Steps per cell in which shift and scale are searched, and how many each way of the last best; None: all."""
_REACH = 0.4
"""How far, in cells, the bend is looked for around where it was found last."""


@dataclass(frozen=True)
class _Axis:
    """The cells along one axis, and the places at which glyphs are matched: pixels `step` apart."""

    cells: int
    pitch: int
    size: int

    @property
    def extent(self) -> int:
        return self.cells * self.pitch - (self.pitch - self.size)

    @property
    def step(self) -> int:
        return max(1, self.size // _PLACES)

    @property
    def margin(self) -> int:
        """Pixels outside the picture, on either side, in which there are places."""
        return self.step * math.ceil((_SCALES * self.extent / 2 + self.pitch) / self.step)

    @property
    def starts(self) -> Indices:
        return np.arange(self.cells) * self.pitch

    def places(self, moved: Doubles) -> Indices:
        """The numbers of the places nearest to the cells moved by pixels (..., cells)."""
        last = (self.extent + 2 * self.margin - self.size) // self.step
        return np.clip(np.rint((self.starts + moved + self.margin) / self.step), 0, last).astype(np.intp)

    def moved(self, places: Indices) -> Indices:
        """The inverse of `places`."""
        return places * self.step - self.margin - self.starts

    def stretched(self, tries: list[Try]) -> Indices:
        """(tries, cells) The places of the cells under every (scale, shift)."""
        scale, shift = np.array(tries).T[:, :, None]
        from_centre = self.starts + (self.size - self.extent) / 2
        return self.places((scale - 1) * from_centre + shift)

    def tries(self, best: Try, fineness: int, around: int | None, scaled: bool) -> list[Try]:
        """Scales and shifts, so far apart that the outermost cell moves by 1 / `fineness` of a cell."""
        step = self.size / fineness
        scales = around or int(_SCALES * self.extent / 2 / step)
        shifts = around or fineness // 2
        return [
            (best[0] + i * step / (self.extent / 2), best[1] + j * step)
            for i in (range(-scales, scales + 1) if scaled else (0,))
            for j in range(-shifts, shifts + 1)
        ]


@dataclass(frozen=True, eq=False)
class MatchMap:
    """(places down, places across) What the best glyph wins at every place, and what remains there.

    `gain` is by how much it lowers the energy of blank paper if all the rest is perfect; `rest` is the
    energy of that much picture, down to the next row, less the gain.
    """

    layout: Layout
    gain: Floating
    rest: Floating

    @classmethod
    def of(cls, target: Floating, coverage: Floating, layout: Layout, filters: tuple[Filter, ...]) -> MatchMap:
        """Of a target (H, W) and glyphs (G, h, w), ink in [0, 1]."""
        down, across = _axes(layout)
        around = (down.margin, down.margin), (across.margin, across.margin)
        seen = _seen_alone(coverage, layout, filters)
        own, flat = (seen * coverage).sum(axis=(1, 2)), 2 * seen.reshape(len(seen), -1).T
        windows = _windows(np.pad(target, around), (down.size, across.size), down.step, across.step)
        gain = np.stack([(row.reshape(len(row), -1) @ flat - own).max(axis=1) for row in windows])
        energy = np.pad(target * normal(target, layout, filters), around)
        energy = np.pad(energy, ((0, layout.row_gap), (0, 0)))
        held = _windows(energy, (down.pitch, across.pitch), down.step, across.step).sum(axis=(2, 3))
        return cls(layout, gain, held - gain)

    @property
    def share(self) -> Floating:
        """The gain as a share of the energy, of the typical energy where there is little.

        Blank places say nothing; nor may a few blocks of solid ink, which anything matches, outshout letters.
        """
        energy = np.maximum(self.gain + self.rest, 0)
        return self.gain / (energy + (energy.mean() or 1))

    def affine(self, scaled: bool, slack: int = 0) -> Warp:
        """The shift, and if `scaled` the scale, at which glyphs explain most: found by trying them all.

        With `slack` every cell may lie so many places off: on a bent page no cell is where shift and scale
        say. How far a cell moves down depends on its row only. So shares are added up over the rows, once
        for every vertical try and for all places across, and every horizontal try looks its columns up.
        """
        axes, best, share = _axes(self.layout), ((1.0, 0.0), (1.0, 0.0)), _best_near(self.share, slack)
        for fineness, around in _FINENESS:
            down, across = (axis.tries(at, fineness, around, scaled) for axis, at in zip(axes, best, strict=True))
            columns = axes[1].stretched(across)
            shares = np.stack([share[rows].sum(axis=0)[columns].sum(axis=1) for rows in axes[0].stretched(down)])
            i, j = np.unravel_index(shares.argmax(), shares.shape)
            best = down[i], across[j]
        scale, shift = np.array(best).T
        return Warp.of(self.layout, shift, scale, Warp.identity(self.layout).bend)

    def bent(self, warp: Warp, score: Floating, spreads: tuple[float, ...]) -> Warp:
        """The warp bent to where `score`, a map like `gain`, is highest, every cell judged with those around it.

        `spreads` are the widths (sigma, in cells) of what is judged together, one after another: the wide
        tell true from chance agreement, the narrow follow the bend. This is stereo matching by
        aggregated costs (Scharstein and Szeliski 2002).
        """
        for spread in spreads:
            warp = Warp.of(self.layout, warp.shift, warp.scale, self._bend(warp, score, spread))
        return warp

    def _bend(self, warp: Warp, score: Floating, spread: float) -> Doubles:
        """(rows + 1, cols + 1, 2) Pixels, a little way from the bend of the warp."""
        down, across = _axes(self.layout)
        now = _of_cells(warp.displacements())
        y, x = down.places(now[:, :, 0].T).T, across.places(now[:, :, 1])
        near_y, near_x = (np.arange(-n, n + 1) for n in (int(_REACH * a.size / a.step) for a in (down, across)))
        all_y = np.clip(y[:, :, None] + near_y, 0, len(score) - 1)[:, :, :, None]
        all_x = np.clip(x[:, :, None] + near_x, 0, score.shape[1] - 1)[:, :, None, :]
        scores = _spread(score[all_y, all_x], spread).reshape(*now.shape[:2], -1)
        i, j = np.divmod(scores.argmax(axis=2), len(near_x))
        found = np.stack([down.moved((y + near_y[i]).T).T, across.moved(x + near_x[j])], axis=2)
        # how much better the best is than the rest: cells that do not care follow those that do
        clear = (scores.max(axis=2) - scores.mean(axis=2))[:, :, None] + np.finfo(np.float32).tiny
        bend = found - _of_cells(warp.displacements() - warp.bend)
        smooth = _spread(bend * clear, spread) / _spread(clear, spread)
        return _of_cells(np.pad(smooth, ((1, 1), (1, 1), (0, 0)), "edge"))


def _seen_alone(coverage: Floating, layout: Layout, filters: tuple[Filter, ...]) -> Floating:
    """(G, h, w) A b of every glyph within its own cell, in the middle of the page."""
    total = np.zeros_like(coverage)
    for filter in filters:
        for taps in taps_of(filter, layout) if filter.weight > 0 else ():
            y, x = (_within_a_cell(tap, axis) for tap, axis in zip(taps, _axes(layout), strict=True))
            total += (filter.weight * (y @ coverage @ x)).astype(coverage.dtype)
    return total


def _within_a_cell(tap: Taps, axis: _Axis) -> Floating:
    """(size, size) The symmetric block of Y^T Y that takes the middle cell of an axis to itself."""
    middle = range(axis.cells // 2 * axis.pitch, axis.cells // 2 * axis.pitch + axis.size)
    return tap.normal(middle, middle)


def _axes(layout: Layout) -> tuple[_Axis, _Axis]:
    down = _Axis(layout.rows, layout.row_pitch, layout.cell_height)
    return down, _Axis(layout.cols, layout.cell_width, layout.cell_width)


def _windows(image: Floating, size: tuple[int, int], down: int, across: int) -> Floating:
    """(n, m, *size) A view of all windows of an image, `down` and `across` pixels apart."""
    return np.lib.stride_tricks.sliding_window_view(image, size)[::down, ::across]


def _best_near(values: Floating, slack: int) -> Floating:
    """(n, m) The largest of the values (n, m) at most `slack` away down and across."""
    around = np.pad(values, slack, mode="edge")
    return _windows(_windows(around, (2 * slack + 1, 1), 1, 1).max(axis=(2, 3)), (1, 2 * slack + 1), 1, 1).max(
        axis=(2, 3)
    )


def _of_cells(corners: Doubles) -> Doubles:
    """(n, m, ...) Means over the four corners (n + 1, m + 1, ...) of every cell."""
    return (corners[1:, 1:] + corners[1:, :-1] + corners[:-1, 1:] + corners[:-1, :-1]) / 4


def _spread(values: Floating, sigma: float) -> Floating:
    """Gaussian sums over the grid of values (rows, cols, ...); nothing is outside."""
    for axis in (0, 1):
        at = np.arange(values.shape[axis])
        bell = np.exp(-0.5 * ((at[:, None] - at) / sigma) ** 2).astype(values.dtype)
        values = np.moveaxis(np.tensordot(bell, values, axes=(1, axis)), 0, axis)
    return values
