"""A frame on a screen of another size."""

import numpy as np
import pytest

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
