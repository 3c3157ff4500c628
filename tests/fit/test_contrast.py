"""Local contrast: the curves, the gradient by hand, the interpolation, and what a picture gains."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import map_coordinates
from scipy.optimize import minimize

from glyphgrad.core import target
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS
from glyphgrad.errors import ConfigError
from glyphgrad.fit.config import CONTRAST
from glyphgrad.fit.contrast import (
    BINS,
    Contrast,
    histogram_entropy,
    histograms,
    learn,
    loss_and_gradient,
    tone_curves,
    tone_shares,
)

GAPPED = Layout(rows=4, cols=5, cell_height=9, cell_width=6, row_gap=3)
ROUNDING = 1e-12  # float64, some thousand terms of about 1
SINGLE = 2e-7  # two roundings to float32 of values in [0, 1]
LAYOUTS = [GAPPED, Layout(3, 2, 8, 4), Layout(1, 6, 7, 5, 2), Layout(6, 1, 5, 7, 1), Layout(1, 1, 6, 6, 4)]


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def noise(layout: Layout, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return rng().uniform(low, high, (layout.height, layout.width)).astype(np.float32)


def identity(layout: Layout) -> Contrast:
    return Contrast(layout, tone_curves(np.zeros((layout.rows + 1, layout.cols + 1, BINS))))


def bent(layout: Layout) -> Contrast:
    return Contrast(layout, tone_curves(3 * rng().normal(size=(layout.rows + 1, layout.cols + 1, BINS))))


def interpolated(values: np.ndarray, ink: np.ndarray, layout: Layout) -> np.ndarray:
    """(H, W) SciPy's reading of values (rows + 1, cols + 1, BINS + 1) at every pixel."""
    y, x = np.mgrid[: layout.height, : layout.width]
    places = [(y + 0.5 + layout.row_gap / 2) / layout.row_pitch, (x + 0.5) / layout.cell_width, ink * BINS]
    return map_coordinates(values, places, np.float64, order=1)


@pytest.fixture(scope="module")
def photograph(photo: Path) -> tuple[np.ndarray, Layout]:
    """The ink of a photograph at the epson preset, and its layout."""
    picture = target.load(photo)
    layout = PRESETS["epson"].layout_for(*picture.size)
    return target.place(picture, layout), layout


# --- The curves ---


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_zero_parameters_are_the_identity_to_the_last_bit(kind: type) -> None:
    curves = tone_curves(np.zeros((3, 2, BINS), kind))
    assert np.array_equal(curves, np.broadcast_to(np.arange(BINS + 1) / BINS, curves.shape))


@given(arrays(st.sampled_from([np.float32, np.float64]), (2, BINS), elements=st.floats(-1e9, 1e9, width=32)))
@settings(deadline=None)
def test_curves_never_fall_whatever_the_parameters(parameters: np.ndarray) -> None:
    curves = tone_curves(parameters)
    assert (np.diff(curves) >= 0).all()
    assert (curves[:, 0] == 0).all()
    assert (curves[:, -1] == 1).all()


# --- The interpolation ---


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_identity_leaves_the_last_bit(layout: Layout) -> None:
    ink = noise(layout)
    for contrast in (identity(layout), bent(layout).blended(0)):
        assert np.array_equal(contrast.applied(ink), ink)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_curves_are_interpolated_as_scipy_does(layout: Layout) -> None:
    contrast, ink = bent(layout), noise(layout)
    applied = contrast.applied(ink)
    assert applied.dtype == np.float32
    np.testing.assert_allclose(applied, interpolated(contrast.curves, ink, layout), atol=SINGLE)


def test_strength_is_how_far_the_ink_goes() -> None:
    contrast, ink = bent(GAPPED), noise(GAPPED)
    half = (ink + contrast.applied(ink)) / 2
    np.testing.assert_allclose(contrast.blended(0.5).applied(ink), half, atol=SINGLE)
    assert np.array_equal(contrast.blended(1).applied(ink), contrast.applied(ink))


def test_darker_ink_stays_darker_at_the_same_place() -> None:
    contrast = bent(GAPPED)
    tones = np.linspace(0, 1, 200, dtype=np.float32)
    inks = np.array([contrast.applied(np.full((GAPPED.height, GAPPED.width), tone)) for tone in tones])
    assert np.diff(inks, axis=0).min() >= -SINGLE


def test_blank_and_solid_ink_stay_so() -> None:
    ink = np.rint(noise(GAPPED))
    assert np.array_equal(bent(GAPPED).applied(ink), ink)


# --- The histograms ---


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_histograms_are_the_transpose_of_the_interpolation(layout: Layout) -> None:
    ink = noise(layout)
    counts = histograms(ink, layout)
    values = rng().normal(size=counts.shape)
    assert (counts * values).sum() == pytest.approx(interpolated(values, ink, layout).sum(), abs=1e-4)  # ink is float32
    assert counts.sum() == pytest.approx(ink.size)


