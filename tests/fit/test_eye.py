from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.layout import Layout
from glyphgrad.fit.eye import Axis, Eye

RNG = np.random.default_rng(8)
LAYOUTS = [Layout(3, 4, 20, 10), Layout(2, 3, 24, 12, 6), Layout(2, 5, 7, 5)]
CUT = 0.004
"""The blur ends at 3 sigma, beyond which 0.3 % of it lies; and float32."""


def everywhere(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    down, across = np.indices((layout.rows, layout.cols))
    return down.ravel(), across.ravel()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sigma", [1.5, 4.0])
def test_a_plane_is_the_blurred_picture_at_its_samples(layout: Layout, sigma: float) -> None:
    eye, light = Eye(layout, sigma), RNG.random((1, layout.height, layout.width), np.float32)
    seen = eye.plane(light)[0]
    for y, x in np.argwhere(eye.inside > 0)[:: 1 + eye.inside.size // 40]:
        at = eye.down.at(eye.down.samples)[y], eye.across.at(eye.across.samples)[x]
        away = (np.arange(layout.height)[:, None] - at[0]) ** 2 + (np.arange(layout.width) - at[1]) ** 2
        bell = np.exp(-away / (2 * sigma**2)) / (2 * np.pi * sigma**2)
        assert seen[y, x] == pytest.approx((bell * light[0]).sum(), abs=CUT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_picture_is_seen_as_the_sum_of_its_cells_and_gaps(layout: Layout) -> None:
    eye, light = Eye(layout, 2.0), RNG.random((3, layout.height, layout.width), np.float32)
    for row in range(layout.rows - 1):
        light[:, row * layout.row_pitch + layout.cell_height : (row + 1) * layout.row_pitch] = 0
    total = np.zeros_like(eye.plane(light))
    for cell in zip(*everywhere(layout), strict=True):
        one = tuple(np.array([each]) for each in cell)
        eye.add(total, one, eye.alone(light, one))
    np.testing.assert_allclose(total, eye.plane(light), atol=1e-5)  # float32 sums in another order


def test_cells_out_of_reach_may_be_added_together() -> None:
    layout = Layout(5, 9, 20, 10)
    eye, light = Eye(layout, 2.0), RNG.random((2, layout.height, layout.width), np.float32)
    rows, cols = everywhere(layout)
    chosen = (rows % eye.reach[0] == 1) & (cols % eye.reach[1] == 0)
    cells = rows[chosen], cols[chosen]
    assert len(cells[0]) > 2
    together, apart = (np.zeros_like(eye.plane(light)) for _ in range(2))
    patches = eye.alone(light, cells)
    eye.add(together, cells, patches)
    for i in range(len(patches)):
        eye.add(apart, (cells[0][i : i + 1], cells[1][i : i + 1]), patches[i : i + 1])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_array_equal(eye.look(together, cells), patches)


def test_samples_divide_the_pitch_and_lie_close_enough_for_the_blur() -> None:
    for pitch in range(3, 40):
        axis = Axis.of(4, pitch, pitch, 2.0)
        assert axis.each * axis.step == pitch
        assert axis.step <= 1.3 * 2.0  # the most that eye.py allows
        assert axis.apart * axis.each >= axis.patch


def test_inside_is_what_a_sample_sees_of_the_picture() -> None:
    eye = Eye(Layout(6, 12, 20, 10), 2.0)
    middle = eye.inside[eye.inside.shape[0] // 2, eye.inside.shape[1] // 2]
    assert middle == pytest.approx(1, abs=CUT)
    assert eye.inside[0, 0] == 0
    corner = eye.inside[eye.down.margin, eye.across.margin]
    assert 0.25 < corner < 0.6  # half of the blur each way, and half a sample more
