"""What to send to a terminal so that it shows a frame, given what it shows already."""

from __future__ import annotations

import numpy as np

from glyphgrad.codec.runs import planes
from glyphgrad.codec.sgr import SCREEN, Look, Pen
from glyphgrad.core.frame import Frame

_JUMP, _COLORED_JUMP = 8, 2
"""Characters of a cursor move: a gap this short between two changes is cheaper written again; in colours one of a cell."""


def paint(before: Frame | None, after: Frame, look: Look = SCREEN) -> str:
    """The text that turns a screen showing `before` (None: anything) into `after`, both of one size.

    Runs of changed cells, each after a move of the cursor. Empty if nothing changed. The screen has its
    `look` before it and after it.
    """
    changed = np.arange(after.cells.size) if before is None else _changed(before, after)
    if not changed.size:
        return ""
    rows = changed // after.cols
    jump = _COLORED_JUMP if after.colors else _JUMP
    breaks = np.flatnonzero((np.diff(changed) > jump) | (np.diff(rows) > 0))
    starts = changed[np.concatenate(([0], breaks + 1))].tolist()
    ends = changed[np.concatenate((breaks, [-1]))].tolist()
    pen = Pen(after, look)
    runs = "".join(
        f"\x1b[{start // after.cols + 1};{start % after.cols + 1}H{pen.write(start, end + 1)}"
        for start, end in zip(starts, ends, strict=True)
    )
    return runs + pen.home()


def _changed(before: Frame, after: Frame) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The cells that look otherwise, counted row by row."""
    other = before.cells != after.cells
    if before.colors or after.colors:
        (fg, bg), (new_fg, new_bg) = planes(before), planes(after)
        other |= (bg != new_bg) | ((fg != new_fg) & (after.cells != ord(" ")))
    return np.flatnonzero(other)
