from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Frame
from glyphgrad.codec.film_text import TextEncoder, decode_pages, pages
from glyphgrad.codec.text import encode_utf8
from glyphgrad.core.clip import TimedFrame
from glyphgrad.errors import ClipError, ConfigError


def encoded(frames: Sequence[Frame]) -> bytes:
    encoder = TextEncoder()
    timed = [TimedFrame(number, number + 1, frame) for number, frame in enumerate(frames)]
    return encoder.start() + b"".join(map(encoder.add, timed)) + encoder.finish()


def decoded(data: bytes, fps: float = 30) -> list[TimedFrame]:
    film = decode_pages(pages([data], "film.txt"), "film.txt", fps)
    frames = list(film)
    assert {(one.frame.rows, one.frame.cols) for one in frames} == {(film.header.rows, film.header.cols)}
    return frames


CHARS = st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="\ufeff")


@st.composite
def films(draw: st.DrawFn) -> list[Frame]:
    cols, rows = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    line = st.text(CHARS, min_size=cols, max_size=cols)
    frame = st.lists(line, min_size=rows, max_size=rows).map(Frame.from_lines)
    return draw(st.lists(frame, min_size=2, max_size=5))


@given(films())
def test_frames_are_read_back_to_equality(frames: list[Frame]) -> None:
    assert [one.frame for one in decoded(encoded(frames))] == frames


@given(films(), st.integers(1, 9))
def test_a_text_comes_in_blocks_of_any_size(frames: list[Frame], size: int) -> None:
    data = encoded(frames)
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(pages(blocks, "film.txt")) == list(pages([data], "film.txt")) == [encode_utf8(one) for one in frames]


def test_a_page_without_end_is_refused() -> None:
    with pytest.raises(ClipError, match=r"'film\.txt' holds a frame of over 33,554,432 bytes"):
        list(pages([b"a\n\f", *[b"a" * (1 << 20)] * 40], "film.txt"))


def test_known_bytes() -> None:
    assert encoded([Frame.from_lines(["ab", " ☺"]), Frame.from_lines(["  ", "cd"])]) == "ab\n ☺\n\f  \ncd\n".encode()


def test_times_are_those_of_the_rate() -> None:
    frames = [Frame.from_lines(["a"])] * 301
    assert [one.start for one in decoded(encoded(frames))][:4] == [0, 33, 67, 100]
    assert decoded(encoded(frames))[-1].start == 10_000
    assert [one.end for one in decoded(b"a\n\fb\n", fps=0.5)] == [2000, 4000]


@pytest.mark.parametrize(
    "data",
    [b"ab\n \n\fc\n\n", b"ab\r\n \r\n\fc\r\n\r\n", b"\xef\xbb\xbfab\n\n\fc \n \n", b"ab\n\n\fc\n\n\f", b"ab\n\n\fc\n\n\f\n"],
)  # fmt: skip
def test_what_editors_and_other_systems_change(data: bytes) -> None:
    assert [one.frame.lines for one in decoded(data)] == [["ab", "  "], ["c ", "  "]]


def test_a_blank_last_frame_stays() -> None:
    assert decoded(b"ab\n\f  \n")[1].frame.lines == ["  "]


@pytest.mark.parametrize("data", ["☺a\n".encode(), b"\x01a\n"])
def test_a_single_page_is_a_still_in_either_encoding(data: bytes) -> None:
    assert [one.frame.lines for one in decoded(data)] == [["☺a"]]


@pytest.mark.parametrize(
    ("data", "quoted"),
    [
        (b"", "frame 0: the text is empty"),
        (b"\n", "frame 0: the text is empty"),
        (b"a\0\n", r"frame 0: it holds U\+0000"),
        (b"ab\n\f\x1bc\n", r"frame 1: it holds U\+001B"),
        (b"ab\n\fabc\n", "frame 1: it is 3x1, the film 2x1"),
        (b"ab\n\fab\n\fa\nb\n", "frame 2: it is 2x2, the film 2x1"),
        (b"ab\n\f\n\n\fab\n", "frame 1: it is 2x2"),
        (b"ab\n\f\xff\n", "frame 1: its byte 0 is not UTF-8"),
        (b"\n" * 3000 + b"a" * 3000 + b"\n", "3000x3001"),
        (b"a\n\f" + b"\n" * 3000 + b"a" * 3000, "3000x3001"),
    ],
)
def test_a_text_that_is_no_film_is_refused_with_its_frame(data: bytes, quoted: str) -> None:
    with pytest.raises(ClipError, match=rf"text 'film\.txt', .*{quoted}"):
        decoded(data)


@pytest.mark.parametrize("fps", [0, -1, 1001, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused(fps: float) -> None:
    with pytest.raises(ConfigError, match=f"fps is {fps}"):
        decoded(b"a\n", fps)


@given(
    st.lists(st.sampled_from([b"\n\f", b"\n", b"\f", b"a", b"\xe2\x98\xba", b"\xff", b"\t", b"\r", b"\0"]), max_size=12)
)
def test_any_bytes_are_a_film_or_a_clip_error(parts: list[bytes]) -> None:
    with suppress(ClipError), warnings.catch_warnings():
        decoded(b"".join(parts))