def test_shares_of_a_neighbourhood_are_a_distribution() -> None:
    shares = tone_shares(histograms(noise(GAPPED, 0.4, 0.6), GAPPED), GAPPED)
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=ROUNDING)
    assert shares.min() > 0
    assert shares.max() * BINS < 4  # three times the even share, and a part of what was cut off


def test_paper_asks_for_the_identity() -> None:
    for tone in (0.0, 1.0):
        ink = np.full((GAPPED.height, GAPPED.width), tone, np.float32)
        np.testing.assert_allclose(tone_shares(histograms(ink, GAPPED), GAPPED), 1 / BINS, atol=ROUNDING)


def test_entropy_of_known_pictures() -> None:
    assert histogram_entropy(np.full((3, 3), 1.0)) == 0
    assert histogram_entropy(np.array([[0.0, 1.0]])) == pytest.approx(np.log(2))
    assert histogram_entropy(np.linspace(0, 1, 10_000)[None]) == pytest.approx(np.log(BINS), abs=0.02)  # half end bins


# --- What is minimised ---


@pytest.mark.parametrize("smoothness", [0.0, 0.1, 7.0])
@pytest.mark.parametrize("corners", [(3, 4), (2, 2), (2, 5)])
def test_the_gradient_against_finite_differences(smoothness: float, corners: tuple[int, int]) -> None:
    parameters = rng().normal(size=(*corners, BINS))
    shares = rng().dirichlet(np.ones(BINS), corners)
    _, gradient = loss_and_gradient(parameters, shares, smoothness)
    step = 1e-5  # balances the third derivative against float64 rounding: both leave about 1e-10
    for place in rng().integers(0, parameters.size, 60):
        nudge = np.zeros(parameters.size)
        nudge[place] = step
        nudge = nudge.reshape(parameters.shape)
        above, below = (loss_and_gradient(parameters + way * nudge, shares, smoothness)[0] for way in (1, -1))
        assert gradient.flat[place] == pytest.approx((above - below) / (2 * step), abs=1e-9)


def test_the_loss_is_the_entropy_and_the_differences() -> None:
    parameters, shares = rng().normal(size=(2, 3, BINS)), rng().dirichlet(np.ones(BINS), (2, 3))
    curves = tone_curves(parameters)
    gain = (shares * np.log(BINS * np.diff(curves))).sum()
    pairs = [((0, j), (1, j)) for j in range(3)] + [((i, j), (i, j + 1)) for i in range(2) for j in range(2)]
    rough = sum(((curves[a] - curves[b]) ** 2).sum() for a, b in pairs)
    assert loss_and_gradient(parameters, shares, 0.3)[0] == pytest.approx((0.3 * rough - gain) / 6, abs=ROUNDING)
    assert loss_and_gradient(np.zeros((2, 3, BINS)), shares, 0.3)[0] == 0


def test_a_curve_gains_the_entropy_it_says() -> None:
    """The change of variables against counting: even tones in one bin of four, under a curve four times as steep there."""
    slopes = np.where(np.arange(BINS) % 4 == 0, 3.7, 0.1)
    curves = np.concatenate([[0], slopes.cumsum() / BINS])
    before = (np.arange(400_000) / 400_000 + 4 * (np.arange(400_000) % 16)) / BINS
    after = np.interp(before, np.arange(BINS + 1) / BINS, curves)
    fine = [np.histogram(x, 64_000, (0, 1))[0] / before.size for x in (before, after)]
    counted = [-(p[p > 0] * np.log(p[p > 0])).sum() for p in fine]
    assert counted[1] - counted[0] == pytest.approx(np.log(3.7), abs=0.01)  # bins of finite width


@pytest.mark.parametrize("smoothness", [0.1, 1.0])
def test_learning_ends_where_another_optimiser_does(smoothness: float) -> None:
    ink = noise(GAPPED, 0.3, 0.6) * np.linspace(0.5, 1, GAPPED.width, dtype=np.float32)
    shares = tone_shares(histograms(ink, GAPPED), GAPPED)

    def flat(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = loss_and_gradient(parameters.reshape(shares.shape), shares, smoothness)
        return loss, gradient.ravel()

    best = minimize(flat, np.zeros(shares.size), jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12})
    increments = np.diff(learn(ink, GAPPED, smoothness=smoothness).curves.astype(np.float64))
    parameters = np.log(np.expm1(increments * BINS * np.log(2)))
    loss, _ = flat(parameters)
    assert loss < 0.5 * flat(np.zeros(shares.size))[0] - 0.01
    assert loss == pytest.approx(best.fun, abs=1e-4)  # nats, of a gain of some tenths


