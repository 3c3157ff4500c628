"""A frame on a screen of another size."""

import numpy as np
import pytest

from glyphgrad.core.colors import Colors, Depth
from glyphgrad.core.frame import Frame
from glyphgrad.core.window import window

FRAME = Frame.from_lines(["abcd", "efgh", "ijkl"])


@pytest.mark.parametrize(
    ("rows", "cols", "lines"),
    [
        (3, 4, ["abcd", "efgh", "ijkl"]),
        (1, 2, ["fg"]),
        (2, 3, ["abc", "efg"]),
        (5, 6, ["      ", " abcd ", " efgh ", " ijkl ", "      "]),
        (4, 5, ["abcd ", "efgh ", "ijkl ", "     "]),
        (1, 6, [" efgh "]),
        (5, 1, [" ", "b", "f", "j", " "]),
    ],
)
def test_the_screen_shows_the_centre_or_the_frame_centred(rows: int, cols: int, lines: list[str]) -> None:
    shown = window(FRAME, rows, cols)
    assert shown.lines == lines
    assert shown.cells.dtype == np.uint32


def test_colours_stay_with_their_cells_and_what_is_filled_up_is_paper() -> None:
    fg, bg = (np.arange(36, dtype=np.uint8).reshape(3, 4, 3) + start for start in (1, 101))
    frame = Frame(FRAME.cells, Colors(Depth.TRUE, fg, bg))
    cut = window(frame, 1, 2).colors
    assert cut == Colors(Depth.TRUE, fg[1:2, 1:3], bg[1:2, 1:3])
    for dark, paper in ((True, 0), (False, 255)):
        grown = window(frame, 5, 4, dark).colors
        assert grown is not None
        assert grown.bg is not None
        np.testing.assert_array_equal(grown.bg[1:-1], bg)
        np.testing.assert_array_equal(grown.fg[1:-1], fg)
        assert (grown.bg[[0, -1]] == paper).all()
