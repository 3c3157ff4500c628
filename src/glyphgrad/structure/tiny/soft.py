"""Soft pictures: maps as a base model draws them, off the grid, blurred and grey."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

_ZOOM, _SHIFT = (0.97, 1.03), 7.0
"""Scale, and pixels to either side: of cells of 16 pixels."""
_BLUR = (1.2, 2.2)
"""Sigma in pixels."""
_BLACK, _WHITE = (0.06, 0.16), (0.7, 0.95)
"""What becomes of the two levels, in [0, 1]."""


def softened(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A picture of the same size, as an undecided artist would draw it."""
    zoom, (x, y) = rng.uniform(*_ZOOM), rng.uniform(-_SHIFT, _SHIFT, 2)
    middle = np.array(picture.size) / 2
    left, top = middle - middle / zoom - (x, y)
    placed = picture.transform(
        picture.size, Image.Transform.AFFINE, (1 / zoom, 0, left, 0, 1 / zoom, top), Image.Resampling.BILINEAR
    )
    blurred = np.asarray(placed.filter(ImageFilter.GaussianBlur(rng.uniform(*_BLUR))), np.float32)
    black, white = 255 * rng.uniform(*_BLACK), rng.uniform(*_WHITE)
    return Image.fromarray(np.rint(black + blurred * (white - black / 255)).astype(np.uint8))
