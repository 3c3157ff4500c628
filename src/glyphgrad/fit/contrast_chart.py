"""What the local contrast has learned, to be read and to be looked at: a map of the page, and the centre curve."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from glyphgrad.core.presets import DEJAVU_SANS_MONO
from glyphgrad.fit.contrast import BINS, IDENTITY, Contrast, Floats, between

TEXT_COLS, TEXT_ROWS = 32, 16
_RAMP = " .:-=+*#%@"
_FINE = 4  # dots drawn for every dot shown, each way
_SIDE = 512  # dots: the longer side of the map, and the sides of the plot
_MARGIN = 48
_HEAT = np.array([(255, 255, 255), (254, 217, 142), (254, 153, 41), (204, 76, 2), (102, 37, 6)])
"""Colours of the map, from the least to the most: YlOrBr of ColorBrewer (Brewer 2003), on white."""
_INK, _PALE, _CURVE = (40, 40, 40), (150, 150, 150), (176, 58, 4)


def map_text(contrast: Contrast) -> str:
    """Where the curves are far from the identity: a headline with the range, and 32 x 16 characters in a frame."""
    far = contrast.nonlinearity_seen(TEXT_ROWS, TEXT_COLS)
    low, high = float(far.min()), float(far.max())
    grade = np.rint(_scaled(far) * (len(_RAMP) - 1)).astype(int)
    lines = ["".join(_RAMP[each] for each in row) for row in grade]
    return (
        f"tone curves, distance from identity: {low:.3f} ({_RAMP[0]!r}) to {high:.3f} ({_RAMP[-1]!r})\n{_framed(lines)}"
    )


def curve_text(contrast: Contrast) -> str:
    """The curve in the middle of the page, 32 x 16 characters: ink before across, ink after upwards, dots the identity."""
    tones = (np.arange(TEXT_COLS) + 0.5) / TEXT_COLS
    cells = np.full((TEXT_ROWS, TEXT_COLS), " ")
    across = np.arange(TEXT_COLS)
    cells[across * TEXT_ROWS // TEXT_COLS, across] = "."
    after = np.interp([tones - 0.5 / TEXT_COLS, tones + 0.5 / TEXT_COLS], IDENTITY, contrast.centre)
    lowest, highest = np.clip(after * TEXT_ROWS, 0, TEXT_ROWS - 1).astype(int)
    for column, (low, high) in enumerate(zip(lowest, highest, strict=True)):
        cells[low : high + 1, column] = "#"
    return "centre curve, ink before to ink after (dots: identity)\n" + _framed(["".join(row) for row in cells[::-1]])


def _framed(lines: list[str]) -> str:
    edge = f"+{'-' * TEXT_COLS}+\n"
    return edge + "".join(f"|{line}|\n" for line in lines) + edge


def _scaled(values: Floats) -> Floats:
    """Values over [0, 1], the least and the largest at its ends; all 0 where they are one."""
    return (values - values.min()) / (np.ptp(values) or 1)


def map_picture(contrast: Contrast) -> Image.Image:
    """The map as a picture ("RGB") in the shape of the page: the darker, the farther from the identity; a key below."""
    layout = contrast.layout
    scale = _SIDE / max(layout.width, layout.height)
    width, height = max(1, round(layout.width * scale)), max(1, round(layout.height * scale))
    far = contrast.nonlinearity_seen(height, width)
    bar = np.tile(np.arange(_SIDE) / (_SIDE - 1), (_MARGIN // 3, 1))
    page = Image.new("RGB", (_SIDE + 2 * _MARGIN, height + 3 * _MARGIN + len(bar)), "white")
    key = _MARGIN + height + _MARGIN // 2
    for values, corner in ((_scaled(far), ((page.width - width) // 2, _MARGIN)), (bar, (_MARGIN, key))):
        _paste_framed(page, _heat(values), corner)
    draw, below = ImageDraw.Draw(page), key + len(bar) + 6
    draw.text((_MARGIN, below), f"{far.min():.3f}", _INK, _font())
    draw.text((page.width - _MARGIN, below), f"{far.max():.3f}", _INK, _font(), anchor="ra")
    draw.text((page.width // 2, below), "distance from identity", _INK, _font(), anchor="ma")
    draw.text((page.width // 2, _MARGIN - 8), "tone curves", _INK, _font(), anchor="md")
    return page


def curve_picture(contrast: Contrast) -> Image.Image:
    """The centre curve as a picture ("RGB"), over the haze of all the corners' curves; the identity is dashed."""
    page = Image.new("RGB", (_SIDE + 2 * _MARGIN,) * 2, "white")
    plot = _haze(contrast.curves).resize((_SIDE * _FINE,) * 2, Image.Resampling.BILINEAR)
    draw, last = ImageDraw.Draw(plot), _SIDE * _FINE - 1
    for start in np.arange(0, 1, 1 / 32):
        draw.line(_points(np.array([start, start + 1 / 64]), np.array([start, start + 1 / 64]), last), _PALE, _FINE)
    draw.line(_points(IDENTITY, contrast.centre, last), _CURVE, 3 * _FINE, joint="curve")
    _paste_framed(page, plot.resize((_SIDE,) * 2, Image.Resampling.BOX), (_MARGIN, _MARGIN))
    draw, end = ImageDraw.Draw(page), page.width - _MARGIN
    for label, place, anchor in (
        ("0", (_MARGIN, end + 8), "ma"),
        ("1", (end, end + 8), "ma"),
        ("1", (_MARGIN - 10, _MARGIN), "rm"),
        ("ink before", (page.width // 2, end + 8), "ma"),
        ("ink after, centre of the page over all corners", (page.width // 2, _MARGIN - 8), "md"),
    ):
        draw.text(place, label, _INK, _font(), anchor=anchor)
    return page


def _haze(curves: Floats) -> Image.Image:
    """How many of the curves pass each dot of a square, the more the darker."""
    tones = (np.arange(_SIDE) + 0.5) / _SIDE
    knot, share = between(tones * BINS, BINS)
    after = curves[..., knot] * (1 - share) + curves[..., knot + 1] * share
    row = ((1 - after) * (_SIDE - 1)).round().astype(np.intp)
    counts = np.bincount((row * _SIDE + np.arange(_SIDE)).ravel(), minlength=_SIDE**2).reshape(_SIDE, _SIDE)
    return _heat(0.6 * (counts / counts.max()) ** 0.3)


def _points(across: Floats, up: Floats, last: int) -> list[tuple[float, float]]:
    """Places in [0, 1], the second coordinate upwards -> dots of a square of `last` + 1, downwards."""
    return list(zip((across * last).tolist(), ((1 - up) * last).tolist(), strict=True))


def _heat(values: Floats) -> Image.Image:
    """Values (H, W) in [0, 1] as colours."""
    stops = np.linspace(0, 1, len(_HEAT))
    return Image.fromarray(
        np.stack([np.interp(values, stops, one) for one in _HEAT.T], axis=-1).round().astype(np.uint8)
    )


def _paste_framed(page: Image.Image, image: Image.Image, corner: tuple[int, int]) -> None:
    page.paste(image, corner)
    left, top = corner
    ImageDraw.Draw(page).rectangle((left - 1, top - 1, left + image.width, top + image.height), outline=_PALE)


def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(DEJAVU_SANS_MONO, 14)
