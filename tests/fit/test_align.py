"""The alignment: pages of text come back from under a warp, pictures gain, nothing ever loses."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS
from glyphgrad.core.raster import render
from glyphgrad.core.target import load, place
from glyphgrad.errors import ConfigError
from glyphgrad.fit import discrete
from glyphgrad.fit.align import FREE, _Alignment, align
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, identity, seed_filters
from glyphgrad.fit.perceptual import perceptual_filters
from glyphgrad.fit.warp import Warp, parameter_count, warped

PROSE = (
    "When in the Course of human events, it becomes necessary for one people to dissolve the political bands "
    "which have connected them with another, and to assume among the powers of the earth, the separate and equal "
    "station to which the Laws of Nature and of Nature's God entitle them, a decent respect to the opinions of "
    "mankind requires that they should declare the causes which impel them to the separation. "
)
LAYOUTS = {"epson": Layout(21, 42, 24, 12, 6), "terminal": Layout(12, 50, 20, 10)}
SMALL = Layout(5, 7, 6, 4, 2)
Ink = NDArray[np.floating]
Grid = NDArray[np.integer]


@cache
def atlas_of(preset: str) -> GlyphAtlas:
    return PRESETS[preset].atlas()


def page(preset: str, text: str) -> Grid:
    """Glyph numbers (rows, cols) of a text, with a margin wide enough for 5 % to go nowhere."""
    chars, layout = atlas_of(preset).chars, LAYOUTS[preset]
    grid = np.full((layout.rows, layout.cols), chars.index(" "))
    inner = grid[1:-1, 2:-2]
    inner.flat = [chars.index(char) for char in (text * 9)[: inner.size]]
    return grid


def moved(ink: Ink, layout: Layout, shift: Ink, scale: Ink, bend: float, seed: int = 0) -> NDArray[np.float32]:
    """A page (H, W) moved by `shift` cells, scaled about its centre, bent by waves of up to `bend` cells.

    Read off by cubic splines: after two linear interpolations some thin strokes are too pale to be told apart.
    """
    rng, cell = np.random.default_rng(seed), (layout.cell_height, layout.cell_width)
    at = np.meshgrid(*(np.linspace(-0.5, 0.5, n) for n in ink.shape), indexing="ij")
    places = []
    for i, size in enumerate(ink.shape):
        y, x = rng.uniform(0.8, 1.2, 2) * np.pi
        wave = np.sin(2 * y * at[0] + rng.uniform(0, 6)) * np.sin(2 * x * at[1] + rng.uniform(0, 6))
        places.append((at[i] / scale[i] + 0.5) * (size - 1) + (bend * wave - shift[i]) * cell[i])
    return np.clip(map_coordinates(ink, places, order=3, mode="grid-constant"), 0, 1).astype(np.float32)


def right(atlas: GlyphAtlas, found: Grid, wanted: Grid) -> float:
    """The share of the characters that are not blank which came back, or look just the same."""
    inked = ~atlas.blank[wanted]
    return float(np.mean((atlas.canonical[found] == atlas.canonical[wanted])[inked]))


@pytest.mark.parametrize(
    ("preset", "text", "how", "seed", "least"),
    [
        ("epson", PROSE, "affine", 0, 0.98),
        ("epson", PROSE, "warp", 1, 0.9),
        ("epson", "mixed", "warp", 2, 0.9),
        ("terminal", PROSE, "affine", 3, 0.98),
        ("terminal", PROSE, "warp", 4, 0.9),
    ],
)
def test_a_page_of_text_comes_back_as_its_text(preset: str, text: str, how: str, seed: int, least: float) -> None:
    rng, atlas, layout = np.random.default_rng(seed), atlas_of(preset), LAYOUTS[preset]
    if text == "mixed":
        text = "".join(rng.choice(list(atlas.chars), 800))
    wanted = page(preset, text)
    shift, scale = rng.uniform(-0.3, 0.3, 2), rng.uniform(0.95, 1.05, 2)
    ink = render(wanted, atlas.coverage, layout)
    target = moved(ink, layout, shift, scale, 1 / 3 if how == "warp" else 0, seed)
    filters = seed_filters(layout, 0.5, 4)
    plain = discrete.solve(Energy(target, atlas.coverage, layout, filters))
    assert right(atlas, plain, wanted) < 0.4
    warp, found = align(target, atlas.coverage, layout, filters, how, start=plain)
    assert right(atlas, found, wanted) >= least
    assert energy_of(target, atlas, layout, filters, warp, found) < 0.5 * energy_of(
        target, atlas, layout, filters, Warp.identity(layout), plain
    )


def energy_of(
    target: Ink, atlas: GlyphAtlas, layout: Layout, filters: tuple[Filter, ...], warp: Warp, glyphs: Grid
) -> float:
    return Energy(warped(target, warp), atlas.coverage, layout, filters)(glyphs)


@pytest.mark.parametrize("diversity", [0, 0.01])
def test_a_photograph_gains_at_least_seven_percent(photo: object, diversity: float) -> None:
    layout, atlas = Layout(11, 22, 24, 12, 6), atlas_of("epson")
    target, filters = place(load(photo), layout), seed_filters(layout, 0.5, 4)
    solve = partial(discrete.solve, diversity=diversity, protected=atlas.blank)
    plain = solve(Energy(target, atlas.coverage, layout, filters))
    warp, found = align(target, atlas.coverage, layout, filters, "warp", solve=solve, start=plain)
    before = energy_of(target, atlas, layout, filters, Warp.identity(layout), plain)
    assert energy_of(target, atlas, layout, filters, warp, found) < 0.93 * before


def disc(layout: Layout) -> NDArray[np.float32]:
    """A soft dark disc (H, W)."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in (layout.height, layout.width)), indexing="ij")
    return np.clip(3 * (0.8 - np.hypot(y, x)), 0, 1).astype(np.float32)


