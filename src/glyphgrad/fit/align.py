"""Alignment: moving the target a little under the grid, so that glyphs fit it better.

The warp is continuous and the grid discrete, so they take turns: a few steps down the gradient of the
energy by the warp, then a search for the grid that suits the target so warped. That finds the next
optimum only; where to begin is read from a MatchMap, which sees the whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.errors import ConfigError
from glyphgrad.fit import discrete
from glyphgrad.fit.adam import Adam
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, Indices
from glyphgrad.fit.matchmap import MatchMap
from glyphgrad.fit.normal import normal
from glyphgrad.fit.search import Progress
from glyphgrad.fit.warp import GLOBAL, Doubles, Floating, Warp, half_cell, linearised, warped

Solve = Callable[..., Indices]
"""discrete.solve, or that with some of its options given: called as solve(energy, effort=..., start=...)."""

FREE = {"shift": 2, "affine": GLOBAL, "warp": np.inf}
"""What may move, and how many of the warp's parameters that is at most."""
_PULL = 0.1
"""Weight of the squared parameters of shift and scale, in energies of the unaligned grid.

Blank paper is matched perfectly, so it would pay to make a photograph smaller and leave a blank margin.
A picture 1 % smaller one way loses 1 % of its energy; with this weight that pays up to about 2 %.
"""
_PAGE, _PICTURE = (4.0, 2.0, 1.0), (2.0, 1.0)
"""Over how many cells bends are judged, coarse to fine: a page of text bends as one, a picture where it likes."""
_SLACKS = (0, 1, 2)
"""How many places (twelfths of a cell) a cell may lie from where shift and scale put it: the more, the more bent the page."""
_RUNNERS, _TRIAL = 2, 2
"""How many starts get a trial, and of how many turns: where a descent ends its start does not quite tell."""
_FOLLOWED = 2
"""Turns for a picture of a film, which starts where the one before has ended."""
_STEPS, _TURN = 40, 5
"""Steps of the descent, and after how many of them the grid has its turn."""
_MEMORY = (0.9, 0.99)  # of Adam; 40 steps are few for its usual 0.999
_SETTLE = 0.3
"""How much of the rate is right where glyphs have been recognised: at all of it a page found is torn apart again."""


