from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphgrad import Colors, Depth
from glyphgrad.codec.sgr import PAPER, SCREEN
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.frame import Frame
from glyphgrad.play.picture import Painter, page


def frame(*lines: str) -> Frame:
    return Frame.from_lines(list(lines))


def test_a_line_of_status_lies_over_the_last_row() -> None:
    assert page(frame("abcdef", "ghijkl"), 2, 6, "x1").lines == ["abcdef", " x1 kl"]
    assert page(frame("abcdef", "ghijkl"), 4, 6, "x1").lines == ["      ", "abcdef", "ghijkl", " x1   "]
    assert page(frame("abcdef"), 1, 3, "long") == frame(" lo")


def test_a_page_leaves_its_frame_as_it_was() -> None:
    whole = frame("abc")
    page(whole, 1, 3, "x")
    assert whole == frame("abc")


cells = st.integers(1, 5).flatmap(
    lambda rows: st.integers(1, 9).flatmap(
        lambda cols: st.lists(
            st.text("ab █é", min_size=rows * cols, max_size=rows * cols).map(
                lambda text: frame(*(text[k * cols : (k + 1) * cols] for k in range(rows)))
            ),
            min_size=1,
            max_size=6,
        )
    )
)


@settings(max_examples=50)
@given(cells)
def test_a_terminal_shows_every_frame_painted(frames: list[Frame]) -> None:
    terminal, painter = Terminal(*frames[0].cells.shape), Painter()
    for one in frames:
        terminal.feed(painter.paint(one, dark=True))
        assert terminal.frame == one


def test_only_what_has_changed_is_sent() -> None:
    painter = Painter()
    painter.paint(frame("a" * 40, "b" * 40), dark=True)
    assert painter.paint(frame("a" * 40, "b" * 40), dark=True) == ""
    assert painter.paint(frame("a" * 40, "bc" + "b" * 38), dark=True) == "\x1b[?2026h\x1b[2;2Hc\x1b[?2026l"


def test_a_new_size_another_paper_and_forgetting_send_the_whole_frame() -> None:
    painter = Painter()
    painter.paint(frame("abc"), dark=True)
    for one, dark in ((frame("abcd"), True), (frame("abcd"), False)):
        text = painter.paint(one, dark)
        assert "\x1b[2J" in text
        assert "abcd" in text
    painter.forget()
    assert "abcd" in painter.paint(frame("abcd"), dark=False)


def test_the_paper_is_the_film_s_where_there_are_colours() -> None:
    for dark, colours in ((True, SCREEN), (False, PAPER)):
        assert f"\x1b[{colours.sgr}m\x1b[2J" in Painter().paint(frame("a"), dark)
        assert "m" not in Painter(Depth.NONE).paint(frame("a"), dark)


def test_what_is_not_one_cell_wide_moves_nothing() -> None:
    terminal = Terminal(1, 5)
    terminal.feed(Painter().paint(frame("a漢b\u0301c"), dark=True))
    assert terminal.frame == frame("a?b?c")


def test_the_last_column_is_left_by_a_move_of_the_cursor() -> None:
    whole = Frame(np.full((3, 4), ord("x"), np.uint32))
    text = Painter(Depth.NONE).paint(whole, dark=True)
    assert text.count("\x1b[1;1Hxxxx\x1b[2;1Hxxxx\x1b[3;1Hxxxx\x1b") == 1


def colored(text: str, fg: list[list[int]], bg: list[list[int]] | None = None) -> Frame:
    planes = (None if plane is None else np.array([plane], np.uint8) for plane in (fg, bg))
    return Frame(Frame.from_lines([text]).cells, Colors(Depth.TRUE, *planes))  # type: ignore[arg-type]


def test_a_screen_gets_as_many_colours_as_it_has() -> None:
    one, other = colored("ab", [[250, 0, 5], [0, 250, 0]]), colored("ab", [[250, 0, 5], [0, 0, 250]])
    seen = {}
    for depth in Depth:
        painter = Painter(depth)
        painter.paint(one, dark=True)
        seen[depth] = painter.paint(other, dark=True).replace("\x1b[?2026h", "").replace("\x1b[?2026l", "")
    assert seen == {
        Depth.NONE: "",
        Depth.C16: "\x1b[1;2H\x1b[34mb\x1b[97m",
        Depth.C256: "\x1b[1;2H\x1b[38;5;21mb\x1b[38;5;231m",
        Depth.TRUE: "\x1b[1;2H\x1b[38;2;0;0;250mb\x1b[38;5;231m",
    }


def test_status_is_in_ink_on_paper() -> None:
    red, blue = [255, 0, 0], [0, 0, 255]
    shown = page(colored("abcd", [red] * 4, [blue] * 4), 1, 4, "x", dark=False)
    assert shown == colored(" x d", [[0, 0, 0], [0, 0, 0], [0, 0, 0], red], [[255] * 3] * 3 + [blue])
    assert page(colored("abcd", [red] * 4), 1, 4, "x") == colored(" x d", [[255] * 3] * 3 + [red])
