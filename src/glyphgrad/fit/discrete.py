"""Search over hard grids: the glyphs whose energy, less the weighted diversity of their use, is lowest.

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
_BATCH = 1 << 20
"""Numbers worked on at once: few enough to stay in cache, many enough to hide the interpreter."""


@dataclass(frozen=True)
class Progress:
    """After `sweep` sweeps the search holds `glyphs` (rows, cols); `objective` is E + bias - weighted entropy."""

    sweep: int
    objective: float
    glyphs: Indices


@dataclass(frozen=True)
class Effort:
    """How long to search: annealed sweeps, from and to which temperature (in typical gains), rounds of chains and pairs.

    `ramp` is how many sweeps the weight of the diversity takes to rise; `enrich` whether unused glyphs get
    a second chance.
    """

    annealed: int = 0
    hot: float = 0.5
    cold: float = 0.02
    chains: int = 0
    ramp: int = 3
    enrich: bool = False


EFFORTS = {
    "fast": Effort(),
    "normal": Effort(chains=3, ramp=16, enrich=True),
    "best": Effort(annealed=240, chains=20, ramp=128, enrich=True),
}


def solve(
    energy: Energy,
    *,
    effort: str = "normal",
    seed: int = 0,
    diversity: float = 0.0,
    protected: NDArray[np.bool_] | None = None,
    bias: NDArray[np.floating] | None = None,
    start: NDArray[np.integer] | None = None,
    on_sweep: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Indices:
    """A grid (rows, cols) that no change of a single glyph improves.

    `diversity` weighs the entropy (nats) of the use of the glyphs that are not `protected` (G,); `bias`
    (rows * cols, G) is added to the energy; `start` (rows, cols) replaces the match of each cell.
    The same arguments give the same grid. `should_stop` is asked after every sweep; the best grid so
    far is returned. Raises ConfigError.
    """
    if effort not in EFFORTS:
        raise ConfigError(f"effort is {effort!r}: choose one of {', '.join(EFFORTS)}")
    search = _Search(energy, _Usage(diversity, protected, len(energy.coverage)), bias, on_sweep, should_stop)
    search.reset(search.matched() if start is None else energy.checked(start))
    diversify(search, EFFORTS[effort].ramp)
    settle(search)
    if search.usage.weight:
        if EFFORTS[effort].enrich:
            enrich(search)
    elif not improve_chains(search, EFFORTS[effort].chains):
        anneal(search, EFFORTS[effort], seed)
    return search.best()


class _Usage:
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


class _Search:
    """A grid on its way: glyphs, field and what has to be looked at again.

    Cells are numbered in a frame as wide as the reach, so that no neighbour has to be checked for being
    there: what falls on the frame is never read. `glyphs` (P,), `field` (P, G), `stale` (P,).
    """

    def __init__(
        self,
        energy: Energy,
        usage: _Usage,
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
        self.slack = _SLACK * float(diagonal.max())
        self.glyphs, self.stale = np.zeros(frame, np.intp), np.zeros(frame, bool)
        self.field = np.zeros((frame, glyphs), np.float32)
        self.sweep, self.stopped, self.kept = 0, False, (np.inf, np.zeros((rows, cols), np.intp))

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
        size = max(1, _BATCH // self.field.shape[1])
        count = -(-len(cells) // size)
        return (cells[i::count] for i in range(count))

    def grid(self) -> Indices:
        """(rows, cols)"""
        return np.asarray(self.glyphs[self.cells])

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


def settle(search: _Search) -> bool:
    """Sweep until no change of one glyph helps, and keep the grid. False if asked to stop."""
    changed = not search.stopped
    while changed and search.goes_on():
        changed = sweep(search)
    search.keep()
    return not changed


def sweep(search: _Search) -> bool:
    """Give every cell its best glyph, colour by colour; whether any changed."""
    changed = False
    for colour in search.colours:
        # with diversity every move changes what every glyph is worth to every cell: none is ever done with
        stale = colour if search.usage.weight else colour[search.stale[colour]]
        for cells in search.batches(stale):
            search.stale[cells] = False
            changed |= _choose(search, cells)
    return changed


def _choose(search: _Search, cells: Indices, noise: Floats | None = None) -> bool:
    """Give cells of a colour the glyphs that cost least, less `noise` (n, G); whether any changed."""
    gains, old = search.gains(cells), search.glyphs[cells]
    costs = gains if noise is None else gains - noise
    new = search.usage.choose(costs, old, search.slack if noise is None else 0.0)
    moved = np.flatnonzero(new != old)
    if len(moved):
        search.move(cells[moved], new[moved], float(gains[moved, new[moved]].sum(dtype=np.float64)))
    return len(moved) > 0


def anneal(search: _Search, effort: Effort, seed: int) -> None:
    """Sweeps that draw glyphs at a falling temperature, then settle.

    Adding Gumbel noise to -dE / T and taking the largest draws from the Gibbs distribution (Gumbel 1954).
    """
    if not effort.annealed or search.stopped:
        return
    search.reset(search.best())
    rng, scale = np.random.default_rng(seed), _typical_gain(search)
    glyphs = search.field.shape[1]
    noise = rng.gumbel(size=_BATCH + _BATCH // 4).astype(np.float32)
    for temperature in scale * np.geomspace(effort.hot, effort.cold, effort.annealed):
        for colour in search.colours:
            for cells in search.batches(colour):
                start = rng.integers(len(noise) - len(cells) * glyphs)
                drawn = noise[start : start + len(cells) * glyphs].reshape(len(cells), glyphs)
                _choose(search, cells, np.float32(temperature) * drawn)
        if not search.goes_on():
            break
    search.reset(search.grid())  # a fresh field: thousands of float32 updates add up
    settle(search)


def _typical_gain(search: _Search) -> float:
    """What the second best glyph of a cell costs, in the median."""
    each = search.cells.ravel()[:: max(1, search.cells.size // 1024)]
    if search.field.shape[1] < 2:
        return search.slack
    return max(search.slack, float(np.median(np.partition(search.gains(each), 1, axis=1)[:, 1])))


def diversify(search: _Search, sweeps: int) -> None:
    """Sweeps in which the weight of the diversity rises from nothing to all of it.

    At full weight from the start the first cells would take whatever glyphs are rare, and keep them. A slow
    rise does what annealing does elsewhere, and better.
    """
    for share in np.arange(1, sweeps + 1) / (sweeps + 1) if search.usage.weight else ():
        search.usage.share = float(share)
        sweep(search)
        if not search.goes_on():
            break
    search.usage.share = 1.0


def enrich(search: _Search) -> None:
    """Settle once more with every unused glyph put where it costs least: alone none of them may pay for itself."""
    grid, usage = search.best().copy(), search.usage
    unused = np.flatnonzero(usage.free & (usage.count(grid) == 0))
    if len(unused) and not search.stopped:
        search.reset(grid)
        cheapest = search.gains(search.cells.ravel())[:, unused].argmin(axis=0)
        grid.ravel()[cheapest] = unused
        search.reset(grid)
        settle(search)


def improve_chains(search: _Search, rounds: int) -> bool:
    """Whole rows, and whole columns, at once where they are chains, else pairs; whether that is the global optimum."""
    ry, rx = search.pairs.reach
    for _ in range(rounds if not search.stopped else 0):
        before = search.objective
        for reach, lines, classes, apart, ahead in (
            (rx, search.cells, search.pairs.rows, ry + 1, (0, 1)),
            (ry, search.cells.T, search.pairs.cols, rx + 1, (1, 0)),
        ):
            if reach == 1:
                chains(search, lines, classes, apart, ahead)
            elif reach > 1:
                pairs(search, lines, apart, reach, ahead)
        if not settle(search) or search.objective > before - search.slack:
            break
    return rounds > 0 and min(ry, rx) == 0 and max(ry, rx) <= 1


def pairs(search: _Search, lines: Indices, apart: int, reach: int, ahead: tuple[int, int]) -> None:
    """The best glyphs of every two neighbours along lines (n, length) of cells, the rest held.

    Pairs that move together are out of each other's `reach` along the lines, and `apart` lines away.
    """
    for start, colour in np.ndindex(reach + 2, apart):
        first = np.arange(start, lines.shape[1] - 1, reach + 2)
        both = np.stack([lines[colour::apart, first], lines[colour::apart, first + 1]], axis=-1).reshape(-1, 2)
        kinds = (1 + search.col_class.max()) * search.row_class[both[:, 0]] + search.col_class[both[:, 0]]
        for kind in sorted(set(kinds.tolist())):
            _solve_chains(search, both[kinds == kind], ahead)


def chains(search: _Search, lines: Indices, classes: Indices, apart: int, ahead: tuple[int, int]) -> None:
    """The best glyphs of every line (n, length) of cells, neighbours (dy, dx) `ahead`, the rest held."""
    for colour in range(apart):
        for kind in sorted(set(classes[colour::apart].tolist())):
            _solve_chains(search, lines[colour::apart][classes[colour::apart] == kind], ahead)


def _solve_chains(search: _Search, lines: Indices, ahead: tuple[int, int]) -> None:
    """`_solve_chain`, as many at a time as memory is well spent on; all begin with cells of the same classes."""
    size = max(1, 4 * _BATCH // search.field.shape[1] ** 2)
    for i in range(0, len(lines), size):
        _solve_chain(search, lines[i : i + size], ahead)


def _solve_chain(search: _Search, lines: Indices, ahead: tuple[int, int]) -> None:
    """Min-sum dynamic programming (Viterbi 1967) over lines (n, length) that do not touch each other."""
    alone, tables = _chain_terms(search, lines, ahead)
    costs = [alone[:, 0]]
    for j, table in enumerate(tables):
        costs.append(search.pairs.min_sum(table, costs[-1]) + alone[:, j + 1])
    path = [costs[-1].argmin(axis=1)]
    for cost, table in zip(costs[-2::-1], tables[::-1], strict=True):
        path.append((cost + 2 * search.pairs.values[table].T[path[-1]]).argmin(axis=1))
    new, old = np.stack(path[::-1], axis=1), search.glyphs[lines]
    change = _chain_cost(search, alone, tables, new) - _chain_cost(search, alone, tables, old)
    better = change < -search.slack
    differs = better[:, None] & (new != old)
    if differs.any():
        search.move(lines[differs], new[differs], float(change[better].sum()))


def _chain_terms(search: _Search, lines: Indices, ahead: tuple[int, int]) -> tuple[Floats, list[int]]:
    """Costs of every glyph (n, length, G) without the chain's own pairs, and the tables of these pairs."""
    (ry, rx), glyphs = search.pairs.reach, search.glyphs[lines]
    near = search.pairs.index[search.row_class[lines[0]], search.col_class[lines[0]]]
    tables = [int(i) for i in near[:-1, ry + ahead[0], rx + ahead[1]]]
    alone = search.gains(lines.ravel()).reshape(*lines.shape, -1)
    for j, table in enumerate(tables):
        pair = 2 * search.pairs.values[table]
        alone[:, j] -= pair.T[glyphs[:, j + 1]]
        alone[:, j + 1] -= pair[glyphs[:, j]]
    return alone, tables


def _chain_cost(search: _Search, alone: Floats, tables: list[int], glyphs: Indices) -> Doubles:
    """(n,) The cost of the glyphs (n, length)."""
    cost = np.take_along_axis(alone, glyphs[:, :, None], axis=2).sum(axis=(1, 2), dtype=np.float64)
    for j, table in enumerate(tables):
        cost += 2 * search.pairs.values[table, glyphs[:, j], glyphs[:, j + 1]]
    return np.asarray(cost)
