"""The operator A of whole pictures against the energy, and against filters applied one output at a time."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, Taps, gaussian, gradient, identity, pooling, taps_of
from glyphgrad.fit.normal import normal

LAYOUT = Layout(5, 7, 6, 4, 2)
LARGE = Layout(6, 12, 17, 9, 3)
"""Of several strips each way, the last of which are not whole."""
FILTERS = [
    (identity(0.5),),
    (identity(0.5), pooling(0.3, 4, 2)),
    (pooling(0.3, 5, 3),),
    (gaussian(0.7, 1.3), gradient(0.2, 0.8)),
    (gaussian(0.7, 6.0), gaussian(0.0, 2.0)),
]


@pytest.mark.parametrize("filters", FILTERS)
def test_it_is_the_operator_of_the_energy(noise_atlas: GlyphAtlas, filters: tuple[Filter, ...]) -> None:
    target = np.random.default_rng(0).random((LAYOUT.height, LAYOUT.width))
    blank = np.zeros((LAYOUT.rows, LAYOUT.cols), int)
    energy = Energy(target, noise_atlas.coverage, LAYOUT, filters)
    seen = normal(target, LAYOUT, filters)
    assert np.vdot(target, seen) == pytest.approx(energy(blank), rel=1e-6)  # the energy holds it in float32
    field = energy.field(blank)[2, 3]
    patch = seen[2 * LAYOUT.row_pitch :, 3 * LAYOUT.cell_width :][: LAYOUT.cell_height, : LAYOUT.cell_width]
    np.testing.assert_allclose(field, -2 * np.tensordot(noise_atlas.coverage, patch, 2), rtol=1e-4, atol=1e-5)


def whole(tap: Taps, pixels: int) -> np.ndarray:
    """(count, pixels) The filter as a matrix, output by output."""
    matrix = np.zeros((tap.count, pixels))
    for output in range(tap.count):
        for place, weight in enumerate(tap.kernel):
            if 0 <= (at := tap.first + output * tap.stride + place) < pixels:
                matrix[output, at] = weight
    return matrix


@pytest.mark.parametrize("filters", FILTERS)
def test_strips_make_no_difference(filters: tuple[Filter, ...]) -> None:
    image = np.random.default_rng(1).random((LARGE.height, LARGE.width))
    expected = np.zeros_like(image)
    for each in filters:
        for down, across in taps_of(each, LARGE):
            y, x = whole(down, LARGE.height), whole(across, LARGE.width)
            expected += each.weight * (y.T @ y @ image @ x.T @ x)
    np.testing.assert_allclose(normal(image, LARGE, filters), expected, atol=1e-12)
    assert normal(image.astype(np.float32), LARGE, filters).dtype == np.float32


@pytest.mark.parametrize("each", [pooling(1.0, 4, 2), pooling(1.0, 5, 3), gaussian(1.0, 1.3), identity(1.0)])
def test_a_part_of_the_normal_matrix_is_that_of_the_whole(each: Filter) -> None:
    tap = taps_of(each, LAYOUT)[0][0]
    matrix = whole(tap, LAYOUT.height)
    for rows, columns in [(range(0, 6), range(0, 9)), (range(8, 14), range(3, 20)), (range(30, 38), range(20, 38))]:
        part = (matrix.T @ matrix)[np.ix_(rows, columns)]
        np.testing.assert_allclose(tap.normal(rows, columns), part, atol=1e-12)


def test_a_stack_of_images_is_seen_one_by_one() -> None:
    stack = np.random.default_rng(0).random((3, LAYOUT.height, LAYOUT.width))
    each = [normal(image, LAYOUT, FILTERS[1]) for image in stack]
    np.testing.assert_allclose(normal(stack, LAYOUT, FILTERS[1]), each, atol=1e-15)
