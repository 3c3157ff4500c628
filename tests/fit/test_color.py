"""Colours from page to art, and films of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from glyphgrad import FitConfig, GlyphAtlas
from glyphgrad.core.art import Art
from glyphgrad.core.color import linear_to_srgb, srgb_to_linear
from glyphgrad.core.colors import Colors, Depth, packed, palette
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import preset_named
from glyphgrad.core.score import color_score
from glyphgrad.core.video import Timed
from glyphgrad.errors import ConfigError
from glyphgrad.fit.animate import animate
from glyphgrad.fit.color import toned
from glyphgrad.fit.config import FilmConfig
from glyphgrad.fit.fit import fit_page
from glyphgrad.fit.progress import Step

RNG = np.random.default_rng(7)
LAYOUT = Layout(6, 12, 20, 10)


@pytest.fixture(scope="module")
def atlas() -> GlyphAtlas:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that are cut
        return preset_named("terminal").atlas()


def mean(pixels: np.ndarray, page: np.ndarray) -> float:
    return float(np.mean(list(color_score(pixels / 255, page / 255).values())))


def gradient() -> np.ndarray:
    """A page (height, width, 3) of soft colours with one hard edge."""
    y, x = np.mgrid[: LAYOUT.height, : LAYOUT.width] / [[[LAYOUT.height]], [[LAYOUT.width]]]
    page = np.stack([x, 0.2 + 0.6 * y, 1 - x], axis=-1)
    page[(x - y) > 0.3] *= 0.3
    return np.rint(255 * page).astype(np.uint8)


def drawn(atlas: GlyphAtlas, depth: Depth, background: bool) -> np.ndarray:
    """The page that a random grid of few glyphs in random colours makes."""
    cells = RNG.choice([ord(char) for char in "#@/gHT"], size=(LAYOUT.rows, LAYOUT.cols)).astype(np.uint32)
    shape = (LAYOUT.rows, LAYOUT.cols)
    if depth == Depth.TRUE:
        fg, bg = RNG.integers(0, 256, (2, *shape, 3)).astype(np.uint8)
    else:
        colors = palette(depth)[16 if depth == Depth.C256 else 0 :]
        fg, bg = colors[RNG.integers(len(colors), size=(2, *shape))]
    colors = Colors(depth, fg, bg if background else None)
    return Art(Frame(cells, colors), atlas, LAYOUT, dark=True).pixels


@pytest.mark.parametrize(("depth", "background", "most"), [("true", True, 4), ("16", True, 5), ("true", False, 7)])
def test_a_page_of_characters_is_found_again(atlas: GlyphAtlas, depth: str, background: bool, most: float) -> None:
    """Each cell has been drawn with one glyph: found again, but for the local minima that three sweeps end in.

    The best blank cells, colours alone, are more than twice as far away.
    """
    page = drawn(atlas, Depth(depth), background)
    config = FitConfig(color=depth, background=background, tone="off")
    art = fit_page(page, atlas, LAYOUT, config, dark=True).art
    assert mean(art.pixels, page) < most
    few = GlyphAtlas(" .", atlas.coverage[[0, atlas.chars.index(".")]] * 0.01)
    blank = fit_page(page, few, LAYOUT, config, dark=True).art
    assert mean(blank.pixels, page) > 2 * mean(art.pixels, page)


@pytest.mark.parametrize("depth", ["16", "256", "true"])
@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("dark", [True, False])
def test_colours_are_the_devices(atlas: GlyphAtlas, depth: str, background: bool, dark: bool) -> None:
    art = fit_page(gradient(), atlas, LAYOUT, FitConfig(color=depth, background=background), dark).art
    colors = art.frame.colors
    assert colors is not None
    assert (colors.depth, colors.bg is not None) == (Depth(depth), background)
    if depth == "true":
        return
    known = packed(palette(Depth(depth))[16 if depth == "256" else 0 :])
    seen = art.frame.cells != ord(" ")  # a space has no foreground
    assert np.isin(packed(colors.fg[seen]), known).all()
    assert colors.bg is None or np.isin(packed(colors.bg), known).all()


def test_more_colours_are_nearer(atlas: GlyphAtlas) -> None:
    page = gradient()
    found = [
        mean(fit_page(page, atlas, LAYOUT, FitConfig(color=depth, background=background), dark=True).art.pixels, page)
        for depth, background in (("true", True), ("256", True), ("16", True), ("16", False))
    ]
    assert found == sorted(found)
    assert found[0] < 2.5  # CIELAB: what is just noticed


def test_a_flat_page_is_blank_cells_of_its_colour(atlas: GlyphAtlas) -> None:
    page = np.full((LAYOUT.height, LAYOUT.width, 3), (120, 80, 200), np.uint8)
    frame = fit_page(page, atlas, LAYOUT, FitConfig(color="true", background=True), dark=True).frame
    assert (frame.cells == ord(" ")).all()
    assert frame.colors is not None
    assert frame.colors.bg is not None
    inner = frame.colors.bg[1:-1, 1:-1].astype(int)
    np.testing.assert_allclose(inner, np.broadcast_to((120, 80, 200), inner.shape), atol=1)  # rounding


def test_without_the_colour_of_the_page_cells_are_dithered(atlas: GlyphAtlas) -> None:
    """Orange is none of sixteen colours: seen from afar it is nearer than the nearest of them."""
    page = np.full((LAYOUT.height, LAYOUT.width, 3), (215, 130, 90), np.uint8)
    art = fit_page(page, atlas, LAYOUT, FitConfig(color="16", background=True), dark=True).art
    nearest = min(color_score(np.broadcast_to(c / 255, page.shape), page / 255)["lab8"] for c in palette(Depth.C16))
    assert color_score(art.pixels / 255, page / 255)["lab8"] < nearest / 3


def test_the_same_page_gives_the_same_frame_with_more_effort_a_better_one(atlas: GlyphAtlas) -> None:
    page, config = gradient(), FitConfig(color="16", background=True)
    frames = [fit_page(page, atlas, LAYOUT, config, dark=True).frame for _ in range(2)]
    assert frames[0] == frames[1]
    fast, best = (
        fit_page(page, atlas, LAYOUT, replace(config, effort=effort), True).art for effort in ("fast", "best")
    )
    assert mean(best.pixels, page) < mean(fast.pixels, page)


def test_steps_are_told_and_a_fit_can_be_stopped(atlas: GlyphAtlas) -> None:
    steps: list[Step] = []
    config = FitConfig(color="true", background=True, effort="best")
    result = fit_page(gradient(), atlas, LAYOUT, config, True, steps.append, lambda: len(steps) == 2)
    assert result.interrupted
    assert [step.step for step in steps] == [1, 2]
    assert steps[-1].frame == result.frame
    np.testing.assert_array_equal(steps[-1].soft, result.art.ink)


def test_figures_are_the_scores(atlas: GlyphAtlas) -> None:
    page = gradient()
    result = fit_page(page, atlas, LAYOUT, FitConfig(color="256", background=True), dark=True)
    expected = color_score(result.art.pixels / 255, page / 255)
    assert result.figures == expected | {
        "diversity": result.figures["diversity"],
        "unique_glyphs": len(np.unique(result.frame.cells)),
    }


@pytest.mark.parametrize("dark", [True, False])
def test_tones_without_backgrounds_keep_their_order_and_paper_stays_paper(atlas: GlyphAtlas, dark: bool) -> None:
    levels = np.linspace(0, 1, 33, dtype=np.float32)[:, None, None].repeat(3, axis=2)
    aim = toned(levels, atlas.coverage, dark)
    assert (np.diff(aim[:, 0, 0]) > 0).all()
    paper = 0 if dark else -1
    assert aim[paper, 0, 0] == pytest.approx(levels[paper, 0, 0], abs=1e-6)
    ink = atlas.coverage if dark else 1 - atlas.coverage
    reach = srgb_to_linear(ink).mean(axis=(1, 2))
    other = aim[-1 - paper if dark else 0, 0, 0]
    assert 0 < other < 1
    assert (other > reach.max()) if dark else (other < reach.min())  # somewhat beyond what ink can show


def test_light_of_one_hue_keeps_it_on_a_dark_screen(atlas: GlyphAtlas) -> None:
    light = np.array([[[0.8, 0.4, 0.1]]], np.float32)
    aim = toned(light, atlas.coverage, dark=True)
    np.testing.assert_allclose(aim / aim[..., :1], light / light[..., :1], rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("objective", "seed"),
        ("gray", "learned"),
        ("contrast", 0.5),
        ("align", "shift"),
        ("bound", True),
        ("solver", "gradient"),
    ],
)
def test_what_is_made_for_grays_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match="leave it out with color 16"):
        FitConfig(color="16", **{name: value})


def test_a_background_needs_colours_and_a_depth_has_to_be_known() -> None:
    with pytest.raises(ConfigError, match="give color 16, 256 or true"):
        FitConfig(background=True)
    with pytest.raises(ConfigError, match="'8': choose one of none, 16, 256, true"):
        FitConfig(color="8")


# --- Films ---


def passing(noise: float, count: int = 8) -> Iterator[Timed]:
    """A bright disc that crosses a noisy page."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: LAYOUT.height, : LAYOUT.width]
    for i in range(count):
        page = gradient().astype(float)
        page[(x - 15 * i) ** 2 + (y - 60) ** 2 < 15**2] = (250, 240, 60)
        page += rng.normal(0, noise, page.shape)
        yield Timed(i / 10, np.clip(page, 0, 255).astype(np.uint8))


