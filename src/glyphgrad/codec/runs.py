"""A frame as runs of cells that look alike: what every format that writes text in colours is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.colors import packed
from glyphgrad.core.frame import Frame

OWN = -1
"""A colour that the frame does not have: the device's ink or paper."""
_UNSEEN = -2
"""The foreground of a space."""


class Style(NamedTuple):
    """Foreground and background, each 0xRRGGBB or OWN."""

    fg: int = OWN
    bg: int = OWN


PLAIN = Style()


def planes(frame: Frame) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Foreground and background (rows, cols) of a frame, each 0xRRGGBB or OWN."""
    own = np.full(frame.cells.shape, OWN, np.int32)
    if frame.colors is None:
        return own, own
    bg = own if frame.colors.bg is None else packed(frame.colors.bg).astype(np.int32)
    return packed(frame.colors.fg).astype(np.int32), bg


class Runs:
    """The runs of a frame and its `text`, row after row; a space takes the foreground of what is before it, so that it begins none."""

    def __init__(self, frame: Frame):
        self.text = frame.cells.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        self._plain, self._cols = frame.colors is None, frame.cols
        if not self._plain:
            fg, bg = planes(frame)
            self._fg, self._bg = np.where(frame.cells == ord(" "), _UNSEEN, fg).ravel(), bg.ravel()

    def between(self, start: int, end: int, before: Style = PLAIN) -> Iterator[tuple[Style, str]]:
        """Those of the cells from `start` until before `end`, counted row by row; `before`: of the cell before them."""
        if self._plain:
            yield PLAIN, self.text[start:end]
            return
        fg, bg = self._fg[start:end].copy(), self._bg[start:end]
        if fg[0] == _UNSEEN:
            fg[0] = before.fg
        fg = fg[np.maximum.accumulate(np.where(fg == _UNSEEN, 0, np.arange(len(fg))))]
        breaks = np.flatnonzero((fg[1:] != fg[:-1]) | (bg[1:] != bg[:-1])) + 1
        begins = np.concatenate(([0], breaks))
        styles = map(Style, fg[begins].tolist(), bg[begins].tolist())
        ends = pairwise([*(start + begins).tolist(), end])
        yield from ((style, self.text[begin:stop]) for style, (begin, stop) in zip(styles, ends, strict=True))

    def rows(self) -> Iterator[list[tuple[Style, str]]]:
        """Those of each row."""
        for start in range(0, len(self.text), self._cols):
            yield list(self.between(start, start + self._cols))
