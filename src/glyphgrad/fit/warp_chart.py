"""What the alignment has learned, to be looked at: the page, the corners of the grid, and from where they came."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from glyphgrad.core.raster import pixels
from glyphgrad.fit.warp import Doubles, Floating, Warp, corner_positions

Colour = tuple[int, int, int]

_CELL = 36
"""Pixels across which a cell is drawn at least: arrows of a pixel or two can then be told apart."""
_HALO, _ARROW, _POINT, _AROUND = (20, 20, 30), (255, 120, 30), (70, 220, 255), (128, 128, 128)
"""Bright on a dark outline is seen on paper and on ink."""
_OUTLINE, _LINE, _RADIUS, _HEAD = 2, 2, 3, 5  # dots of the drawing
_STILL = 0.25
"""Pixels of the page: what moved less is drawn as a point."""


def alignment_picture(shown: Floating, warp: Warp, dark: bool = False) -> Image.Image:
    """The page enlarged ("RGB"), and an arrow to every corner of the grid from where its content was taken.

    `shown` (H, W) is the ink in [0, 1] after the warp; `dark`: as on a dark screen.
    """
    zoom = math.ceil(_CELL / warp.layout.cell_width)
    margin = zoom * (1 + warp.layout.row_gap // 2)  # the outer corners lie half a gap outside
    page = Image.fromarray(pixels(shown, dark)).convert("RGB")
    page = page.resize((page.width * zoom, page.height * zoom), Image.Resampling.NEAREST)
    image = Image.new("RGB", (page.width + 2 * margin, page.height + 2 * margin), _AROUND)
    image.paste(page, (margin, margin))
    down, across = corner_positions(warp.layout)
    corners = np.stack(np.meshgrid(across, down), axis=2).reshape(-1, 2)
    moved = warp.displacements()[:, :, ::-1].reshape(-1, 2)
    tips, tails = (zoom * (at + 0.5) + margin for at in (corners, corners + moved))
    far = np.hypot(*moved.T) > _STILL
    _draw(image, tips, tails, far, _HALO, _HALO, _OUTLINE)
    _draw(image, tips, tails, far, _POINT, _ARROW, 0)
    return image


def _draw(
    image: Image.Image, tips: Doubles, tails: Doubles, far: NDArray[np.bool_], point: Colour, arrow: Colour, wider: int
) -> None:
    """Points at all tips (n, 2), arrows to those that are `far` (n,), every stroke `wider` on either side."""
    draw = ImageDraw.Draw(image)
    for tail, tip in zip(tails[far], tips[far], strict=True):
        along = (tip - tail) / np.hypot(*(tip - tail))
        across = np.array([-along[1], along[0]])
        end = tip - _RADIUS * along
        for start in (tail, end - _HEAD * (along + across), end - _HEAD * (along - across)):
            draw.line([*start, *end], fill=arrow, width=_LINE + 2 * wider)
    for tip in tips:
        draw.ellipse([*(tip - _RADIUS - wider), *(tip + _RADIUS + wider)], fill=point)
