"""Contact sheets: a row a picture, a column a tool, for eyes to judge what numbers only support."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from glyphgrad.api import device_for, read_art
from glyphgrad.core.presets import DEJAVU_SANS_MONO
from tool import Screen

_LABEL = 22
_GAP = 8
_BACK, _FORE = "#606060", "white"


def rendered(text: str, screen: Screen) -> Image.Image:
    """A text as the terminal shows it, a pixel a dot: 80 x 40 cells are 800 x 800."""
    device = device_for("terminal", dict(screen.options))
    if not text.strip():  # read_art refuses a text of one character
        layout = device.layout_for(1, 1)
        return Image.new("L", (layout.width, layout.height), "black" if screen.dark else "white")
    return Image.fromarray(read_art(text.encode(), device).pixels)


def target(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in grey, stretched over the grid's pixels."""
    return image.convert("L").resize(size, Image.Resampling.LANCZOS)


def contact_sheet(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]], scale: float) -> Image.Image:
    """Rows of (name, pictures alike in size), `scale` times as large, under column heads."""
    width, height = (round(side * scale) for side in rows[0][1][0].size)
    page = (len(heads) * (width + _GAP) + _GAP, _LABEL + len(rows) * (height + _LABEL + _GAP))
    sheet, font = Image.new("RGB", page, _BACK), ImageFont.truetype(str(DEJAVU_SANS_MONO), 14)
    draw = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        draw.text((_GAP + column * (width + _GAP), 3), head, fill=_FORE, font=font)
    for line, (name, images) in enumerate(rows):
        top = _LABEL + line * (height + _LABEL + _GAP)
        draw.text((_GAP, top + 3), name, fill=_FORE, font=font)
        for column, image in enumerate(images):
            small = image.resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(small, (_GAP + column * (width + _GAP), top + _LABEL))
    return sheet


def save(image: Image.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)
    return path
