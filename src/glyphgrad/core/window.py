"""A frame on a screen of another size: its centre where the screen is smaller, centred where it is larger."""

from __future__ import annotations

from glyphgrad.core.frame import Frame


def window(frame: Frame, rows: int, cols: int) -> Frame:
    """The frame as a screen of `rows` x `cols` cells (both at least 1) shows it: cut or filled up with spaces evenly.

    Where the difference is odd the cell too many goes to, or comes from, the bottom and the right.
    """
    if (rows, cols) == frame.cells.shape:
        return frame
    top, left = (rows - frame.rows) // 2, (cols - frame.cols) // 2
    if rows < frame.rows:
        top = -((frame.rows - rows) // 2)
    if cols < frame.cols:
        left = -((frame.cols - cols) // 2)
    shown = Frame.blank(rows, cols).cells
    height, width = min(rows, frame.rows), min(cols, frame.cols)
    part = frame.cells[max(0, -top) :, max(0, -left) :][:height, :width]
    shown[max(0, top) :, max(0, left) :][:height, :width] = part
    return Frame(shown)
