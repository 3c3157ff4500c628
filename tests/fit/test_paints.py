from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from glyphgrad.core.color import srgb_to_linear
from glyphgrad.core.colors import Depth, palette
from glyphgrad.core.layout import Layout
from glyphgrad.fit.blend import Stats, bend
from glyphgrad.fit.eye import Eye
from glyphgrad.fit.painting import Painting
from glyphgrad.fit.paints import Chosen, Paints, Palette, pair_costs, unlike

RNG = np.random.default_rng(5)
LAYOUT = Layout(2, 3, 8, 6)
COVERAGE = np.concatenate([np.zeros((1, 8, 6)), RNG.random((5, 8, 6)) > 0.6]).astype(np.float32)
CODES = palette(Depth.C16)[[0, 4, 7, 11, 15]]


def stats() -> Stats:
    """The cells of a random smooth picture, the rest of it perfect."""
    corners = RNG.random((1, 3, 3, 3))
    light = np.repeat(np.repeat(corners, LAYOUT.height // 2, axis=1), LAYOUT.width // 2, axis=2)[0]
    light = light[: LAYOUT.height, : LAYOUT.width].astype(np.float32)
    paints = Paints(None, None, np.arange(2))
    painting = Painting(light, COVERAGE, LAYOUT, [(Eye(LAYOUT, 1.5), 1.0)], paints, dark=True)
    rows, cols = np.indices((2, 3)).reshape(2, -1)
    return painting.stats((rows, cols))


def light_of(code: np.ndarray) -> np.ndarray:
    return srgb_to_linear(code / 255)


def cost(found: Stats, cell: int, glyph: int, over: np.ndarray, under: np.ndarray) -> float:
    """E of a cell with two colours (3,) of light, by Stats.energy."""
    one = Stats(found.sums, found.metric)
    k, shape = bend(over, under), (len(found.metric), 3, len(COVERAGE))
    terms = (under, (1 - k) * (over - under), k * (over - under))
    each = (np.broadcast_to(term[:, None], shape).astype(np.float32) for term in terms)
    return float(one.energy(*each)[cell, glyph])


@pytest.mark.parametrize("paper", [None, 0.0, 1.0])
def test_a_small_palette_is_searched_to_the_end(paper: float | None) -> None:
    """With no more colours and glyphs than are looked at in any case, the choice is the best of all there are."""
    colors = Palette(CODES)
    found, fee = stats(), np.zeros((6, len(COVERAGE)), np.float32)
    chosen = Paints(colors, paper, np.arange(len(COVERAGE))).choose(found, fee)
    grounds = CODES if paper is None else np.full((1, 3), int(255 * paper))
    for cell in range(6):
        ways = product(range(len(COVERAGE)), CODES, grounds)
        costs = [cost(found, cell, g, light_of(over), light_of(under)) for g, over, under in ways]
        mine = cost(found, cell, int(chosen.glyphs[cell]), chosen.over[cell], chosen.under[cell])
        assert mine == pytest.approx(min(costs), rel=1e-4, abs=1e-4)  # float32


def test_pairs_cost_what_their_energies_are() -> None:
    colors, found = Palette(CODES), stats()
    over, under = RNG.integers(len(CODES), size=(2, 6, 4))
    costs = pair_costs(found, *colors.terms(over, under))
    for cell, pair, glyph in np.ndindex(costs.shape):
        lights = light_of(CODES[over[cell, pair]]), light_of(CODES[under[cell, pair]])
        assert costs[cell, pair, glyph] == pytest.approx(cost(found, cell, glyph, *lights), rel=1e-3, abs=1e-3)


def test_colours_once_chosen_are_only_given_up_for_better_ones() -> None:
    colors = Palette(palette(Depth.C256)[16:])
    paints = Paints(colors, None, np.arange(len(COVERAGE)))
    found, fee = stats(), np.zeros((6, len(COVERAGE)), np.float32)
    chosen = paints.choose(found, fee)
    for _ in range(3):
        before = [cost(found, i, int(chosen.glyphs[i]), chosen.over[i], chosen.under[i]) for i in range(6)]
        chosen = paints.choose(found, fee, chosen.pair)
        after = [cost(found, i, int(chosen.glyphs[i]), chosen.over[i], chosen.under[i]) for i in range(6)]
        assert (np.array(after) <= np.array(before) + 1e-4).all()


def test_free_colours_are_no_worse_than_any_palettes() -> None:
    found, fee = stats(), np.zeros((6, len(COVERAGE)), np.float32)
    free = Paints(None, None, np.arange(2)).choose(found, fee)
    bound = Paints(Palette(palette(Depth.C256)), None, np.arange(len(COVERAGE))).choose(found, fee)
    for cell in range(6):
        costs = [cost(found, cell, int(c.glyphs[cell]), c.over[cell], c.under[cell]) for c in (free, bound)]
        assert costs[0] <= costs[1] + 0.05 * abs(costs[1])  # held in the gamut by three steps only, see test_blend


def test_a_fee_is_saved_where_a_glyph_gains_less() -> None:
    found = stats()
    dear = np.where(np.arange(len(COVERAGE)) > 0, np.float32(1e6), np.float32(0)) * np.ones((6, 1), np.float32)
    for colors in (None, Palette(CODES)):
        assert (Paints(colors, None, np.arange(3)).choose(found, dear).glyphs == 0).all()


def test_the_nearest_colours_are_those_of_cielab() -> None:
    colors = Palette(palette(Depth.C16))
    exact = colors.light[[3, 9, 14]]
    near = colors.near(Chosen(np.zeros(3, np.intp), exact, exact), np.zeros((3, 1), np.float32), 1)
    np.testing.assert_array_equal(near[:, 0], [3, 9, 14])


def test_glyphs_unlike_each_other_begin_with_the_blank_one_and_do_not_repeat() -> None:
    patches = np.array([[1, 1], [0, 0], [1, 1.01], [0, 2], [0.1, 0]], np.float32)
    assert unlike(patches, 3).tolist() == [1, 3, 0]  # blank; 4 from it; 2 from both, where another is 1.98
    assert len(set(unlike(patches, 9).tolist())) == len(patches)
