"""Art: a Frame together with what it takes to draw it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core import raster
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout


@dataclass(frozen=True, eq=False)
class Art:
    """A grid of characters, the atlas and layout of its device, and whether it is light on `dark`."""

    frame: Frame
    atlas: GlyphAtlas
    layout: Layout
    dark: bool = False

    @property
    def text(self) -> str:
        return self.frame.text

    @cached_property
    def ink(self) -> NDArray[np.float32]:
        """(height, width) in [0, 1], 1 = ink."""
        return raster.render(self.atlas.glyphs(self.frame), self.atlas.coverage, self.layout)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What the device shows: (height, width) grey levels, or (height, width, 3) sRGB of a frame with colours."""
        if self.frame.colors:
            return raster.colored(self.ink, self.frame.colors, self.layout, self.dark)
        return raster.pixels(self.ink, self.dark)
