"""The loss over the steps, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glyphgrad.core.presets import DEJAVU_SANS_MONO

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT, _MARGIN = 1000, 560, 70
_TIMES = 2
"""Drawn so many times as large, and shrunk: smooth lines."""
_PAPER, _INK, _PALE, _DOTS, _LINE = (255, 255, 255), (40, 40, 40), (222, 222, 222), (190, 205, 225), (176, 58, 4)
_TOP, _BOTTOM = _MARGIN * _TIMES, (_HEIGHT - _MARGIN) * _TIMES
_OUTLIERS, _ROOM = 0.002, 0.01
"""Share of losses that may lie beyond the scale at either end, and its margin in powers of ten."""
_SMOOTHED = 40
"""The line is the mean over so many-th parts of all steps."""


def as_csv(losses: Sequence[float]) -> str:
    return "step,loss\n" + "".join(f"{step},{loss:.6g}\n" for step, loss in enumerate(losses, 1))


def smooth(losses: Floats, width: int) -> Floats:
    """The mean of each loss and those before it, `width` at most."""
    sums = np.cumsum(np.concatenate([[0.0], losses]))
    last = np.arange(1, len(losses) + 1)
    first = np.maximum(last - width, 0)
    return (sums[last] - sums[first]) / (last - first)


@dataclass(frozen=True)
class _Scale:
    """Steps 1..`count` across, losses 10**`low`..10**`high` upwards, to dots of the large page."""

    count: int
    low: float
    high: float

    def across(self, steps: Floats) -> Floats:
        left, right = _MARGIN * _TIMES, (_WIDTH - _MARGIN // 2) * _TIMES
        return left + (steps - 1) / max(1, self.count - 1) * (right - left)

    def down(self, losses: Floats) -> Floats:
        share = (np.clip(np.log10(losses), self.low, self.high) - self.low) / (self.high - self.low)
        return _BOTTOM - share * (_BOTTOM - _TOP)


def curve(losses: Sequence[float], title: str) -> Image.Image:
    """Every step's loss as a dot, their moving mean as a line, on a logarithmic scale ("RGB")."""
    values = np.maximum(np.asarray(losses, np.float64), 1e-12)
    line = smooth(values, max(1, len(values) // _SMOOTHED))
    low, high = np.log10(np.quantile(values, [_OUTLIERS, 1 - _OUTLIERS])).tolist()
    scale = _Scale(len(values), low - _ROOM, high + _ROOM)
    page = Image.new("RGB", (_WIDTH * _TIMES, _HEIGHT * _TIMES), _PAPER)
    draw = ImageDraw.Draw(page)
    _draw_grid(draw, scale)
    xs = scale.across(np.arange(1.0, len(values) + 1))
    for x, y in zip(xs, scale.down(values), strict=True):
        draw.ellipse((x - _TIMES, y - _TIMES, x + _TIMES, y + _TIMES), _DOTS)
    draw.line(list(zip(xs.tolist(), scale.down(line).tolist(), strict=True)), _LINE, 2 * _TIMES, joint="curve")
    middle = _WIDTH * _TIMES / 2
    draw.text((middle, _TOP / 2), title, _INK, _font(), anchor="mm")
    draw.text((middle, _HEIGHT * _TIMES - 16), f"step (mean of the last: {line[-1]:.4g})", _INK, _font(), anchor="mb")
    return page.resize((_WIDTH, _HEIGHT), Image.Resampling.BOX)


def _draw_grid(draw: ImageDraw.ImageDraw, scale: _Scale) -> None:
    """Lines and numbers at five steps and at five losses."""
    for step in np.unique(np.linspace(1, scale.count, 5).round()):
        x = float(scale.across(np.array(step)))
        draw.line((x, _TOP, x, _BOTTOM), _PALE, _TIMES)
        draw.text((x, _BOTTOM + 12), f"{step:.0f}", _INK, _font(), anchor="ma")
    for loss in np.logspace(scale.low, scale.high, 5):
        y = float(scale.down(np.array(loss)))
        draw.line((_MARGIN * _TIMES, y, (_WIDTH - _MARGIN // 2) * _TIMES, y), _PALE, _TIMES)
        draw.text((_MARGIN * _TIMES - 12, y), f"{loss:.3g}", _INK, _font(), anchor="rm")


def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(DEJAVU_SANS_MONO, 14 * _TIMES)
