"""What is shown of the learned contrast: the map and the centre curve, as text and as pictures."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad.core.layout import Layout
from glyphgrad.fit.contrast import BINS, Contrast, tone_curves
from glyphgrad.fit.contrast_chart import curve_picture, curve_text, map_picture, map_text

GAPPED = Layout(rows=4, cols=5, cell_height=9, cell_width=6, row_gap=3)
LAYOUTS = [GAPPED, Layout(3, 2, 8, 4), Layout(1, 6, 7, 5, 2), Layout(6, 1, 5, 7, 1), Layout(1, 1, 6, 6, 4)]


def identity(layout: Layout) -> Contrast:
    return Contrast(layout, tone_curves(np.zeros((layout.rows + 1, layout.cols + 1, BINS))))


def bent(layout: Layout) -> Contrast:
    parameters = 3 * np.random.default_rng(11).normal(size=(layout.rows + 1, layout.cols + 1, BINS))
    return Contrast(layout, tone_curves(parameters))


def test_the_map_shows_where_curves_are_bent() -> None:
    layout = Layout(16, 32, 4, 2)
    curves = identity(layout).curves
    curves[0, 0] = curves[0, 0] ** 2  # at most 1/4 from the identity
    headline, edge, *lines, last = map_text(Contrast(layout, curves)).splitlines()
    assert (
        headline == "tone curves, distance from identity: 0.000 (' ') to 0.062 ('@')"
    )  # a quarter of it: a cell's middle
    assert edge == last == "+" + "-" * 32 + "+"
    assert [line.strip("|") for line in lines] == ["@" + " " * 31] + [" " * 32] * 15


def test_the_plot_of_the_identity_is_a_diagonal() -> None:
    _, _, *lines, _ = curve_text(identity(GAPPED)).splitlines()
    assert len(lines) == 16
    for row, line in enumerate(reversed(lines)):
        assert line[1:-1].index("#") in (2 * row, 2 * row - 1)
        assert set(line[1:-1]) <= {" ", "#"}


def test_the_plot_of_a_step_is_a_step() -> None:
    """Two corners each way, all alike: the centre's curve is theirs."""
    curves = np.broadcast_to(np.arange(BINS + 1) > BINS // 2, (5, 6, BINS + 1)).astype(float)
    _, _, top, *lines, bottom, _ = curve_text(Contrast(GAPPED, curves)).splitlines()
    assert top == f"|{' ' * 16}{'#' * 16}|"
    assert bottom == f"|{'#' * 17}{' ' * 15}|"
    assert all(line[17] == "#" for line in lines)


@pytest.mark.parametrize("layout", [*LAYOUTS, Layout(1, 300, 2, 2)], ids=str)
def test_pictures_of_any_layout(layout: Layout) -> None:
    drawn = map_picture(bent(layout)), curve_picture(bent(layout))
    assert [picture.mode for picture in drawn] == ["RGB", "RGB"]
    assert [picture.width for picture in drawn] == [608, 608]


def test_the_picture_of_the_identity_is_white() -> None:
    assert np.asarray(map_picture(identity(Layout(8, 8, 10, 10))))[48:560, 48:560].min() == 255


def test_the_picture_of_the_map_is_darkest_where_curves_are_bent() -> None:
    layout = Layout(8, 8, 10, 10)
    curves = identity(layout).curves
    curves[:, -1] **= 2
    grey = np.asarray(map_picture(Contrast(layout, curves)).convert("L"))[48:560, 48:560]
    assert grey[256, 5] == 255
    assert grey[256, -5] < 80


def test_the_picture_of_curves_follows_them() -> None:
    curves = np.tile((np.arange(BINS + 1) / BINS) ** 2, (5, 6, 1))
    curves[:, 0] **= 1 / 4  # the root, far from the centre
    picture = np.asarray(curve_picture(Contrast(GAPPED, curves)))[48:560, 48:560]
    red, _, blue = picture[384, 256]  # 0.5 -> 0.25
    assert red > 150
    assert blue < 60
    assert picture[149:152, 256].min() < 255  # 0.5 -> 0.71: the haze
    assert picture[360:364, 256].min() == 255