@pytest.mark.parametrize("how", FREE)
@pytest.mark.parametrize("perceptual", [False, True])
def test_the_energy_is_never_higher_and_only_what_is_free_moves(
    noise_atlas: GlyphAtlas, how: str, perceptual: bool
) -> None:
    filters = perceptual_filters(SMALL, 300) if perceptual else seed_filters(SMALL, 0.5, 4)
    target = disc(SMALL)
    warp, found = align(target, noise_atlas.coverage, SMALL, filters, how)
    plain = discrete.solve(Energy(target, noise_atlas.coverage, SMALL, filters))
    before = energy_of(target, noise_atlas, SMALL, filters, Warp.identity(SMALL), plain)
    assert energy_of(target, noise_atlas, SMALL, filters, warp, found) <= before
    if how == "shift":
        assert (warp.scale == 1).all()
    if how != "warp":
        assert not warp.bend.any()


def test_edges_settle_on_the_gaps() -> None:
    solid = np.stack([np.zeros((6, 4), np.float32), np.ones((6, 4), np.float32)])
    target = np.zeros((SMALL.height, SMALL.width), np.float32)
    target[10:16] = target[26:32] = 1  # two bars as high as a row, two pixels too low
    warp, found = align(target, solid, SMALL, (identity(1 / target.size),), "warp")
    shown = warped(target, warp).reshape(-1)
    shown = np.pad(shown, (0, 2 * SMALL.width)).reshape(SMALL.rows, SMALL.row_pitch, SMALL.width)
    assert (found.T == [0, 1, 0, 1, 0]).all()
    assert shown[[1, 3], :6].mean() > 0.9
    assert shown[:, 6:].mean() < 0.1


