from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from glyphgrad.core.colors import Depth, palette
from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.fit.blend import bend
from glyphgrad.fit.eye import Eye
from glyphgrad.fit.painting import Painting
from glyphgrad.fit.paints import Paints, Palette

RNG = np.random.default_rng(6)
LAYOUT = Layout(3, 7, 10, 6, 2)
COVERAGE = np.concatenate([np.zeros((1, 10, 6)), RNG.random((7, 10, 6))]).astype(np.float32)
EYES = [(Eye(LAYOUT, 1.5), 1.0), (Eye(LAYOUT, 4.5), 3.0)]
FREE = Paints(None, None, np.arange(3))


def smooth(seed: int = 0) -> np.ndarray:
    """Random light (height, width, 3) in which a cell is not one colour."""
    coarse = np.random.default_rng(seed).random((-(-LAYOUT.height // 4), -(-LAYOUT.width // 3), 3))
    return coarse.repeat(4, axis=0).repeat(3, axis=1)[: LAYOUT.height, : LAYOUT.width].astype(np.float32)


def shown(painting: Painting) -> np.ndarray:
    """The light (3, height, width) that the cells show, pixel by pixel; black in the gaps."""

    def spread(light: np.ndarray) -> np.ndarray:
        out = np.zeros((LAYOUT.rows, LAYOUT.row_pitch, LAYOUT.width, 3))
        out[:, : LAYOUT.cell_height] = light.repeat(LAYOUT.cell_width, axis=1)[:, None]
        return out.reshape(-1, LAYOUT.width, 3)[: LAYOUT.height]

    over, under = painting.over, painting.under
    k, ink = bend(over, under), render(painting.glyphs, COVERAGE, LAYOUT)[..., None]
    light = spread(under) + spread((1 - k) * (over - under)) * ink + spread(k * (over - under)) * ink**2
    return np.ascontiguousarray(light.transpose(2, 0, 1), np.float32)


@pytest.mark.parametrize(
    "paints", [FREE, Paints(None, 0.0, np.arange(3)), Paints(Palette(palette(Depth.C16)), None, np.arange(4))]
)
def test_what_is_seen_is_what_the_cells_show(paints: Paints) -> None:
    painting = Painting(smooth(), COVERAGE, LAYOUT, EYES, paints, dark=True)
    for _ in range(2):
        painting.sweep()
    for view in painting.views:
        np.testing.assert_allclose(view.seen, view.eye.plane(shown(painting)), atol=1e-4)  # float32, after many updates


def test_the_energy_of_a_cell_is_the_change_of_the_pictures() -> None:
    """With a metric of grays the cells' energies are those of the whole: recomputed from the planes."""
    painting = Painting(smooth(1), COVERAGE, LAYOUT, EYES, FREE, dark=True)
    painting.sweep()
    painting.metric[:] = np.eye(3)
    cell = np.array([1]), np.array([3])
    before, terms = painting.error, np.zeros((3, 1, 3, len(COVERAGE)), np.float32)
    under, over = painting.under[cell], painting.over[cell]
    k = bend(over, under)
    for i, each in enumerate((under, (1 - k) * (over - under), k * (over - under))):
        terms[i] = each[:, :, None]
    energy = painting.stats(cell).energy(*terms)[0]
    old = int(painting.glyphs[cell][0])
    for glyph in range(len(COVERAGE)):
        for view in painting.views:
            view.put(cell, np.array([glyph]), terms[:, :, :, 0])
        change = (painting.error - before) * painting.glyphs.size
        assert change == pytest.approx(energy[glyph] - energy[old], rel=2e-3, abs=0.05)  # float32 sums of thousands


@pytest.mark.parametrize("paints", [FREE, Paints(Palette(palette(Depth.C256)[16:]), None, np.arange(4))])
def test_sweeps_bring_the_picture_nearer(paints: Paints) -> None:
    painting = Painting(smooth(2), COVERAGE, LAYOUT, EYES, paints, dark=True)
    errors = []
    for _ in range(4):
        painting.sweep()
        for view in painting.views:
            view.weigh()  # else the error is one of old weights
        errors.append(painting.error)
    assert errors[-1] < errors[0]


def test_weights_are_slopes_of_lightness_between_target_and_render() -> None:
    view = Painting(np.full_like(smooth(), 0.3), COVERAGE, LAYOUT, EYES[:1], FREE, dark=True).views[0]
    view.seen = view.seen * np.float32(0.5)
    view.weigh()
    light, seen = (srgb_to_lab(linear_to_srgb(np.full(3, level)))[0] for level in (0.3, 0.15))
    middle = view.weight.shape[0] // 2, view.weight.shape[1] // 2
    each = view.eye.down.each * view.eye.across.each
    assert view.weight[middle] * each == pytest.approx(((light - seen) / 0.15) ** 2, rel=0.02)  # the gaps are darker
    assert (view.weight[view.eye.inside == 0] == 0).all()


def test_metrics_are_cielabs_slopes_relative_to_lightness() -> None:
    color = srgb_to_linear(np.array([200, 90, 40]) / 255)
    target = np.broadcast_to(color, (LAYOUT.height, LAYOUT.width, 3)).astype(np.float32)
    metric = Painting(target, COVERAGE, LAYOUT, EYES[:1], FREE, dark=True).metric[1, 3]
    step = 1e-5

    def lab(light: np.ndarray) -> np.ndarray:
        return srgb_to_lab(linear_to_srgb(light))

    slopes = np.stack(
        [(lab(color + step * axis) - lab(color - step * axis)) / (2 * step) for axis in np.eye(3)], axis=1
    )
    relative = slopes / slopes[0].sum()
    np.testing.assert_allclose(metric.T @ metric, relative.T @ relative, rtol=0.01, atol=1e-3)  # 1e-6 keeps it regular


def test_only_cells_of_a_mask_are_painted() -> None:
    painting = Painting(smooth(3), COVERAGE, LAYOUT, EYES, FREE, dark=True)
    painting.sweep()
    before = painting.glyphs.copy(), painting.over.copy(), painting.under.copy()
    where = RNG.random(painting.glyphs.shape) < 0.3
    painting.retarget(smooth(4), 0.0)
    painting.sweep(where)
    for old, new in zip(before, (painting.glyphs, painting.over, painting.under), strict=True):
        np.testing.assert_array_equal(old[~where], new[~where])
    assert (before[1][where] != painting.over[where]).any()


def test_cells_have_changed_when_their_target_has() -> None:
    target = smooth(5)
    painting = Painting(target, COVERAGE, LAYOUT, EYES, FREE, dark=True)
    painting.sweep()
    assert not painting.retarget(target, 0.1).any()
    target = target.copy()
    target[: LAYOUT.cell_height, : LAYOUT.cell_width] = 1 - target[: LAYOUT.cell_height, : LAYOUT.cell_width]
    changed = painting.retarget(target, 5.0)
    assert changed[0, 0]
    assert not changed[2:].any()
    assert not changed[:, 2:].any()
    painting.sweep(changed)
    assert not painting.retarget(target, 0.1)[0, 0]  # it has been painted for what is there now


def test_inertia_keeps_a_glyph_that_is_nearly_as_good() -> None:
    kept = []
    for inertia in (0.0, 1000.0):
        painting = Painting(smooth(6), COVERAGE, LAYOUT, EYES, FREE, dark=True)
        painting.sweep()
        before = painting.glyphs.copy()
        painting.retarget(smooth(7), 0.0)
        painting.sweep(None, inertia)
        kept.append((painting.glyphs == before).mean())
    assert kept[0] < kept[1] == 1
