"""The fit as a whole, by the descent: what comes out, and how good it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glyphgrad
from glyphgrad import FitResult
from glyphgrad.core.raster import render

SMALL = {"cols": 6, "rows": 3, "iterations": 20, "device": "cpu"}


def pooled_by_hand(image: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    height, width = image.shape
    rows, cols = range(0, height - kernel + 1, stride), range(0, width - kernel + 1, stride)
    return np.array([[image[y : y + kernel, x : x + kernel].mean() for x in cols] for y in rows])


def objective_of(ink: np.ndarray, target: np.ndarray) -> float:
    error = ink.astype(np.float64) - target
    return float((error**2).mean() + 0.5 * (pooled_by_hand(error, 4, 2) ** 2).mean())


@pytest.fixture(scope="module")
def result(photo: Path) -> FitResult:
    return glyphgrad.fit(photo, **SMALL)


def test_the_figures_are_those_of_the_hard_grid(result: FitResult) -> None:
    error = result.art.ink.astype(np.float64) - result.target
    rounding = 1e-12  # running sums of 8,000 float64 pixels
    assert result.figures["mse"] == pytest.approx((error**2).mean(), abs=rounding)
    assert result.figures["multiscale"] == pytest.approx((pooled_by_hand(error, 4, 2) ** 2).mean(), abs=rounding)
    assert result.figures["objective"] == pytest.approx(objective_of(result.art.ink, result.target), abs=rounding)
    assert result.figures["unique_glyphs"] == len(set(result.text.replace("\n", "")))


def test_the_diversity_is_the_entropy_of_what_is_not_blank(result: FitResult) -> None:
    inked = [char for char in result.text if not char.isspace()]
    share = np.array([inked.count(char) for char in set(inked)]) / len(inked)
    assert result.figures["diversity"] == pytest.approx(-(share * np.log(share)).sum(), abs=1e-12)  # float64


@pytest.mark.parametrize("kernel", [2, 3, 5, 6])
def test_the_multiscale_figure_for_other_kernels(photo: Path, kernel: int) -> None:
    result = glyphgrad.fit(photo, **SMALL, multiscale_kernel=kernel)
    error = result.art.ink.astype(np.float64) - result.target
    by_hand = (pooled_by_hand(error, kernel, kernel // 2) ** 2).mean()
    assert result.figures["multiscale"] == pytest.approx(by_hand, abs=1e-12)  # as above


def test_a_multiscale_weight_of_zero_leaves_the_mse(photo: Path) -> None:
    figures = glyphgrad.fit(photo, **SMALL, multiscale_weight=0).figures
    assert figures["objective"] == figures["mse"]
    assert figures["multiscale"] == 0


def test_the_picture_has_the_geometry_of_the_device(result: FitResult) -> None:
    assert (result.frame.cols, result.frame.rows) == (6, 3)
    assert result.art.pixels.shape == result.target.shape == (3 * 24 + 2 * 6, 6 * 12)
    assert not result.art.ink[24:30].any()


@pytest.mark.parametrize(("preset", "paper"), [("epson", 255), ("terminal", 0)])
def test_a_blank_picture_becomes_blank_paper(preset: str, paper: int) -> None:
    blank = np.full((40, 40), paper, np.uint8)
    result = glyphgrad.fit(blank, preset, cols=4, rows=2, chars=" #@", iterations=100, lr=0.1, device="cpu")
    assert result.text == "    \n    \n"
    assert (result.art.pixels == paper).all()


def test_banned_characters_are_never_used(photo: Path) -> None:
    result = glyphgrad.fit(photo, **SMALL, encoding="ascii", ban="aeiou#@")
    assert not set(result.text) & set("aeiou#@")
    assert len(result.art.atlas.chars) == 95 - 7


def test_a_photograph_is_at_least_30_percent_better_after_1000_iterations(photo: Path) -> None:
    result = glyphgrad.fit(photo, cols=28, rows=14, iterations=1000, device="cpu")
    atlas, layout = result.art.atlas, result.art.layout
    start = np.random.default_rng(0).integers(0, len(atlas.chars), (layout.rows, layout.cols))
    random = objective_of(render(start, atlas.coverage, layout), result.target)
    assert result.figures["objective"] <= 0.7 * random
