"""The frame of a clip file: a signature, then chunks, each with its length and a checksum.

A chunk is: kind (4 letters), length of its content (4 bytes), the content, and the CRC-32 of all that
(4 bytes); numbers are little-endian. docs/clip-format.md has it byte by byte.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, NamedTuple

from glyphgrad.errors import ClipError

MAGIC = b"\x89GLYPH\r\n"
"""As PNG's: a byte that is no text, and a line end that a transfer as text would break."""

MAX_CHUNK = 1 << 26
"""Bytes of a chunk's content: more than any film needs, less than would hurt."""

_HEAD = struct.Struct("<4sI")
_SUM = struct.Struct("<I")
OVERHEAD = _HEAD.size + _SUM.size


class TruncatedError(ClipError):
    """The file ends within a chunk."""


class Chunk(NamedTuple):
    """A chunk as it was read; `end` is the offset of the byte after it."""

    kind: bytes
    content: bytes
    end: int


def chunk(kind: bytes, content: bytes) -> bytes:
    body = _HEAD.pack(kind, len(content)) + content
    return body + _SUM.pack(zlib.crc32(body))


def read_chunk(file: BinaryIO, offset: int, size: int) -> Chunk:
    """The chunk at a byte offset of a file of `size` bytes. Raises ClipError, TruncatedError, which name no place."""
    file.seek(min(offset, size))  # an offset may be any number that 8 bytes hold
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise TruncatedError("the file ends within a chunk")
    kind, length = _HEAD.unpack(head)
    end = offset + OVERHEAD + length
    if end > size:
        raise TruncatedError("the file ends within a chunk")
    if length > MAX_CHUNK:
        raise ClipError(f"a chunk of {length:,} bytes")
    rest = file.read(length + _SUM.size)
    content = rest[:length]
    if rest[length:] != _SUM.pack(zlib.crc32(head + content)):
        raise ClipError("the checksum is wrong")
    return Chunk(kind, content, end)
