from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from glyphgrad import PRESETS, GlyphAtlas, Layout
from glyphgrad.core.raster import render
from glyphgrad.fit.soft_raster import SoftRaster

RNG = np.random.default_rng(2)
LAYOUTS = [Layout(3, 5, 6, 4, gap) for gap in (0, 1, 9)] + [
    Layout(1, 1, 6, 4, 3),
    Layout(1, 7, 6, 4),
    Layout(7, 1, 6, 4),
]


def one_hot(glyphs: np.ndarray, count: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(glyphs.ravel()), count).float()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_one_hot_weights_give_the_raster(noise_atlas: GlyphAtlas, layout: Layout) -> None:
    glyphs = RNG.integers(0, 8, (layout.rows, layout.cols))
    soft = SoftRaster(noise_atlas.coverage, layout)(one_hot(glyphs, 8))
    np.testing.assert_array_equal(soft, render(glyphs, noise_atlas.coverage, layout))  # sums of zeros and one ink


def test_one_hot_weights_give_the_receipt_printers_raster() -> None:
    epson = PRESETS["epson"]
    atlas, layout = epson.atlas(), epson.layout_for(512, 512)
    glyphs = RNG.integers(0, len(atlas.chars), (layout.rows, layout.cols))
    soft = SoftRaster(atlas.coverage, layout)(one_hot(glyphs, len(atlas.chars)))
    np.testing.assert_array_equal(soft, render(glyphs, atlas.coverage, layout))


def test_a_cell_of_many_glyphs_is_their_weighted_sum(noise_atlas: GlyphAtlas) -> None:
    weights = RNG.random((2, 8)).astype(np.float32)
    soft = SoftRaster(noise_atlas.coverage, Layout(1, 2, 6, 4))(torch.tensor(weights))
    for cell in range(2):
        by_hand = sum(weight * ink for weight, ink in zip(weights[cell], noise_atlas.coverage, strict=True))
        np.testing.assert_allclose(soft[:, 4 * cell : 4 * cell + 4], by_hand, atol=1e-6)  # eight float32 products


def test_gaps_stay_blank(noise_atlas: GlyphAtlas) -> None:
    soft = SoftRaster(noise_atlas.coverage, Layout(2, 2, 6, 4, 3))(torch.full((4, 8), 1 / 8))
    assert soft.shape == (15, 8)
    assert not soft[6:9].any()
    assert soft[:6].all()


def test_the_gradient_of_the_soft_raster(noise_atlas: GlyphAtlas) -> None:
    raster = SoftRaster(noise_atlas.coverage.astype(np.float64), Layout(2, 2, 6, 4, 3))
    assert gradcheck(raster, torch.tensor(RNG.random((4, 8)), requires_grad=True))