def filmed(atlas: GlyphAtlas, stability: float, noise: float = 3.0, **options: object) -> list[Frame]:
    config = FitConfig(color="true", background=True, **options)
    film = FilmConfig(stability=stability)
    return [frame for _, frame in animate(passing(noise), atlas, LAYOUT, config, film, dark=True)]


def test_what_stands_still_keeps_glyph_and_colours(atlas: GlyphAtlas) -> None:
    frames = filmed(atlas, 0.3)
    for earlier, later in pairwise(frames):
        assert earlier.colors is not None
        assert later.colors is not None
        same = earlier.cells == later.cells
        assert same[:1].all()  # the disc passes far below
        np.testing.assert_array_equal(earlier.colors.bg[:1], later.colors.bg[:1])
        assert not same.all()


def test_nothing_is_left_where_something_has_passed(atlas: GlyphAtlas) -> None:
    held, alone = filmed(atlas, 0.3), filmed(atlas, 0.0)
    page = list(passing(3.0))[-1].picture
    seen = [mean(Art(frames[-1], atlas, LAYOUT, dark=True).pixels, page) for frames in (held, alone)]
    assert seen[0] < 1.25 * seen[1]  # its own noise is held, too


def test_a_slow_fade_is_followed(atlas: GlyphAtlas) -> None:
    pages = [Timed(i / 25, np.full((LAYOUT.height, LAYOUT.width, 3), 40 + 4 * i, np.uint8)) for i in range(20)]
    config = FitConfig(color="true", background=True)
    *_, (_, last) = animate(pages, atlas, LAYOUT, config, FilmConfig(stability=0.3), dark=True)
    assert last.colors is not None
    assert last.colors.bg is not None
    wanted = srgb_to_linear(np.array([116 / 255]))
    shown = linear_to_srgb(srgb_to_linear(last.colors.bg[2:4, 4:8] / 255).mean(axis=(0, 1)))
    np.testing.assert_allclose(shown, linear_to_srgb(wanted).repeat(3), atol=0.03)  # 1.5 of L* is held


def test_a_cut_begins_anew(atlas: GlyphAtlas) -> None:
    first, second = gradient(), np.ascontiguousarray(255 - gradient()[::-1])
    pages = [Timed(i / 10, first if i < 8 else second) for i in range(16)]
    config = FitConfig(color="true", background=True)
    frames = [frame for _, frame in animate(pages, atlas, LAYOUT, config, FilmConfig(stability=0.3), dark=True)]
    assert frames[8] == fit_page(second, atlas, LAYOUT, config, dark=True).frame
    assert len(set(frames)) == 2
