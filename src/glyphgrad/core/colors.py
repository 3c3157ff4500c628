"""Colours of cells: the palettes of terminals, and the foreground and background of every cell of a Frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.color import srgb_to_lab
from glyphgrad.errors import ConfigError

RGB = NDArray[np.uint8]

_VGA = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255), (255, 255, 255),
)  # fmt: skip
"""The text colours of IBM's VGA in the order of SGR 30 to 37 and 90 to 97."""

_CUBE = (0, 95, 135, 175, 215, 255)
"""xterm's six levels of red, green and blue: colours 16 to 231. Greys 8, 18, ... 238 follow them."""

_PART = 4096
"""Colours that are looked up at once: a distance each to all of a palette."""


class Depth(StrEnum):
    """How many colours a device has: none but its own two, 16, 256 or all of sRGB."""

    NONE = "none"
    C16 = "16"
    C256 = "256"
    TRUE = "true"

    @property
    def bits(self) -> int:
        """Of a colour: 0, 4, 8 or 24. More bits hold what fewer do."""
        return {"none": 0, "16": 4, "256": 8, "true": 24}[self.value]


@dataclass(frozen=True, eq=False)
class Colors:
    """The colours of a grid: `fg` and `bg` (rows, cols, 3) sRGB, uint8; `bg` None: the device's own paper.

    With a depth of 16 or 256 they are colours of its palette. Raises ConfigError for arrays of other shapes.
    """

    depth: Depth
    fg: RGB
    bg: RGB | None = None

    def __post_init__(self) -> None:
        if self.depth == Depth.NONE:
            raise ConfigError("depth of colours is none: give 16, 256 or true")
        for name, plane in (("fg", self.fg), ("bg", self.bg)):
            if plane is not None and (plane.dtype != np.uint8 or plane.shape != (*self.fg.shape[:2], 3)):
                raise ConfigError(f"{name} is {plane.dtype} {plane.shape}: give uint8 (rows, cols, 3)")

    def at(self, depth: Depth) -> Colors | None:
        """The same with no more colours than a device of `depth` has, each the nearest; None without any."""
        if depth == Depth.NONE or depth.bits >= self.depth.bits:
            return None if depth == Depth.NONE else self
        colors = palette(depth)
        return Colors(
            depth, colors[nearest(self.fg, depth)], None if self.bg is None else colors[nearest(self.bg, depth)]
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Colors) or (self.bg is None) != (other.bg is None):
            return False
        same = self.depth == other.depth and np.array_equal(self.fg, other.fg)
        return same and (self.bg is None or other.bg is None or np.array_equal(self.bg, other.bg))

    def __hash__(self) -> int:
        return hash((self.depth, self.fg.tobytes(), None if self.bg is None else self.bg.tobytes()))


@cache
def palette(depth: Depth) -> RGB:
    """The colours (N, 3) of a terminal of 16 or 256, at the numbers by which escape sequences name them.

    The first sixteen are VGA's. What a terminal shows of them is up to its theme: who has 256 to choose
    from does better with those from 16 on, which are the same everywhere. Raises ConfigError.
    """
    if depth not in (Depth.C16, Depth.C256):
        raise ConfigError(f"depth {depth} has no palette: give 16 or 256")
    cube = [(red, green, blue) for red in _CUBE for green in _CUBE for blue in _CUBE]
    greys = [(level, level, level) for level in range(8, 239, 10)]
    colors = np.array([*_VGA, *(cube + greys if depth == Depth.C256 else [])], np.uint8)
    colors.flags.writeable = False
    return colors


def nearest(colors: RGB, depth: Depth) -> NDArray[np.uint8]:
    """The number in the palette of `depth` of the colour nearest in CIELAB to each of `colors` (..., 3).

    Of 256, one of the first sixteen only where it is that very colour and none of the others is.
    """
    shown, inverse = np.unique(packed(colors), return_inverse=True)
    numbers = np.concatenate([_nearest(part, depth) for part in np.array_split(shown, 1 + shown.size // _PART)])
    return numbers[inverse].reshape(colors.shape[:-1])


def _nearest(shown: NDArray[np.uint32], depth: Depth) -> NDArray[np.uint8]:
    each = unpacked(shown)
    first = 0 if depth == Depth.C16 else 16
    wanted, offered = srgb_to_lab(each / 255), srgb_to_lab(palette(depth)[first:] / 255)
    apart = (offered**2).sum(axis=1) - 2 * wanted @ offered.T
    entries, last = np.unique(packed(palette(depth))[::-1], return_index=True)  # of twins the latter
    at = np.searchsorted(entries, shown).clip(max=entries.size - 1)
    same = len(palette(depth)) - 1 - last[at]
    return np.where(entries[at] == shown, same, first + apart.argmin(axis=1)).astype(np.uint8)


def packed(colors: RGB) -> NDArray[np.uint32]:
    """Each of `colors` (..., 3) as one number, 0xRRGGBB."""
    red, green, blue = np.moveaxis(colors.astype(np.uint32), -1, 0)
    return np.asarray(red << 16 | green << 8 | blue, dtype=np.uint32)


def unpacked(colors: NDArray[np.integer[Any]]) -> RGB:
    """Numbers 0xRRGGBB as colours (..., 3)."""
    return np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], axis=-1).astype(np.uint8)
