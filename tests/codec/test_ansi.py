from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Art, Frame, GlyphAtlas, Layout
from glyphgrad.codec.ansi import decode_ansi, encode_ans, encode_ansi, is_ansi
from glyphgrad.codec.label import Label
from glyphgrad.codec.sauce import split_sauce
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.charset import CP437
from glyphgrad.errors import OutputError, TextError

HELD = "".join(CP437[byte] for byte in range(1, 256) if byte not in (7, 8, 9, 10, 13, 26, 27))
ATLAS = GlyphAtlas(" a", np.zeros((2, 2, 2), np.float32))


def art_of(*lines: str, dark: bool = True) -> Art:
    frame = Frame.from_lines(list(lines))
    return Art(frame, ATLAS, Layout(frame.rows, frame.cols, 2, 2), dark)


def arts(alphabet: str, widest: int) -> st.SearchStrategy[Art]:
    """Art of 1 to 4 rows."""

    def of_width(width: int) -> st.SearchStrategy[Art]:
        line = st.text(alphabet, min_size=width, max_size=width)
        return st.builds(art_of, line, line, dark=st.booleans())

    return st.one_of(st.integers(1, 9), st.integers(78, widest)).flatmap(of_width)


def shown(text: str, rows: int, cols: int) -> list[str]:
    terminal = Terminal(rows, cols)
    terminal.feed(text)
    return terminal.frame.lines


# --- Writing ---


@pytest.mark.parametrize(("dark", "look"), [(True, b"38;5;231;48;5;16"), (False, b"38;5;16;48;5;231")])
def test_golden_bytes_of_a_terminals_text(dark: bool, look: bytes) -> None:
    row = b"\x1b[" + look + b"m%s\x1b[0m\n"
    assert encode_ansi(art_of("a█", " b", dark=dark)) == row % "a█".encode() + row % b" b"


def test_golden_bytes_of_an_ans_file() -> None:
    data, sauce = split_sauce(encode_ans(art_of("a█", " b", dark=False), Label("T", "A", date=date(2026, 1, 2))))
    assert data == b"\x1b[0;5;30;47ma\xdb\x1b[0m\r\n\x1b[0;5;30;47m b\x1b[0m\r\n"
    assert sauce is not None
    assert (sauce.columns, sauce.rows, sauce.ice) == (80, 2, True)
    assert sauce.label == Label("T", "A", "", date(2026, 1, 2))


def test_a_full_row_has_no_line_end() -> None:
    data, sauce = split_sauce(encode_ans(art_of("a" * 100, "b" * 100)))
    row = b"\x1b[0;1;37;40m%s\x1b[0m"
    assert data == row % (b"a" * 100) + row % (b"b" * 100)
    assert sauce is not None
    assert sauce.columns == 100


@pytest.mark.parametrize("char", "•◘○◙♪→←漢")
def test_what_an_ans_file_cannot_hold(char: str) -> None:
    with pytest.raises(OutputError, match=rf"characters '{char}' cannot be in an \.ans file"):
        encode_ans(art_of("a" + char))


# --- Reading ---


@given(arts(HELD, 200))
def test_ans_files_round_trip(art: Art) -> None:
    assert decode_ansi(encode_ans(art)).frame == art.frame


@given(arts(HELD[31:] + "“é∀", 200))
def test_terminals_texts_round_trip(art: Art) -> None:
    assert decode_ansi(encode_ansi(art)).frame == art.frame


@given(arts("ab", 81), st.sampled_from([encode_ans, encode_ansi]))
def test_white_paper_is_told_from_a_dark_screen(art: Art, encode: Callable[[Art], bytes]) -> None:
    assert decode_ansi(encode(art)).dark == art.dark


def test_the_records_columns_wrap() -> None:
    data = encode_ans(art_of("a" * 90 + "b" * 90))
    text, record = data[: data.index(b"\x1aSAUCE")], bytearray(data[data.index(b"\x1aSAUCE") :])
    record[97] = 90
    assert decode_ansi(text + bytes(record))[0].lines == ["a" * 90, "b" * 90]


def test_without_a_record_80_columns_wrap_at_once() -> None:
    text = b"\xdb" * 80 + b"\x1b[1mb\r\n" + b"\xdb" * 80 + b"\r\nc"
    assert decode_ansi(text)[0].lines == ["█" * 80, "b".ljust(80), "█" * 80, " " * 80, "c".ljust(80)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\x1b[31mred\x1b[0m\nab\n", ["red", "ab "]),
        ("\x1b[31mred\x1b[0m\r\nab\r\n", ["red", "ab "]),
        ("\x1b[1ma\tb\n", ["a       b"]),
        ("\x1b[1m漢字\tb\n字", ["漢 字     b", "字        "]),
        ("\x1b[1m漢字漢\nab", ["漢 字 漢 ", "ab    "]),
        ("\x1b[1ma\x1b[3Cb", ["a   b"]),
        ("\x1b[38;2;1;2;3mé\x1b[0m", ["é"]),
        ("\ufeff\x1b[1ma", ["a"]),
        ("\x1b[1me\u0301", ["e"]),
        ("\x1b[1mab\rc", ["cb"]),
        ("\x1b[1ma\n\n\nb\n\n", ["a", " ", " ", "b"]),
        ("\x1b]0;title\x07\x1b[1ma", ["a"]),
    ],
)
def test_texts_with_colours(text: str, lines: list[str]) -> None:
    assert decode_ansi(text.encode())[0].lines == lines


def test_a_cursor_that_is_moved_has_a_screen_of_80_columns() -> None:
    frame = decode_ansi(b"\x1b[2J\x1b[3;78Hend\x1b[1;1Hstart\x1b[Bdown").frame
    assert frame.lines == ["start".ljust(80), "     down".ljust(80), "end".rjust(80)]


def test_an_old_file() -> None:
    frame, _, sauce = decode_ansi(b"\x1b[0;31m\xb0\xb1\xb2\x01\x1b[10C\xdb\r\n\x1b\x1b[32mx\0y\x1a")
    assert frame.lines == ["░▒▓☺          █", "←x y           "]
    assert sauce is None


@pytest.mark.parametrize("data", [b"\x1b[1m", b"\x1b[1m\r\n\x1b[0m"])
def test_nothing_to_see(data: bytes) -> None:
    with pytest.raises(TextError, match="empty"):
        decode_ansi(data)


@pytest.mark.parametrize(
    "data", [b"\x1b[9999C" * 500, b"\x1b[1m" + b"a" * 3000 + b"\n" * 1400, b"\xdb\x1b[1m" + b"\n" * 60_000]
)
def test_far_too_much(data: bytes) -> None:
    with pytest.raises(TextError, match="give at most 4,000,000 characters"):
        decode_ansi(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_grid_or_a_text_error(data: bytes) -> None:
    try:
        frame = decode_ansi(b"\x1b[1m" + data).frame
    except TextError:
        return
    assert frame.rows
    assert frame.cols


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60).filter(str.strip))
def test_a_terminal_shows_the_same(text: str) -> None:
    frame = decode_ansi(b"\x1b[1m" + text.encode()).frame
    assert frame.lines == [line[: frame.cols] for line in shown(text, 1, 80)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1b[31mred", True),
        (encode_ans(art_of("a")), True),
        (b"plain\n", False),
        (b"GLYPH\x1b[1m\0", False),
        (b'{"version": 2}\n[0.1, "o", "\x1b[1m"]', False),
        (b"\xdb\x1b\xdb", False),
    ],
)
def test_which_files_are_such_texts(data: bytes, expected: bool) -> None:
    assert is_ansi(data) == expected
