"""A frame on a screen of another size: its centre where the screen is smaller, centred where it is larger."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.colors import Colors
from glyphgrad.core.frame import Frame


def window(frame: Frame, rows: int, cols: int, dark: bool = True) -> Frame:
    """The frame as a screen of `rows` x `cols` cells (both at least 1) shows it: cut or filled up with spaces evenly.

    Where the difference is odd the cell too many goes to, or comes from, the bottom and the right. Of a
    frame with backgrounds, what is filled up gets its paper's: black if it is light on `dark`, or white.
    """
    if (rows, cols) == frame.cells.shape:
        return frame
    cells = _placed(frame.cells, np.full((rows, cols), ord(" "), np.uint32))
    if frame.colors is None:
        return Frame(cells)
    paper = np.full((rows, cols, 3), 0 if dark else 255, np.uint8)
    fg, bg = _placed(frame.colors.fg, paper.copy()), frame.colors.bg
    return Frame(cells, Colors(frame.colors.depth, fg, None if bg is None else _placed(bg, paper)))


def _placed(plane: NDArray[Any], screen: NDArray[Any]) -> NDArray[Any]:
    """A plane (its rows, its cols, ...) in the middle of one of a screen."""
    (height, width), (rows, cols) = plane.shape[:2], screen.shape[:2]
    top, left = (rows - height) // 2, (cols - width) // 2
    if rows < height:
        top = -((height - rows) // 2)
    if cols < width:
        left = -((width - cols) // 2)
    height, width = min(rows, height), min(cols, width)
    part = plane[max(0, -top) :, max(0, -left) :][:height, :width]
    screen[max(0, top) :, max(0, left) :][:height, :width] = part
    return screen