@pytest.mark.parametrize(
    "layout", [SMALL, Layout(1, 1, 6, 4), Layout(1, 1, 6, 4, 3), Layout(1, 9, 6, 4, 2), Layout(9, 1, 6, 4)]
)
@pytest.mark.parametrize("ink", [0.0, 1.0, 0.37])
@pytest.mark.parametrize("how", FREE)
def test_pages_without_features_are_no_trouble(noise_atlas: GlyphAtlas, layout: Layout, ink: float, how: str) -> None:
    target = np.full((layout.height, layout.width), ink, np.float32)
    for coverage in (noise_atlas.coverage, noise_atlas.coverage[1:]):
        filters = (identity(1 / target.size),)
        warp, glyphs = align(target, coverage, layout, filters, how)
        plain = Energy(target, coverage, layout, filters)
        assert np.isfinite(warp.parameters).all()
        assert Energy(warped(target, warp), coverage, layout, filters)(glyphs) <= plain(discrete.solve(plain))


def test_what_matches_perfectly_is_left_alone(noise_atlas: GlyphAtlas) -> None:
    glyphs = np.random.default_rng(0).integers(8, size=(SMALL.rows, SMALL.cols))
    target = render(glyphs, noise_atlas.coverage, SMALL)
    warp, found = align(target, noise_atlas.coverage, SMALL, (identity(1.0),), "warp")
    assert not warp.parameters.any()
    assert (found == glyphs).all()


def test_the_same_arguments_give_the_same_alignment(noise_atlas: GlyphAtlas) -> None:
    first, second = (align(disc(SMALL), noise_atlas.coverage, SMALL, (identity(1.0),), "warp") for _ in range(2))
    assert first[0].parameters.tobytes() == second[0].parameters.tobytes()
    assert (first[1] == second[1]).all()


def test_turns_are_told_and_a_stop_is_heard(noise_atlas: GlyphAtlas) -> None:
    told: list[int] = []
    call = partial(align, disc(SMALL), noise_atlas.coverage, SMALL, (identity(1.0),), "warp")
    call(on_step=lambda progress: told.append(progress.sweep))
    assert told == list(range(1, len(told) + 1))
    assert len(told) > 2
    few: list[int] = []
    call(on_step=lambda progress: few.append(progress.sweep), should_stop=lambda: len(few) == 2)
    assert few == [1, 2]
    warp, _ = call(should_stop=lambda: True)
    assert not warp.parameters.any()


def test_the_slope_of_the_objective_is_that_of_finite_differences(noise_atlas: GlyphAtlas) -> None:
    target = disc(SMALL).astype(np.float64)
    energy = Energy(target, noise_atlas.coverage, SMALL, seed_filters(SMALL, 0.5, 4))
    energy.target = target  # an energy holds float32, of which differences are too coarse
    search = _Alignment(energy, discrete.solve, FREE["warp"], 0.3, 0.2)
    glyphs = np.random.default_rng(0).integers(8, size=(SMALL.rows, SMALL.cols))
    at = np.random.default_rng(1).normal(size=parameter_count(SMALL))

    def value(parameters: NDArray[np.float64]) -> float:
        warp = Warp(SMALL, parameters)
        error = render(glyphs, noise_atlas.coverage, SMALL) - warped(target, warp)
        return energy._of(error) + search.penalty(warp)[0]

    step = 1e-6
    moves = step * np.eye(len(at))
    numeric = [(value(at + each) - value(at - each)) / (2 * step) for each in moves]
    np.testing.assert_allclose(search.slope(Warp(SMALL, at), glyphs), numeric, atol=1e-7)


def test_what_cannot_be_aligned_is_told(noise_atlas: GlyphAtlas) -> None:
    call = partial(align, disc(SMALL), noise_atlas.coverage, SMALL, (identity(1.0),))
    with pytest.raises(ConfigError, match="'rotate': choose one of shift, affine, warp"):
        call("rotate")
    with pytest.raises(ConfigError, match=r"-1: give 0 or more"):
        call("warp", stiffness=-1)
    with pytest.raises(ConfigError, match=r"0: give more than 0"):
        call("warp", rate=0)