def align(
    target: Floating,
    coverage: NDArray[np.float32],
    layout: Layout,
    filters: tuple[Filter, ...],
    how: str,
    *,
    solve: Solve = discrete.solve,
    effort: str = "normal",
    start: Indices | None = None,
    rate: float = FitConfig.alignment_lr,
    stiffness: float = FitConfig.warp_reg_weight,
    last: Warp | None = None,
    tie: float = 0.0,
    on_step: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[Warp, Indices]:
    """A warp and a grid (rows, cols) such that the energy of the grid against the warped target is low.

    `target` (H, W) and `coverage` (G, h, w) are ink in [0, 1]; `how` is what may move: "shift", "affine"
    (and scale) or "warp" (and bend). `start` (rows, cols) is the grid that suits the target as it is;
    None: what `solve` finds. The energy is never higher than that of this grid: where no warp helps, it
    is returned, with the identity. `rate` is that of the first steps, falling to a tenth; `stiffness`
    weighs the mean squared difference between the bends of neighbouring corners, in half cells. In a film
    `last` is the warp of the picture before, from which the search goes on; the mean square of how far the
    corners leave it, in half cells, costs `tie` times the unaligned energy. `on_step`
    is told of every turn, after which `should_stop` is asked. Raises ConfigError.
    """
    if how not in FREE:
        raise ConfigError(f"align is {how!r}: choose one of {', '.join(FREE)}")
    if not 0 < rate < np.inf:
        raise ConfigError(f"rate of the alignment is {rate}: give more than 0")
    if not 0 <= stiffness < np.inf:
        raise ConfigError(f"stiffness of the warp is {stiffness}: give 0 or more")
    energy = Energy(target, coverage, layout, filters)
    plain = _State(Warp.identity(layout), solve(energy, effort=effort) if start is None else start, energy)
    if plain.energy == 0 or (should_stop is not None and should_stop()):
        return last or plain.warp, plain.glyphs
    search = _Alignment(energy, solve, FREE[how], stiffness, _PULL * plain.energy, last, tie * plain.energy)
    if last is not None:
        first = search.solved(last, plain.glyphs)
        runs: list[Iterator[_State]] = [islice(search.descent(first, _SETTLE * rate), _FOLLOWED)]
    else:
        starts = sorted([(plain, 1.0), *search.starts()], key=lambda each: search.total(each[0]))
        first = starts[0][0]
        runs = [search.descent(state, share * rate) for state, share in starts[:_RUNNERS]]
    state = first
    for turn, state in enumerate(_leader(runs), start=1):
        if on_step is not None:
            on_step(Progress(turn, state.energy, state.glyphs))
        if should_stop is not None and should_stop():
            break
    if last is not None:
        best = min(first, state, key=search.total)
    else:
        best = min(plain, first, search.solved(state.warp, state.glyphs, effort), key=lambda each: each.energy)
    return best.warp, best.glyphs


def _leader(runs: list[Iterator[_State]]) -> Iterator[_State]:
    """The states of whichever descent has come lowest after `_TRIAL` turns."""
    begun = [list(islice(run, _TRIAL)) for run in runs]
    leader = min(range(len(runs)), key=lambda i: begun[i][-1].energy)
    return chain(begun[leader], runs[leader])


class _State:
    """A warp, a grid (rows, cols), and the grid's `energy` against the target so warped."""

    def __init__(self, warp: Warp, glyphs: Indices, energy: Energy) -> None:
        self.warp, self.glyphs, self.energy = warp, glyphs, energy(glyphs)


@dataclass(frozen=True)
class _Alignment:
    """What is minimised: the energy of a grid against the warped target, and the penalty of the warp.

    `plain` is the energy of the target as it is, `free` how many parameters may move, `pull` the weight
    of the squares of the first four, `tie` that of the way from the `last` picture's warp.
    """

    plain: Energy
    solve: Solve
    free: float
    stiffness: float
    pull: float
    last: Warp | None = None
    tie: float = 0.0

    def solved(self, warp: Warp, start: Indices | None = None, effort: str = "fast") -> _State:
        """With the grid that suits the target so warped."""
        plain = self.plain
        energy = Energy(warped(plain.target, warp), plain.coverage, plain.layout, plain.filters)
        return _State(warp, self.solve(energy, effort=effort, start=start), energy)

    def total(self, state: _State) -> float:
        """Energy and penalty: a picture is not made smaller for a little."""
        return state.energy + self.penalty(state.warp)[0]

    def starts(self) -> Iterator[tuple[_State, float]]:
        """From where a descent may well begin, and at how much of the rate."""
        plain, layout = self.plain, self.plain.layout
        places = MatchMap.of(plain.target, plain.coverage, layout, plain.filters)
        if self.free <= GLOBAL:
            yield self.solved(places.affine(scaled=self.free == GLOBAL)), _SETTLE
            return
        for slack in _SLACKS:
            page = places.affine(scaled=True, slack=slack)
            yield self.solved(places.bent(page, places.gain, _PAGE)), _SETTLE
        yield self.solved(places.bent(Warp.identity(layout), -places.rest, _PICTURE)), 1.0

    def descent(self, state: _State, rate: float) -> Iterator[_State]:
        """The state at every turn of Adam (Kingma and Ba 2015), whose rate falls to a tenth."""
        parameters = state.warp.parameters
        adam = Adam(parameters, _MEMORY, float(np.finfo(np.float32).tiny))
        for step, size in enumerate(np.geomspace(rate, rate / 10, _STEPS), start=1):
            slope = self.slope(Warp(self.plain.layout, parameters), state.glyphs)
            parameters = parameters - size * adam.direction(slope)
            if step % _TURN == 0:
                state = self.solved(Warp(self.plain.layout, parameters), state.glyphs)
                yield state

    def slope(self, warp: Warp, glyphs: Indices) -> Doubles:
        """The derivative of energy and penalty by the parameters, the grid held; 0 for what may not move."""
        plain = self.plain
        image, pull_back = linearised(plain.target, warp)
        error = render(glyphs, plain.coverage, plain.layout) - image
        slope = pull_back(-2 * normal(error, plain.layout, plain.filters)) + self.penalty(warp)[1]
        return np.where(np.arange(len(slope)) < self.free, slope, 0.0)

    def penalty(self, warp: Warp) -> tuple[float, Doubles]:
        """Of a bend that changes from corner to corner, and of moving the whole; and its derivative."""
        bend, whole = np.tanh(warp.corners), warp.parameters[:GLOBAL]
        down, across = np.diff(bend, axis=0), np.diff(bend, axis=1)
        weight = self.stiffness / (down.size + across.size)
        slope = -np.diff(np.pad(down, ((1, 1), (0, 0), (0, 0))), axis=0)
        slope -= np.diff(np.pad(across, ((0, 0), (1, 1), (0, 0))), axis=1)
        cost = weight * float((down**2).sum() + (across**2).sum()) + self.pull * float(whole @ whole)
        by_corner = 2 * weight * slope * (1 - bend**2)
        way, by_way = self._way(warp)
        return cost + way, np.concatenate([2 * self.pull * whole, by_corner.ravel()]) + by_way

    def _way(self, warp: Warp) -> tuple[float, Doubles]:
        """What leaving the last picture's warp costs; and its derivative by the parameters."""
        if self.last is None or not self.tie:
            return 0.0, np.zeros_like(warp.parameters)
        half = half_cell(warp.layout)
        moved = (warp.displacements() - self.last.displacements()) / half
        weight = self.tie / moved[..., 0].size
        return weight * float((moved**2).sum()), warp.chain(2 * weight * moved / half)
