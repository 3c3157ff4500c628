"""The energy against pixels: dense matrices, torch's pooling and SciPy's blur as oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.errors import ConfigError
from glyphgrad.fit import energy as energy_module
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity, pooling, seed_filters

LAYOUTS = [Layout(4, 5, 7, 4), Layout(3, 4, 6, 5, 3), Layout(1, 1, 6, 5), Layout(1, 6, 5, 3), Layout(6, 1, 5, 4, 1)]
FILTERS = [
    (identity(1.0),),
    (identity(0.1), pooling(0.5, 4, 2)),
    (pooling(1.0, 3, 7), gaussian(1.0, 1.3)),
    (gradient(1.0, 2.0), gaussian(0.1, 1.0)),
    (pooling(1.0, 2, 3),),
]


def problem(layout: Layout, filters: tuple[Filter, ...], glyphs: int = 6, seed: int = 0) -> Energy:
    """Random ink and a random target; glyph 0 is blank, glyph 2 the twin of glyph 1."""
    rng = np.random.default_rng(seed)
    coverage = rng.random((glyphs, layout.cell_height, layout.cell_width), np.float32)
    coverage[0] = 0
    if glyphs > 2:
        coverage[2] = coverage[1]
    return Energy(rng.random((layout.height, layout.width), np.float32), coverage, layout, filters)


def pixel_loss(energy: Energy, glyphs: NDArray[np.intp], filters: tuple[Filter, ...]) -> float:
    """The energy by other people's filters, in double precision."""
    torch = pytest.importorskip("torch")
    from scipy.ndimage import gaussian_filter

    error = render(glyphs, energy.coverage, energy.layout).astype(np.float64) - energy.target
    wide, total = np.pad(error, 40), 0.0
    for f in filters:
        if f.kind in ("identity", "pooling"):
            out = [torch.nn.functional.avg_pool2d(torch.from_numpy(error)[None], f.kernel, f.stride).numpy()]
        else:
            orders = [(0, 0)] if f.kind == "gaussian" else [(0, 1), (1, 0)]
            out = [gaussian_filter(wide, f.sigma, order=order, truncate=3.0, mode="constant") for order in orders]
        total += f.weight * sum(float((part**2).sum()) for part in out)
    return total


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("filters", FILTERS)
def test_energy_is_the_pixel_loss(layout: Layout, filters: tuple[Filter, ...]) -> None:
    if max(f.kernel for f in filters) > min(layout.height, layout.width):
        pytest.skip("kernel larger than this picture")
    energy = problem(layout, filters)
    glyphs = np.random.default_rng(1).integers(0, 6, energy.shape)
    # 1e-6: render() and the target are float32 before they are subtracted
    assert energy(glyphs) == pytest.approx(pixel_loss(energy, glyphs, filters), rel=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("filters", FILTERS)
def test_tables_and_field_give_the_energy_of_pixels(layout: Layout, filters: tuple[Filter, ...]) -> None:
    if max(f.kernel for f in filters) > min(layout.height, layout.width):
        pytest.skip("kernel larger than this picture")
    energy = problem(layout, filters)
    glyphs = np.random.default_rng(2).integers(0, 6, energy.shape)
    by_field = energy.paper + energy.above_paper(glyphs, energy.field(glyphs))
    # 1e-5: sums of float32 tables, a few digits lost where ink and paper cancel
    assert by_field == pytest.approx(energy(glyphs), rel=1e-5, abs=1e-5 * energy.paper)
    by_terms = energy.paper + np.take_along_axis(energy.unary(), glyphs[:, :, None], axis=2).sum()
    for dy, dx in energy.pairs.offsets:
        table = energy.pairs.toward(dy, dx)
        for y, x in np.argwhere(table):
            by_terms += energy.pairs.values[table[y, x], glyphs[y, x], glyphs[y + dy, x + dx]]
    assert by_terms == pytest.approx(energy(glyphs), rel=1e-5, abs=1e-5 * energy.paper)


def test_field_is_the_slope_of_the_energy() -> None:
    """E is quadratic, so E(n) - E(o) = M[n] - M[o] + Q[n, n] - 2 Q[o, n] + Q[o, o] exactly."""
    energy = problem(LAYOUTS[1], FILTERS[1])
    glyphs = np.random.default_rng(3).integers(0, 6, energy.shape)
    field, own = energy.field(glyphs), energy.pairs.values[energy.own()]
    for y, x, n in np.ndindex(*energy.shape, 6):
        changed, o, q = glyphs.copy(), glyphs[y, x], own[y, x]
        changed[y, x] = n
        gain = field[y, x, n] - field[y, x, o] + q[n, n] - 2 * q[o, n] + q[o, o]
        # 1e-5 of the energy: the rounding of float32 terms as large as it
        assert energy(changed) - energy(glyphs) == pytest.approx(gain, abs=1e-5 * energy(glyphs))


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(1, 4),
    cols=st.integers(1, 4),
    gap=st.integers(0, 5),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 8),
)
def test_any_stride_and_gap(rows: int, cols: int, gap: int, kernel: int, stride: int) -> None:
    energy = problem(Layout(rows, cols, 6, 7, gap), (pooling(1.0, kernel, stride), identity(0.01)), glyphs=3)
    glyphs = np.random.default_rng(rows).integers(0, 3, energy.shape)
    by_field = energy.paper + energy.above_paper(glyphs, energy.field(glyphs))
    assert by_field == pytest.approx(energy(glyphs), abs=1e-5 * energy.paper)  # float32 tables


