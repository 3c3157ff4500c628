"""Films <-> plain text: UTF-8, a line a row, and a form feed before every frame but the first.

A pager or `cat` shows it. It holds no times: a reader is told how many frames a second there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from glyphgrad.codec import text
from glyphgrad.core.clip import ClipHeader, Film, TimedFrame, check_codes, check_frame, timed
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError, ConfigError, TextError

_FASTEST = 1000.0  # a frame lasts at least a millisecond
_MARK = b"\xef\xbb\xbf"
_BREAK = b"\n\f"
"""Where frames part: code page 437 has a picture for a form feed, but hardly at the start of a row."""

_LONGEST = 1 << 25
"""Bytes of a page: the largest frame there may be needs half of it."""


class TextEncoder:
    """Frames in, text out."""

    def __init__(self) -> None:
        self._break = b""

    def start(self) -> bytes:
        return b""

    def add(self, timed: TimedFrame) -> bytes:
        page = self._break + text.encode_utf8(timed.frame)
        self._break = b"\f"
        return page

    def finish(self) -> bytes:
        return b""


def pages(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """A text's frames, each with the line feed that ends it, from its bytes in blocks of any size.

    Raises ClipError for one that has no end.
    """
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(_BREAK)
        if len(rest) > _LONGEST:
            raise ClipError(f"text {name!r} holds a frame of over {_LONGEST:,} bytes: it is some other kind of file")
        yield from (page + b"\n" for page in whole)
    yield rest


def decode_pages(found: Iterable[bytes], name: str, fps: float) -> Film:
    """The film of a text's pages at `fps` frames a second.

    All have the rows of the first and at most its columns. A single page is a still, in UTF-8 or code
    page 437. `name` is for messages. Raises ClipError, which names the frame.
    """
    check_fps(fps)
    found = iter(found)
    first, second = next(found, b""), next(found, None)
    start = _still(first, name) if second is None else decode_page(first.removeprefix(_MARK), name, 0)
    header = ClipHeader(start.rows, start.cols)
    rest = [] if second is None else chain([second], found)
    return Film(header, timed(_shown(start, rest, header, name, fps)))


def check_fps(fps: float) -> None:
    """Raises ConfigError."""
    if not 0 < fps <= _FASTEST:
        raise ConfigError(f"fps is {fps}: give more than 0, at most {_FASTEST:.0f} frames a second")


def decode_page(page: bytes, name: str, number: int, header: ClipHeader | None = None) -> Frame:
    """The frame of a page, made as wide as the film's header says: editors drop blanks at the end of lines.

    Raises ClipError for what is not UTF-8, for control codes and for a frame of another size.
    """
    try:
        lines = re.sub("\r\n?", "\n", page.decode()).removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise _error(name, number, f"its byte {error.start} is not UTF-8, which a film's text is") from None
    try:
        frame = text.grid([line.expandtabs().ljust(header.cols if header else 1) for line in lines])
        check_frame(frame, header or ClipHeader(frame.rows, frame.cols))
    except (TextError, ClipError) as error:
        raise _error(name, number, str(error)) from None
    return frame


def _shown(
    start: Frame, rest: Iterable[bytes], header: ClipHeader, name: str, fps: float
) -> Iterator[tuple[float, Frame | None]]:
    yield 0, start
    number = 1
    for page, following in pairwise(chain(rest, [None])):
        assert page is not None
        if following is None and not page.strip(b"\r\n"):  # a form feed after the last frame too
            break
        yield number / fps, decode_page(page, name, number, header)
        number += 1
    yield number / fps, None


def _still(page: bytes, name: str) -> Frame:
    try:
        frame = text.decode(page)
        check_codes(frame.cells)
    except (TextError, ClipError) as error:
        raise _error(name, 0, str(error)) from None
    return frame


def _error(name: str, number: int, what: str) -> ClipError:
    return ClipError(f"text {name!r}, frame {number}: {what}")
