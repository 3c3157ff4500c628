"""The picture of an alignment: its size, its points and its arrows, on paper and on a dark screen."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.layout import Layout
from glyphgrad.fit.warp import Warp
from glyphgrad.fit.warp_chart import _ARROW, _POINT, alignment_picture

LAYOUT = Layout(2, 3, 24, 12, 6)


def dots(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("layout", [LAYOUT, Layout(1, 1, 1, 1), Layout(1, 1, 90, 50)])
def test_the_identity_has_points_and_no_arrows(layout: Layout, dark: bool) -> None:
    ink = np.zeros((layout.height, layout.width), np.float32)
    picture = np.asarray(alignment_picture(ink, Warp.identity(layout), dark))
    assert dots(picture, _POINT) > 4 * 9
    assert not dots(picture, _ARROW)


def test_an_arrow_comes_from_where_the_content_was_taken() -> None:
    bend = Warp.identity(LAYOUT).bend
    bend[1, 1] = -9, 0  # taken from above
    warp = Warp.of(LAYOUT, np.zeros(2), np.ones(2), bend)
    picture = np.asarray(alignment_picture(np.ones((LAYOUT.height, LAYOUT.width)), warp))
    rows, cols = np.nonzero((picture == _ARROW).all(axis=2))
    zoom, margin = 3, 12
    corner = zoom * (30 - 3) + margin, zoom * 12 + margin
    assert corner[0] - 9 * zoom - 2 <= rows.min() < rows.max() <= corner[0]  # half a line's width
    assert abs(cols - corner[1]).max() < 8
