from __future__ import annotations

import pytest

from glyphgrad.core.charset import BLOCKS, CP437, CP437_BYTE, ENCODINGS, charset
from glyphgrad.errors import ConfigError


def test_code_page_437_has_256_different_characters() -> None:
    assert len(set(CP437)) == len(CP437) == 256
    assert all(CP437[byte] == char for char, byte in CP437_BYTE.items())


def test_code_page_437_is_pythons_where_both_print() -> None:
    printing = [*range(32, 127), *range(128, 256)]
    assert "".join(CP437[byte] for byte in printing) == bytes(printing).decode("cp437")


@pytest.mark.parametrize(("byte", "char"), [(0x01, "☺"), (0x03, "♥"), (0x0D, "♪"), (0x1B, "←"), (0x7F, "⌂")])
def test_control_codes_are_the_printers_pictures(byte: int, char: str) -> None:
    assert CP437[byte] == char


@pytest.mark.parametrize(("encoding", "first", "last", "count"), [("cp437", " ", "\xa0", 224), ("ascii", " ", "~", 95)])
def test_encodings(encoding: str, first: str, last: str, count: int) -> None:
    chars = charset(encoding)
    assert (chars[0], chars[-1], len(chars)) == (first, last, count)
    assert chars == ENCODINGS[encoding]


def test_bans_take_characters_away() -> None:
    assert charset("ascii", ban="`\\") == ENCODINGS["ascii"].replace("`", "").replace("\\", "")


def test_ban_blocks_bans_what_imitates_any_tone() -> None:
    left = charset("cp437", ban_blocks=True)
    assert not set(left) & set("░▒▓█▄▌▐▀■")
    assert len(left) == 224 - len(BLOCKS)


def test_named_characters_come_in_their_order_and_once() -> None:
    assert charset(chars="zaza .") == "za ."


@pytest.mark.parametrize(
    ("options", "quoted"),
    [
        ({"encoding": "latin1"}, "'latin1'"),
        ({"chars": ""}, "''"),
        ({"chars": "aa"}, "charset 'aa': only 'a'"),
        ({"chars": "█░", "ban_blocks": True}, "ban list '█░': no character"),
        ({"chars": "ab", "ban": "b"}, "ban list 'b': only 'a'"),
        ({"chars": "ab", "ban": "ab"}, "'ab'"),
        ({"chars": "a\n"}, r"'\\n'"),
        ({"chars": "a\u2028"}, r"'\\u2028'"),
        ({"chars": "a\u0301"}, "U\\+0301"),
        ({"chars": "a漢"}, "'漢'"),
    ],
)
def test_a_charset_that_no_grid_can_use_is_refused(options: dict[str, str], quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        charset(**options)
