"""Pictures -> a looping GIF, one at a time: of each only the pixels that have changed."""

from __future__ import annotations

from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import getdata

from glyphgrad.errors import ConfigError

_GRAYS = 31
"""Levels of a gray film: so many that nobody sees a step, so few that the bytes still repeat."""
_UNCHANGED = 255  # the palette's place for a pixel that stays as it is
_WIDEST = _LONGEST = 0xFFFF  # pixels; hundredths of a second
_BRIEFEST = 2  # hundredths of a second: what is shorter, browsers show for a tenth

_AS_GOOD = 1.5
"""Times the error of a palette made for a picture that the one before it may have: where it stays, no colour flickers."""
_UNSEEN = 1.0
"""Levels of error, root of the mean square, that any palette may have."""

_MOVES = 3
"""Of a palette: of one fitted to a photograph in characters they take a sixth off the error, more hardly any."""

Pixels = NDArray[np.uint8]


class Gif:
    """Gray if the first picture is, else in up to 255 colours: those of the first picture for all, as long as they suit.

    A picture whose colours these do not suit brings its own. None is dithered: dots would flicker. Delays
    are whole hundredths of a second: their rounding is carried on, so that time is kept, and a picture too
    brief to be shown is left out.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._shown: Pixels | None = None
        self._palette = b""
        self._told = self._time = 0.0

    def add(self, image: Image.Image, seconds: float) -> None:
        """Images of one size, all L or all RGB. Raises ConfigError."""
        self._time += 100 * seconds
        delay = min(round(self._time - self._told), _LONGEST)
        if self._shown is None:
            self._begin(image)
            delay = max(delay, _BRIEFEST)
        if delay >= _BRIEFEST:
            self._told += delay
            self._write(np.asarray(image), delay)

    def close(self) -> None:
        self._file.write(b";")

    def _begin(self, image: Image.Image) -> None:
        if max(image.size) > _WIDEST:
            raise ConfigError("a GIF of {} x {} pixels: give sides of at most {:,}".format(*image.size, _WIDEST))
        if image.mode == "L":
            self._palette = np.linspace(0, 255, _GRAYS).round().astype(np.uint8).repeat(3).tobytes()
        else:
            self._palette = palette_for(np.asarray(image))
        sides = b"".join(side.to_bytes(2, "little") for side in image.size)
        self._file.write(b"GIF89a" + sides + b"\xf7\0\0" + self._palette.ljust(768, b"\0"))  # of 256 for all
        self._file.write(b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0")  # again and again
        self._first = self._palette

    def _write(self, pixels: Pixels, delay: int) -> None:
        """The smallest rectangle that holds what has changed, in it what has not left as it is."""
        shown = levels(pixels) if pixels.ndim == 2 else pixels
        left, top, right, bottom = 0, 0, pixels.shape[1], pixels.shape[0]
        changed = np.ones((bottom, right), bool)
        if self._shown is not None:
            changed = (shown != self._shown).reshape(bottom, right, -1).any(axis=2)
            left, top, right, bottom = Image.fromarray(changed).getbbox() or (0, 0, 1, 1)
        part, fresh = shown[top:bottom, left:right], changed[top:bottom, left:right]
        if pixels.ndim == 3 and fresh.any():
            self._palette, found = _suited(part[fresh], self._palette)
            part = np.zeros(fresh.shape, np.uint8)
            part[fresh] = found
        self._shown = shown
        image = Image.fromarray(np.where(fresh, part if part.ndim == 2 else 0, np.uint8(_UNCHANGED)))
        image.putpalette(self._palette.ljust(768, b"\0"))
        told = {"duration": 10 * delay, "transparency": _UNCHANGED, "disposal": 1}
        for block in getdata(image, (left, top), **told, include_color_table=self._palette != self._first):
            self._file.write(block)


def levels(gray: Pixels) -> Pixels:
    """Gray levels as places in a gray film's palette."""
    return np.rint(gray * ((_GRAYS - 1) / 255)).astype(np.uint8)


def palette_for(pixels: Pixels) -> bytes:
    """Up to 255 colours for pixels (..., 3): theirs, if they have no more, else the means of what is near to each other.

    An octree's, then moved to the middle of the pixels that each is nearest to (Lloyd), a few times.
    """
    image = _row(pixels)
    few = image.getcolors(_UNCHANGED)
    if few:
        return bytes(channel for _, color in few for channel in color)  # type: ignore[union-attr]
    places = np.asarray(image.quantize(_UNCHANGED, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)).ravel()
    palette = _means(pixels.reshape(-1, 3), places)
    for _ in range(_MOVES):
        palette = _means(pixels.reshape(-1, 3), _placed(pixels, palette)[0])
    return palette


def _means(pixels: Pixels, places: Pixels) -> bytes:
    """The mean colour of the pixels (n, 3) at each place, of those that have any."""
    counts = np.bincount(places, minlength=_UNCHANGED)
    sums = np.stack([np.bincount(places, pixels[:, channel], _UNCHANGED) for channel in range(3)], axis=1)
    return np.rint(sums[counts > 0] / counts[counts > 0, None]).astype(np.uint8).tobytes()


def _suited(pixels: Pixels, palette: bytes) -> tuple[bytes, Pixels]:
    """A palette for pixels (n, 3), and the places (n,) of their colours in it: the one given if it suits them as well."""
    places, error = _placed(pixels, palette)
    if error == 0:
        return palette, places
    own = palette_for(pixels)
    own_places, own_error = _placed(pixels, own)
    if error <= max(_UNSEEN, _AS_GOOD * own_error):
        return palette, places
    return own, own_places


def _placed(pixels: Pixels, palette: bytes) -> tuple[Pixels, float]:
    """The places of the nearest colours, and the root of the mean squared error in levels."""
    holder = Image.new("P", (1, 1))
    holder.putpalette(palette)
    places = np.asarray(_row(pixels).quantize(palette=holder, dither=Image.Dither.NONE)).ravel()
    colors = np.frombuffer(palette, np.uint8).reshape(-1, 3)
    return places, float(np.sqrt(((colors[places].astype(np.float32) - pixels.reshape(-1, 3)) ** 2).mean()))


def _row(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.reshape(1, -1, 3))
