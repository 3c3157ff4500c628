"""The polish: what it calls likeness against `core.score`, its judgement against finite differences, its sweeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import glyphgrad
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS
from glyphgrad.core.raster import render
from glyphgrad.core.score import blur, correlation, score
from glyphgrad.fit import means
from glyphgrad.fit import polish as module
from glyphgrad.fit.config import EFFORTS
from glyphgrad.fit.eye import Eye
from glyphgrad.fit.fit import FitResult
from glyphgrad.fit.perceptual import blur_sigma
from glyphgrad.fit.polish import Polish, View, polish

COVERAGE = np.concatenate([np.zeros((1, 8, 4)), np.random.default_rng(0).random((9, 8, 4)) ** 2]).astype(np.float32)
LAYOUT = Layout(rows=7, cols=11, cell_height=8, cell_width=4, row_gap=2)
SIGMA = 1.5


def smooth(layout: Layout, seed: int = 1) -> NDArray[np.float32]:
    """A target (height, width) of soft blobs in [0, 1]."""
    field = blur(np.random.default_rng(seed).random((layout.height, layout.width)), 4)
    return ((field - field.min()) / (field.max() - field.min())).astype(np.float32)


def rough(layout: Layout, target: NDArray[np.float32], seed: int = 2) -> NDArray[np.intp]:
    """A grid as dark as the target, three cells in ten excepted."""
    rng, cells = np.random.default_rng(seed), (layout.rows, layout.cols)
    padded = np.pad(target, ((0, layout.row_gap), (0, 0)))
    wanted = padded.reshape(layout.rows, layout.row_pitch, layout.cols, -1)[:, :8].mean(axis=(1, 3))
    matched = np.abs(wanted[:, :, None] - 2 * COVERAGE.mean(axis=(1, 2))).argmin(axis=2)
    return np.where(rng.random(cells) < 0.3, rng.integers(len(COVERAGE), size=cells), matched)


TARGET = smooth(LAYOUT)
ROUGH = rough(LAYOUT, TARGET)


def view_of(ink: NDArray[np.float32], structure: float = 2.0) -> View:
    """What is seen of some ink where TARGET is wanted."""
    view = View(Eye(LAYOUT, SIGMA), TARGET, COVERAGE, 1.0, structure)
    view.plane = view.seen(ink)
    return view


# --- What likeness is ---


def test_correlation_and_structure_are_those_that_score_tells() -> None:
    """An astronaut at 40 x 20: samples instead of pixels, and slopes instead of windows, come within 0.03 of it."""
    layout, atlas = Layout(20, 40, 20, 10), PRESETS["terminal"].atlas()
    found = glyphgrad.fit("examples/astronaut.jpg", cols=40, rows=20, preset="terminal")
    ink = render(atlas.glyphs(found.frame), atlas.coverage, layout)
    told = score(ink, found.target)
    view = View(Eye(layout, 2.0), found.target, atlas.coverage, 1.0, 1.0)
    view.plane = view.seen(ink)
    _, _, alike = view.matched()
    assert alike == pytest.approx(told["cor2"], abs=0.01)
    assert view.likeness() - alike == pytest.approx(told["ssim2"], abs=0.03)


def test_the_picture_itself_is_as_like_as_can_be() -> None:
    assert view_of(TARGET, structure=1.0).likeness() == pytest.approx(2, abs=1e-4)


def test_ink_of_another_strength_is_as_like() -> None:
    ink = render(ROUGH, COVERAGE, LAYOUT)
    assert view_of(0.3 * ink).likeness() == pytest.approx(view_of(ink).likeness(), rel=1e-3)


@pytest.mark.parametrize("structure", [0.0, 3.0])
def test_what_a_sample_is_weighed_with_is_the_slope_of_likeness(
    structure: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against finite differences, the gain that suits best held for the structure, as it is while cells are chosen."""
    monkeypatch.setattr(module, "_LEAST", 1e-9)
    view = view_of(0.4 * TARGET + 0.1 * smooth(LAYOUT, seed=5), structure)
    plane, way = view.plane.copy(), np.random.default_rng(3).standard_normal(view.plane.shape).astype(np.float32)
    gain, offset, _ = view.matched()

    def likeness(step: float) -> float:
        view.plane = plane + np.float32(step) * way
        (in_light, _), (in_slopes, _) = view.alike(gain, offset)
        return view.matched()[2] + float((view.structure * in_light * in_slopes).sum(dtype=np.float64))

    measured = (likeness(1e-4) - likeness(-1e-4)) / 2e-4
    view.plane = plane
    view.judge()
    told = -2 * float(((view.weight * plane - view.pull) * way).sum(dtype=np.float64))
    (in_light, _), (in_slopes, _) = view.alike(gain, offset)
    assert min(each[view.structure > 0].min(initial=1) for each in (in_light, in_slopes)) > 0  # else it is given up
    assert told == pytest.approx(measured, rel=0.02)