def test_rows_set_apart_do_not_interact() -> None:
    layout = Layout(3, 4, 8, 6, row_gap=6)
    pairs = problem(layout, seed_filters(layout, 0.5, 4)).pairs
    assert pairs.reach == (0, 1)
    assert set(pairs.offsets) == {(0, -1), (0, 1)}


def test_identity_alone_has_no_pairs_and_its_match_is_the_best_grid() -> None:
    energy = problem(Layout(2, 2, 5, 4), (identity(1.0),), glyphs=4)
    assert energy.pairs.offsets == []
    best = min((np.array(g).reshape(2, 2) for g in np.ndindex(4, 4, 4, 4)), key=energy)
    assert energy(energy.match().argmin(axis=2)) == energy(best)


def test_min_sum_skips_only_what_cannot_win() -> None:
    energy = problem(Layout(4, 6, 6, 5), (gaussian(1.0, 2.0), identity(0.2)), glyphs=40)
    costs = 0.02 * energy.unary().reshape(-1, 40)  # so small that neighbours have a say
    for table in range(1, 4):
        plain = (costs[:, :, None] + 2 * energy.pairs.values[table]).min(axis=1)
        np.testing.assert_array_equal(energy.pairs.min_sum(table, costs), plain)


def test_seed_filters_are_means() -> None:
    """A picture of ink 1 on blank paper has MSE 1 and, pooled, MSE 1 again."""
    layout = Layout(2, 3, 6, 5)
    energy = Energy(np.ones((12, 15)), np.zeros((1, 6, 5)), layout, seed_filters(layout, 0.5, 4))
    assert energy(np.zeros((2, 3), int)) == pytest.approx(1.5, rel=1e-12)  # double precision


def test_tables_are_shared_between_pictures() -> None:
    layout = LAYOUTS[0]
    first, second = (problem(layout, FILTERS[1]), problem(layout, FILTERS[1]))
    other = Energy(first.target * 0.5, first.coverage.copy(), layout, FILTERS[1])
    assert first.pairs is second.pairs is other.pairs


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"filters": (pooling(1.0, 40, 2),)}, "kernel is 40, larger than the picture of 20 x 28"),
        ({"filters": (identity(0.0), gaussian(0.0, 2.0))}, r"weights are \[0.0, 0.0\]"),
        ({"filters": ()}, r"weights are \[\]"),
        ({"target": np.full((28, 20), np.nan)}, "target holds nan"),
        ({"target": np.ones((20, 28))}, r"target is \(20, 28\)"),
        ({"coverage": np.ones((6, 7, 5))}, r"coverage is \(6, 7, 5\)"),
        ({"coverage": np.ones((0, 7, 4))}, r"coverage is \(0, 7, 4\)"),
    ],
)
def test_says_what_is_wrong(change: dict[str, object], said: str) -> None:
    arguments: dict[str, object] = {"target": np.ones((28, 20)), "coverage": np.ones((6, 7, 4)), "filters": FILTERS[0]}
    with pytest.raises(ConfigError, match=said):
        Energy(layout=LAYOUTS[0], **(arguments | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bad", [lambda: identity(-1.0), lambda: pooling(1, 0, 1), lambda: pooling(1, 2, 0), lambda: gaussian(1, 0)]
)
def test_filters_are_validated(bad: object) -> None:
    with pytest.raises(ConfigError, match="give"):
        bad()  # type: ignore[operator]


@pytest.mark.parametrize("grid", [np.zeros((5, 4), int), np.zeros((4, 5)), np.full((4, 5), 6), np.full((4, 5), -1)])
def test_grids_are_checked(grid: NDArray[np.generic]) -> None:
    with pytest.raises(ConfigError, match="give"):
        problem(LAYOUTS[0], FILTERS[0])(grid)  # type: ignore[arg-type]


def test_too_many_tables_are_refused_before_memory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy_module, "MAX_TABLE_BYTES", 1000)
    with pytest.raises(ConfigError, match="stride that divides"):
        _ = problem(Layout(4, 5, 7, 4), (pooling(1.0, 3, 5),)).pairs
