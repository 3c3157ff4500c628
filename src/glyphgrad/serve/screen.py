"""What a viewer's terminal is, and what is sent so that it shows a frame.

A `Screen` is a value: viewers with equal ones see the same bytes, which are made once for all of them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from glyphgrad.codec.paint import paint
from glyphgrad.codec.sgr import Look, OldLook, look_of
from glyphgrad.codec.terminal import cells_of
from glyphgrad.core.colors import Depth
from glyphgrad.core.depth import depth_of_terminal
from glyphgrad.core.frame import Frame
from glyphgrad.core.window import window

ROWS, COLS = 24, 80
"""Of a terminal that does not tell its size."""

_BBS = ("ansi", "pcansi", "cp437", "ibm437", "scoansi", "syncterm", "ansi-bbs", "cterm")
"""Terminal types, or their beginnings, that show code page 437 and 16 colours."""

_SYNCHRONIZED = ("alacritty", "contour", "foot", "ghostty", "iterm2", "kitty", "mintty", "wezterm", "xterm-ghostty",
                 "xterm-kitty", "rio")  # fmt: skip
"""Terminals that know DEC mode 2026, by the beginning of their type."""

_ASCII = {**dict(zip("░▒▓█▄▌▐▀■", ".+%#_||^#", strict=True)), **dict(zip("─│═║·•∙", "-|=|.*.", strict=True))}
"""What is left of some characters where there is only ASCII."""


@dataclass(frozen=True)
class Screen:
    """`rows` x `cols` cells on which a film is shown.

    `charset` is "utf-8", "cp437" or "ascii"; `depth` the colours it has. `mute`: nobody is there who could tell that its user left,
    so nothing is sent that would have to be undone. `synchronized`: it can hold a frame back until it is whole.
    """

    rows: int = ROWS
    cols: int = COLS
    charset: str = "utf-8"
    mute: bool = False
    synchronized: bool = False
    depth: Depth = Depth.NONE

    @classmethod
    def of_terminal(cls, rows: int, cols: int, term: str | None, colorterm: str = "") -> Screen:
        """That of a terminal type, in any case; None, like `dumb`, is no terminal that can be trusted with more than text."""
        name = (term or "").lower()
        if not name:
            return cls(rows, cols, mute=True)
        if name in ("dumb", "unknown", "network"):
            return cls(rows, cols, "ascii", mute=True)
        old = name.startswith(_BBS)
        depth = Depth.C16 if old else depth_of_terminal(name, colorterm)
        return cls(rows, cols, "cp437" if old else "utf-8", False, name.startswith(_SYNCHRONIZED), depth)

    @property
    def kind(self) -> tuple[str, bool, bool, Depth]:
        """All but the size."""
        return self.charset, self.mute, self.synchronized, self.depth

    # --- What is sent ---

    def enter(self) -> bytes:
        """To a terminal that is about to show films: the alternate screen, no cursor, no line wrap."""
        return b"\x1b[2J\x1b[H" if self.mute else b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"

    def leave(self, words: str = "") -> bytes:
        """Undoes `enter`; on a line of their own the last words, in ASCII."""
        line = f"{words}\r\n".encode("ascii") if words else b""
        if self.mute:
            return self._park() + b"\r\n" + line
        return b"\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l" + line

    def frame(self, before: Frame | None, after: Frame, dark: bool = True) -> bytes:
        """What turns `before` (None: anything) into `after`, both of `shown`; empty if they are alike."""
        look = self._look(dark)
        text = paint(before, after, look)
        if not text:
            return b""
        if self.mute and after.colors:
            text = f"\x1b[{look.sgr}m{text}\x1b[m"
        elif before is None and not self.mute:
            text = f"\x1b[{look.sgr}m{text}"
        data = self.encode(text)
        if self.mute:
            return data + self._park()
        return b"\x1b[?2026h" + data + b"\x1b[?2026l" if self.synchronized else data

    def shown(self, frame: Frame, dark: bool = True) -> Frame:
        """What it shows of a frame; a mute one keeps its last row for the cursor."""
        return window(frame, self.rows - self.mute, self.cols, dark).at(self.depth)

    def encode(self, text: str) -> bytes:
        """A text in its charset; a character that is not in it, or not one cell wide, becomes one that is alike."""
        return (text if text.isascii() else text.translate(_TABLES[self.charset])).encode(self.charset)

    def _park(self) -> bytes:
        return b"\x1b[%d;1H" % self.rows

    def _look(self, dark: bool) -> Look:
        if self.charset == "utf-8":
            return look_of(dark, self.depth)
        return OldLook(ink=7, paper=0) if dark else OldLook(ink=0, paper=7)


class _Table(dict[int, str]):
    """For `str.translate`: finds out about a character when it first comes."""

    def __init__(self, charset: str):
        super().__init__()
        self._charset = charset

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKD", char)[0]
        found = next((one for one in (char, _ASCII.get(char, plain), plain) if self._has(one)), "?")
        self[code] = found
        return found

    def _has(self, char: str) -> bool:
        if char < "\x7f":
            return True  # also what moves the cursor
        if char < "\xa1" or cells_of(char) != 1:
            return False
        try:
            char.encode(self._charset)
        except UnicodeEncodeError:
            return False
        return True


_TABLES = {charset: _Table(charset) for charset in ("utf-8", "cp437", "ascii")}
