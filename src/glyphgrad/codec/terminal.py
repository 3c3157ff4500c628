"""A small terminal: text, colours and cursor movement in, a grid of characters out.

It knows printing with line wrap, CR, LF, BS, TAB, cursor moves, saving the cursor, colours, and erasing.
What it does not know (other styles, scroll regions, other character sets, the alternate screen, ...) it
passes over and names in `ignored`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np

from glyphgrad.codec.rendition import PLAIN, Rendition, colors_of, is_light
from glyphgrad.core.frame import Frame

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<csi>[0-?]*[ -/]*)(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # a window title and the like
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    r"|[\x00-\x1f\x7f-\x9f]"
)
_LONGEST = 4096
"""Characters of a control sequence; one that has not ended by then is text."""
_TAB = 8
_NUMBERS = re.compile(r"[0-9;]{0,40}")
_PRIVATE = ("<", "=", ">", "?")
_MODES = {"?25", "?7"}  # cursor shown, line wrap: harmless


class Terminal:
    """A screen of `rows` x `cols` cells, blank at first, the cursor at its top left.

    It shows light on `dark`, or dark on light, until it is told of colours, which `rendition` understands.
    `drawn` tells whether the last `feed` printed or erased anything.
    """

    def __init__(self, rows: int, cols: int, dark: bool = True, rendition: Rendition | None = None):
        self.rows, self.cols, self._dark = rows, cols, dark
        self._pen = rendition or Rendition()
        self.row = self.col = 0  # col == cols: the next character wraps
        self.drawn = False
        self.ignored: set[str] = set()
        self._lines = [[" "] * cols for _ in range(rows)]  # lists: most runs are of a few characters
        self._styles = [[PLAIN] * cols for _ in range(rows)]
        self._styled = False
        self._saved = (0, 0)
        self._rest = ""
        self._narrow: set[str] = set()

    @property
    def frame(self) -> Frame:
        """All of it, in a film on the screen's own paper."""
        return self.shown(self.rows, self.cols, self._dark)

    def shown(self, rows: int, cols: int, dark: bool) -> Frame:
        """Its upper left part of that size, as art that is light on `dark`, or dark on light."""
        text = "".join("".join(line[:cols]) for line in self._lines[:rows])
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
        cells = codes.astype(np.uint32).reshape(rows, cols)
        if not self._styled:
            return Frame(cells)
        styles = np.array(self._styles, np.int64)[:rows, :cols]
        return Frame(cells, colors_of(styles, cells, self._dark, dark, self._pen.old))

    @property
    def light(self) -> bool:
        """Whether what was printed has white paper of its own."""
        return self._styled and is_light(np.array(self._styles, np.int64), self.frame.cells)

    def feed(self, text: str) -> None:
        """Obey some output; a control sequence may go on in the next."""
        text, self._rest, self.drawn = self._rest + text, "", False
        for token in _TOKEN.finditer(text):
            found = token[0]
            if token["text"]:
                self._print(found)
            elif token["final"]:
                self._control(token["csi"], token["final"])
            elif found in _SINGLE:
                _SINGLE[found](self)
            elif found == "\x1b" and len(text) - token.start() < _LONGEST:
                self._rest = text[token.start() :]
                return
            elif found[0] == "\x1b" and found[1:2] not in ("", "]"):
                self.ignored.add(f"ESC {found[1]}")

    # --- Printing ---

    def _print(self, text: str) -> None:
        if not text.isascii() and not self._narrow.issuperset(text):
            text = "".join(map(self._widened, text))
        at = 0
        while at < len(text):
            if self.col >= self.cols:
                self.col = 0
                self._line_feed()
            part = text[at : at + self.cols - self.col]
            self._lines[self.row][self.col : self.col + len(part)] = part
            self._styles[self.row][self.col : self.col + len(part)] = [self._pen.style] * len(part)
            self.col += len(part)
            at += len(part)
            self.drawn = True

    def _widened(self, char: str) -> str:
        """A character of two cells with a space after it; nothing for one of no cell."""
        cells = cells_of(char)
        if cells == 0:
            self.ignored.add("combining marks")
        if cells == 1:
            self._narrow.add(char)
        return f"{char:{cells}}" if cells else ""

    def _line_feed(self) -> None:
        if self.row < self.rows - 1:
            self.row += 1
        else:
            self._lines = [*self._lines[1:], [" "] * self.cols]
            self._styles = [*self._styles[1:], [self._pen.erased] * self.cols]
            self.drawn = True

    def _carriage_return(self) -> None:
        self.col = 0

    def _back(self) -> None:
        self._move(0, -1)

    def _tab(self) -> None:
        self.col = min(self.cols - 1, (self.col // _TAB + 1) * _TAB)

    def _save(self) -> None:
        self._saved = self.row, self.col

    def _restore(self) -> None:
        self.row, self.col = self._saved

    # --- Control sequences ---

    def _control(self, given: str, final: str) -> None:
        if final in "hl" and given in _MODES:
            return
        if final == "m" and given[:1] not in _PRIVATE:
            if not self._pen.obey(given):
                self.ignored.add("styles")
            self._styled |= self._pen.style != PLAIN
        elif final not in _CSI or not _NUMBERS.fullmatch(given):
            self.ignored.add(f"CSI {final}")
        else:
            _CSI[final](self, [int(number or 0) for number in given.split(";")])

    def _place(self, row: int, col: int) -> None:
        self.row, self.col = min(max(row, 0), self.rows - 1), min(max(col, 0), self.cols - 1)

    def _move(self, rows: int, cols: int) -> None:
        self._place(self.row + rows, self._at + cols)

    @property
    def _at(self) -> int:
        """The column of the cursor, which stands on the last one when the next character wraps."""
        return min(self.col, self.cols - 1)

    def _erase_screen(self, part: int) -> None:
        """0: from the cursor on, 1: up to it, 2: all."""
        whole = {0: range(self.row + 1, self.rows), 1: range(self.row)}.get(part, range(self.rows))
        for row in whole:
            self._blank_out(row, 0, self.cols)
        if part in (0, 1):
            self._erase_line(part)

    def _erase_line(self, part: int) -> None:
        begin, end = {0: (self._at, self.cols), 1: (0, self._at + 1)}.get(part, (0, self.cols))
        self._blank_out(self.row, begin, end)

    def _delete(self, count: int) -> None:
        """Characters at the cursor go, those behind them close up."""
        for line, blank in self._line():
            del line[self._at : self._at + count]
            line.extend([blank] * (self.cols - len(line)))

    def _insert(self, count: int) -> None:
        """Blanks at the cursor, what is behind them moves right."""
        for line, blank in self._line():
            line[self._at : self._at] = [blank] * min(count, self.cols - self._at)
            del line[self.cols :]

    def _erase(self, count: int) -> None:
        self._blank_out(self.row, self._at, min(self._at + count, self.cols))

    def _blank_out(self, row: int, begin: int, end: int) -> None:
        self._lines[row][begin:end] = [" "] * (end - begin)
        self._styles[row][begin:end] = [self._pen.erased] * (end - begin)
        self.drawn = True

    def _line(self) -> list[tuple[list[Any], Any]]:
        """The characters and the styles of the cursor's line, which are about to change, and what blanks are in them."""
        self.drawn = True
        return [(self._lines[self.row], " "), (self._styles[self.row], self._pen.erased)]


def cells_of(char: str) -> int:
    """How many cells a terminal gives a character: 0, 1 or 2."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Zl", "Zp"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _one(numbers: list[int]) -> int:
    """The first parameter where 0 and nothing mean 1."""
    return numbers[0] or 1


_SINGLE: dict[str, Callable[[Terminal], None]] = {
    "\r": Terminal._carriage_return,
    "\n": Terminal._line_feed,
    "\x0b": Terminal._line_feed,
    "\x0c": Terminal._line_feed,
    "\b": Terminal._back,
    "\t": Terminal._tab,
    "\x1b7": Terminal._save,
    "\x1b8": Terminal._restore,
}
"""Control characters and short sequences."""

_CSI: dict[str, Callable[[Terminal, list[int]], None]] = {
    "A": lambda t, n: t._move(-_one(n), 0),
    "B": lambda t, n: t._move(_one(n), 0),
    "C": lambda t, n: t._move(0, _one(n)),
    "D": lambda t, n: t._move(0, -_one(n)),
    "E": lambda t, n: t._place(t.row + _one(n), 0),
    "F": lambda t, n: t._place(t.row - _one(n), 0),
    "G": lambda t, n: t._place(t.row, _one(n) - 1),
    "`": lambda t, n: t._place(t.row, _one(n) - 1),
    "d": lambda t, n: t._place(_one(n) - 1, t.col),
    "H": lambda t, n: t._place(_one(n) - 1, _one(n[1:] or [1]) - 1),
    "f": lambda t, n: t._place(_one(n) - 1, _one(n[1:] or [1]) - 1),
    "J": lambda t, n: t._erase_screen(n[0]),
    "K": lambda t, n: t._erase_line(n[0]),
    "P": lambda t, n: t._delete(_one(n)),
    "@": lambda t, n: t._insert(_one(n)),
    "X": lambda t, n: t._erase(_one(n)),
    "s": lambda t, _: t._save(),
    "u": lambda t, _: t._restore(),
}
"""Final letter of a control sequence -> what it does, given its numbers (0 where none is given)."""
