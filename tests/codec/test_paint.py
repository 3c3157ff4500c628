from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from glyphgrad import Frame
from glyphgrad.codec.paint import paint
from glyphgrad.codec.terminal import Terminal


def test_only_what_has_changed_is_painted_each_run_after_a_move() -> None:
    before = Frame.from_lines(["a" * 20, "b" * 20])
    after = Frame.from_lines(["a" * 20, "bXYb" + "b" * 15 + "Z"])
    assert paint(before, after) == "\x1b[2;2HXY\x1b[2;20HZ"


def test_a_short_gap_is_written_again() -> None:
    before, after = Frame.from_lines(["a" * 12]), Frame.from_lines(["X" + "a" * 7 + "Y" + "a" * 3])
    assert paint(before, after) == "\x1b[1;1HXaaaaaaaY"


def test_a_screen_of_anything_is_painted_row_by_row() -> None:
    assert paint(None, Frame.from_lines(["ab", "☺d"])) == "\x1b[1;1Hab\x1b[2;1H☺d"


def test_nothing_for_nothing() -> None:
    frame = Frame.from_lines(["ab"])
    assert paint(frame, frame) == ""


@given(nps.arrays(np.uint32, (2, 3, 30), elements=st.sampled_from([32, 65, 0x2588, 0x1FB00])))
def test_a_terminal_shows_the_frame_after_it(cells: np.ndarray) -> None:
    before, after = map(Frame, cells)
    screen = Terminal(3, 30)
    screen.feed(paint(None, before))
    assert screen.frame == before
    screen.feed(paint(before, after))
    assert screen.frame == after
    assert not screen.ignored
