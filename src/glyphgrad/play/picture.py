"""What a screen is to show, and what to send so that it does."""

from __future__ import annotations

import numpy as np

from glyphgrad.codec.paint import paint
from glyphgrad.codec.sgr import look_of
from glyphgrad.codec.terminal import cells_of
from glyphgrad.core.colors import Colors, Depth
from glyphgrad.core.frame import Frame
from glyphgrad.core.window import window

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: a terminal that knows it shows a frame at once, others pass it over."""
_STAND_IN = ord("?")


def page(frame: Frame, rows: int, cols: int, status: str = "", dark: bool = True) -> Frame:
    """A frame as a screen of `rows` x `cols` shows it, a line of status over its last row in its ink on its paper."""
    shown = window(frame, rows, cols, dark)
    if not status:
        return shown
    line = Frame.from_lines([f" {status} "[:cols]]).cells[0]
    cells = shown.cells.copy()
    cells[-1, : len(line)] = line
    if shown.colors is None:
        return Frame(cells)
    fg, bg = shown.colors.fg.copy(), shown.colors.bg
    fg[-1, : len(line)] = 255 if dark else 0
    if bg is not None:
        bg = bg.copy()
        bg[-1, : len(line)] = 0 if dark else 255
    return Frame(cells, Colors(shown.colors.depth, fg, bg))


class Painter:
    """Frames in, terminal output out: of a frame what differs from the one before, on the film's own paper.

    `depth`: the colours that the screen has; with none there is not even the paper. A character that would
    not take one cell moves its whole row, so a question mark stands for it.
    """

    def __init__(self, depth: Depth = Depth.TRUE):
        self._depth = depth
        self._before: Frame | None = None
        self._dark = True
        self._narrow: dict[int, bool] = {}

    def forget(self) -> None:
        """The screen may show anything: paint the next frame whole."""
        self._before = None

    def paint(self, frame: Frame, dark: bool) -> str:
        """Empty if the screen shows it already."""
        frame = self._one_cell_each(frame).at(self._depth)
        if self._before is not None and (frame.cells.shape, dark) != (self._before.cells.shape, self._dark):
            self.forget()
        start = "" if self._before else self._clear(dark)
        text = paint(self._before, frame, look_of(dark, self._depth))
        self._before, self._dark = frame, dark
        return f"{_BEGIN}{start}{text}{_END}" if text else ""

    def _clear(self, dark: bool) -> str:
        return "\x1b[2J" if self._depth == Depth.NONE else f"\x1b[{look_of(dark, self._depth).sgr}m\x1b[2J"

    def _one_cell_each(self, frame: Frame) -> Frame:
        if frame.cells.max() < 0x7F:
            return frame
        codes = np.unique(frame.cells).tolist()
        for code in codes:
            if code not in self._narrow:
                self._narrow[code] = cells_of(chr(code)) == 1
        wrong = [code for code in codes if not self._narrow[code]]
        if not wrong:
            return frame
        return Frame(np.where(np.isin(frame.cells, wrong), np.uint32(_STAND_IN), frame.cells), frame.colors)
