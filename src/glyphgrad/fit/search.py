"""The state of a search over hard grids: the glyphs, and what every change of one of them would bring.

The search never looks at pixels. It keeps the field M[c, l] = 2 <A e, b_l>_c of every cell and glyph,
from which the change of energy of every single move is at hand,

    dE(c: o -> n) = M[c, n] - M[c, o] + Q[n, n] - 2 Q[o, n] + Q[o, o],

and after a move adds 2 (P[n] - P[o]) to the field of the cells within reach (see energy.PairTables).
Cells out of each other's reach share a colour and move together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.errors import ConfigError
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Doubles, Indices

_SLACK = 1e-6
"""A move must gain this share of the densest glyph's energy: the rounding of a float32 field is below it."""
BATCH = 1 << 20
"""Numbers worked on at once: few enough to stay in cache, many enough to hide the interpreter."""


@dataclass(frozen=True)
class Progress:
    """After `sweep` sweeps the search holds `glyphs` (rows, cols); `objective` is E + bias - weighted entropy."""

    sweep: int
    objective: float
    glyphs: Indices


class Usage:
    """How often each glyph is used, and the entropy of that: the diversity that the search rewards."""

    def __init__(self, weight: float, protected: NDArray[np.bool_] | None, glyphs: int) -> None:
        self.free = np.ones(glyphs, bool) if protected is None else ~np.asarray(protected, bool)
        if not 0 <= weight < np.inf:
            raise ConfigError(f"diversity is {weight}: give 0 or more")
        if self.free.shape != (glyphs,):
            raise ConfigError(f"protected is {self.free.shape}: give ({glyphs},), a flag for every glyph")
        self.weight, self.share = weight, 1.0  # of the weight, how much counts while choosing
        self.counts = np.zeros(glyphs, np.intp)

    def count(self, glyphs: Indices) -> Indices:
        """(G,) Cells of every free glyph."""
        return np.where(self.free, np.bincount(glyphs.ravel(), minlength=len(self.free)), 0)

    def cost(self, counts: Indices) -> float:
        """Minus the weighted entropy of counts (G,)."""
        return self.weight * float(disorder(_xlogx(counts.astype(np.float64)).sum(), counts.sum(dtype=np.float64)))

    def choose(self, costs: Floats, old: Indices, slack: float) -> Indices:
        """(n,) The glyphs that cells go to, one after the other, each seeing the usage that those before left.

        `costs` (n, G) are changes of everything but the diversity; an `old` glyph (n,) stays unless
        another is better by more than `slack`. A cell is taken out of the tally and put back.
        """
        weight = self.weight * self.share
        if not weight:
            best, each = costs.argmin(axis=1), np.arange(len(old))
            return np.where(costs[each, best] < costs[each, old] - slack, best, old)
        tally, free, protected = _Tally(self.counts, len(old)), self.free.tolist(), np.flatnonzero(~self.free)
        new = old.copy()
        for cell in self._improvable(tally, weight, costs, old, slack).tolist():
            glyph = int(old[cell])
            if free[glyph]:
                tally.add(glyph, -1)
            wanted = costs[cell] + tally.more * (weight / (tally.used + 1))
            wanted[protected] += weight * (tally.disorder() - tally.disorder(1))
            best = int(wanted.argmin())
            if wanted[best] < wanted[glyph] - slack:
                new[cell] = glyph = best
            if free[glyph]:
                tally.add(glyph, 1)
        return new

    def _improvable(self, tally: _Tally, weight: float, costs: Floats, old: Indices, slack: float) -> Indices:
        """Cells that another glyph would suit better if no other changed: at all the rest the walk need not stop.

        What `choose` does to one cell, for all of them at once.
        """
        each, out = np.arange(len(old)), self.free[old]
        counts: Doubles = np.maximum(self.counts, 1).astype(np.float64)
        less = np.where(out, (_xlogx(counts) - _xlogx(counts - 1))[old], 0.0)
        spent, used = tally.spent - less, tally.used - out
        price = weight / (used + 1)
        wanted = costs + tally.more * price.astype(np.float32)[:, None]
        wanted[each, old] += np.where(out, less - tally.more[old], 0) * price
        entering = weight * (disorder(spent, used) - disorder(spent, used + 1))
        wanted[:, ~self.free] += entering.astype(np.float32)[:, None]
        return np.flatnonzero(wanted.min(axis=1) < wanted[each, old] - slack)


