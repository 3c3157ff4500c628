"""Search over hard grids: the glyphs whose energy, less the weighted diversity of their use, is lowest.

From the match of each cell to a grid that no single change improves, then whole lines and pairs of cells at
once, or annealing. The state of a search, and what it knows of every possible move, is in `search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.errors import ConfigError
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Doubles, Indices
from glyphgrad.fit.search import BATCH, Progress, Search, Usage


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
    search = Search(energy, Usage(diversity, protected, len(energy.coverage)), bias, on_sweep, should_stop)
    search.reset(search.matched() if start is None else energy.checked(start))
    diversify(search, EFFORTS[effort].ramp)
    settle(search)
    if search.usage.weight:
        if EFFORTS[effort].enrich:
            enrich(search)
    elif not improve_chains(search, EFFORTS[effort].chains):
        anneal(search, EFFORTS[effort], seed)
    return search.best()


def settle(search: Search) -> bool:
    """Sweep until no change of one glyph helps, and keep the grid. False if asked to stop."""
    changed = not search.stopped
    while changed and search.goes_on():
        changed = sweep(search)
    search.keep()
    return not changed


def sweep(search: Search) -> bool:
    """Give every cell its best glyph, colour by colour; whether any changed."""
    changed = False
    for colour in search.colours:
        # with diversity every move changes what every glyph is worth to every cell: none is ever done with
        stale = colour if search.usage.weight else colour[search.stale[colour]]
        for cells in search.batches(stale):
            search.stale[cells] = False
            changed |= _choose(search, cells)
    return changed


def _choose(search: Search, cells: Indices, noise: Floats | None = None) -> bool:
    """Give cells of a colour the glyphs that cost least, less `noise` (n, G); whether any changed."""
    gains, old = search.gains(cells), search.glyphs[cells]
    costs = gains if noise is None else gains - noise
    new = search.usage.choose(costs, old, search.slack if noise is None else 0.0)
    moved = np.flatnonzero(new != old)
    if len(moved):
        search.move(cells[moved], new[moved], float(gains[moved, new[moved]].sum(dtype=np.float64)))
    return len(moved) > 0


def anneal(search: Search, effort: Effort, seed: int) -> None:
    """Sweeps that draw glyphs at a falling temperature, then settle.

    Adding Gumbel noise to -dE / T and taking the largest draws from the Gibbs distribution (Gumbel 1954).
    """
    if not effort.annealed or search.stopped:
        return
    search.reset(search.best())
    rng, scale = np.random.default_rng(seed), _typical_gain(search)
    glyphs = search.field.shape[1]
    noise = rng.gumbel(size=BATCH + BATCH // 4).astype(np.float32)
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


def _typical_gain(search: Search) -> float:
    """What the second best glyph of a cell costs, in the median."""
    each = search.cells.ravel()[:: max(1, search.cells.size // 1024)]
    if search.field.shape[1] < 2:
        return search.slack
    return max(search.slack, float(np.median(np.partition(search.gains(each), 1, axis=1)[:, 1])))


def diversify(search: Search, sweeps: int) -> None:
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


def enrich(search: Search) -> None:
    """Settle once more with every unused glyph put where it costs least: alone none of them may pay for itself."""
    grid, usage = search.best().copy(), search.usage
    unused = np.flatnonzero(usage.free & (usage.count(grid) == 0))
    if len(unused) and not search.stopped:
        search.reset(grid)
        cheapest = search.gains(search.cells.ravel())[:, unused].argmin(axis=0)
        grid.ravel()[cheapest] = unused
        search.reset(grid)
        settle(search)


def improve_chains(search: Search, rounds: int) -> bool:
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


def pairs(search: Search, lines: Indices, apart: int, reach: int, ahead: tuple[int, int]) -> None:
    """The best glyphs of every two neighbours along lines (n, length) of cells, the rest held.

    Pairs that move together are out of each other's `reach` along the lines, and `apart` lines away.
    """
    for start, colour in np.ndindex(reach + 2, apart):
        first = np.arange(start, lines.shape[1] - 1, reach + 2)
        both = np.stack([lines[colour::apart, first], lines[colour::apart, first + 1]], axis=-1).reshape(-1, 2)
        kinds = (1 + search.col_class.max()) * search.row_class[both[:, 0]] + search.col_class[both[:, 0]]
        for kind in sorted(set(kinds.tolist())):
            _solve_chains(search, both[kinds == kind], ahead)


def chains(search: Search, lines: Indices, classes: Indices, apart: int, ahead: tuple[int, int]) -> None:
    """The best glyphs of every line (n, length) of cells, neighbours (dy, dx) `ahead`, the rest held."""
    for colour in range(apart):
        for kind in sorted(set(classes[colour::apart].tolist())):
            _solve_chains(search, lines[colour::apart][classes[colour::apart] == kind], ahead)


def _solve_chains(search: Search, lines: Indices, ahead: tuple[int, int]) -> None:
    """`_solve_chain`, as many at a time as memory is well spent on; all begin with cells of the same classes."""
    size = max(1, 4 * BATCH // search.field.shape[1] ** 2)
    for i in range(0, len(lines), size):
        _solve_chain(search, lines[i : i + size], ahead)


def _solve_chain(search: Search, lines: Indices, ahead: tuple[int, int]) -> None:
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


def _chain_terms(search: Search, lines: Indices, ahead: tuple[int, int]) -> tuple[Floats, list[int]]:
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


def _chain_cost(search: Search, alone: Floats, tables: list[int], glyphs: Indices) -> Doubles:
    """(n,) The cost of the glyphs (n, length)."""
    cost = np.take_along_axis(alone, glyphs[:, :, None], axis=2).sum(axis=(1, 2), dtype=np.float64)
    for j, table in enumerate(tables):
        cost += 2 * search.pairs.values[table, glyphs[:, j], glyphs[:, j + 1]]
    return np.asarray(cost)