# --- Sweeps ---


@settings(max_examples=25)
@given(
    st.builds(Layout, st.integers(1, 6), st.integers(1, 9), st.just(8), st.just(4), st.integers(0, 3)),
    st.integers(0, 99),
    st.floats(0.4, 6),
)
def test_a_grid_is_never_less_like_than_it_was(layout: Layout, seed: int, sigma: float) -> None:
    target = smooth(layout, seed)
    glyphs = rough(layout, target, seed)
    found = polish(glyphs, target, COVERAGE, layout, sigma, sweeps=3)
    before, after = (Polish(target, COVERAGE, layout, sigma, each).likeness() for each in (glyphs, found))
    assert after >= before
    assert found.shape == glyphs.shape


def test_the_slope_after_a_sweep_is_that_of_what_is_seen_then() -> None:
    polished = Polish(TARGET, COVERAGE, LAYOUT, SIGMA, ROUGH)
    assert polished.sweep()
    for view in polished.views:
        expected = view.weight * view.plane - view.pull
        # a glyph's patch ends where its blur is all but nothing
        assert np.abs(view.slope - expected).max() < 0.03 * np.abs(expected).max()


def test_a_rough_likeness_becomes_a_good_one() -> None:
    found = polish(ROUGH, TARGET, COVERAGE, LAYOUT, SIGMA, sweeps=6)
    before, after = (correlation(blur(render(each, COVERAGE, LAYOUT), 4), blur(TARGET, 4)) for each in (ROUGH, found))
    assert before < 0.75
    assert after > 0.9


def test_the_same_grid_comes_of_the_same_grid() -> None:
    one, two = (polish(ROUGH, TARGET, COVERAGE, LAYOUT, SIGMA, sweeps=2) for _ in range(2))
    assert (one == two).all()


@pytest.mark.parametrize("tone", [0.0, 0.4, 1.0])
def test_a_flat_target_changes_nothing(tone: float) -> None:
    flat = np.full((LAYOUT.height, LAYOUT.width), tone, np.float32)
    assert (polish(ROUGH, flat, COVERAGE, LAYOUT, SIGMA, sweeps=2) == ROUGH).all()


def test_blank_paper_and_a_single_glyph_are_left_alone() -> None:
    blank = np.zeros((LAYOUT.rows, LAYOUT.cols), np.intp)
    assert (polish(blank, TARGET, COVERAGE, LAYOUT, SIGMA, sweeps=2) == blank).all()
    assert (polish(blank, TARGET, COVERAGE[5:6], LAYOUT, SIGMA, sweeps=2) == blank).all()


def test_it_ends_when_asked_to_and_tells_of_every_sweep() -> None:
    told: list[NDArray[np.intp]] = []

    def polished(should_stop: Callable[[], bool]) -> NDArray[np.intp]:
        return polish(ROUGH, TARGET, COVERAGE, LAYOUT, SIGMA, 9, told.append, should_stop)

    found = polished(lambda: len(told) == 2)
    assert len(told) == 2
    assert (told[-1] == found).all()
    assert (polished(lambda: True) == ROUGH).all()


# --- In a fit ---


def fitted(**options: Any) -> FitResult:
    return glyphgrad.fit("examples/astronaut.jpg", preset="terminal", cols=30, rows=15, **options)


def likeness_of(found: FitResult) -> float:
    atlas, layout = found.art.atlas, found.art.layout
    sigma = blur_sigma(layout, found.config.viewing_distance)
    return Polish(found.target, atlas.coverage, layout, sigma, atlas.glyphs(found.frame)).likeness()


def test_a_fit_is_polished(monkeypatch: pytest.MonkeyPatch) -> None:
    polished = fitted()
    monkeypatch.setattr(means, "POLISHED", dict.fromkeys(EFFORTS, 0))
    assert likeness_of(polished) > likeness_of(fitted()) + 0.005


@pytest.mark.parametrize(
    "options", [{"effort": "fast"}, {"tone": "off"}, {"diversity_weight": 0.01}, {"bound": True}, {"objective": "seed"}]
)
def test_another_objective_and_a_proof_are_left_as_they_are(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fitted(**options)
    monkeypatch.setattr(means, "POLISHED", dict.fromkeys(EFFORTS, 0))
    assert fitted(**options).frame == found.frame
