"""Damage: what pictures suffer between being drawn and being read. The verification is calibrated on it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

Damage = Callable[[Image.Image], Image.Image]
"""Grey levels in, grey levels of the same size out."""


def jpeg(quality: int) -> Damage:
    """Saved as JPEG, quality 1 to 95, and opened again."""

    def damaged(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "jpeg", quality=quality)
        return Image.open(io.BytesIO(buffer.getvalue()))

    return damaged


def blur(sigma: float) -> Damage:
    """A Gaussian of so many pixels."""
    return lambda image: image.filter(ImageFilter.GaussianBlur(sigma))


def noise(sigma: float, seed: int = 0) -> Damage:
    """Gaussian noise of so many levels on each pixel."""

    def damaged(image: Image.Image) -> Image.Image:
        levels = np.asarray(image) + np.random.default_rng(seed).normal(0, sigma, (image.height, image.width))
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))

    return damaged


def shifted(x: int, y: int) -> Damage:
    """To the right and down by so many pixels; what leaves the picture comes back at the other side."""
    return lambda image: Image.fromarray(np.roll(np.asarray(image), (y, x), (0, 1)))


def zoomed(factor: float) -> Damage:
    """Enlarged about the upper left corner and cut to its size."""

    def damaged(image: Image.Image) -> Image.Image:
        size = round(image.width * factor), round(image.height * factor)
        return image.resize(size, Image.Resampling.BICUBIC).crop((0, 0, *image.size))

    return damaged


def resampled_twice(image: Image.Image) -> Image.Image:
    """Made smaller by 24 pixels and large again, by Lanczos' filter."""
    smaller = image.resize((image.width - 24, image.height - 24), Image.Resampling.LANCZOS)
    return smaller.resize(image.size, Image.Resampling.LANCZOS)


GOOD: dict[str, Damage] = {
    "clean": lambda image: image,
    "JPEG 90": jpeg(90),
    "JPEG 75": jpeg(75),
    "noise sigma 8": noise(8),
}
"""What the tolerant limits of `verify` let pass on a dungeon."""

BAD: dict[str, Damage] = {
    "JPEG 50": jpeg(50),
    "Lanczos twice": resampled_twice,
    "blur 0.4": blur(0.4),
    "blur 0.8": blur(0.8),
    "shifted 1 px": shifted(1, 0),
    "zoom 1.005": zoomed(1.005),
}
"""What they do not."""
