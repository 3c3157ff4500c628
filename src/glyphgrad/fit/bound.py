"""A lower bound of the energy over all grids: a proof of how far a grid can be from the best one.

The energy is a sum of terms of cells and of pairs of cells. Costs may be shifted between a pair and its
cells without changing any grid's energy; whatever the shifts, the sum of every term's own minimum is a
lower bound. Sweeps through the cells, forth and back, shift costs so that the bound rises: sequential
tree-reweighted message passing (Kolmogorov 2006), in the form of Kolmogorov 2015 (SRMP). It is the bound
of the linear programming relaxation that is approached: the minimum itself where cells form chains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glyphgrad.errors import ConfigError
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Indices

_STALL = 3e-5
"""Sweeps end when one raises the bound by less than this share of it."""
_ROUNDING = 1e-6
"""Share of the energy of blank paper by which float32 tables may be off."""


def lower_bound(energy: Energy, iterations: int = 40) -> float:
    """A number that no grid's E is below; E of the best grid if only neighbours along one axis interact.

    `iterations` sweeps forth and back at most; fewer when they stop helping, or when at their pace they
    would not even reach 0, which E never is below. That is so for blurs much wider than a cell: the
    relaxation says nothing about them. Raises ConfigError.
    """
    if iterations < 1:
        raise ConfigError(f"iterations is {iterations}: give at least 1")
    dual, reached = _Dual(energy), -np.inf
    for left in reversed(range(iterations)):
        dual.sweep(forth=True)
        dual.sweep(forth=False)
        before, reached = reached, energy.paper + dual.value()
        rise = reached - before
        if rise < _STALL * abs(reached) or reached + left * rise < 0:
            break
    dual.refine()
    dual.sweep(forth=True)
    dual.sweep(forth=False)
    return max(0.0, energy.paper * (1 - _ROUNDING) + dual.value())


@dataclass(frozen=True)
class _Edges:
    """The pairs of cells (dy, dx) apart: the shifts taken from them at their first and last cells.

    Stored by first cell: `near` and `far` (cells, G) are added to the pair's cost by the glyph of the
    first cell and of the last; `table` (cells,) is which pair table, 0 where there is no pair.
    """

    step: int
    table: Indices
    back: Indices
    near: NDArray[np.floating]
    far: NDArray[np.floating]


class _Dual:
    """Costs of cells `alone` (P, G) and of pairs, in a frame of cells as wide as the reach."""

    def __init__(self, energy: Energy) -> None:
        self.pairs, unary = energy.pairs, energy.unary()
        (ry, rx), (rows, cols, glyphs) = self.pairs.reach, unary.shape
        stride, frame = cols + 2 * rx, (rows + 2 * ry) * (cols + 2 * rx)
        r, c = np.indices((rows, cols))
        self.cells = (r + ry) * stride + c + rx
        self.alone: NDArray[np.floating] = np.zeros((frame, glyphs), np.float32)
        self.alone[self.cells] = self.unary = unary
        self.edges = [self._edges(dy, dx, stride, frame) for dy, dx in self.pairs.offsets if (dy, dx) > (0, 0)]
        # cells of a wave wait for the one before it only: every earlier neighbour lies in an earlier wave
        wave = ((rx + 1) * r + c).ravel()
        order = np.argsort(wave, kind="stable")
        self.waves = np.split(self.cells.ravel()[order], np.flatnonzero(np.diff(wave[order])) + 1)

    def _edges(self, dy: int, dx: int, stride: int, frame: int) -> _Edges:
        table, back = np.zeros(frame, np.intp), np.zeros(frame, np.intp)
        table[self.cells], back[self.cells] = self.pairs.toward(dy, dx), self.pairs.toward(-dy, -dx)
        shifts = np.zeros((2, frame, self.alone.shape[1]), np.float32)
        return _Edges(dy * stride + dx, table, back, shifts[0], shifts[1])

    def sweep(self, forth: bool) -> None:
        """Every cell gathers what the pairs behind it can give, and shares it among the pairs ahead."""
        for wave in self.waves if forth else self.waves[::-1]:
            behind, ahead = np.zeros(len(wave), np.intp), np.zeros(len(wave), np.intp)
            for edge in self.edges:
                behind += self._gather(edge, wave, forth)
                ahead += (edge.table[wave] if forth else edge.back[wave]) > 0
            share = self.alone[wave] / np.maximum(1, np.maximum(ahead, behind))[:, None]
            for edge in self.edges:
                self._give(edge, wave, share, forth)
            self.alone[wave] -= ahead[:, None] * share

    def _gather(self, edge: _Edges, wave: Indices, forth: bool) -> NDArray[np.bool_]:
        """Move the minimum of every pair behind, for each glyph of the cell, to the cell; which had a pair."""
        first = wave - edge.step if forth else wave
        tables = edge.table[first] if forth else edge.back[wave + edge.step]
        mine, other = (edge.far, edge.near) if forth else (edge.near, edge.far)
        for table in np.unique(tables[tables > 0]):
            here = np.flatnonzero(tables == table)
            found = mine[first[here]] + self.pairs.min_sum(table, other[first[here]])
            mine[first[here]] -= found
            self.alone[wave[here]] += found
        return np.asarray(tables > 0)

    def _give(self, edge: _Edges, wave: Indices, share: NDArray[np.floating], forth: bool) -> None:
        tables = edge.table[wave] if forth else edge.back[wave]
        there = tables > 0
        if forth:
            edge.near[wave[there]] += share[there]
        else:
            edge.far[wave[there] - edge.step] += share[there]

    def value(self) -> float:
        """The bound right after a sweep, when no pair has a minimum below 0."""
        return float(self.alone[self.cells].min(axis=2).sum(dtype=np.float64))

    def refine(self) -> None:
        """Go on in double precision, from the shifts found so far: whatever they are, the bound holds."""
        self.alone = self.alone.astype(np.float64)
        self.alone[self.cells] = self.unary
        self.edges = [replace(e, near=e.near.astype(np.float64), far=e.far.astype(np.float64)) for e in self.edges]
        for edge in self.edges:
            self.alone -= edge.near
            self.alone[edge.step :] -= edge.far[: len(edge.far) - edge.step]
