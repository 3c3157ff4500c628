"""Tiles: the glyphs that a structural picture is made of, one to a cell of 8, 16 or 32 pixels.

The glyphs are 8 x 8 bits (fonts/structure-8x8.hex), enlarged without smoothing. Those of one charset
differ pairwise in at least a sixteenth of their bits, so that a damaged cell still has one nearest glyph.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.charset import charset
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import FONTS
from glyphgrad.errors import ConfigError

SIZES = (8, 16, 32)
"""Pixels a cell may have across and down."""

CHARSET = (
    " #.·+<>~≈=^$│─┌┐└┘├┤┬┴┼█■♣♠♥♦○═║╔╗╚╝╠╣╦╩╬▲▼►◄"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "!\"%&'()*,-/:;?@[\\]_{}"
)

_SIDE = 8
_APART = 4
"""Of the 64 bits of a glyph: 16 pixels in a cell of 16 x 16."""


@dataclass(frozen=True)
class Tiles:
    """The glyphs of `chars`, which hold the space, in square cells of `tile` pixels. Raises ConfigError."""

    chars: str = CHARSET
    tile: int = 16

    def __post_init__(self) -> None:
        if self.tile not in SIZES:
            raise ConfigError(f"tile is {self.tile}: choose one of {', '.join(map(str, SIZES))} pixels")
        object.__setattr__(self, "chars", charset(chars=" " + self.chars))
        missing = "".join(char for char in self.chars if char not in font())
        if missing:
            raise ConfigError(f"charset holds {missing!r}, which the tiles lack: leave it out")
        self._check_apart()

    def _check_apart(self) -> None:
        bits = np.stack([font()[char] for char in self.chars]).reshape(len(self.chars), -1)
        apart = np.triu((bits[:, None] != bits).sum(axis=2) < _APART, k=1)
        for first, second in np.argwhere(apart):
            pair = self.chars[first], self.chars[second]
            raise ConfigError(f"charset holds {pair[0]!r} and {pair[1]!r}, whose tiles are too alike: leave one out")

    @cached_property
    def bitmaps(self) -> NDArray[np.bool_]:
        """(G, tile, tile) True where a glyph is white."""
        times = self.tile // _SIDE
        return np.stack([font()[char] for char in self.chars]).repeat(times, axis=1).repeat(times, axis=2)

    @cached_property
    def atlas(self) -> GlyphAtlas:
        return GlyphAtlas(self.chars, self.bitmaps.astype(np.float32))

    def art(self, frame: Frame) -> Art:
        """The frame as these tiles draw it, white on black, for any of the codec's formats."""
        return Art(frame, self.atlas, Layout(frame.rows, frame.cols, self.tile, self.tile), dark=True)

    def render(self, frame: Frame) -> NDArray[np.uint8]:
        """The picture (rows * tile, cols * tile) of a frame, 0 or 255. Raises ConfigError for an unknown character."""
        cells = self._levels[self.atlas.glyphs(frame)].transpose(0, 2, 1, 3)
        return np.ascontiguousarray(cells).view(np.uint8).reshape(frame.rows * self.tile, frame.cols * self.tile)

    @cached_property
    def _levels(self) -> NDArray[np.uint64]:
        """(G, tile, tile / 8) Eight pixels to a number: so many fewer to move."""
        return (self.bitmaps.astype(np.uint8) * np.uint8(255)).view(np.uint64)


@cache
def font() -> dict[str, NDArray[np.bool_]]:
    """Character -> (8, 8) bits, from lines of CODEPOINT:ROWS in hexadecimal digits."""
    glyphs = {}
    for line in (FONTS / "structure-8x8.hex").read_text(encoding="ascii").splitlines():
        code, rows = line.split(":")
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(rows), np.uint8))
        glyphs[chr(int(code, 16))] = bits.reshape(_SIDE, _SIDE).astype(bool)
    return glyphs
