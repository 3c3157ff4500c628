"""The pictures of a film on the pages of a layout."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad import Layout
from glyphgrad.core import target, video
from glyphgrad.core.layout import FITS
from glyphgrad.core.paged import paged

LAYOUT = Layout(3, 5, 8, 4, 2)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(40, 20), (20, 40), (20, 28)])
@pytest.mark.parametrize("dark", [True, False])
def test_a_page_is_where_a_picture_would_be(fit: str, size: tuple[int, int], dark: bool) -> None:
    """The still's way, by Pillow alone, is the oracle: the pictures of `frames` are scaled by Pillow, too."""
    picture = np.random.default_rng(1).integers(0, 256, size[::-1], dtype=np.uint8)
    (page,) = paged(video.frames([picture], dark=dark), LAYOUT, fit, dark)
    assert page.picture.shape == (LAYOUT.height, LAYOUT.width)
    assert page.picture.flags.c_contiguous
    expected = target.place(target.load(picture, dark), LAYOUT, fit, dark)
    np.testing.assert_allclose(target.ink(page.picture, dark), expected, atol=1e-6)


def test_colours_stay() -> None:
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 0] = 200
    (page,) = paged(video.frames([red], gray=False), LAYOUT, "contain", False)
    assert page.picture.shape == (LAYOUT.height, LAYOUT.width, 3)
    np.testing.assert_array_equal(page.picture[LAYOUT.height // 2, LAYOUT.width // 2], [200, 0, 0])
    np.testing.assert_array_equal(page.picture[0, 0], [255, 255, 255])
