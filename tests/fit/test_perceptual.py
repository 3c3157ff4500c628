"""The eye's blur."""

from __future__ import annotations

import math

import numpy as np
import pytest

import glyphgrad
from glyphgrad.core.layout import Layout
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.perceptual import blur_sigma, perceptual_filters

LAYOUT = Layout(rows=4, cols=5, cell_height=20, cell_width=10)


def test_the_blur_is_a_minute_of_arc_at_the_distance() -> None:
    assert blur_sigma(LAYOUT, 300) == pytest.approx(300 * 20 * math.pi / (180 * 60))


def test_the_objective_does_not_grow_with_the_picture() -> None:
    """Weights are divided by the number of pixels: the error of a flat page is the same at any size."""

    def flat_error(layout: Layout) -> float:
        blank = np.zeros((1, layout.cell_height, layout.cell_width), np.float32)
        target = np.full((layout.height, layout.width), 0.5, np.float32)
        return Energy(target, blank, layout, perceptual_filters(layout, 300))(np.zeros((layout.rows, layout.cols), int))

    small, large = flat_error(Layout(10, 10, 20, 10)), flat_error(Layout(20, 20, 20, 10))
    assert small == pytest.approx(large, rel=0.02)  # the blur spills a little over the border


def test_from_afar_the_blur_is_wider() -> None:
    near, far = (perceptual_filters(LAYOUT, distance)[0].sigma for distance in (100, 200))
    assert far == pytest.approx(2 * near)


def test_blank_strokes_on_a_page_of_ink_stay_visible() -> None:
    """The page must be thin enough for them to show."""
    page = np.full((400, 400), 255, np.uint8)
    page[:, 200:210] = 0  # five pixels of the grid
    art = glyphgrad.fit(page, "terminal", cols=20, fit="stretch").art
    columns = art.ink.mean(axis=0)
    assert columns[100:105].mean() < 0.5 * columns.mean()
