"""Tone curves, and the measure that chooses among them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import glyphgrad
from glyphgrad.fit.tone import (
    CURVES,
    RICH,
    Likeness,
    ToneCurve,
    ToneMap,
    shrunk,
    solid_ink,
    stretched,
    tonal_range,
    tone_maps,
)

RNG = np.random.default_rng(0)
PICTURE = RNG.random((64, 48)).cumsum(axis=1).astype(np.float32)
PICTURE /= PICTURE.max()
ROUNDING = 1e-6  # float32 sums over a few thousand numbers in [0, 1]


def test_a_plain_curve_maps_the_range_onto_the_densest_ink() -> None:
    np.testing.assert_allclose(ToneCurve(1.0)(PICTURE, 0.3), 0.3 * PICTURE, atol=ROUNDING)


@pytest.mark.parametrize("curve", CURVES)
def test_curves_rise_from_blank_to_their_ink(curve: ToneCurve) -> None:
    ramp = np.linspace(0, 1, 101, dtype=np.float32)[None, :]
    aim = curve(ramp, 0.5)[0]
    assert (np.diff(aim) >= 0).all()
    assert aim[0] == 0
    assert aim[-1] == pytest.approx(0.5 * curve.ink, abs=ROUNDING)


def full_range(target: NDArray[np.floating]) -> NDArray[np.float32]:
    return stretched(target, *tonal_range(target))


def test_the_tonal_range_leaves_out_a_hundredth_at_either_end() -> None:
    shown = full_range(0.4 + 0.2 * PICTURE)
    assert shown.min() == 0
    assert shown.max() == 1
    assert 0.005 < np.mean(shown == 1) < 0.02  # a hundredth, give or take ties
    assert tonal_range(np.full((5, 5), 0.4, np.float32)) == (0, 1)


def test_a_tone_map_treats_every_picture_alike() -> None:
    """What a film needs: a picture half as light is aimed at half as light, not stretched by itself."""
    aimed = ToneMap(0.0, 0.8, ToneCurve(1.0), 0.3)
    np.testing.assert_allclose(aimed(PICTURE / 2).ink, np.clip(PICTURE / 2 / 0.8, 0, 1) * 0.3, atol=ROUNDING)


@pytest.mark.parametrize(("tone", "char"), [(0, "█"), (128, "▒"), (255, " ")])
def test_a_picture_of_one_tone_keeps_it(tone: int, char: str) -> None:
    """Also on a receipt, where blank paper is around it: 3 x 3 cells, the middle ones without a margin."""
    lines = glyphgrad.fit(np.full((50, 50), tone, np.uint8), cols=3, rows=3).frame.lines
    assert lines[1] == 3 * char


def test_a_picture_is_likest_to_itself_and_nothing_to_a_flat_page() -> None:
    alike = Likeness(PICTURE, 2.0)
    assert alike(PICTURE) == pytest.approx(2, abs=ROUNDING)  # correlation 1 and structure 1
    assert alike(0.2 + 0.3 * PICTURE) == pytest.approx(2, abs=ROUNDING)  # gain and offset do not count
    assert alike(np.zeros_like(PICTURE)) < 1
    assert alike(1 - PICTURE) < alike(np.zeros_like(PICTURE))


def test_shrinking_takes_means_and_survives_a_single_pixel() -> None:
    np.testing.assert_allclose(shrunk(PICTURE, 2)[3, 5], PICTURE[6:8, 10:12].mean(), rtol=ROUNDING)
    np.testing.assert_array_equal(shrunk(np.full((1, 3), 0.5), 2), [[0.5]])


def test_the_likeliest_way_comes_first() -> None:
    coverage = np.linspace(0, 0.3, 4, dtype=np.float32)[:, None, None] * np.ones((4, 4, 4), np.float32)
    tones = np.tile(np.linspace(0, 1, 50, dtype=np.float32), (50, 1))
    page = np.zeros((50, 50), np.float32)
    page[10] = 1
    np.testing.assert_allclose(tone_maps(tones, coverage, 1)[0](tones).ink, RICH(full_range(tones), 0.3), atol=ROUNDING)
    np.testing.assert_allclose(
        tone_maps(page, coverage, 1)[0](page).ink, page, atol=ROUNDING
    )  # strokes on blank: as they are
    assert [each.crisp for each in tone_maps(1 - page, coverage, 2)] == [True, False]  # strokes on ink: cut out of it
    for each in (tones, page, 1 - page):
        assert [len(tone_maps(each, coverage, count)) for count in (1, 4, 9)] == [1, 4, len(CURVES) + 2]


def test_a_solid_page_is_one_that_the_densest_glyph_suits_best() -> None:
    coverage = glyphgrad.PRESETS["terminal"].atlas().coverage
    ink, densest = solid_ink(coverage), coverage.mean(axis=(1, 2)).argmax()

    def best(tone: float) -> int:
        return int(((coverage - tone) ** 2).mean(axis=(1, 2)).argmin())

    assert best(1.01 * ink) == densest
    assert best(0.99 * ink) != densest
    assert solid_ink(coverage[:1]) == 1  # one glyph: nothing to choose from
