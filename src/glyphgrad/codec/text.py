"""Frame <-> text in bytes: UTF-8, or the native encoding of a device."""

from __future__ import annotations

from glyphgrad.core.charset import CP437, CP437_BYTE
from glyphgrad.core.frame import Frame
from glyphgrad.errors import TextError


def encode_utf8(frame: Frame) -> bytes:
    return frame.text.encode()


def encode_native(frame: Frame) -> bytes:
    """A byte a character, as a printer reads it: code page 437 where it has them all, else UTF-8."""
    try:
        return b"".join(bytes(CP437_BYTE[char] for char in line) + b"\n" for line in frame.lines)
    except KeyError:
        return encode_utf8(frame)


def decode(data: bytes) -> Frame:
    """The grid of a text in UTF-8 or code page 437, whichever it is; line ends of any kind.

    Raises TextError when there is no character in it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = decode_cp437(data)
    lines = [line.expandtabs() for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]
    frame = Frame.from_lines(lines)
    if frame.cells.size == 0:
        raise TextError("the text is empty: give a file of characters")
    return frame


def decode_cp437(data: bytes) -> str:
    """Code page 437 with the printers' pictures for control codes; 0x0A and 0x0D 0x0A end a line."""
    data = data.replace(b"\r\n", b"\n")
    return "\n".join("".join(CP437[byte] for byte in line) for line in data.split(b"\n"))
