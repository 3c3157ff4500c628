"""A glyph's coverage -> outlines: what the atlas draws, at any size, whatever font it came from.

Glyphs of a bitmap font become their pixels, exactly. Of others the edge is where a smooth surface through
the coverage is as high as leaves them their ink.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Polygon = NDArray[np.float64]

_FINE = 16
"""Steps a pixel, of edges that are not along pixels."""

_TOLERANCE = 0.8
"""Steps by which a corner may be off that is left out."""


def outlines(coverage: NDArray[np.float32]) -> list[Polygon]:
    """Closed polygons (n, 2) of (x, y) in pixels from the cell's top left, ink on the right of their way.

    `coverage` is (height, width), ink in [0, 1].
    """
    if np.isin(coverage, (0, 1)).all():
        return _borders(coverage > 0)
    height, width = coverage.shape
    size = (width * _FINE, height * _FINE)
    surface = np.asarray(Image.fromarray(coverage, "F").resize(size, Image.Resampling.BICUBIC))
    borders = _borders(surface > np.quantile(surface, 1 - coverage.mean()))
    return [simple / _FINE for border in borders if len(simple := _simplified(border)) > 2]


def _borders(mask: NDArray[np.bool_]) -> list[Polygon]:
    """The borders of a mask's regions, along its pixels, corners only."""
    ends = _edges(mask)
    borders = []
    while ends:
        start = next(iter(ends))
        border, at, way = [], start, (0, 0)
        while True:
            options = ends[at]
            to = options[0] if len(options) == 1 else max(options, key=lambda to: _turn(way, at, to))
            options.remove(to)
            if not options:
                del ends[at]
            if (step := (to[0] - at[0], to[1] - at[1])) != way:
                border.append(at)
            at, way = to, step
            if at == start:
                break
        borders.append(np.array(border, np.float64))
    return borders


Point = tuple[int, int]


def _edges(mask: NDArray[np.bool_]) -> dict[Point, list[Point]]:
    """Start -> ends of all unit edges between ink and none, ink on their right."""
    padded = np.pad(mask, 1)
    ends: dict[Point, list[Point]] = {}
    for (dx, dy), (ax, ay), (bx, by) in (
        ((0, -1), (0, 0), (1, 0)),  # no ink above: rightwards along the top
        ((1, 0), (1, 0), (1, 1)),
        ((0, 1), (1, 1), (0, 1)),
        ((-1, 0), (0, 1), (0, 0)),
    ):
        neighbour = np.roll(padded, (-dy, -dx), (0, 1))[1:-1, 1:-1]
        for y, x in np.argwhere(mask & ~neighbour).tolist():
            ends.setdefault((x + ax, y + ay), []).append((x + bx, y + by))
    return ends


def _turn(way: Point, at: Point, to: Point) -> int:
    """1 for a turn to the right, which stays with the region where two touch at a corner."""
    return way[0] * (to[1] - at[1]) - way[1] * (to[0] - at[0])


def _simplified(border: Polygon) -> Polygon:
    """Without the corners that hardly matter (Ramer, Douglas and Peucker), from the two that are farthest apart on."""
    far = int(np.argmax(((border - border[0]) ** 2).sum(1)))
    closed = np.concatenate([border, border[:1]])
    keep = np.zeros(len(closed), bool)
    keep[[0, far, -1]] = True
    spans = [(0, far), (far, len(border))]
    while spans:
        begin, end = spans.pop()
        if end - begin < 2:
            continue
        chord, rest = closed[end] - closed[begin], closed[begin + 1 : end] - closed[begin]
        length = np.hypot(*chord)
        off = np.abs(chord[0] * rest[:, 1] - chord[1] * rest[:, 0]) / length if length else np.hypot(*rest.T)
        worst = int(np.argmax(off))
        if off[worst] > _TOLERANCE:
            middle = begin + 1 + worst
            keep[middle] = True
            spans += [(begin, middle), (middle, end)]
    return closed[:-1][keep[:-1]]
