"""Art <-> text with ANSI escape sequences: of today's terminals (UTF-8), and of artpacks (.ans).

An .ans file is code page 437 with a SAUCE record. Its screen is at least 80 columns wide, as viewers
that do not read the record take it to be, and wraps the moment a row is full, so that a full row has no line end.
It has 16 colours: bold makes the foreground bright, and blinking, by the record's iCE flag, the background.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from glyphgrad.codec.chunks import MAGIC
from glyphgrad.codec.label import Label
from glyphgrad.codec.rendition import Rendition
from glyphgrad.codec.sauce import Sauce, encode_sauce, split_sauce
from glyphgrad.codec.sgr import Look, OldLook, Pen, look_of
from glyphgrad.codec.terminal import Terminal, cells_of
from glyphgrad.core.art import Art
from glyphgrad.core.charset import CP437, CP437_BYTE
from glyphgrad.core.colors import Depth
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import MAX_CELLS
from glyphgrad.errors import OutputError, TextError

COLUMNS = 80
"""Of a screen that nothing is known of."""

_PLAIN = "\x1b[0m"
_ANS_PAPER, _ANS_SCREEN = OldLook(ink=0, paper=15, ice=True), OldLook(ink=15, paper=0, ice=True)

_COMMANDS = {0, 7, 8, 9, 10, 13, 26, 27}
"""Bytes of code page 437 that are no characters to a viewer of .ans."""

_CSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
_PIECE = re.compile(rf"({_CSI}|\r?\n|[\r\t])")
_MOVE = re.compile(r"\x1b\[([0-9;]*)([ABDEFGHdfsu`])")
_RIGHT = re.compile(r"\x1b\[(\d{0,4})C")
_BYTES = dict(enumerate(CP437)) | {0: " ", 9: "\t", 10: "\n", 13: "\r", 27: "\x1b"}


# --- Writing ---


def encode_ansi(art: Art, depth: Depth | None = None) -> bytes:
    """UTF-8 for a terminal: the art in its colours on its own paper, whatever the terminal's is.

    `depth`: of no more colours than that; None: as many as the art has, and 256 if it has none.
    """
    return encode_frame(art.frame, art.dark, depth)


def encode_frame(frame: Frame, dark: bool, depth: Depth | None = None) -> bytes:
    """`encode_ansi` of a frame that is light on `dark`."""
    depth = depth or (frame.colors.depth if frame.colors else Depth.C256)
    return "".join(f"{line}\n" for line in _lines(frame.at(depth), look_of(dark, depth))).encode()


def decode_frame(data: bytes, rows: int, cols: int, dark: bool) -> Frame:
    """The frame of `encode_frame`, whose size and paper are known."""
    terminal = Terminal(rows, cols, dark)
    terminal.feed(data.decode("utf-8", "replace").rstrip("\n").replace("\n", "\r\n"))
    return terminal.frame


def encode_ans(art: Art, label: Label | None = None) -> bytes:
    """An .ans file, in 16 colours, each the nearest. Raises OutputError for characters that it cannot hold."""
    held = {char: byte for char, byte in CP437_BYTE.items() if byte not in _COMMANDS}
    missing = "".join(sorted(set(art.text) - held.keys() - {"\n"}))
    if missing:
        raise OutputError(f"characters {missing!r} cannot be in an .ans file: write .ansi, which is UTF-8")
    columns = max(COLUMNS, art.frame.cols)
    held["\x1b"] = 27
    end = b"\r\n" if art.frame.cols < columns else b""
    lines = _lines(art.frame.at(Depth.C16), _ANS_SCREEN if art.dark else _ANS_PAPER)
    text = b"".join(bytes(held[char] for char in line) + end for line in lines)
    return text + encode_sauce(Sauce(label or Label(), columns, art.frame.rows), len(text))


def _lines(frame: Frame, look: Look) -> Iterator[str]:
    """The rows, each beginning with the look and ending without any."""
    for start in range(0, frame.cells.size, frame.cols):
        yield f"\x1b[{look.sgr}m{Pen(frame, look).write(start, start + frame.cols)}{_PLAIN}"


# --- Reading ---


def is_ansi(data: bytes) -> bool:
    """Whether a file is such a text: it has a SAUCE record, or control sequences."""
    if data.startswith((MAGIC, b"{")):  # a film
        return False
    return split_sauce(data)[1] is not None or (b"\x1b[" in data and b"\0" not in data)


class AnsiArt(NamedTuple):
    """What such a text shows: a grid, whether it is light on `dark`, and the record if it has one."""

    frame: Frame
    dark: bool
    sauce: Sauce | None


def decode_ansi(data: bytes) -> AnsiArt:
    """What such a text shows. Raises TextError when there is no character in it.

    With a record, or when it is not UTF-8, it is code page 437 on a screen of the record's columns, else 80.
    Without a background of its own it is light on dark, as a terminal.
    """
    body, sauce = split_sauce(data)
    try:
        text = None if sauce else body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is not None:
        return AnsiArt(*_shown(text, _width(text), Rendition(), wraps=False), None)
    text = re.sub(r"\x1b(?!\[)", CP437[27], "".join(_BYTES[byte] for byte in body))
    rendition = Rendition(old=True, ice=bool(sauce and sauce.ice))
    return AnsiArt(*_shown(text, sauce.columns if sauce and sauce.columns else COLUMNS, rendition, wraps=True), sauce)


def _shown(text: str, columns: int, rendition: Rendition, wraps: bool) -> tuple[Frame, bool]:
    """What a screen shows, as far as something was printed, and whether it is dark. `wraps`: at once when a row is full."""
    if (text.count("\n") + 1) * columns > MAX_CELLS:
        raise TextError(
            f"the text is {columns} columns wide and too long: give at most {MAX_CELLS:,} characters in all"
        )
    height = min(_height(text, columns), max(1, MAX_CELLS // columns))
    terminal = Terminal(height, columns, rendition=rendition)
    rows = cols = 0
    for piece in _PIECE.split(text):
        if not piece or piece[0] in "\x1b\r\n\t":
            terminal.feed("\r\n" if piece.endswith("\n") else piece)
            continue
        while piece:
            room = columns - terminal.col if wraps else len(piece)
            terminal.feed(piece[:room])
            piece, rows, cols = piece[room:], max(rows, terminal.row + 1), max(cols, terminal.col)
            if wraps and terminal.col >= columns:
                terminal.feed("\r\n")
    if not cols:
        raise TextError("the text is empty: give a file of characters")
    dark = not terminal.light
    return terminal.shown(rows, cols, dark), dark


def _width(text: str) -> int:
    """Columns of a text that was made without a thought of a screen: its longest line's, if it moves only on."""
    if sum(int(move[1] or 1) for move in _RIGHT.finditer(text)) > MAX_CELLS:
        raise TextError(f"the text moves too far to the right: give at most {MAX_CELLS:,} characters in all")
    plain = re.sub(_CSI, "", _RIGHT.sub(lambda move: " " * int(move[1] or 1), text))
    wide = "".join(char if char in "\t\r\n" else char * cells_of(char) for char in plain)
    width = max(len(line.expandtabs()) for line in re.split("\r?\n", wide))
    if not width:
        raise TextError("the text is empty: give a file of characters")
    return max(width, COLUMNS) if _MOVE.search(text) else width


def _height(text: str, columns: int) -> int:
    """Rows that are enough for a text."""
    down = sum(min(int(move[1] or 1), 9999) for move in re.finditer(r"\x1b\[(\d{0,4})[BE]", text))
    placed = max((int(move[1] or 1) for move in re.finditer(r"\x1b\[(\d{0,4})(?:;\d*)?[Hfd]", text)), default=0)
    return text.count("\n") + len(text) // columns + down + placed + 2
