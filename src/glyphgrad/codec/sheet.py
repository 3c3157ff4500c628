"""A contact sheet: results side by side over two settings, for eyes to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glyphgrad.codec.picture import png
from glyphgrad.core.presets import SOURCE_CODE_PRO

_TABLE, _WRITING, _QUIET = 222, 20, 90
"""Grey levels: what white and black papers both stand out from, labels and captions."""


@dataclass(frozen=True)
class Axis:
    """A setting that changes from row to row, or from column to column, and its values as text."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture, grey levels (H, W), and the line below it."""

    picture: NDArray[np.uint8]
    caption: str


def contact_sheet(title: str, rows: Axis, columns: Axis, tiles: Sequence[Tile]) -> bytes:
    """Tiles alike in size, row by row, under the values of `columns` and beside those of `rows`, as PNG."""
    return _Sheet(rows, columns, tiles).drawn(title)


class _Sheet:
    """The measures of a sheet, all from the size of a picture: `em` is that of its writing, in pixels."""

    def __init__(self, rows: Axis, columns: Axis, tiles: Sequence[Tile]):
        self.rows, self.columns, self.tiles = rows, columns, tiles
        self.height, self.width = tiles[0].picture.shape
        self.em = min(max(self.width // 18, 13), 40)
        self.label = ImageFont.truetype(str(SOURCE_CODE_PRO), self.em)
        self.small = ImageFont.truetype(str(SOURCE_CODE_PRO), round(0.7 * self.em))
        captions = [self.small.getlength(tile.caption) for tile in tiles]
        names = [self.label.getlength(value) for value in (*columns.values, *rows.values)]
        self.across = max(self.width, *map(round, captions), *map(round, names)) + self.em
        self.down = self.height + 2 * self.em
        self.left = 3 * self.em + round(max(map(self.label.getlength, rows.values)))
        self.top = 6 * self.em

    def drawn(self, title: str) -> bytes:
        columns, rows = len(self.columns.values), len(self.rows.values)
        title_end = self.em + self.label.getlength(title)
        names_end = self.left + self.label.getlength(self.columns.name), self.top + self.label.getlength(self.rows.name)
        right = round(max(self.left + columns * self.across, title_end, names_end[0]))
        bottom = round(max(self.top + rows * self.down, names_end[1] + self.em))
        page = (right + self.em, bottom)
        sheet = Image.new("L", page, _TABLE)
        draw = ImageDraw.Draw(sheet)
        draw.text((self.em, self.em), title, _WRITING, self.label)
        self._label_columns(draw)
        self._label_rows(sheet, draw)
        for place, tile in enumerate(self.tiles):
            x, y = self._corner(place % columns, place // columns)
            sheet.paste(Image.fromarray(tile.picture), (x, y))
            draw.text((x, y + self.height + self.em // 4), tile.caption, _QUIET, self.small)
        return png(np.asarray(sheet))

    def _corner(self, column: int, row: int) -> tuple[int, int]:
        return self.left + column * self.across, self.top + row * self.down

    def _label_columns(self, draw: ImageDraw.ImageDraw) -> None:
        draw.text((self.left, self.top - 2.2 * self.em), self.columns.name, _QUIET, self.label, anchor="ls")
        for column, value in enumerate(self.columns.values):
            x, y = self._corner(column, 0)
            draw.text((x, y - 0.5 * self.em), value, _WRITING, self.label, anchor="ls")

    def _label_rows(self, sheet: Image.Image, draw: ImageDraw.ImageDraw) -> None:
        name = Image.new("L", (round(self.label.getlength(self.rows.name)), 2 * self.em), _TABLE)
        ImageDraw.Draw(name).text((0, 0), self.rows.name, _QUIET, self.label)
        upright = name.transpose(Image.Transpose.ROTATE_90)
        sheet.paste(upright, (self.em // 2, self.top))
        for row, value in enumerate(self.rows.values):
            x, y = self._corner(0, row)
            draw.text((x - 0.5 * self.em, y), value, _WRITING, self.label, anchor="rt")
