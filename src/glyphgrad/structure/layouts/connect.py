"""Which cells hang together, and making them: union-find over whole arrays, shortest cuts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""(rows, cols)"""


def components(mask: Mask) -> tuple[NDArray[np.intp], int]:
    """Labels (rows, cols) of the parts of `mask` that hang together by sides, -1 elsewhere; and their number.

    Numbered by their first cell in reading order. The cells of a row that hang together are one run;
    runs are joined by hooking and shortcutting (Shiloach and Vishkin, 1982): roots are hooked to smaller
    ones, then all paths are halved until they are flat.
    """
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    run = np.cumsum(starts).reshape(mask.shape) - 1
    touching = mask[1:] & mask[:-1]
    first, second = run[:-1][touching], run[1:][touching]
    parent = np.arange(int(starts.sum()))
    while len(first):
        parent[second] = first
        while not np.array_equal(halved := parent[parent], parent):
            parent = halved
        one, other = parent[first], parent[second]
        apart = one != other
        first, second = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    roots, part = np.unique(parent, return_inverse=True)
    labels = np.full(mask.shape, -1)
    labels[mask] = part[run[mask]]
    return labels, len(roots)


def sizes(labels: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """(count,) cells of each part."""
    return np.bincount(labels[labels >= 0], minlength=count)


def keep_largest(mask: Mask) -> Mask:
    """The largest part of `mask` alone."""
    labels, count = components(mask)
    return labels == sizes(labels, count).argmax() if count else mask


def shortest_cuts(mask: Mask, least: int) -> tuple[Mask, list[list[tuple[int, int]]]]:
    """The parts of `mask` of at least `least` cells (or the largest), and paths that join them into one.

    Each path runs from the part nearest to what has been joined so far, along a row and then a
    column; its two ends lie in the parts.
    """
    labels, count = components(mask)
    amount = sizes(labels, count)
    order = np.argsort(-amount, kind="stable").tolist()
    kept = order[:1] + [part for part in order[1:] if amount[part] >= least]
    if not kept:
        return mask, []
    rim = {part: _rim(labels == part) for part in kept}
    joined, paths = rim.pop(kept[0]), []
    while rim:
        _, part, start, end = min(_nearest(joined, cells, part) for part, cells in rim.items())
        paths.append(_path(start, end))
        joined = np.concatenate([joined, rim.pop(part)])
    return np.isin(labels, kept), paths


def _rim(part: Mask) -> NDArray[np.intp]:
    """(n, 2) The cells of a part from which one can leave it."""
    inner = part.copy()
    inner[1:-1, 1:-1] &= part[:-2, 1:-1] & part[2:, 1:-1] & part[1:-1, :-2] & part[1:-1, 2:]
    inner[[0, -1]] = inner[:, [0, -1]] = False
    return np.argwhere(part & ~inner)


def _nearest(
    ones: NDArray[np.intp], others: NDArray[np.intp], part: int
) -> tuple[int, int, tuple[int, int], tuple[int, int]]:
    apart = np.abs(ones[:, None] - others[None]).sum(axis=2)
    one, other = np.unravel_index(apart.argmin(), apart.shape)
    start, end = ones[one].tolist(), others[other].tolist()
    return int(apart[one, other]), part, (start[0], start[1]), (end[0], end[1])


def _path(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    (y, x), (to_y, to_x) = start, end
    step_x, step_y = (1 if to_x >= x else -1), (1 if to_y >= y else -1)
    return [(y, column) for column in range(x, to_x, step_x)] + [(row, to_x) for row in range(y, to_y + step_y, step_y)]
