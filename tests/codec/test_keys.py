from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphgrad.codec.keys import Keys

KNOWN = {
    b"q": "q",
    b"[": "[",
    b" ": "space",
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "backspace",
    b"\x0c": "\x0c",
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOC": "right",
    b"\x1b[1;5D": "left",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[7~": "home",
    b"\x1b[3~": None,
    b"\x1b[15;2~": None,
    b"\x1b[F": None,
    "é".encode(): None,
}


def names(typed: list[bytes]) -> list[str]:
    return [name for name in map(KNOWN.get, typed) if name]


@pytest.mark.parametrize("typed", KNOWN)
def test_a_key(typed: bytes) -> None:
    keys = Keys()
    assert keys.feed(typed) == names([typed])
    assert not keys.unsure
    assert keys.settle() == []


@settings(max_examples=50)
@given(st.lists(st.sampled_from(sorted(KNOWN)), max_size=20), st.data())
def test_keys_come_in_pieces(typed: list[bytes], data: st.DataObject) -> None:
    keys, rest, found = Keys(), b"".join(typed), []
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        found += keys.feed(rest[:cut])
        rest = rest[cut:]
    assert found == names(typed)


def test_a_lone_escape_is_a_key_once_nothing_follows() -> None:
    keys = Keys()
    assert keys.feed(b" \x1b") == ["space"]
    assert keys.unsure
    assert keys.settle() == ["escape"]
    assert not keys.unsure


def test_half_a_sequence_is_no_key() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b[1;") == []
    assert keys.unsure
    assert keys.settle() == []
    assert keys.feed(b"q") == ["q"]


def test_escape_and_then_a_key() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b") + keys.feed(b"q") == ["escape", "q"]
    assert Keys().feed(b"\x1b\x1b[A") == ["escape", "up"]


@given(st.binary(max_size=60))
def test_no_bytes_hurt(data: bytes) -> None:
    keys = Keys()
    assert all(isinstance(name, str) and name for name in keys.feed(data) + keys.settle())
