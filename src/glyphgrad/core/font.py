"""One font, opened at the size that suits a cell, drawing one character at a time."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glyphgrad.errors import ConfigError, FontError, GlyphgradWarning

_NOT_A_CHARACTER = "\U0010fffe"
_BLANK = "\u2800"  # the empty Braille pattern: blank, yet not a space to Python
_STAND_IN = "?"  # what many bitmap fonts draw for a character they lack: there it looks missing itself
_STRIKES = range(4, 129)  # sizes, in pixels, at which a bitmap font is looked for
_MAX_SIZE = 1000


@dataclass(frozen=True)
class FontSpec:
    """Which font, how large (pixels), and where its ascender line lies (pixels from the cell's top).

    `size` None: the size whose advance is the cell's width; of a bitmap font the widest strike that
    fits. `y_offset` None: the line is centred in the cell.
    """

    path: Path
    size: float | None = None
    y_offset: int | None = None

    def __post_init__(self) -> None:
        if self.size is not None and not 1 <= self.size <= _MAX_SIZE:
            raise ConfigError(f"font size is {self.size}: give 1 to {_MAX_SIZE} pixels")


class Face:
    """A font at one size, for cells of `cell` (width, height) pixels. Raises FontError."""

    def __init__(self, spec: FontSpec, cell: tuple[int, int]):
        self.path = spec.path
        self.cell_width, self.cell_height = cell
        self._font = _open_for_cell(spec, cell)
        ascent, descent = self._font.getmetrics()
        top = (self.cell_height - ascent - descent) // 2 if spec.y_offset is None else spec.y_offset
        self._baseline = top + ascent
        self._left = int(max(0.0, self.cell_width - self._font.getlength("M")) // 2)

    @property
    def size(self) -> float:
        """Pixels an em."""
        return self._font.size

    def has(self, char: str) -> bool:
        """Whether the font draws `char` itself.

        Pillow does not show a font's character map, so a character counts as missing when it looks
        like one that no font can have; blank ones count as there only if they are meant to be blank.
        """
        if char.isspace() or char == _BLANK:
            return True
        if char == _STAND_IN and self.has("A"):
            return True
        mask = self._font.getmask(char, mode="L")
        return mask.getbbox() is not None and (mask.size, bytes(mask)) != self._missing

    @cached_property
    def _missing(self) -> tuple[tuple[int, int], bytes]:
        mask = self._font.getmask(_NOT_A_CHARACTER, mode="L")
        return mask.size, bytes(mask)

    def draw(self, char: str) -> tuple[NDArray[np.float32], float]:
        """The ink coverage of `char` in its cell, (height, width) in [0, 1], and the share of ink cut off.

        The glyph stands on the font's baseline; an advance narrower than the cell is centred by whole
        pixels, so that stems stay as crisp as the font draws them.
        """
        width, height = self.cell_width, self.cell_height
        if char.isspace():
            return np.zeros((height, width), np.float32), 0.0
        canvas = Image.new("L", (3 * width, 3 * height))
        pen = (width + self._left, height + self._baseline)
        ImageDraw.Draw(canvas).text(pen, char, fill=255, font=self._font, anchor="ls")
        ink = np.asarray(canvas, dtype=np.float32) / np.float32(255)
        cell = np.ascontiguousarray(ink[height : 2 * height, width : 2 * width])
        total = sum(bytes(self._font.getmask(char, mode="L"))) / 255
        return cell, (max(0.0, 1 - float(cell.sum()) / total) if total else 0.0)


def _open_for_cell(spec: FontSpec, cell: tuple[int, int]) -> ImageFont.FreeTypeFont:
    strikes = _strikes(spec.path)
    if strikes:
        return _open_strike(spec, strikes, *cell)
    size = spec.size
    if size is None:
        size = cell[0] * _MAX_SIZE / max(1.0, _open(spec.path, _MAX_SIZE).getlength("M"))
        size = max(1.0, size)
    return _open(spec.path, size)


def _strikes(path: Path) -> list[int]:
    """The pixel sizes of a bitmap font; none for a scalable one, which opens at any size."""
    try:
        _open(path, 37.5)
    except FontError as error:
        if "pixel size" not in str(error):
            raise
    else:
        return []
    return [size for size in _STRIKES if _opens(path, size)]


def _open_strike(spec: FontSpec, strikes: list[int], cell_width: int, cell_height: int) -> ImageFont.FreeTypeFont:
    """A bitmap font cannot be scaled: the strike asked for, else the widest that fits, nearest in height."""
    if spec.size in strikes:
        return _open(spec.path, spec.size)
    if spec.size is not None:
        sizes = ", ".join(map(str, strikes))
        raise FontError(f"font {str(spec.path)!r} has no strike of {spec.size:g} pixels: choose one of {sizes}")
    fonts = [_open(spec.path, size) for size in strikes]
    fitting = [font for font in fonts if font.getlength("M") <= cell_width] or fonts[:1]
    chosen = max(fitting, key=lambda font: (font.getlength("M"), -abs(font.size - cell_height)))
    if chosen.getlength("M") > cell_width:
        warnings.warn(
            f"font {str(spec.path)!r} has no strike narrower than {chosen.getlength('M'):g} pixels: "
            f"its glyphs are cut at the cell's {cell_width}",
            GlyphgradWarning,
            stacklevel=2,
        )
    return chosen


def _opens(path: Path, size: float) -> bool:
    try:
        _open(path, size)
    except FontError:
        return False
    return True


def _open(path: Path, size: float) -> ImageFont.FreeTypeFont:
    if not os.path.exists(path):
        raise FontError(f"font {str(path)!r} does not exist: give the path of a TTF, OTF, OTB or PCF file")
    try:  # not ImageFont.truetype: of a file that is no font it opens a system font of the same name
        return ImageFont.FreeTypeFont(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        if "pixel size" in str(error):
            raise FontError(f"font {str(path)!r}: invalid pixel size {size:g}") from None
        raise FontError(
            f"font {str(path)!r} is not a font that can be read ({error}): give a TTF, OTF, OTB or PCF file"
        ) from None