class _Tally:
    """Counts c of glyphs on their way, with S = sum c log c (`spent`) and N = sum c (`used`).

    `more` (G,) is what one more cell of a glyph would add to S.
    """

    def __init__(self, counts: Indices, room: int) -> None:
        self.counts, self.used = counts.tolist(), int(counts.sum())
        self.xlogx = _xlogx(np.arange(self.used + room + 2, dtype=np.float64)).tolist()
        self.spent = float(_xlogx(counts.astype(np.float64)).sum())
        self.more = np.diff(_xlogx(np.array([counts, counts + 1], np.float64)), axis=0)[0].astype(np.float32)

    def add(self, glyph: int, by: int) -> None:
        """One cell more, or one less (`by` -1), of a glyph that counts."""
        before = self.counts[glyph]
        after = before + by
        self.counts[glyph], self.used = after, self.used + by
        self.spent += self.xlogx[after] - self.xlogx[before]
        self.more[glyph] = self.xlogx[after + 1] - self.xlogx[after]

    def disorder(self, more: int = 0) -> float:
        """`disorder` of the usage, with `more` cells in N but not yet in S."""
        used = self.used + more
        return self.spent / used - math.log(used) if used else 0.0


def disorder(spent: Doubles, used: Doubles) -> Doubles:
    """Minus the entropies of usages of S `spent` and N `used`: S / N - log N, 0 where nothing is used."""
    used = np.maximum(used, 1)
    return np.asarray(spent / used - np.log(used))


def _xlogx(x: Doubles) -> Doubles:
    return np.asarray(x * np.log(np.maximum(x, 1)))


