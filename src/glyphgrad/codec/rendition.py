"""Colours as a terminal is told of them, read: SGR parameters -> the style of what is printed -> Colors.

Read are the 16 colours, 256 (38;5;n), all (38;2;r;g;b), both also with colons as ITU T.416 has them, and
reverse. In old texts, of code page 437, bold makes a foreground bright, and blinking a background where
the text says so (iCE).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.colors import Colors, Depth, packed, palette, unpacked

PLAIN = 0
"""The style of what nothing was said of."""

_OWN, _OTHERS = 0, 1
"""The screen's ink as foreground and its paper as background; and the other way round."""
_FIRST_16, _FIRST_256, _FIRST_TRUE = 2, 0x1000, 1 << 24
_BITS = 26
"""Of a colour in a style: foreground + (background << _BITS)."""

_GREY = 7
"""The foreground of an old text."""
_UNDONE = {22, 23, 24, 25, 27, 28, 29, 54, 55, 59, 65}
"""Parameters that end what is not shown anyway."""


class Rendition:
    """What SGR has set: `style` of what is printed now. `old`: bold is bright; `ice`: so is blinking, of a background."""

    def __init__(self, old: bool = False, ice: bool = False):
        self.old, self._ice = old, ice
        self._reset()

    def _reset(self) -> None:
        self._fg = self._bg = _OWN
        self._bold = self._blink = self._reverse = False
        self.style = PLAIN

    @property
    def erased(self) -> int:
        """The style of what is erased: the background stays, as on xterm."""
        return self._bg << _BITS

    def obey(self, parameters: str) -> bool:
        """Whether all of it is known."""
        known, fields = True, iter(parameters.split(";"))
        for field in fields:
            known &= self._obey(field, fields)
        fg, bg = self._fg, self._bg
        if self._bold and self.old:
            fg = _brighter(_FIRST_16 + _GREY if fg == _OWN else fg)
        if self._blink and self._ice:
            bg = _brighter(_FIRST_16 if bg == _OWN else bg)
        if self._reverse:
            fg, bg = _turned(bg), _turned(fg)
        self.style = fg | bg << _BITS
        return known

    def _obey(self, field: str, rest: Iterator[str]) -> bool:
        if ":" in field:
            return self._extended(*_with_colons(field.split(":")))
        number = _number(field)
        if number in (38, 48):
            mode = _number(next(rest, ""))
            return self._extended(number, mode, [_number(next(rest, "")) for _ in range({5: 1, 2: 3}.get(mode, 0))])
        if number == 0:
            self._reset()
        elif number in (1, 22):
            self._bold = number == 1
        elif number in (5, 6, 25):
            self._blink = number != 25
        elif number in (7, 27):
            self._reverse = number == 7
        elif number in (39, 49):
            self._set(number == 39, _OWN)
        elif number // 10 in (3, 4, 9, 10) and number % 10 < 8:
            self._set(number // 10 in (3, 9), _FIRST_16 + number % 10 + 8 * (number >= 90))
        else:
            return number in _UNDONE
        return number not in (1, 5, 6) or (self.old and number == 1) or (self._ice and number != 1)

    def _extended(self, number: int, mode: int, values: list[int]) -> bool:
        if number not in (38, 48) or not all(0 <= value <= 255 for value in values):
            return False
        if mode == 5 and len(values) == 1:
            self._set(number == 38, _FIRST_256 + values[0])
        elif mode == 2 and len(values) == 3:
            self._set(number == 38, _FIRST_TRUE | values[0] << 16 | values[1] << 8 | values[2])
        else:
            return False
        return True

    def _set(self, foreground: bool, color: int) -> None:
        if foreground:
            self._fg = color
        else:
            self._bg = color


def _number(field: str) -> int:
    """A parameter; 0 where none is given, -1 for what is no number."""
    return int(field or 0) if len(field) <= 4 and (not field or (field.isascii() and field.isdecimal())) else -1


def _with_colons(fields: list[str]) -> tuple[int, int, list[int]]:
    """38:5:n, 38:2:r:g:b as some write it, or with a colour space and a tolerance, which say nothing here."""
    number, mode, *values = map(_number, fields)
    if mode == 2 and len(values) > 3:
        values = values[1:4]
    return number, mode, values


def _brighter(color: int) -> int:
    return color + 8 if _FIRST_16 <= color < _FIRST_16 + 8 else color


def _turned(color: int) -> int:
    """A background as foreground, or the other way round."""
    return {_OWN: _OTHERS, _OTHERS: _OWN}.get(color, color)


# --- What is seen of it ---

Styles = NDArray[np.int64]


def colors_of(styles: Styles, cells: NDArray[np.uint32], screen: bool, dark: bool, old: bool) -> Colors | None:
    """The colours of cells (rows, cols) of some styles; None where they are a device's own two.

    `screen`: what is not coloured is light on dark; `dark`: the art is. A background of its paper's
    colour everywhere is none.
    """
    seen = cells != ord(" ")
    fg_keys, bg_keys = styles & (1 << _BITS) - 1, styles >> _BITS
    black_white = (0, 0xFFFFFF)
    paper = black_white[not dark]
    ink = int(packed(palette(Depth.C16)[_GREY])) if old and _has_colors(fg_keys[seen], bg_keys) else black_white[screen]
    fg = _rgb(fg_keys, ink, black_white[not screen])
    bg = np.where((bg_keys == _OWN) & ~seen, paper, _rgb(bg_keys, black_white[not screen], black_white[screen]))
    has_bg = bool((bg != paper).any())
    if not has_bg and (fg[seen] == black_white[dark]).all():
        return None
    used = max(fg_keys[seen].max(initial=0), bg_keys.max() if has_bg else 0)
    depth = Depth.TRUE if used >= _FIRST_TRUE else Depth.C256 if used >= _FIRST_256 else Depth.C16
    return Colors(depth, unpacked(fg), unpacked(bg) if has_bg else None)


def is_light(styles: Styles, cells: NDArray[np.uint32]) -> bool:
    """Whether cells are on white paper: all that have a background, and all that are not blank have one."""
    own = styles >> _BITS == _OWN
    backgrounds = _rgb((styles >> _BITS)[~own], 0, 0xFFFFFF)
    return bool(backgrounds.size and (backgrounds == 0xFFFFFF).all() and (cells[own] == ord(" ")).all())


def _has_colors(fg_keys: Styles, bg_keys: Styles) -> bool:
    return bool((fg_keys >= _FIRST_16).any() or (bg_keys >= _FIRST_16).any())


def _rgb(keys: Styles, own: int, others: int) -> Styles:
    """0xRRGGBB of the colours in styles."""
    table = np.zeros(_FIRST_256 + 256, np.int64)
    table[[_OWN, _OTHERS]] = own, others
    table[_FIRST_16 : _FIRST_16 + 16] = packed(palette(Depth.C16))
    table[_FIRST_256:] = packed(palette(Depth.C256))
    return np.where(keys >= _FIRST_TRUE, keys & 0xFFFFFF, table[np.where(keys >= _FIRST_TRUE, 0, keys)])
