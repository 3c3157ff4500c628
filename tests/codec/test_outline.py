from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from glyphgrad import PRESETS
from glyphgrad.codec.outline import Polygon, outlines


def area(polygons: list[Polygon]) -> float:
    """By the shoelace formula; ink is on the right of the way, y is down, so outsides count up and holes down."""
    return sum(
        float((polygon[:, 0] * np.roll(polygon[:, 1], -1) - polygon[:, 1] * np.roll(polygon[:, 0], -1)).sum()) / 2
        for polygon in polygons
    )


def inside(polygons: list[Polygon], height: int, width: int) -> np.ndarray:
    """Which pixels' centres are inside, by the number of edges to their left."""
    crossings = np.zeros((height, width), int)
    for polygon in polygons:
        for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
            for row in range(height):
                middle = row + 0.5
                if min(y1, y2) <= middle < max(y1, y2):
                    x = x1 + (middle - y1) * (x2 - x1) / (y2 - y1)
                    crossings[row] += np.arange(width) + 0.5 > x
    return crossings % 2 == 1


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_pixels_are_outlined_exactly(mask: np.ndarray) -> None:
    polygons = outlines(mask.astype(np.float32))
    assert np.array_equal(inside(polygons, *mask.shape), mask)
    assert area(polygons) == mask.sum()
    for polygon in polygons:
        steps = np.diff(np.concatenate([polygon, polygon[:1]]), axis=0)
        assert ((steps == 0).sum(1) == 1).all()  # along pixels, corners only
        assert not (steps[1:] * steps[:-1]).any()


def test_a_ring_has_a_hole() -> None:
    ring = np.ones((3, 3), np.float32)
    ring[1, 1] = 0
    outer, hole = sorted(outlines(ring), key=lambda polygon: area([polygon]))[::-1]
    assert (area([outer]), area([hole])) == (9, -1)


@pytest.mark.parametrize("preset", ["terminal", "discord"])
def test_smooth_glyphs_keep_their_ink_and_their_place(preset: str) -> None:
    atlas = PRESETS[preset].atlas("Ag@█░|.")
    for ink in atlas.coverage:
        polygons = outlines(ink)
        # A corner may be off by a twentieth of a pixel, which matters most to the dots of a shade.
        assert area(polygons) == pytest.approx(ink.sum(), rel=0.08, abs=0.3)
        drawn = Image.new("L", (16 * atlas.cell_width, 16 * atlas.cell_height))
        for polygon in sorted(polygons, key=lambda one: -abs(area([one]))):  # holes are within what they are holes of
            ImageDraw.Draw(drawn).polygon(
                [tuple(16 * point - 0.5) for point in polygon], fill=255 * (area([polygon]) > 0)
            )
        small = np.asarray(drawn.reduce(16), np.float32) / 255
        assert np.abs(small - ink).mean() < 0.08  # of pixels on edges, a fraction: coverage has no more detail


def test_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((4, 4), np.float32)) == []
