"""SAUCE records: who made a text, when, and how wide it is, in the last 128 bytes of a file.

After "SAUCE - Standard Architecture for Universal Comment Extensions", revision 00.5, by Olivier "Tasmaniac"
Reubens of ACiD. All texts are code page 437.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date

from glyphgrad.codec.label import Label
from glyphgrad.core.charset import CP437, CP437_BYTE

EOF = b"\x1a"
"""Ends the text: what follows is not shown."""

_RECORD = struct.Struct("<5s2s35s20s20s8sLBBHHHHBB22s")
_ID, _VERSION = b"SAUCE", b"00"
_COMMENT_ID, _COMMENT = b"COMNT", 64
_CHARACTER, _ANSI = 1, 1
"""Data type and file type: characters, with ANSI sequences."""

_ICE = 1
"""Flag: what would blink is a bright background."""

_FONT = "IBM VGA"


@dataclass(frozen=True)
class Sauce:
    """A record: the label, columns and rows of a text, and whether its backgrounds may be bright (`ice`).

    0 columns or rows: it does not say.
    """

    label: Label
    columns: int
    rows: int
    ice: bool = True


def encode_sauce(sauce: Sauce, size: int) -> bytes:
    """The end-of-file mark and the record of a text of `size` bytes."""
    label = sauce.label
    record = _RECORD.pack(
        _ID,
        _VERSION,
        _field(label.title, 35),
        _field(label.author, 20),
        _field(label.group, 20),
        label.date.isoformat().replace("-", "").encode() if label.date else b" " * 8,
        size,
        _CHARACTER,
        _ANSI,
        min(sauce.columns, 0xFFFF),
        min(sauce.rows, 0xFFFF),
        0,
        0,
        0,
        _ICE * sauce.ice,
        _FONT.encode(),
    )
    return EOF + record


def split_sauce(data: bytes) -> tuple[bytes, Sauce | None]:
    """(a file's text without record, comments and end-of-file mark, the record if it has one)"""
    sauce = None
    if data[-_RECORD.size :].startswith(_ID) and len(data) >= _RECORD.size:
        fields = _RECORD.unpack(data[-_RECORD.size :])
        data = data[: -_RECORD.size]
        comments = fields[13] * _COMMENT + len(_COMMENT_ID)
        if fields[13] and data[-comments:].startswith(_COMMENT_ID):
            data = data[:-comments]
        title, author, group = (_text(field) for field in fields[2:5])
        width, height = (fields[9], fields[10]) if fields[7] == _CHARACTER else (0, 0)
        sauce = Sauce(Label(title, author, group, _date(fields[5])), width, height, bool(fields[14] & _ICE))
        data = data.partition(EOF)[0]
    return data.removesuffix(EOF), sauce


def _field(text: str, width: int) -> bytes:
    """In code page 437, filled up with spaces; ? for what it lacks."""
    return bytes(CP437_BYTE.get(char, ord("?")) for char in text)[:width].ljust(width)


def _text(field: bytes) -> str:
    return "".join(CP437[byte] for byte in field.partition(b"\0")[0]).rstrip(" ")


def _date(field: bytes) -> date | None:
    try:
        return date(int(field[:4]), int(field[4:6]), int(field[6:]))
    except ValueError:
        return None
