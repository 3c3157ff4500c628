from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.codec.terminal import Terminal


def screen(*outputs: str, rows: int = 3, cols: int = 5) -> list[str]:
    """What a terminal shows after some output, without the blanks at the end of lines."""
    terminal = Terminal(rows, cols)
    for output in outputs:
        terminal.feed(output)
    return [line.rstrip() for line in terminal.frame.lines]


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("ab\r\ncd", ["ab", "cd", ""]),
        ("ab\ncd", ["ab", "  cd", ""]),
        ("abcdefg", ["abcde", "fg", ""]),
        ("abcde\r\nf", ["abcde", "f", ""]),  # the wrap waits for the next character
        ("abcde\rX", ["Xbcde", "", ""]),
        ("abcde\bX", ["abcXe", "", ""]),
        ("1\r\n2\r\n3\r\n4", ["2", "3", "4"]),
        ("a\tb", ["a   b", "", ""]),
        ("a\b\b\bX", ["X", "", ""]),
        ("a\x07b\x00c", ["abc", "", ""]),
        ("\x1b[2;3HX", ["", "  X", ""]),
        ("\x1b[99;99HX\x1b[HY", ["Y", "", "    X"]),
        ("\x1b[2HX\x1b[;3fY", ["  Y", "X", ""]),
        ("\x1b[B\x1b[2CX\x1b[A\x1b[3DY", ["Y", "  X", ""]),
        ("ab\x1b[EX\x1b[2EY\x1b[FZ", ["ab", "Z", "Y"]),
        ("abc\x1b[2GX\x1b[3`Y\x1b[3dZ", ["aXY", "", "   Z"]),
        ("ab\x1b7\x1b[3;3HX\x1b8Y", ["abY", "", "  X"]),
        ("ab\x1b[s\x1b[3;3HX\x1b[uY", ["abY", "", "  X"]),
        ("abcde\x1b[1;3H\x1b[K", ["ab", "", ""]),
        ("abcde\x1b[1;3H\x1b[1K", ["   de", "", ""]),
        ("abcde\x1b[1;3H\x1b[2KX", ["  X", "", ""]),
        ("abcdefghijklmno\x1b[2;3H\x1b[J", ["abcde", "fg", ""]),
        ("abcdefghijklmno\x1b[2;3H\x1b[1J", ["", "   ij", "klmno"]),
        ("abcdefghijklm\x1b[2JX", ["", "", "   X"]),
        ("abcde\x1b[1;2H\x1b[2P", ["ade", "", ""]),
        ("abcde\x1b[1;2H\x1b[2@X", ["aX bc", "", ""]),
        ("abcde\x1b[1;2H\x1b[2X", ["a  de", "", ""]),
        ("abcde\x1b[1;2H\x1b[99P\x1b[99@\x1b[99X", ["a", "", ""]),
        ("\x1b]0;a title\x07a\x1b]0;another\x1b\\b\x1bPq#\x1b\\c", ["abc", "", ""]),
        ("漢a", ["漢 a", "", ""]),
        ("e\u0301x", ["ex", "", ""]),
        ("a\ud800b", ["a?b", "", ""]),
        ("\x1b[1000000000000000000000000000000CX", ["    X", "", ""]),
    ],
)
def test_what_a_terminal_shows(output: str, lines: list[str]) -> None:
    assert screen(output) == lines


@given(st.integers(0, 12))
def test_a_control_sequence_may_come_in_parts(at: int) -> None:
    output = "a\x1b[2;3HX\x1b[1m"
    assert screen(output[:at], output[at:]) == ["a", "  X", ""]


def test_an_escape_that_never_ends_does_not_swallow_the_film() -> None:
    assert screen("\x1b]0;" + "t" * 5000 + "\x1b[HX")[0].startswith("X")


@pytest.mark.parametrize(
    ("output", "ignored"),
    [
        ("\x1b[31mred\x1b[m\x1b[>4;2m", {"CSI m"}),
        ("\x1b[1;31mred\x1b[m", {"styles"}),
        ("\x1b[0m\x1b[38;5;16;48;5;231m\x1b[38;5;231;48;5;16m\x1b[?25l\x1b[?7h", set()),
        ("\x1b[2;5r\x1b[3L\x1b[?1049h\x1b(0", {"CSI r", "CSI L", "CSI h", "ESC ("}),
        ("\x1b[38:2:1:2:3m\x1b[1 q\x1bc", {"CSI q", "ESC c"}),
        ("e\u0301", {"combining marks"}),
    ],
)
def test_what_it_does_not_know_is_named(output: str, ignored: set[str]) -> None:
    terminal = Terminal(3, 5)
    terminal.feed(output)
    assert terminal.ignored == ignored


@pytest.mark.parametrize("output", ["", "\x1b[m", "\x1b[2;2H", "\r\n", "\x1b[?25h", "\x07"])
def test_moves_alone_draw_nothing(output: str) -> None:
    terminal = Terminal(3, 5)
    terminal.feed("a")
    assert terminal.drawn
    terminal.feed(output)
    assert not terminal.drawn


TOKENS = st.sampled_from(
    [
        "\x1b",
        "[",
        "]",
        "\x07",
        "?",
        ";",
        ":",
        "3",
        "5",
        "99",
        "38;2;",
        "48:5:",
        "7m",
        *"ABCDHJKLPX@mhlsu78\\",
        "\r",
        "\n",
        "\b",
        "\t",
    ]
)


@given(st.lists(st.lists(TOKENS | st.characters(), max_size=30).map("".join), max_size=4))
def test_any_output_leaves_a_screen_of_its_size_and_no_control_codes(outputs: list[str]) -> None:
    terminal = Terminal(3, 5)
    for output in outputs:
        terminal.feed(output)
        assert terminal.frame.cells.shape == (3, 5)
        assert terminal.frame.cells.min() >= 0x20
        assert not ((terminal.frame.cells >= 0x7F) & (terminal.frame.cells < 0xA0)).any()
