"""The lower bound, against brute force over all grids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError
from glyphgrad.fit.bound import lower_bound
from glyphgrad.fit.discrete import solve
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity, pooling, seed_filters

EXACT = 3e-6
"""The bound gives away 1e-6 of blank paper's energy for the rounding of float32 tables; E is a part of that."""


def problem(layout: Layout, filters: tuple[Filter, ...], glyphs: int = 3, seed: int = 0) -> Energy:
    rng = np.random.default_rng(seed)
    coverage = (rng.random((glyphs, layout.cell_height, layout.cell_width)) < 0.4).astype(np.float32)
    coverage[0] = 0
    return Energy(rng.random((layout.height, layout.width), np.float32), coverage, layout, filters)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "filters",
    [
        (identity(0.02), pooling(1.0, 4, 2)),
        (gaussian(1.0, 1.0),),
        (gaussian(1.0, 4.0),),
        (gradient(1.0, 1.0), identity(0.1)),
        (pooling(1.0, 3, 7), identity(0.01)),
    ],
)
def test_no_grid_is_below_the_bound(
    brute_force: Callable[[Energy], float], filters: tuple[Filter, ...], seed: int
) -> None:
    energy = problem(Layout(2, 4, 5, 4), filters, seed=seed)
    for iterations in (1, 40):
        assert 0 <= lower_bound(energy, iterations) <= brute_force(energy)


@pytest.mark.parametrize("layout", [Layout(2, 4, 6, 5, 6), Layout(1, 6, 6, 5), Layout(6, 1, 6, 5), Layout(1, 1, 6, 5)])
def test_it_is_the_minimum_where_cells_form_chains(brute_force: Callable[[Energy], float], layout: Layout) -> None:
    energy = problem(layout, (identity(0.02), pooling(1.0, 4, 2)))
    lowest = brute_force(energy)
    assert lowest - EXACT * energy.paper <= lower_bound(energy) <= lowest


def test_it_is_the_minimum_where_nothing_interacts(brute_force: Callable[[Energy], float]) -> None:
    energy = problem(Layout(2, 3, 6, 5), (identity(1.0),))
    lowest = brute_force(energy)
    assert lowest - EXACT * energy.paper <= lower_bound(energy) <= lowest


def test_it_proves_a_grid_of_the_original_loss_within_one_percent() -> None:
    layout = Layout(8, 12, 12, 8)
    energy = problem(layout, seed_filters(layout, 0.5, 4), glyphs=40)
    found = energy(solve(energy))
    assert 0.99 * found <= lower_bound(energy) <= found


def test_more_sweeps_raise_it() -> None:
    energy = problem(Layout(4, 5, 6, 5), (gaussian(1.0, 1.0), identity(0.05)), glyphs=10)
    bounds = [lower_bound(energy, iterations) for iterations in (1, 4, 40)]
    assert bounds == sorted(bounds)


def test_white_paper_costs_nothing() -> None:
    layout = Layout(2, 3, 6, 5)
    energy = Energy(
        np.zeros((12, 15)), problem(layout, (identity(1.0),)).coverage, layout, seed_filters(layout, 0.5, 4)
    )
    assert lower_bound(energy) == 0


def test_says_what_is_wrong() -> None:
    with pytest.raises(ConfigError, match="iterations is 0"):
        lower_bound(problem(Layout(1, 1, 6, 5), (identity(1.0),)), 0)
