"""Art <-> text with ANSI escape sequences: of today's terminals (UTF-8), and of artpacks (.ans).

An .ans file is code page 437 with a SAUCE record. Its screen is at least 80 columns wide, as viewers
that do not read the record take it to be, and wraps the moment a row is full, so that a full row has no line end.

Colours are passed over in reading: a Frame has none.
"""

from __future__ import annotations

import re

from glyphgrad.codec.chunks import MAGIC
from glyphgrad.codec.label import Label
from glyphgrad.codec.sauce import Sauce, encode_sauce, split_sauce
from glyphgrad.codec.terminal import PAPER, SCREEN, Terminal, cells_of
from glyphgrad.codec.text import grid
from glyphgrad.core.art import Art
from glyphgrad.core.charset import CP437, CP437_BYTE
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import MAX_CELLS
from glyphgrad.errors import OutputError, TextError

COLUMNS = 80
"""Of a screen that nothing is known of."""

_PLAIN = "\x1b[0m"
_ANS_PAPER, _ANS_SCREEN = "\x1b[0;5;30;47m", "\x1b[0;1;37m"
"""Black on white, which is bright by the iCE flag; white on black."""

_COMMANDS = {0, 7, 8, 9, 10, 13, 26, 27}
"""Bytes of code page 437 that are no characters to a viewer of .ans."""

_CSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
_PIECE = re.compile(rf"({_CSI}|\r?\n|[\r\t])")
_MOVE = re.compile(r"\x1b\[([0-9;]*)([ABDEFGHdfsu`])")
_RIGHT = re.compile(r"\x1b\[(\d{0,4})C")
_BYTES = dict(enumerate(CP437)) | {0: " ", 9: "\t", 10: "\n", 13: "\r", 27: "\x1b"}


# --- Writing ---


def encode_ansi(art: Art) -> bytes:
    """UTF-8 for a terminal, in 256 colours: the art on its own paper, whatever the terminal's is."""
    look = f"\x1b[{SCREEN if art.dark else PAPER}m"
    return "".join(f"{look}{line}{_PLAIN}\n" for line in art.frame.lines).encode()


def encode_ans(art: Art, label: Label | None = None) -> bytes:
    """An .ans file. Raises OutputError for characters that it cannot hold."""
    held = {char: byte for char, byte in CP437_BYTE.items() if byte not in _COMMANDS}
    missing = "".join(sorted(set(art.text) - held.keys() - {"\n"}))
    if missing:
        raise OutputError(f"characters {missing!r} cannot be in an .ans file: write .ansi, which is UTF-8")
    columns = max(COLUMNS, art.frame.cols)
    look = (_ANS_SCREEN if art.dark else _ANS_PAPER).encode()
    end = _PLAIN.encode() + (b"\r\n" if art.frame.cols < columns else b"")
    text = b"".join(look + bytes(held[char] for char in line) + end for line in art.frame.lines)
    return text + encode_sauce(Sauce(label or Label(), columns, art.frame.rows), len(text))


# --- Reading ---


def is_ansi(data: bytes) -> bool:
    """Whether a file is such a text: it has a SAUCE record, or control sequences."""
    if data.startswith((MAGIC, b"{")):  # a film
        return False
    return split_sauce(data)[1] is not None or (b"\x1b[" in data and b"\0" not in data)


def decode_ansi(data: bytes) -> tuple[Frame, Sauce | None]:
    """The grid that such a text shows, and its record. Raises TextError when there is no character in it.

    With a record, or when it is not UTF-8, it is code page 437 on a screen of the record's columns, else 80.
    """
    body, sauce = split_sauce(data)
    try:
        text = None if sauce else body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is not None:
        return _shown(text, _width(text), wraps=False), None
    text = re.sub(r"\x1b(?!\[)", CP437[27], "".join(_BYTES[byte] for byte in body))
    return _shown(text, sauce.columns if sauce and sauce.columns else COLUMNS, wraps=True), sauce


def _shown(text: str, columns: int, wraps: bool) -> Frame:
    """What a screen shows, as far as something was printed. `wraps`: at once when a row is full."""
    if (text.count("\n") + 1) * columns > MAX_CELLS:
        raise TextError(
            f"the text is {columns} columns wide and too long: give at most {MAX_CELLS:,} characters in all"
        )
    terminal = Terminal(min(_height(text, columns), max(1, MAX_CELLS // columns)), columns)
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
    return grid([line[:cols] for line in terminal.frame.lines[:rows]])


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
