"""The least squares of a cell against numpy's, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.color import linear_to_srgb, srgb_to_linear
from glyphgrad.fit.blend import Stats, Sums, bend

RNG = np.random.default_rng(4)
CELLS, GLYPHS, SAMPLES = 5, 7, 30
FLOAT32 = 2e-3
"""Relative: sums of 30 float32 products, and a determinant of them."""


class Scene:
    """Cells before an eye, as plain arrays: what is seen of box, ink and its square, weights, wishes and metrics."""

    def __init__(self) -> None:
        self.box = 0.5 + 0.5 * RNG.random(SAMPLES)
        self.ink = RNG.random((GLYPHS, SAMPLES)) * self.box
        self.square = self.ink**2
        self.weight = 0.1 + RNG.random((CELLS, SAMPLES))
        shade = RNG.random((CELLS, 3, 1)) * 0.4 + 0.3
        self.wanted = shade * self.box + 0.05 * RNG.standard_normal((CELLS, 3, SAMPLES))
        self.metric = np.triu(RNG.random((CELLS, 3, 3))) + np.eye(3)

    def stats(self) -> Stats:
        w, o, b, q = self.weight, self.box, self.ink, self.square
        fields = [(self.wanted * w[:, None]) @ np.atleast_2d(each).T for each in (o, b, q)]
        grams = [w @ np.atleast_2d(each).T for each in (o * o, b * b, b * q, q * q, o * b, o * q)]
        return Stats(Sums(*(each.astype(np.float32) for each in (*grams, *fields))), self.metric.astype(np.float32))

    def error(self, cell: int, glyph: int, under: np.ndarray, ink: np.ndarray, square: np.ndarray) -> float:
        """E of a cell from its samples; the light of each term is (3,)."""
        seen = np.outer(under, self.box) + np.outer(ink, self.ink[glyph]) + np.outer(square, self.square[glyph])
        apart = self.metric[cell] @ (seen - self.wanted[cell])
        return float((self.weight[cell] * (apart**2).sum(axis=0)).sum())


@pytest.mark.parametrize("k", [0.0, 0.7, -0.4])
def test_the_best_colours_are_numpys_least_squares(k: float) -> None:
    scene = Scene()
    over, under = scene.stats().solved(k, None)
    free = 0
    for cell in range(CELLS):
        root = np.sqrt(scene.weight[cell])
        for glyph in range(GLYPHS):
            shape = (1 - k) * scene.ink[glyph] + k * scene.square[glyph]
            columns = np.stack([root * (scene.box - shape), root * shape], axis=1)
            for channel in range(3):
                (ground, ink), *_ = np.linalg.lstsq(columns, root * scene.wanted[cell, channel], rcond=None)
                if 0 < ground < 1 and 0 < ink < 1:
                    free += 1
                    found = under[cell, channel, glyph], over[cell, channel, glyph]
                    np.testing.assert_allclose(found, (ground, ink), atol=0.01)  # two nearly parallel columns
    assert free > CELLS * GLYPHS * 3 / 2


def test_on_paper_only_the_foreground_is_free() -> None:
    scene = Scene()
    over, under = scene.stats().solved(0.0, 0.2)
    assert (under == np.float32(0.2)).all()
    for cell, glyph, channel in np.ndindex(CELLS, GLYPHS, 3):
        weight, ink = scene.weight[cell], scene.ink[glyph]
        left = scene.wanted[cell, channel] - 0.2 * scene.box
        best = 0.2 + (weight * ink * left).sum() / (weight * ink * ink).sum()
        assert over[cell, channel, glyph] == pytest.approx(np.clip(best, 0, 1), abs=FLOAT32)


def test_colours_out_of_reach_are_the_best_within() -> None:
    scene = Scene()
    scene.wanted += 0.4 * np.sign(scene.ink[0] - scene.ink[0].mean())  # asks for more than light and dark
    over, under = scene.stats().solved(0.0, None)
    assert min(over.min(), under.min()) >= 0
    assert max(over.max(), under.max()) <= 1
    levels = np.linspace(0, 1, 41)
    for cell in range(CELLS):
        weight, ink = scene.weight[cell], scene.ink[0]
        for channel in range(3):
            seen = levels[:, None, None] * (scene.box - ink) + levels[:, None] * ink
            errors = (weight * (seen - scene.wanted[cell, channel]) ** 2).sum(axis=2)
            found = under[cell, channel, 0] * (scene.box - ink) + over[cell, channel, 0] * ink
            error = (weight * (found - scene.wanted[cell, channel]) ** 2).sum()
            assert error <= errors.min() * 1.02  # three alternating steps come so close


def test_energies_are_those_of_the_samples() -> None:
    scene = Scene()
    under, ink, square = RNG.random((3, CELLS, 3, GLYPHS)).astype(np.float32)
    found = scene.stats().energy(under, ink, square)
    for cell, glyph in np.ndindex(CELLS, GLYPHS):
        nothing = scene.error(cell, glyph, np.zeros(3), np.zeros(3), np.zeros(3))
        each = under[cell, :, glyph], ink[cell, :, glyph], square[cell, :, glyph]
        assert found[cell, glyph] == pytest.approx(scene.error(cell, glyph, *each) - nothing, rel=FLOAT32, abs=FLOAT32)


def test_one_bend_for_all_is_the_same_energy() -> None:
    scene, k = Scene(), 0.6
    over, under = RNG.random((2, CELLS, 3, GLYPHS)).astype(np.float32)
    whole = scene.stats().energy(under, (1 - k) * (over - under), k * (over - under))
    np.testing.assert_allclose(scene.stats().mixed_energy(k, over, under), whole, rtol=FLOAT32, atol=FLOAT32)


def test_some_glyphs_are_those_of_all() -> None:
    stats, chosen = Scene().stats(), RNG.integers(GLYPHS, size=(CELLS, 3))
    under, ink, square = RNG.random((3, CELLS, 3, 1)).astype(np.float32) * np.ones((1, 1, GLYPHS), np.float32)
    whole = stats.energy(under, ink, square)
    few = stats.of(chosen).energy(under[..., :3], ink[..., :3], square[..., :3])
    np.testing.assert_allclose(few, np.take_along_axis(whole, chosen, axis=1), rtol=1e-5, atol=1e-5)


def test_sums_add_up_over_samples() -> None:
    scene = Scene()
    half = Scene()
    for each in (scene, half):
        each.box, each.ink, each.square = scene.box, scene.ink, scene.square
    both = scene.stats().sums.plus(half.stats().sums)
    np.testing.assert_allclose(both.bb, scene.stats().sums.bb + half.stats().sums.bb)
    np.testing.assert_allclose(both.fo, scene.stats().sums.fo + half.stats().sums.fo)


@pytest.mark.parametrize(("over", "under"), [(1.0, 0.0), (0.0, 1.0), (0.8, 0.1), (0.3, 0.25), (0.5, 0.5)])
def test_the_bend_makes_half_a_blend_exact_and_the_rest_close(over: float, under: float) -> None:
    k = float(bend(np.array([over]), np.array([under]))[0])
    coverage = np.linspace(0, 1, 21)
    ends = (linear_to_srgb(np.array([each]))[0] for each in (over, under))
    above, below = ends
    device = srgb_to_linear(below + coverage * (above - below))
    ours = under + (over - under) * ((1 - k) * coverage + k * coverage**2)
    assert ours[10] == pytest.approx(device[10], abs=1e-6)
    np.testing.assert_allclose(ours, device, atol=0.025)  # the curve is no parabola: between black and white 0.02
