"""The look of a shot: learned once, kept for all its pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glyphgrad import PRESETS, FitConfig
from glyphgrad.fit import look
from glyphgrad.fit.means import Means

DEVICE = replace(PRESETS["terminal"], cols=12, rows=6)
LAYOUT, ATLAS = DEVICE.layout_for(4, 3), DEVICE.atlas()
RAMP = np.tile(np.linspace(0, 255, LAYOUT.width), (LAYOUT.height, 1))


def means(**options: object) -> Means:
    return Means(ATLAS, LAYOUT, FitConfig(solver="discrete", **{"effort": "fast", **options}))  # type: ignore[arg-type]


def page(low: float, high: float) -> np.ndarray:
    """A ramp between two levels of [0, 255]."""
    return (low + RAMP / 255 * (high - low)).astype(np.uint8)


def test_one_tone_map_holds_for_all_pictures_of_a_shot() -> None:
    found = look.learn([page(0, 255), page(0, 100)], means(), dark=True)
    dim, bright = found.aim(page(0, 100)).ink, found.aim(page(0, 255)).ink
    assert dim.max() < 0.7 * bright.max()  # alone, it would have been stretched to the same


@pytest.mark.parametrize("options", [{"objective": "seed"}, {"tone": "off"}])
def test_without_tones_the_aim_is_the_picture(options: dict[str, str]) -> None:
    found = look.learn([page(50, 200)], means(**options), dark=True)
    np.testing.assert_array_equal(found.aim(page(50, 200)).ink, page(50, 200).astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(replace(found, dark=False).aim(page(9, 9)).ink, 1 - page(9, 9) / np.float32(255))
    assert look.went_on(found, [page(0, 255)], means(**options)) is found


def test_a_dark_shot_stays_dark() -> None:
    found = look.learn([page(0, 40)], means(), dark=True)
    assert found.tone.high - found.tone.low == pytest.approx(0.5)
    light = look.learn([page(215, 255)], means(), dark=True)
    assert light.tone.high == pytest.approx(1, abs=0.01)


def test_the_range_widens_when_it_must_and_never_shrinks() -> None:
    first = look.learn([page(0, 150)], means(), dark=True)
    wider = look.went_on(first, [page(0, 250)], means())
    assert wider.tone.high > first.tone.high + 0.3
    assert wider.tone.curve == first.tone.curve
    assert look.went_on(wider, [page(0, 30)], means()) is wider  # a fade to black stays one
    lamp = page(0, 150)
    lamp[:, : LAYOUT.width // 10] = 255
    assert look.went_on(first, [lamp], means()) is first


def test_a_shot_that_begins_with_one_tone_is_looked_at_again() -> None:
    black = look.learn([page(0, 0)], means(), dark=True)
    after = look.went_on(black, [page(0, 255)], means())
    assert after.tone == look.learn([page(0, 255)], means(), dark=True).tone


def test_between_two_looks_the_range_moves_evenly() -> None:
    first = look.learn([page(0, 150)], means(), dark=True)
    last = look.went_on(first, [page(0, 250)], means())
    highs = [look.between(first, last, way).tone.high for way in (0, 0.25, 0.5, 1)]
    assert highs == pytest.approx(np.interp([0, 0.25, 0.5, 1], [0, 1], [first.tone.high, last.tone.high]))


def test_gray_and_contrast_are_learned_once() -> None:
    colours = np.zeros((*RAMP.shape, 3), np.uint8)
    colours[:, : LAYOUT.width // 2] = 220, 60, 40
    colours[:, LAYOUT.width // 2 :] = 40, 130, 60  # of about the same luma
    plain = look.learn([colours], means(), dark=True).shown(colours)
    learned = look.learn([colours], means(gray="learned"), dark=True)
    half = LAYOUT.width // 2
    assert abs(plain[0, 0] - plain[0, -1]) < 0.06
    assert abs(learned.shown(colours)[0, 0] - learned.shown(colours)[0, -1]) > 0.2
    other = np.flip(colours, axis=1)
    np.testing.assert_allclose(learned.shown(other)[:, :half], learned.shown(colours)[:, half:], atol=1e-6)
    contrast = look.learn([page(100, 150)], means(contrast=1.0), dark=True)
    assert np.ptp(contrast.shown(page(100, 150))) > 1.3 * np.ptp(page(100, 150) / 255)
