"""Colours as a terminal is told of them: SGR, "select graphic rendition" (ECMA-48, section 8.3.117, and xterm's).

A `Look` is what a screen shows where a frame has no colours of its own, and how others are said to it; a
`Pen` writes cells in theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from glyphgrad.codec.runs import OWN, PLAIN, Runs, Style
from glyphgrad.core.colors import Depth, nearest, unpacked
from glyphgrad.core.frame import Frame


class Look(Protocol):
    """The ink and the paper of a screen."""

    @property
    def sgr(self) -> str:
        """The parameters that set them."""

    def change(self, before: Style, after: Style, depth: Depth) -> str:
        """The parameters that make a style of the one before; `depth` is the frame's."""


@dataclass(frozen=True)
class TerminalLook:
    """That of today's terminals, whose bright colours have parameters of their own."""

    ink: str
    paper: str

    @property
    def sgr(self) -> str:
        return f"{self.ink};{self.paper}"

    def change(self, before: Style, after: Style, depth: Depth) -> str:
        (fg, bg), (new_fg, new_bg) = before, after
        ink = "" if new_fg == fg else self.ink if new_fg == OWN else _color(depth, new_fg, 30)
        paper = "" if new_bg == bg else self.paper if new_bg == OWN else _color(depth, new_bg, 40)
        return f"{ink};{paper}" if ink and paper else ink or paper


@dataclass(frozen=True)
class OldLook:
    """That of .ans files and of the terminals of mailboxes: bold makes the foreground bright.

    `ink` and `paper` are numbers of the sixteen colours. `ice`: blinking makes the background bright;
    without it there are no bright backgrounds.
    """

    ink: int
    paper: int
    ice: bool = False

    @property
    def sgr(self) -> str:
        bright = ["1"] * (self.ink > 7) + ["5"] * (self.paper > 7)
        return ";".join(["0", *bright, str(30 + self.ink % 8), str(40 + self.paper % 8)])

    def change(self, before: Style, after: Style, depth: Depth) -> str:  # noqa: ARG002
        (fg, bg), (new_fg, new_bg) = self._numbers(before), self._numbers(after)
        parts = []
        if (fg > 7 and new_fg <= 7) or (bg > 7 and new_bg <= 7):
            parts, fg, bg = ["0"], 7, 0
        parts += ["1"] * (new_fg > 7 >= fg) + ["5"] * (new_bg > 7 >= bg)
        parts += [str(30 + new_fg % 8)] * (new_fg % 8 != fg % 8) + [str(40 + new_bg % 8)] * (new_bg % 8 != bg % 8)
        return ";".join(parts)

    def _numbers(self, style: Style) -> tuple[int, int]:
        fg = self.ink if style[0] == OWN else number(Depth.C16, style[0])
        bg = self.paper if style[1] == OWN else number(Depth.C16, style[1])
        return fg, bg if self.ice else bg % 8


PAPER, SCREEN = TerminalLook("38;5;16", "48;5;231"), TerminalLook("38;5;231", "48;5;16")
"""Black on white and white on black, of the colours that are the same on every terminal of 256."""
_PAPER_16, _SCREEN_16 = TerminalLook("30", "107"), TerminalLook("97", "40")


def look_of(dark: bool, depth: Depth = Depth.C256) -> TerminalLook:
    """White on black, or black on white, as a terminal of `depth` knows it."""
    if depth == Depth.C16:
        return _SCREEN_16 if dark else _PAPER_16
    return SCREEN if dark else PAPER


def _color(depth: Depth, rgb: int, base: int) -> str:
    """The parameters of a colour; `base` is 30 for the foreground, 40 for the background."""
    if depth is Depth.TRUE:  # of these there are too many to remember
        return f"{base + 8};2;{rgb >> 16};{rgb >> 8 & 255};{rgb & 255}"
    return _numbered(depth, rgb, base)


@lru_cache(1 << 16)
def _numbered(depth: Depth, rgb: int, base: int) -> str:
    place = number(depth, rgb)
    if depth == Depth.C256:
        return f"{base + 8};5;{place}"
    return str(base + place if place < 8 else base + 60 + place - 8)


@lru_cache(1 << 16)
def number(depth: Depth, rgb: int) -> int:
    """The number in the palette of `depth` of the colour nearest to 0xRRGGBB."""
    return int(nearest(unpacked(np.array(rgb)), depth))


class Pen:
    """Writes cells of a frame in their colours, each change of them as short as it can be.

    It begins with the look, and `home` goes back to it.
    """

    def __init__(self, frame: Frame, look: Look):
        self._runs, self._look, self._style = Runs(frame), look, PLAIN
        self._depth = frame.colors.depth if frame.colors else Depth.NONE

    def write(self, start: int, end: int) -> str:
        """The cells from `start` until before `end`, counted row by row."""
        if self._depth is Depth.NONE:  # a film without colours is most of what is served
            return self._runs.text[start:end]
        parts = []
        for style, text in self._runs.between(start, end, self._style):
            if style != self._style:
                parts.append(self._to(style))
            parts.append(text)
        return "".join(parts)

    def home(self) -> str:
        return self._to(PLAIN)

    def _to(self, style: Style) -> str:
        sgr = self._look.change(self._style, style, self._depth)
        self._style = style
        return f"\x1b[{sgr}m" if sgr else ""