class Search:
    """A grid on its way: glyphs, field and what has to be looked at again.

    Cells are numbered in a frame as wide as the reach, so that no neighbour has to be checked for being
    there: what falls on the frame is never read. `glyphs` (P,), `field` (P, G), `stale` (P,). `heaviest` is
    the energy of the densest glyph on blank paper.
    """

    def __init__(
        self,
        energy: Energy,
        usage: Usage,
        bias: NDArray[np.floating] | None,
        on_sweep: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self.energy, self.usage, self.on_sweep, self.should_stop = energy, usage, on_sweep, should_stop
        self.pairs = pairs = energy.pairs
        (rows, cols), (ry, rx), glyphs = energy.shape, pairs.reach, len(energy.coverage)
        self.bias = _checked_bias(bias, (rows, cols, glyphs))
        self.stride = cols + 2 * rx
        self.cells = np.arange(ry, ry + rows)[:, None] * self.stride + np.arange(rx, rx + cols)
        self.colours = [self.cells[y :: ry + 1, x :: rx + 1].ravel() for y in range(ry + 1) for x in range(rx + 1)]
        frame = (rows + 2 * ry) * self.stride
        self.row_class = np.repeat(np.pad(pairs.rows, ry), self.stride)
        self.col_class = np.tile(np.pad(pairs.cols, rx), rows + 2 * ry)
        self.flat = pairs.values.reshape(-1, glyphs)
        tables, own = np.unique(energy.own(), return_inverse=True)
        q = pairs.values[tables]
        diagonal = np.diagonal(q, axis1=1, axis2=2)
        self.step = (diagonal[:, None, :] - 2 * q + diagonal[:, :, None]).reshape(-1, glyphs)
        self.own = np.zeros(frame, np.intp)
        self.own[self.cells] = own.reshape(rows, cols) * glyphs
        self.heaviest = float(diagonal.max())
        self.slack = _SLACK * self.heaviest
        self.glyphs, self.stale = np.zeros(frame, np.intp), np.zeros(frame, bool)
        self.field = np.zeros((frame, glyphs), np.float32)
        self.sweep, self.stopped, self.total = 0, False, 0.0
        self.forget()

    def matched(self) -> Indices:
        """The best glyph of every cell as if all the others were perfect."""
        cost = self.energy.match()
        return np.asarray((cost if self.bias is None else cost + self.bias).argmin(axis=2))

    def reset(self, grid: Indices) -> None:
        """Start from a grid, with a fresh field."""
        field = self.energy.field(grid)
        self.total = self.energy.above_paper(grid, field)
        if self.bias is not None:
            field += self.bias
            self.total += float(np.take_along_axis(self.bias, grid[:, :, None], axis=2).sum(dtype=np.float64))
        self.glyphs[self.cells], self.field[self.cells] = grid, field
        self.stale[self.cells] = True
        self.usage.counts = self.usage.count(grid)

    @property
    def objective(self) -> float:
        """E + bias - weighted entropy, less E of blank paper."""
        return self.total + self.usage.cost(self.usage.counts)

    def gains(self, cells: Indices) -> Floats:
        """(cells, G) The change of E + bias for every glyph, the rest held."""
        old = self.glyphs[cells]
        out = self.field.take(cells, axis=0)
        out -= out[np.arange(len(cells)), old][:, None]
        out += self.step.take(self.own[cells] + old, axis=0)
        return out

    def move(self, cells: Indices, new: Indices, change: float) -> None:
        """Set cells to new glyphs, which changes E + bias by `change`."""
        glyphs, (ry, rx) = self.field.shape[1], self.pairs.reach
        old = self.glyphs[cells]
        tables = self.pairs.index[self.row_class[cells], self.col_class[cells]] * glyphs
        for dy, dx in [(0, 0), *self.pairs.offsets]:
            table, near = tables[:, dy + ry, dx + rx], cells + dy * self.stride + dx
            delta = self.flat.take(table + new, axis=0)
            delta -= self.flat.take(table + old, axis=0)
            delta += delta
            self.field[near] += delta
            self.stale[near] = True
        self.glyphs[cells] = new
        self.total += change
        if self.usage.weight > 0:
            self.usage.counts += self.usage.count(new) - self.usage.count(old)

    def batches(self, cells: Indices) -> Iterator[Indices]:
        """Cells of a colour, as many at a time as may be looked at together; neighbours apart."""
        size = max(1, BATCH // self.field.shape[1])
        count = -(-len(cells) // size)
        return (cells[i::count] for i in range(count))

    def grid(self) -> Indices:
        """(rows, cols)"""
        return np.asarray(self.glyphs[self.cells])

    def forget(self) -> None:
        """What was best is so no more."""
        self.kept = np.inf, self.grid()

    def keep(self) -> None:
        """Remember the grid if it is the best so far."""
        if self.objective < self.kept[0] - self.slack:
            self.kept = self.objective, self.grid()

    def best(self) -> Indices:
        return self.kept[1]

    def goes_on(self) -> bool:
        """Tell of a sweep; False if the search has been asked to stop."""
        self.sweep += 1
        if self.on_sweep is not None:
            self.on_sweep(Progress(self.sweep, self.energy.paper + self.objective, self.grid()))
        self.stopped = self.stopped or (self.should_stop is not None and self.should_stop())
        return not self.stopped


def _checked_bias(bias: NDArray[np.floating] | None, shape: tuple[int, int, int]) -> Floats | None:
    if bias is None:
        return None
    if bias.shape not in (shape, (shape[0] * shape[1], shape[2])):
        raise ConfigError(
            f"bias is {bias.shape}: give ({shape[0] * shape[1]}, {shape[2]}), a cost for every cell and glyph"
        )
    if not np.isfinite(bias).all():
        raise ConfigError(f"bias holds {bias[~np.isfinite(bias)][0]}: give finite costs")
    return np.asarray(bias, np.float32).reshape(shape)
