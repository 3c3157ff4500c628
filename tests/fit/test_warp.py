"""The warp: identity, bounds, interpolation against SciPy's, and its derivative against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError
from glyphgrad.fit.warp import (
    NARROWEST,
    WIDEST,
    Warp,
    corner_positions,
    half_cell,
    linearised,
    parameter_count,
    sample,
    warped,
)

LAYOUT = Layout(3, 4, 7, 5, 2)
COUNT = parameter_count(LAYOUT)
DEGENERATE = [Layout(1, 1, 1, 1), Layout(1, 1, 8, 4, 3), Layout(1, 9, 8, 4, 3), Layout(9, 1, 8, 4)]


def noise(layout: Layout, dtype: type[np.floating] = np.float64) -> NDArray[np.floating]:
    return np.random.default_rng(1).random((layout.height, layout.width)).astype(dtype)


def some_warp(layout: Layout = LAYOUT, seed: int = 0) -> Warp:
    return Warp(layout, np.random.default_rng(seed).normal(size=parameter_count(layout)))


def plainly_interpolated(corners: NDArray[np.float64], layout: Layout) -> NDArray[np.float64]:
    """(H, W) The values of corners (rows + 1, cols + 1) at every pixel, by SciPy."""
    down, across = corner_positions(layout)
    y = (np.arange(layout.height) - down[0]) / layout.row_pitch
    x = (np.arange(layout.width) - across[0]) / layout.cell_width
    return map_coordinates(corners, np.meshgrid(y, x, indexing="ij"), order=1)


@pytest.mark.parametrize("layout", [LAYOUT, *DEGENERATE])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_parameters_return_the_target_to_the_last_bit(layout: Layout, dtype: type[np.floating]) -> None:
    target = noise(layout, dtype)
    identity = Warp.identity(layout)
    assert warped(target, identity).dtype == dtype
    assert warped(target, identity).tobytes() == target.tobytes()
    assert (identity.scale == 1).all()
    assert not identity.displacements().any()


@given(arrays(np.float64, COUNT, elements=st.floats(allow_nan=False)))
def test_bounds_hold_whatever_the_parameters(parameters: NDArray[np.float64]) -> None:
    warp, half = Warp(LAYOUT, parameters), half_cell(LAYOUT)
    assert (abs(warp.shift) <= half).all()
    assert (abs(warp.bend) <= half).all()
    # one rounding of the quotient and one of the sum
    assert (warp.scale >= NARROWEST - 1e-15).all()
    assert (warp.scale <= WIDEST + 1e-15).all()
    shown, pull_back = linearised(noise(LAYOUT), warp)
    assert (shown >= 0).all()
    assert (shown <= 1 + 1e-12).all()  # bilinear weights add up to 1 but for rounding
    assert np.isfinite(pull_back(np.ones_like(shown))).all()


def test_the_bounds_are_reached() -> None:
    far = Warp(LAYOUT, np.full(COUNT, np.inf))
    np.testing.assert_allclose(far.scale, WIDEST, rtol=1e-15)
    np.testing.assert_allclose(Warp(LAYOUT, np.full(COUNT, -np.inf)).scale, NARROWEST, rtol=1e-15)
    np.testing.assert_array_equal(far.shift, [3.5, 2.5])


def test_sampling_is_scipys_linear_interpolation_on_blank_paper() -> None:
    rng, image = np.random.default_rng(2), noise(LAYOUT)
    y, x = rng.uniform(-9, LAYOUT.height + 9, 2000), rng.uniform(-9, LAYOUT.width + 9, 2000)
    expected = map_coordinates(image, [y, x], order=1, mode="grid-constant", cval=0)
    np.testing.assert_allclose(sample(image, y, x)[0], expected, atol=1e-13)  # the order of roundings differs


@pytest.mark.parametrize("layout", [LAYOUT, Layout(2, 3, 6, 4), *DEGENERATE])
def test_a_warp_samples_where_its_shift_scale_and_bend_say(layout: Layout) -> None:
    warp, target = some_warp(layout), noise(layout)
    at = np.meshgrid(np.arange(layout.height), np.arange(layout.width), indexing="ij")
    places = [
        centre + (axis - centre) * scale + shift + plainly_interpolated(warp.bend[:, :, i], layout)
        for i, (axis, centre, scale, shift) in enumerate(
            zip(at, ((layout.height - 1) / 2, (layout.width - 1) / 2), warp.scale, warp.shift, strict=True)
        )
    ]
    expected = map_coordinates(target, places, order=1, mode="grid-constant", cval=0)
    np.testing.assert_allclose(warped(target, warp), expected, atol=1e-12)  # sums in another order


@pytest.mark.parametrize("layout", [LAYOUT, Layout(2, 3, 6, 4), Layout(1, 1, 8, 4, 3)])
def test_the_derivative_is_that_of_finite_differences(layout: Layout) -> None:
    warp, target = some_warp(layout, 3), noise(layout)
    weights = np.random.default_rng(4).normal(size=target.shape)
    step = 1e-7  # so small that next to no pixel passes over a kink of the interpolation

    def value(parameters: NDArray[np.float64]) -> float:
        return float(np.vdot(weights, warped(target, Warp(layout, parameters))))

    moves = step * np.eye(len(warp.parameters))
    numeric = [(value(warp.parameters + each) - value(warp.parameters - each)) / (2 * step) for each in moves]
    slope = linearised(target, warp)[1](weights)
    # differences of sums of about 10, in 16 digits, over 1e-7
    np.testing.assert_allclose(slope, numeric, atol=1e-6)


def test_a_warp_of_values_has_these_values() -> None:
    warp = some_warp(seed=5)
    again = Warp.of(LAYOUT, warp.shift, warp.scale, warp.bend)
    inside = abs(warp.bend) < 0.98 * half_cell(LAYOUT)  # beyond 0.99 they are taken back
    np.testing.assert_allclose(again.bend[inside], warp.bend[inside], rtol=1e-12)
    np.testing.assert_allclose(again.shift, warp.shift, rtol=1e-12)
    np.testing.assert_allclose(again.scale, warp.scale, rtol=1e-12)


def test_values_at_the_bounds_or_beyond_stay_movable() -> None:
    warp = Warp.of(LAYOUT, np.array([99.0, -99]), np.array([0.5, 2]), np.full((4, 5, 2), np.inf))
    assert np.isfinite(warp.parameters).all()
    assert (warp.chain(np.ones((4, 5, 2)))[6:] > 0).all()


def test_a_shift_of_whole_pixels_moves_the_picture() -> None:
    target = noise(LAYOUT)
    warp = Warp.of(LAYOUT, np.array([2.0, -1]), np.ones(2), Warp.identity(LAYOUT).bend)
    np.testing.assert_allclose(warped(target, warp)[:-2, 1:], target[2:, :-1], atol=1e-12)
    assert (warped(target, warp)[-1] < 1e-12).all()


def test_what_is_no_warp_is_told() -> None:
    with pytest.raises(ConfigError, match=rf"\(3,\): give \({COUNT},\)"):
        Warp(LAYOUT, np.zeros(3))
    with pytest.raises(ConfigError, match="NaN"):
        Warp(LAYOUT, np.full(COUNT, np.nan))
    with pytest.raises(ConfigError, match=r"\(2, 2\): give \(25, 20\)"):
        warped(np.zeros((2, 2)), Warp.identity(LAYOUT))
