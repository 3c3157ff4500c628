from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Frame
from glyphgrad.codec.text import decode, decode_cp437, encode_native, encode_utf8
from glyphgrad.core.charset import CP437
from glyphgrad.errors import GlyphgradWarning, TextError

IN_A_TEXT_FILE = "○◙♪"  # bytes 0x09, 0x0A, 0x0D: tab, line feed and carriage return
NATIVE = "".join(char for char in CP437 if char not in IN_A_TEXT_FILE)


def grids(alphabet: str | st.SearchStrategy[str]) -> st.SearchStrategy[Frame]:
    """Frames of 1 to 5 rows and 1 to 8 columns."""

    def of_width(width: int) -> st.SearchStrategy[Frame]:
        line = st.text(alphabet, min_size=width, max_size=width)
        return st.lists(line, min_size=1, max_size=5).map(Frame.from_lines)

    return st.integers(1, 8).flatmap(of_width)


@pytest.mark.parametrize("byte", sorted(set(range(256)) - {0x09, 0x0A, 0x0D}))
def test_every_byte_round_trips_through_the_native_file(byte: int) -> None:
    # Not the bytes of line ends, 0x0A and 0x0D 0x0A, nor the tab: see the next test.
    frame = Frame.from_lines(["█" + CP437[byte] + "█"])
    assert encode_native(frame) == bytes([0xDB, byte, 0xDB, 0x0A])
    assert decode(encode_native(frame)) == frame


@pytest.mark.parametrize("char", IN_A_TEXT_FILE)
def test_characters_whose_bytes_shape_a_text_file_are_written_in_utf8(char: str) -> None:
    frame = Frame.from_lines(["█" + char, char + "█"])
    with pytest.warns(GlyphgradWarning, match="written in UTF-8"):
        assert encode_native(frame) == f"█{char}\n{char}█\n".encode()
    assert decode(encode_utf8(frame)) == frame


@pytest.mark.parametrize("byte", sorted(set(range(256)) - {0x0A}))
def test_the_reader_knows_every_byte_but_the_line_feed(byte: int) -> None:
    assert decode_cp437(bytes([byte, byte])) == CP437[byte] * 2


def test_line_feed_alone_or_after_a_carriage_return_ends_a_native_line() -> None:
    assert decode_cp437(b"\xdb\r\n\r\xdb\n\xdb") == "█\n♪█\n█"


@given(grids(NATIVE))
def test_native_text_round_trips(frame: Frame) -> None:
    assert decode_cp437(encode_native(frame)) == frame.text


@given(grids(NATIVE[32:]).filter(lambda frame: not frame.text.isascii()))
def test_native_text_is_one_byte_a_cell(frame: Frame) -> None:
    assert len(encode_native(frame)) == frame.rows * (frame.cols + 1)


@given(grids(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="\ufeff")))
def test_utf8_text_round_trips(frame: Frame) -> None:
    assert decode(encode_utf8(frame)) == frame


@given(grids(NATIVE[:125]))
def test_a_text_of_ascii_and_pictures_for_control_codes_is_read_as_such(frame: Frame) -> None:
    assert decode(encode_native(frame)) == frame


@given(grids(st.characters(min_codepoint=0x2500, max_codepoint=0x28FF)))
def test_text_that_the_code_page_lacks_is_written_in_utf8(frame: Frame) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = encode_native(frame)
    native = set(frame.text) <= set(NATIVE + "\n") - set("○◙♪")  # their bytes are line ends and tabs of text files
    assert bool(caught) == (not native)
    assert data == encode_utf8(frame) or native
    if not native or not is_utf8(data):  # "─╡" is the letter ĵ in UTF-8: nobody can tell
        assert decode(data) == frame


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_a_grid_or_a_text_error(data: bytes) -> None:
    try:
        frame = decode(data)
    except TextError:
        assert not data.strip(b"\r\n\xef\xbb\xbf")
    else:
        assert {len(line) for line in frame.lines} == {frame.cols}


@pytest.mark.parametrize("data", [b"ab\ncd", b"ab\ncd\n", b"ab\r\ncd\r\n", b"ab\rcd\r", b"\xef\xbb\xbfab\ncd"])
def test_line_ends_of_any_kind_and_a_byte_order_mark(data: bytes) -> None:
    assert decode(data).lines == ["ab", "cd"]


def test_blank_lines_within_a_text_stay() -> None:
    assert decode(b"\nab\n\nc\n").lines == ["  ", "ab", "  ", "c "]


def test_tabs_are_expanded() -> None:
    assert decode(b"a\tb\n").lines == ["a       b"]


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\r\n"])
def test_a_text_without_characters_is_refused(data: bytes) -> None:
    with pytest.raises(TextError, match="empty"):
        decode(data)
