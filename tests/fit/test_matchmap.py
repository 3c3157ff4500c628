"""The map of matches against glyphs matched one by one."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity, pooling
from glyphgrad.fit.matchmap import MatchMap
from glyphgrad.fit.warp import Warp

LAYOUT = Layout(5, 7, 6, 4, 2)
FILTERS = [(identity(0.5),), (identity(0.5), pooling(0.3, 4, 2)), (gaussian(0.7, 1.3), gradient(0.2, 0.8))]


def test_gain_and_rest_are_those_of_the_best_glyph(noise_atlas: GlyphAtlas) -> None:
    target = np.random.default_rng(0).random((LAYOUT.height, LAYOUT.width)).astype(np.float32)
    places = MatchMap.of(target, noise_atlas.coverage, LAYOUT, FILTERS[0])
    # a place at every pixel at which a cell of 6 x 4 has room, margins included
    margin = (np.array(places.gain.shape) - target.shape + (6, 4)) // 2
    for y, x in [(0, 0), (9, 3), (17, 22), (30, 24)]:
        patch, gap = target[y : y + 6, x : x + 4], target[y + 6 : y + 8, x : x + 4]
        left = 0.5 * ((noise_atlas.coverage - patch) ** 2).sum(axis=(1, 2)).min()
        at = margin[0] + y, margin[1] + x
        assert places.gain[at] == pytest.approx(0.5 * (patch**2).sum() - left, abs=1e-5)  # sums of 24 in float32
        assert places.rest[at] == pytest.approx(0.5 * (gap**2).sum() + left, abs=1e-5)


@pytest.mark.parametrize("filters", [*FILTERS, (pooling(1.0, 14, 3),)])
def test_the_gain_in_the_middle_is_that_of_the_energys_own_match(
    noise_atlas: GlyphAtlas, filters: tuple[Filter, ...]
) -> None:
    target = np.random.default_rng(0).random((LAYOUT.height, LAYOUT.width)).astype(np.float32)
    places = MatchMap.of(target, noise_atlas.coverage, LAYOUT, filters)
    y, x = (np.array(places.gain.shape) - target.shape + (6, 4)) // 2
    best = Energy(target, noise_atlas.coverage, LAYOUT, filters).match().min(axis=2)
    assert places.gain[y + 2 * LAYOUT.row_pitch, x + 3 * LAYOUT.cell_width] == pytest.approx(-best[2, 3], rel=1e-4)


@pytest.mark.parametrize("filters", FILTERS)
def test_a_shifted_page_is_found(noise_atlas: GlyphAtlas, filters: tuple[Filter, ...]) -> None:
    glyphs = np.random.default_rng(3).integers(8, size=(LAYOUT.rows, LAYOUT.cols))
    glyphs[[0, -1]] = glyphs[:, [0, -1]] = 0
    page = np.roll(render(glyphs, noise_atlas.coverage, LAYOUT), (2, -1), axis=(0, 1))
    found = MatchMap.of(page, noise_atlas.coverage, LAYOUT, filters).affine(scaled=False)
    np.testing.assert_allclose(found.shift, [2, -1], atol=0.5)  # matched at whole pixels
    assert (found.scale == 1).all()


def test_nothing_is_found_on_blank_paper(noise_atlas: GlyphAtlas) -> None:
    places = MatchMap.of(np.zeros((LAYOUT.height, LAYOUT.width)), noise_atlas.coverage, LAYOUT, FILTERS[1])
    assert not places.gain.any()
    assert not places.rest.any()
    warp = places.bent(Warp.identity(LAYOUT), places.gain, (1.0,))
    assert np.isfinite(warp.displacements()).all()
