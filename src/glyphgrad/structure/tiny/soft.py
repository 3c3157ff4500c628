"""Soft pictures: maps as a base model draws them, off the grid, blurred and grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_ZOOM = (0.99, 1.01)
_RIGHT, _DOWN = (3.0, 6.0), (2.0, 5.0)
"""Shift in pixels, of cells of 16: always off the grid, and to the same side, or a small model would learn little else."""
_BLUR = (1.3, 1.7)
"""Sigma in pixels."""
_BLACK, _WHITE = (0.08, 0.14), (0.75, 0.9)
"""What becomes of the two levels, in [0, 1]."""
_STREAM = 1
"""Of random numbers."""


def softened(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A picture of the same size, as an undecided artist would draw it."""
    zoom, x, y = (rng.uniform(*span) for span in (_ZOOM, _RIGHT, _DOWN))
    middle = np.array(picture.size) / 2
    left, top = middle - middle / zoom - (x, y)
    placed = picture.transform(
        picture.size, Image.Transform.AFFINE, (1 / zoom, 0, left, 0, 1 / zoom, top), Image.Resampling.BILINEAR
    )
    blurred = np.asarray(placed.filter(ImageFilter.GaussianBlur(rng.uniform(*_BLUR))), np.float32)
    black, white = 255 * rng.uniform(*_BLACK), rng.uniform(*_WHITE)
    return Image.fromarray(np.rint(black + blurred * (white - black / 255)).astype(np.uint8))


def softened_map(seed: int, index: int, path: Path) -> NDArray[np.uint8]:
    """The levels (H, W) of picture `index` of a dataset, softened."""
    with Image.open(path) as picture:
        return np.asarray(softened(picture.convert("L"), np.random.default_rng([seed, _STREAM, index])))
