from __future__ import annotations

import numpy as np

from glyphgrad import Frame


def test_short_lines_are_filled_up_with_spaces() -> None:
    frame = Frame.from_lines(["ab", "", "☺"])
    assert (frame.rows, frame.cols) == (3, 2)
    assert frame.lines == ["ab", "  ", "☺ "]


def test_text_ends_every_row_with_a_newline() -> None:
    assert Frame.from_lines(["ab", "cd"]).text == "ab\ncd\n"


def test_cells_are_code_points() -> None:
    assert Frame.from_lines(["A☺"]).cells.tolist() == [[65, 0x263A]]


def test_no_lines_are_an_empty_frame() -> None:
    assert Frame.from_lines([]).cells.shape == (0, 0)


def test_frames_are_equal_when_their_cells_are() -> None:
    one, same, other = Frame.from_lines(["ab"]), Frame.from_lines(["ab"]), Frame.from_lines(["ba"])
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != Frame(one.cells.reshape(2, 1))
    assert one != np.array("ab")
