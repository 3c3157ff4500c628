"""SAUCE records, byte by byte as the specification has them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.codec.label import Label
from glyphgrad.codec.sauce import Sauce, encode_sauce, split_sauce
from glyphgrad.core.charset import CP437

LABEL = Label("A moon", "Ünal", "glyphgrad", date(2026, 11, 23))


def test_the_fields_are_where_the_specification_has_them() -> None:
    data = encode_sauce(Sauce(LABEL, 80, 25), 0x01020304)
    fields = {
        0: b"\x1a",  # end of file
        1: b"SAUCE00",
        8: b"A moon".ljust(35),
        43: b"\x9anal".ljust(20),
        63: b"glyphgrad".ljust(20),
        83: b"20261123",
        91: b"\x04\x03\x02\x01",  # size
        95: b"\x01\x01",  # character, ANSi
        97: b"\x50\x00",  # columns
        99: b"\x19\x00",  # rows
        101: bytes(4),
        105: b"\x00",  # comments
        106: b"\x01",  # iCE colours
        107: b"IBM VGA".ljust(22, b"\0"),
    }
    assert data == b"".join(fields.values())
    assert [sum(len(field) for at, field in fields.items() if at < start) for start in fields] == list(fields)
    assert len(data) == 129


PLAIN = CP437[0x21:]


@given(
    st.binary().filter(lambda data: b"\x1a" not in data),
    st.builds(Label, st.text(PLAIN, max_size=35), st.text(PLAIN, max_size=20), st.text(PLAIN, max_size=20), st.dates()),
    st.integers(0, 0xFFFF),
    st.booleans(),
)
def test_what_is_written_is_read(text: bytes, label: Label, columns: int, ice: bool) -> None:
    sauce = Sauce(label, columns, 7, ice)
    assert split_sauce(text + encode_sauce(sauce, len(text))) == (text, sauce)


def test_comments_are_passed_over() -> None:
    record = bytearray(encode_sauce(Sauce(LABEL, 80, 25), 4)[1:])
    record[104] = 2
    assert split_sauce(b"text\x1aCOMNT" + b"x" * 128 + bytes(record)) == (b"text", Sauce(LABEL, 80, 25))


@pytest.mark.parametrize("data", [b"", b"text", b"SAUCE00", b"x" * 200])
def test_no_record(data: bytes) -> None:
    assert split_sauce(data) == (data, None)


def test_what_does_not_fit_is_cut_and_what_the_page_lacks_is_a_question_mark() -> None:
    _, sauce = split_sauce(encode_sauce(Sauce(Label("漢" + "a" * 50), 80, 25), 0))
    assert sauce is not None
    assert sauce.label == Label("?" + "a" * 34)


@given(st.binary(min_size=128, max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    split_sauce(data[:-128] + b"SAUCE" + data[-123:])
