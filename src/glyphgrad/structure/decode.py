"""Decode: a picture of glyphs -> the text it shows, however it has been shifted, scaled or softened a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphgrad.core.frame import Frame
from glyphgrad.core.target import Source, load
from glyphgrad.errors import PictureError
from glyphgrad.structure.layouts.connect import Mask
from glyphgrad.structure.locate import Place, locate
from glyphgrad.structure.tiles import Tiles


@dataclass(frozen=True, eq=False)
class Decoded:
    """The text, where its grid lay, and per cell (rows, cols) how `confident` its reading is, in [0, 1].

    `sure` are the cells near a glyph whose runner-up is more than twice as far.
    """

    frame: Frame
    place: Place
    confidence: NDArray[np.float32]
    sure: Mask

    @property
    def text(self) -> str:
        return self.frame.text


def decode(picture: Source, tiles: Tiles | None = None) -> Decoded:
    """The text of a picture, white on black, in cells of about `tiles.tile` pixels or of another size.

    Every cell becomes the glyph nearest to it. A grid where it ought to be, at (0, 0), goes before any
    other. Raises PictureError if there is no cell in it.
    """
    tiles = tiles or Tiles()
    place, matches = locate(np.asarray(load_at_least(picture, tiles.tile).convert("L")), tiles)
    return Decoded(tiles.atlas.frame(matches.glyphs), place, matches.confidence, matches.sure)


def load_at_least(picture: Source, tile: int) -> Image.Image:
    """A picture of at least one cell. Raises PictureError."""
    image = load(picture, dark=True)
    if min(image.size) < tile:
        raise PictureError(f"picture is {image.width} x {image.height} pixels: give at least a cell of {tile} x {tile}")
    return image
