from __future__ import annotations

import numpy as np

from glyphgrad import Art, Frame, GlyphAtlas, Layout
from glyphgrad.codec.missing import with_boxes


def test_what_no_font_has_is_a_box_and_stays_what_it_is() -> None:
    atlas = GlyphAtlas(" a", np.zeros((2, 16, 8), np.float32))
    art = with_boxes(Art(Frame.from_lines(["a漢字"]), atlas, Layout(1, 3, 16, 8)))
    assert art.text == "a漢字\n"
    first, second, third = np.split(art.ink, 3, axis=1)
    assert not first.any()
    assert np.array_equal(second, third)
    assert second.sum() == 2 * 6 + 2 * 10  # a line round 6 x 12 pixels


def test_an_art_that_has_all_is_the_same() -> None:
    atlas = GlyphAtlas(" a", np.zeros((2, 16, 8), np.float32))
    art = Art(Frame.from_lines(["a "]), atlas, Layout(1, 2, 16, 8))
    assert with_boxes(art) is art
