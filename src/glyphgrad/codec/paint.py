"""What to send to a terminal so that it shows a frame, given what it shows already."""

from __future__ import annotations

import numpy as np

from glyphgrad.core.frame import Frame

_JUMP = 8
"""Characters of a cursor move: a gap this short between two changes is cheaper written again."""


def paint(before: Frame | None, after: Frame) -> str:
    """The text that turns a screen showing `before` (None: anything) into `after`, both of one size.

    Runs of changed cells, each after a move of the cursor. Empty if nothing changed.
    """
    cells = after.cells.ravel()
    changed = np.arange(cells.size) if before is None else np.flatnonzero(cells != before.cells.ravel())
    if not changed.size:
        return ""
    rows = changed // after.cols
    breaks = np.flatnonzero((np.diff(changed) > _JUMP) | (np.diff(rows) > 0))
    starts = changed[np.concatenate(([0], breaks + 1))].tolist()
    ends = changed[np.concatenate((breaks, [-1]))].tolist()
    text = cells.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return "".join(
        f"\x1b[{start // after.cols + 1};{start % after.cols + 1}H{text[start : end + 1]}"
        for start, end in zip(starts, ends, strict=True)
    )
