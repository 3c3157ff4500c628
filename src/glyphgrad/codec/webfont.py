"""The glyphs of an art as a font for a page: an em is as high as a cell, an advance as wide.

A font of its own and not a subset of the device's: browsers show no bitmap fonts, and so every page shows
what the atlas drew.
"""

from __future__ import annotations

import base64
import io

from glyphgrad.codec.outline import outlines
from glyphgrad.core.art import Art
from glyphgrad.core.frame import Frame

FAMILY = "glyphgrad"

_UNITS = 64
"""Units a pixel, in cells that are not too high for it."""

_MADE = 2_082_844_800
"""When the font says it was made, in seconds since 1904: at the beginning of 1970, whatever the time."""

_MOST_UNITS = 16384
"""Units an em may have."""


def font_face(art: Art) -> str:
    """The CSS rule that embeds the font: family FAMILY, to be used at the cell's height in pixels."""
    data = base64.b64encode(woff(art)).decode()
    return f"@font-face{{font-family:{FAMILY};src:url(data:font/woff;base64,{data}) format('woff')}}"


def woff(art: Art) -> bytes:
    """A WOFF file of the characters in the art. The same art gives the same bytes.

    The baseline is the bottom of the cell; below it is the row gap.
    """
    from fontTools.fontBuilder import FontBuilder

    layout = art.layout
    units = max(1, min(_UNITS, _MOST_UNITS // layout.cell_height))
    height, advance, gap = units * layout.cell_height, units * layout.cell_width, units * layout.row_gap
    chars = sorted(set(art.text) - {"\n"})
    names = [f"u{ord(char):04X}" for char in chars]
    builder = FontBuilder(height)
    builder.font.flavor = "woff"
    builder.updateHead(created=_MADE, modified=_MADE)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(char): name for char, name in zip(chars, names, strict=True)})
    glyphs = dict(zip([".notdef", *names], _glyphs(art, chars, units), strict=True))
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (advance, getattr(glyph, "xMin", 0)) for name, glyph in glyphs.items()})
    builder.setupHorizontalHeader(ascent=height, descent=-gap)
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=height, sTypoDescender=-gap, sTypoLineGap=0, usWinAscent=height, usWinDescent=gap)
    builder.setupPost(isFixedPitch=1)
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()


def _glyphs(art: Art, chars: list[str], units: int) -> list[object]:
    """A blank one, and those of the characters; y is up."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs = [TTGlyphPen(None).glyph()]
    for number in art.atlas.glyphs(Frame.from_lines(["".join(chars)]))[0]:
        pen = TTGlyphPen(None)
        for polygon in outlines(art.atlas.coverage[number]):
            points = [(round(units * x), round(units * (art.layout.cell_height - y))) for x, y in polygon.tolist()]
            pen.moveTo(points[0])
            for point in points[1:]:
                pen.lineTo(point)
            pen.closePath()
        glyphs.append(pen.glyph())
    return glyphs
