"""Draws examples/equal-luminance.png: a fish that only its colours tell from the water.

Water, body and stripes have the same lightness: luma 122 of 255, L* between 58.7 and 58.9. What gives gray
by a formula sees an empty frame; `--gray learned` sees the fish. Run it to make the file again.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (480, 360)
WATER, BODY, STRIPES = (48, 159, 126), (255, 78, 0), (240, 36, 252)
_FRAME = 12  # pixels of black, and as many of white within


def fish() -> Image.Image:
    """The picture, "RGB", without antialiasing: five colours and no mixtures."""
    width, height = SIZE
    image = Image.new("RGB", SIZE, "black")
    draw = ImageDraw.Draw(image)
    for inset, colour in ((_FRAME, "white"), (2 * _FRAME, WATER)):
        draw.rectangle((inset, inset, width - 1 - inset, height - 1 - inset), fill=colour)
    draw.polygon([(330, 180), (430, 95), (405, 180), (430, 265)], fill=STRIPES)  # tail
    draw.polygon([(165, 125), (215, 55), (300, 130)], fill=STRIPES)  # back fin
    draw.polygon([(200, 240), (225, 300), (275, 235)], fill=STRIPES)  # belly fin
    draw.ellipse((70, 90, 350, 270), fill=BODY)
    for x in (180, 235, 290):
        draw.chord((x - 34, 108, x + 14, 252), 270, 90, fill=STRIPES)
        draw.chord((x - 52, 108, x - 4, 252), 270, 90, fill=BODY)
    draw.ellipse((105, 148, 141, 184), fill=WATER)
    draw.ellipse((115, 158, 131, 174), fill=STRIPES)  # eye
    draw.arc((92, 180, 152, 232), 35, 130, fill=STRIPES, width=6)  # mouth
    return image


if __name__ == "__main__":
    fish().quantize(8, Image.Quantize.FASTOCTREE).save(Path(__file__).parent / "equal-luminance.png", optimize=True)
