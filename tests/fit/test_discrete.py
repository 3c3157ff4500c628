"""The search over hard grids, against brute force and against itself recomputed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError
from glyphgrad.fit.discrete import EFFORTS, solve
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity, pooling, seed_filters
from glyphgrad.fit.search import Progress, Search, Usage

GLYPHS = 8


def problem(layout: Layout, filters: tuple[Filter, ...] | None = None, glyphs: int = GLYPHS, seed: int = 0) -> Energy:
    rng = np.random.default_rng(seed)
    coverage = (rng.random((glyphs, layout.cell_height, layout.cell_width)) < 0.4).astype(np.float32)
    coverage[0] = 0
    target = rng.random((layout.height, layout.width), np.float32)
    return Energy(target, coverage, layout, seed_filters(layout, 0.5, 4) if filters is None else filters)


def total(
    energy: Energy, glyphs: NDArray[np.intp], weight: float = 0.0, free: NDArray[np.bool_] | None = None
) -> float:
    """E - weight * H, the entropy written out."""
    counts = np.bincount(glyphs.ravel(), minlength=len(energy.coverage))[slice(None) if free is None else free]
    share = counts[counts > 0] / max(1, counts.sum())
    return energy(glyphs) + weight * float((share * np.log(share)).sum())


def best_change(
    energy: Energy, glyphs: NDArray[np.intp], weight: float = 0.0, free: NDArray[np.bool_] | None = None
) -> float:
    """The most that a change of one glyph lowers the objective, by trying all."""
    now, lowest = total(energy, glyphs, weight, free), np.inf
    for y, x, n in np.ndindex(*energy.shape, len(energy.coverage)):
        changed = glyphs.copy()
        changed[y, x] = n
        lowest = min(lowest, total(energy, changed, weight, free) - now)
    return lowest


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize(
    "filters", [None, (gaussian(1.0, 2.0),), (gradient(1.0, 1.0), identity(0.1)), (pooling(1.0, 3, 7), identity(0.1))]
)
@pytest.mark.parametrize("diversity", [0.0, 0.01])
def test_no_single_change_helps(effort: str, filters: tuple[Filter, ...] | None, diversity: float) -> None:
    energy = problem(Layout(3, 5, 6, 5), filters)
    weight = diversity * energy.paper
    free = np.arange(GLYPHS) > 0
    glyphs = solve(energy, effort=effort, diversity=weight, protected=~free)
    # 1e-5 of the energy: moves below the rounding of a float32 field are not made
    assert best_change(energy, glyphs, weight, free) >= -1e-5 * energy.paper


@pytest.mark.parametrize(
    ("layout", "filters"),
    [
        (Layout(1, 6, 6, 6), (gradient(1.0, 1.0),)),
        (Layout(6, 1, 6, 6), (gaussian(1.0, 1.0),)),
        (Layout(2, 3, 6, 6, 6), (gaussian(1.0, 1.0),)),
        (Layout(1, 1, 6, 6), (gaussian(1.0, 1.0),)),
    ],
)
def test_chains_are_solved_to_the_global_optimum(
    brute_force: Callable[[Energy], float], layout: Layout, filters: tuple[Filter, ...]
) -> None:
    """Of the two longest chains sweeps alone miss some; dynamic programming misses none."""
    problems = [problem(layout, filters, glyphs=3, seed=seed) for seed in range(8)]
    best = np.array([brute_force(energy) for energy in problems])
    assert min(problems[0].pairs.reach) == 0
    np.testing.assert_allclose([energy(solve(energy)) for energy in problems], best, rtol=1e-6)  # float32 tables
    if 6 in problems[0].shape:
        swept = np.array([energy(solve(energy, effort="fast")) for energy in problems])
        assert (swept > 1.001 * best).any()


def test_no_change_of_two_neighbours_helps() -> None:
    """Where cells interact farther than their neighbours, so that lines are no chains."""
    energy = problem(Layout(3, 4, 6, 5), (gaussian(1.0, 2.5),), glyphs=12, seed=3)
    assert min(energy.pairs.reach) > 1
    glyphs = solve(energy)
    least = energy(glyphs)
    for (row, col), ahead in product(np.ndindex(3, 4), ((0, 1), (1, 0))):
        if row + ahead[0] < 3 and col + ahead[1] < 4:
            for pair in product(range(12), repeat=2):
                changed = glyphs.copy()
                changed[[row, row + ahead[0]], [col, col + ahead[1]]] = pair
                assert energy(changed) > least * (1 - 1e-5)  # moves must gain a millionth of the densest glyph


def test_annealing_finds_the_best_of_all_grids_where_sweeps_do_not(brute_force: Callable[[Energy], float]) -> None:
    """Twelve small problems of a strong blur, of which sweeps alone solve a part."""
    problems = [problem(Layout(2, 3, 4, 4), (gaussian(1.0, 2.0),), glyphs=4, seed=seed) for seed in range(12)]
    best = np.array([brute_force(energy) for energy in problems])
    found = {effort: np.array([energy(solve(energy, effort=effort)) for energy in problems]) for effort in EFFORTS}
    np.testing.assert_allclose(found["best"], best, rtol=1e-5)  # float32 tables
    assert (found["fast"] > best * 1.0001).any()


def test_more_effort_is_never_worse() -> None:
    energy = problem(Layout(8, 10, 6, 5), (gaussian(1.0, 2.0),), glyphs=20)
    fast, normal, best = (energy(solve(energy, effort=effort)) for effort in ("fast", "normal", "best"))
    assert best <= normal * 1.01  # annealing is random: another 1 % either way
    assert normal <= fast * (1 + 1e-6)  # normal goes on from where fast ends


def test_the_field_kept_is_the_field_recomputed() -> None:
    energy = problem(Layout(5, 6, 6, 5), (gaussian(1.0, 2.0), pooling(1.0, 3, 7)))
    search = Search(energy, Usage(0, None, GLYPHS), None)
    rng = np.random.default_rng(0)
    search.reset(rng.integers(0, GLYPHS, energy.shape))
    for _ in range(20):
        cells = rng.choice(search.colours[0], 1)
        new = rng.integers(0, GLYPHS, 1)
        search.move(cells, new, float(search.gains(cells)[0, new[0]]))
    fresh = energy.field(search.grid())
    # 1e-5: twenty float32 updates
    np.testing.assert_allclose(search.field[search.cells], fresh, atol=1e-5 * np.abs(fresh).max())
    assert energy.paper + search.total == pytest.approx(energy(search.grid()), abs=1e-5 * energy.paper)


@pytest.mark.parametrize("protected", [None, np.arange(GLYPHS) == 0, np.ones(GLYPHS, bool)])
def test_each_cell_sees_the_usage_that_those_before_it_left(protected: NDArray[np.bool_] | None) -> None:
    rng = np.random.default_rng(0)
    usage, grid = Usage(0.3, protected, GLYPHS), np.array([0, 0, 1, 1, 1, 2, 5])
    usage.counts, costs = usage.count(grid), rng.normal(size=(len(grid), GLYPHS)).astype(np.float32) / 20
    wanted = grid.copy()
    for cell in range(len(grid)):
        totals = []
        for glyph in range(GLYPHS):
            wanted[cell], before = glyph, wanted[cell]
            totals.append(costs[cell, glyph] + usage.cost(usage.count(wanted)))
            wanted[cell] = before
        if min(totals) < totals[wanted[cell]]:
            wanted[cell] = int(np.argmin(totals))
    np.testing.assert_array_equal(usage.choose(costs, grid, 0), wanted)
    assert (wanted != grid).any()


def test_diversity_trades_energy_for_entropy() -> None:
    energy = problem(Layout(6, 8, 6, 5), glyphs=20)
    plain = solve(energy)
    used = [len(np.unique(solve(energy, diversity=w * energy.paper))) for w in (0.0, 0.05, 1.0)]
    assert used == sorted(used)
    assert used[-1] == 20
    weight = 0.05 * energy.paper
    assert total(energy, solve(energy, diversity=weight), weight) < total(energy, plain, weight)


def test_diversity_leaves_blank_paper() -> None:
    """A white target and one protected blank: from there no single glyph pays, all of them together do."""
    layout = Layout(6, 8, 6, 5)
    coverage = problem(layout).coverage * np.float32(0.1)
    energy = Energy(np.zeros((layout.height, layout.width)), coverage, layout, seed_filters(layout, 0.5, 4))
    blank = np.arange(GLYPHS) == 0
    glyphs = solve(energy, diversity=0.01, protected=blank)
    assert total(energy, glyphs, 0.01, ~blank) < 0


def test_bias_is_a_cost_of_its_own() -> None:
    energy = problem(Layout(2, 3, 6, 5), glyphs=4)
    rng = np.random.default_rng(0)
    bias = rng.random((6, 4)) * energy.paper / 6
    best = min(
        energy(np.array(g).reshape(2, 3)) + bias[np.arange(6), list(g)].sum() for g in product(range(4), repeat=6)
    )
    found = solve(energy, effort="best", bias=bias)
    assert energy(found) + bias[np.arange(6), found.ravel()].sum() == pytest.approx(best, rel=1e-5)  # float32 tables


def test_the_same_seed_gives_the_same_grid() -> None:
    energy = problem(Layout(8, 10, 6, 5), (gaussian(1.0, 2.0),), glyphs=20)
    for diversity in (0.0, 0.05 * energy.paper):
        first, second = (solve(energy, seed=7, diversity=diversity) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_twins_go_to_the_first() -> None:
    layout = Layout(2, 3, 6, 5)
    coverage = np.repeat(problem(layout).coverage, 2, axis=0)
    energy = Energy(problem(layout).target, coverage, layout, seed_filters(layout, 0.5, 4))
    assert not (solve(energy, effort="fast") % 2).any()


def test_white_paper_stays_blank_and_one_glyph_is_enough() -> None:
    layout = Layout(3, 4, 6, 5)
    white = Energy(np.zeros((18, 20)), problem(layout).coverage, layout, seed_filters(layout, 0.5, 4))
    alone = Energy(np.ones((18, 20)), np.ones((1, 6, 5)), layout, seed_filters(layout, 0.5, 4))
    for energy in (white, alone):
        for diversity in (0.0, 1e-9):
            assert not solve(energy, effort="best", diversity=diversity).any()


def test_progress_tells_the_objective_and_the_search_can_be_stopped() -> None:
    energy, told = problem(Layout(5, 6, 6, 5), (gaussian(1.0, 2.0),)), list[Progress]()
    solve(energy, on_sweep=told.append)
    assert [each.sweep for each in told] == list(range(1, len(told) + 1))
    for each in told:
        # 1e-5: the running total adds up float32 gains
        assert each.objective == pytest.approx(energy(each.glyphs), rel=1e-5)
    stopped: list[Progress] = []
    solve(energy, on_sweep=stopped.append, should_stop=lambda: len(stopped) >= 2)
    assert len(stopped) <= 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"effort": "heroic"}, "effort is 'heroic'"),
        ({"diversity": -1.0}, "diversity is -1.0"),
        ({"diversity": np.nan}, "diversity is nan"),
        ({"protected": np.zeros(3, bool)}, r"protected is \(3,\)"),
        ({"bias": np.zeros((3, 3))}, r"bias is \(3, 3\)"),
        ({"bias": np.full((6, GLYPHS), np.inf)}, "bias holds inf"),
        ({"start": np.zeros((3, 2), int)}, r"grid is \(3, 2\)"),
    ],
)
def test_says_what_is_wrong(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        solve(problem(Layout(2, 3, 6, 5)), **options)  # type: ignore[arg-type]
