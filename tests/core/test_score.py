from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from glyphgrad.core.color import linear_to_srgb, srgb_to_lab
from glyphgrad.core.score import BLURS, best_gain, blur, color_score, correlation, score, ssim
from glyphgrad.errors import ConfigError

RNG = np.random.default_rng(3)
IMAGE = RNG.random((37, 53))
OTHER = RNG.random((37, 53))
ROUNDING = 1e-12  # sums of a few thousand float64 products in another order


@pytest.mark.parametrize("sigma", [1.5, *BLURS])
@pytest.mark.parametrize("shape", [(37, 53), (5, 300), (150, 129), (1, 1)])
def test_blur_is_scipys(sigma: float, shape: tuple[int, int]) -> None:
    image = RNG.random(shape)
    expected = gaussian_filter(image, sigma, mode="reflect", truncate=4.0)
    np.testing.assert_allclose(blur(image, sigma), expected, atol=ROUNDING)


def test_correlation_is_numpys() -> None:
    assert correlation(IMAGE, OTHER) == pytest.approx(np.corrcoef(IMAGE.ravel(), OTHER.ravel())[0, 1], abs=ROUNDING)


def test_correlation_knows_opposites_and_flat_images() -> None:
    flat = np.full((4, 4), 0.5)
    assert correlation(IMAGE, 1 - IMAGE) == pytest.approx(-1, abs=ROUNDING)
    assert correlation(flat, flat / 2) == 1
    assert correlation(flat, RNG.random((4, 4))) == 0


def test_best_gain_is_the_least_squares_line() -> None:
    wanted = OTHER + IMAGE  # so that the line rises
    gain, offset = np.polyfit(IMAGE.ravel(), wanted.ravel(), 1)
    np.testing.assert_allclose(best_gain(IMAGE, wanted), gain * IMAGE + offset, atol=1e-10)  # polyfit's own rounding
    np.testing.assert_allclose(best_gain(0.2 * IMAGE + 0.3, IMAGE), IMAGE, atol=ROUNDING)


def test_a_negative_is_no_likeness() -> None:
    np.testing.assert_allclose(best_gain(1 - IMAGE, IMAGE), np.full(IMAGE.shape, IMAGE.mean()), atol=ROUNDING)


def ssim_by_hand(a: np.ndarray, b: np.ndarray) -> float:
    """Wang et al. 2004, equation 13, term by term, with SciPy's blur."""

    def mean(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, mode="reflect", truncate=4.0)

    variance_a, variance_b = mean(a**2) - mean(a) ** 2, mean(b**2) - mean(b) ** 2
    covariance = mean(a * b) - mean(a) * mean(b)
    luminance = (2 * mean(a) * mean(b) + 0.0001) / (mean(a) ** 2 + mean(b) ** 2 + 0.0001)
    structure = (2 * covariance + 0.0009) / (variance_a + variance_b + 0.0009)
    return float((luminance * structure).mean())


def test_ssim_is_the_papers() -> None:
    assert ssim(IMAGE, OTHER) == pytest.approx(ssim_by_hand(IMAGE, OTHER), abs=ROUNDING)
    assert ssim(IMAGE, OTHER) < 0.5 < ssim(IMAGE, IMAGE)


def test_identical_images_score_best() -> None:
    figures = score(IMAGE, IMAGE)
    assert figures.pop("mse") == 0
    assert list(figures) == ["cor2", "ssim2", "cor4", "ssim4", "cor8", "ssim8"]
    assert all(value == pytest.approx(1, abs=ROUNDING) for value in figures.values())


def test_mse_is_the_mean_squared_error() -> None:
    assert score(np.zeros((4, 4)), np.full((4, 4), 0.5))["mse"] == 0.25


def test_gain_and_offset_do_not_matter_far_away() -> None:
    faint, full = score(0.1 * IMAGE + 0.4, IMAGE), score(IMAGE, IMAGE)
    assert faint["mse"] > 0.01
    assert faint["ssim4"] == pytest.approx(full["ssim4"], abs=1e-9)  # the gain of 10 magnifies rounding


def test_images_of_two_sizes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"\(2, 2\).*\(2, 3\)"):
        score(np.zeros((2, 2)), np.zeros((2, 3)))


def test_colours_alike_differ_by_nothing_and_flat_ones_by_their_cielab_difference() -> None:
    picture = RNG.random((20, 30, 3))
    assert set(color_score(picture, picture).values()) == {0.0}
    red, blue = np.array([0.9, 0.1, 0.2]), np.array([0.1, 0.2, 0.8])
    figures = color_score(np.broadcast_to(red, (20, 30, 3)), np.broadcast_to(blue, (20, 30, 3)))
    expected = np.linalg.norm(srgb_to_lab(red) - srgb_to_lab(blue))
    assert figures == {name: pytest.approx(expected, abs=1e-9) for name in ("lab2", "lab4", "lab8")}


def test_what_adds_up_in_an_eye_is_light() -> None:
    """A fine chequerboard of black and white is the gray of half the light, not of half the sRGB value."""
    board = np.indices((64, 64)).sum(axis=0) % 2 * np.ones((3, 1, 1))
    board = np.moveaxis(board, 0, -1)
    light = np.full((64, 64, 3), linear_to_srgb(np.array(0.5)))
    assert color_score(board, light)["lab8"] < 0.01  # what of the finest wave is left after 8 pixels: nothing
    assert color_score(board, np.full((64, 64, 3), 0.5))["lab8"] > 20


def test_colours_of_other_shapes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"render is \(4, 4, 3\), target is \(4, 5, 3\)"):
        color_score(np.zeros((4, 4, 3)), np.zeros((4, 5, 3)))
