"""Frame <-> text in bytes: UTF-8, or the native encoding of a device."""

from __future__ import annotations

import re
import warnings

from glyphgrad.core.charset import CP437, CP437_BYTE
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import MAX_CELLS
from glyphgrad.errors import GlyphgradWarning, TextError

_BYTE = {char: byte for char, byte in CP437_BYTE.items() if char not in "○◙♪"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # all but tab, line feed, carriage return


def encode_utf8(frame: Frame) -> bytes:
    return frame.text.encode()


def encode_native(frame: Frame) -> bytes:
    """A byte a character, as a printer reads it: code page 437 where it has them all, else UTF-8.

    It has no ○ ◙ ♪ here: their bytes are a text file's tab, line feed and carriage return.
    """
    try:
        return native(frame)
    except KeyError as missing:
        warnings.warn(
            f"{missing.args[0]!r} is not in code page 437: the text is written in UTF-8", GlyphgradWarning, stacklevel=2
        )
        return encode_utf8(frame)


def native(frame: Frame) -> bytes:
    """The frame in code page 437. Raises KeyError naming a character that a text file in it cannot hold."""
    return b"".join(bytes(_BYTE[char] for char in line) + b"\n" for line in frame.lines)


def without_colors(frame: Frame, medium: str) -> Frame:
    """The frame for a medium that has none, with a warning that it loses them."""
    if frame.colors is None:
        return frame
    warnings.warn(f"{medium} has no colours: the art's are left out", GlyphgradWarning, stacklevel=3)
    return Frame(frame.cells)


def decode(data: bytes) -> Frame:
    """The grid of a text in UTF-8 or code page 437, whichever it is; line ends of any kind.

    UTF-8 is what decodes as such and holds no control codes, which are pictures in code page 437.
    Raises TextError when there is no character in it.
    """
    try:
        text = data.decode("utf-8-sig")
        if _CONTROL.search(text):
            text = decode_cp437(data)
    except UnicodeDecodeError:
        text = decode_cp437(data)
    lines = [line.expandtabs() for line in re.sub("\r\n?", "\n", text).removesuffix("\n").split("\n")]
    return grid(lines)


def grid(lines: list[str]) -> Frame:
    """The frame of a text's lines. Raises TextError when there is no character in it, or far too many."""
    width = max(map(len, lines), default=0)
    if not width:
        raise TextError("the text is empty: give a file of characters")
    if width * len(lines) > MAX_CELLS:
        raise TextError(f"the text is {width}x{len(lines)}: give at most {MAX_CELLS:,} characters in all")
    return Frame.from_lines(lines)


def decode_cp437(data: bytes) -> str:
    """Code page 437 with the printers' pictures for control codes; 0x0A and 0x0D 0x0A end a line."""
    data = data.replace(b"\r\n", b"\n")
    return "\n".join("".join(CP437[byte] for byte in line) for line in data.split(b"\n"))
