"""The characters an art is made of, and code page 437, the printers' own.

Python's `cp437` codec follows Microsoft's table, in which 0x00-0x1F and 0x7F are control codes. A
printer draws pictures there (IBM's table: U+263A, U+2665, ... and U+2302 for 0x7F), so the table is
spelled out here.
"""

from __future__ import annotations

import unicodedata

from glyphgrad.errors import ConfigError

_LOW = "\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
CP437 = _LOW + "".join(map(chr, range(32, 127))) + "⌂" + bytes(range(128, 256)).decode("cp437")
"""The 256 characters of code page 437, by byte."""

CP437_BYTE = {char: byte for byte, char in enumerate(CP437)}

ENCODINGS = {"cp437": CP437[32:], "ascii": CP437[32:127]}
"""Name of an encoding -> the characters it offers a fit: codes 32..255, or 32..126."""

BLOCKS = "░▒▓█▄▌▐▀■"
"""What `ban_blocks` bans: they imitate any tone and make every picture look like a mosaic."""


def charset(encoding: str = "cp437", chars: str | None = None, ban: str = "", ban_blocks: bool = False) -> str:
    """The characters a fit may use, each once, in the order given.

    `chars` names them one by one and overrides `encoding` ("cp437" or "ascii"). At least two must be
    left after the bans, else there is nothing to choose. Raises ConfigError.
    """
    if encoding not in ENCODINGS:
        raise ConfigError(f"encoding is {encoding!r}: choose one of {', '.join(ENCODINGS)}")
    wanted = ENCODINGS[encoding] if chars is None else chars
    for char in wanted:
        _check_one_cell(char)
    banned = set(ban) | (set(BLOCKS) if ban_blocks else set())
    kept = "".join(dict.fromkeys(char for char in wanted if char not in banned))
    if not wanted:
        raise ConfigError("charset is empty (''): name at least two characters")
    if len(kept) < 2:
        taken = "".join(dict.fromkeys(char for char in wanted if char in banned))
        culprit = f"ban list {taken!r}" if taken else f"charset {wanted!r}"
        left = f"only {kept!r} is" if kept else "no character is"
        raise ConfigError(f"{culprit}: {left} left of the charset; a fit needs at least two")
    return kept


def _check_one_cell(char: str) -> None:
    """Refuse what cannot stand alone in one cell: control codes, combining marks, wide characters."""
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        raise ConfigError(f"charset holds the control character {char!r}: it has no glyph, leave it out")
    if category in ("Mn", "Me"):
        raise ConfigError(f"charset holds the combining mark U+{ord(char):04X}: it needs a letter to stand on")
    if unicodedata.east_asian_width(char) in "WF":
        raise ConfigError(f"charset holds {char!r}, which is two cells wide: use characters of one cell")
