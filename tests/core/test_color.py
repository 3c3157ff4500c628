from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.color import lab_slopes, lightness, linear_to_srgb, srgb_to_lab, srgb_to_linear


@pytest.mark.parametrize(
    ("hex_code", "lab"),
    [
        ("000000", (0, 0, 0)),
        ("ffffff", (100, 0, 0)),
        ("777777", (50.03, 0, 0)),
        ("ff0000", (53.24, 80.09, 67.20)),
        ("00ff00", (87.74, -86.18, 83.18)),
        ("0000ff", (32.30, 79.19, -107.86)),
        ("ffff00", (97.14, -21.55, 94.48)),
        ("00ffff", (91.11, -48.09, -14.13)),
        ("ff00ff", (60.32, 98.23, -60.83)),
    ],
)
def test_the_corners_of_srgb_lie_where_tables_say(hex_code: str, lab: tuple[float, float, float]) -> None:
    srgb = np.frombuffer(bytes.fromhex(hex_code), np.uint8) / 255
    np.testing.assert_allclose(srgb_to_lab(srgb), lab, atol=0.02)  # tables differ in the white point's last digits


def test_white_and_grays_have_no_chroma() -> None:
    grays = np.linspace(0, 1, 256)[:, None].repeat(3, axis=1)
    lab = srgb_to_lab(grays)
    np.testing.assert_allclose(lab[:, 1:], 0, atol=1e-12)  # rounding of the matrix product
    assert lab[-1, 0] == pytest.approx(100, abs=1e-12)
    assert (np.diff(lab[:, 0]) > 0).all()


def test_the_transfer_curve_is_that_of_the_standard() -> None:
    assert srgb_to_linear(np.array([0.0, 0.04045, 0.5, 1.0])) == pytest.approx([0, 0.0031308, 0.214041, 1], abs=1e-6)
    steps = np.diff(srgb_to_linear(np.array([0.04045 - 1e-9, 0.04045 + 1e-9])))
    assert abs(steps[0]) < 1e-7  # the standard's rounded constants leave a step of 3e-8 where its two parts meet


def test_the_transfer_curve_has_its_inverse() -> None:
    levels = np.linspace(0, 1, 256)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(levels)), levels, atol=1e-12)


def test_shapes_are_kept() -> None:
    for shape in ((3,), (5, 3), (4, 5, 3), (0, 3)):
        assert srgb_to_lab(np.zeros(shape)).shape == shape


def test_slopes_of_cielab_are_those_of_small_steps() -> None:
    step = 1e-6
    rng = np.random.default_rng(2)
    lights = np.vstack([0.02 + 0.9 * rng.random((20, 3)), rng.random((5, 3)) * 0.002 + 1e-5])
    found = lab_slopes(lights)
    for channel, axis in enumerate(np.eye(3)):
        ahead, behind = (srgb_to_lab(linear_to_srgb(lights + sign * step * axis)) for sign in (1, -1))
        np.testing.assert_allclose(found[..., channel], (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-3)  # rounding


def test_lightness_is_cielabs() -> None:
    luminance = np.linspace(0, 1, 200)
    gray = linear_to_srgb(luminance)[:, None].repeat(3, axis=1)
    np.testing.assert_allclose(lightness(luminance), srgb_to_lab(gray)[:, 0], atol=1e-6)  # white's sum is rounded
