"""A picture in coloured characters: its light, and the search for glyphs and colours together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.color import linear_to_srgb, srgb_to_linear
from glyphgrad.core.colors import Colors, Depth, palette
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.eye import Eye, Floats
from glyphgrad.fit.painting import Painting
from glyphgrad.fit.paints import FEW, Paints, Palette, unlike
from glyphgrad.fit.perceptual import blur_sigma

SWEEPS = {"fast": 1, "normal": 3, "best": 12}
"""Times that every cell is looked at, by effort; less when nothing changes any more."""
_FIXED = {Depth.C16: 0, Depth.C256: 16}
"""The first colour of a palette that is used: of 256 the first sixteen are up to a terminal's theme."""
_BEYOND = {True: 1.5, False: 1.4}
"""How far tones are aimed beyond what ink on bare paper can reach, on a dark screen (light) and on paper (lightness)."""

_AFAR, _SHARE = 3.0, 3.0
"""How many times as far away the second eye is, and how much it counts."""

_LIGHT = srgb_to_linear(np.arange(256) / 255).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Studio:
    """What every page is painted with: a device's glyphs and layout, and its colours by `config`."""

    atlas: GlyphAtlas
    layout: Layout
    config: FitConfig
    dark: bool

    def aim(self, page: NDArray[np.uint8]) -> Floats:
        """The light (height, width, 3) in [0, 1] to aim at for a page of sRGB."""
        light = _LIGHT[page]
        if self.config.background or self.config.tone == "off":
            return light
        return toned(light, self.atlas.coverage, self.dark)

    @cached_property
    def eyes(self) -> list[tuple[Eye, float]]:
        """Those that look, each with its share: one where the device is looked at from, one further away."""
        sigma = blur_sigma(self.layout, self.config.viewing_distance)
        return [(Eye(self.layout, sigma), 1.0), (Eye(self.layout, _AFAR * sigma), _SHARE)]

    @cached_property
    def paints(self) -> Paints:
        """The colours that there are."""
        colors = None if self.depth == Depth.TRUE else Palette(palette(self.depth)[_FIXED[self.depth] :])
        few = unlike(self.eyes[0][0].patches(self.atlas.coverage), FEW)
        return Paints(colors, None if self.config.background else float(not self.dark), few)

    @property
    def depth(self) -> Depth:
        return Depth(self.config.color)

    def begun(self, aim: Floats) -> Painting:
        """A painting of which nothing is done yet."""
        return Painting(aim, self.atlas.coverage, self.layout, self.eyes, self.paints, self.dark)

    def sweeps(self, painting: Painting) -> Iterator[int]:
        """Paint, sweep by sweep, and tell how many cells changed, until the effort is spent or nothing changes."""
        for _ in range(SWEEPS[self.config.effort]):
            changed = painting.sweep()
            yield changed
            if not changed:
                break

    def frame(self, painting: Painting) -> Frame:
        """The cells of a painting that has been swept."""
        over, under = (
            np.rint(255 * np.clip(linear_to_srgb(each), 0, 1)).astype(np.uint8)
            for each in (painting.over, painting.under)
        )
        colors = Colors(self.depth, over, under if self.config.background else None)
        return Frame(self.atlas.frame(painting.glyphs).cells, colors)


def toned(light: Floats, coverage: Floats, dark: bool) -> Floats:
    """Light (height, width, 3) in [0, 1] -> what of it ink on bare paper shall show.

    Without backgrounds no cell is brighter than its densest glyph in white, on paper none darker than in black.
    On a dark screen light is compressed towards that (dark tones stay what they are, colours keep their hue);
    on paper lightness is, channel by channel.
    """
    if dark:
        most = _BEYOND[dark] * float(srgb_to_linear(coverage).mean(axis=(1, 2)).max())
        strongest = light.max(axis=-1, keepdims=True)
        return light if most >= 1 else np.asarray(light / (1 + strongest * (1 / most - 1)), np.float32)
    least = float(srgb_to_linear(1 - coverage).mean(axis=(1, 2)).min())
    reach = min(1.0, _BEYOND[dark] * (1 - np.cbrt(least)))
    return np.asarray((1 - reach * (1 - np.cbrt(light))) ** 3, np.float32)