def test_without_smoothness_curves_equalise_the_histogram() -> None:
    ink = noise(GAPPED, 0.2, 0.7)
    shares = tone_shares(histograms(ink, GAPPED), GAPPED)
    for steps in (0, 30):
        curves = learn(ink, GAPPED, smoothness=0, steps=steps).curves
        np.testing.assert_allclose(np.diff(curves), shares, atol=1e-6)  # float32, 64 increments cumulated


def test_smoothness_brings_neighbours_together() -> None:
    ink = np.where(np.arange(GAPPED.width) < GAPPED.width // 2, noise(GAPPED, 0, 0.3), noise(GAPPED, 0.6, 1))
    rough = [np.abs(np.diff(learn(ink, GAPPED, smoothness=s).curves, axis=1)).max() for s in (0, 1, 100)]
    assert rough[0] > rough[1] > rough[2]


# --- What a picture gains ---


def test_the_entropy_of_a_flat_picture_rises() -> None:
    layout = Layout(8, 8, 12, 8)
    ink = noise(layout, 0.4, 0.6)
    entropies = [histogram_entropy(learn(ink, layout).blended(s).applied(ink)) for s in (0, 0.5, 1)]
    assert entropies[0] == histogram_entropy(ink)
    assert np.diff(entropies).min() > 0.2  # nats: the range grows half again and twice


def test_both_sides_of_an_unevenly_lit_picture_gain() -> None:
    layout = Layout(8, 16, 12, 6)
    ink = noise(layout, 0, 0.2) + np.where(np.arange(layout.width) < layout.width // 2, 0.1, 0.7).astype(np.float32)
    after = learn(ink, layout).blended(CONTRAST).applied(ink)
    for side in (np.s_[:, :40], np.s_[:, -40:]):
        assert after[side].std() > 1.3 * ink[side].std()


def test_a_photograph_gains_and_its_paper_stays_blank(photograph: tuple[np.ndarray, Layout]) -> None:
    ink, layout = photograph
    after = learn(ink, layout).blended(CONTRAST).applied(ink)
    assert histogram_entropy(after) > histogram_entropy(ink)
    assert not after[ink == 0].any()


def test_blank_margins_hardly_matter() -> None:
    """A picture alone, and as half of a page: the curves within it are the same but for where windows end."""
    small, page = Layout(8, 8, 12, 8), Layout(16, 8, 12, 8)
    ink = noise(small, 0.3, 0.6)
    framed = np.pad(ink, ((48, 48), (0, 0)))
    np.testing.assert_allclose(learn(framed, page).curves[4:13], learn(ink, small).curves, atol=0.02)


def test_learning_is_the_same_every_time() -> None:
    ink = noise(GAPPED)
    assert np.array_equal(learn(ink, GAPPED).curves, learn(ink, GAPPED).curves)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("tone", [0.0, 1e-6, 0.3, 0.5, 1.0])
def test_one_tone_stays_about_what_it_is(layout: Layout, tone: float) -> None:
    """And nothing divides by zero: warnings are errors."""
    ink = np.full((layout.height, layout.width), tone, np.float32)
    after = learn(ink, layout).blended(CONTRAST).applied(ink)
    np.testing.assert_allclose(after, ink, atol=0.03)  # half of the pull of one tone's few percent


def test_one_pixel() -> None:
    layout = Layout(1, 1, 1, 1)
    assert 0 < learn(np.full((1, 1), 0.4, np.float32), layout).applied(np.full((1, 1), 0.4, np.float32))[0, 0] < 1


def test_memory_does_not_grow_with_pixels_times_bins(photograph: tuple[np.ndarray, Layout]) -> None:
    ink, layout = photograph
    tracemalloc.start()
    learn(ink, layout).blended(CONTRAST).applied(ink)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < ink.size * BINS * 4 / 2  # half of what single precision for every pixel and bin would take


# --- What is refused ---


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_out_of_range(strength: float) -> None:
    with pytest.raises(ConfigError, match=f"strength is {strength}: give 0"):
        identity(GAPPED).blended(strength)


@pytest.mark.parametrize("tone", [-0.5, 1.5, float("nan"), float("inf")])
def test_ink_out_of_range(tone: float) -> None:
    ink = noise(GAPPED)
    ink[3, 4] = tone
    for refuse in (identity(GAPPED).applied, lambda wrong: learn(wrong, GAPPED)):
        with pytest.raises(ConfigError, match=f"ink holds {tone}: give"):
            refuse(ink)


def test_ink_of_another_size() -> None:
    with pytest.raises(ConfigError, match=r"ink is \(3, 4\): give \(45, 30\)"):
        learn(np.zeros((3, 4), np.float32), GAPPED)


@pytest.mark.parametrize("options", [{"smoothness": -1.0}, {"smoothness": float("nan")}, {"steps": -1}])
def test_options_out_of_range(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"(is|are) (-1.0|nan|-1): give"):
        learn(noise(GAPPED), GAPPED, **options)
