"""Tone: which of the picture's tones become which amounts of ink.

A font lays down little ink and no even grey: characters of the wrong density are noise to the eye. How
dark a page should be made, and with how much contrast, depends on the picture: a photograph wants the
densest glyphs for its lights, a drawing on a page of ink a solid page that the strokes are cut out of. So
a few ways are tried and the one whose art is most like the picture is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.score import best_gain, correlation, similarity

_LEVELS = 3
_BLOCK = 4  # pixels of a level: blocks do as well for choosing as sliding windows, at half the cost
_EXTREME = 0.98  # tones beyond it, at either end, are a page's
_SHOWN = 0.25  # share of the layout from which on what is around a picture are margins
_CLIPPED = 1.0
"""Percent of the pixels at either end of the range that may lose their differences: dust and glints."""


@dataclass(frozen=True)
class ToneCurve:
    """Target tones in [0, 1] -> `ink` * (contrast stretched about the middle) ** `gamma`.

    `ink` is a share of the densest glyph's mean ink; above 1 the lights are all drawn by it.
    """

    ink: float
    contrast: float = 1.0
    gamma: float = 1.0

    def __call__(self, tones: NDArray[np.float32], densest: float) -> NDArray[np.float32]:
        """(H, W) in [0, 1] -> the ink to aim at, (H, W)."""
        if self.contrast != 1:
            tones = np.clip((tones - np.float32(0.5)) * np.float32(self.contrast) + np.float32(0.5), 0, 1)
        curved = tones if self.gamma == 1 else tones**self.gamma
        return curved if self.ink * densest == 1 else np.asarray(self.ink * densest * curved, dtype=np.float32)


RICH = ToneCurve(1.4, 1.6, 1.4)
MILD = ToneCurve(1.4, 1.6)
HARD = ToneCurve(1.6, 2.0, 1.6)
CURVES = (RICH, MILD, HARD)
"""The curves tried for what has many tones; benchmarks/study.py compared them."""
_PAGE = 0.5
"""Share of the pixels that are of one extreme tone, from which on a picture is a drawing on a page."""
_BARELY = 1.01
"""How far above break-even a solid page is aimed at: the least trace of a stroke shall tip a cell."""


@dataclass(frozen=True, eq=False)
class Aim:
    """Ink (H, W) to aim at; `crisp` if pixel by pixel, and not as a blurring eye sees it."""

    ink: NDArray[np.float32]
    crisp: bool = False


@dataclass(frozen=True)
class ToneMap:
    """A way to aim at pictures: tones from `low` to `high` become the whole range, which the curve makes ink of.

    `densest` is the mean ink of the densest glyph.
    """

    low: float
    high: float
    curve: ToneCurve
    densest: float
    crisp: bool = False

    def __call__(self, target: NDArray[np.floating]) -> Aim:
        """What to aim at for a target (H, W) in [0, 1]."""
        return Aim(self.curve(stretched(target, self.low, self.high), self.densest), self.crisp)


AS_IT_IS = ToneMap(0.0, 1.0, ToneCurve(1.0), 1.0)
"""No change at all."""


def tone_maps(target: NDArray[np.floating], coverage: NDArray[np.floating], count: int) -> list[ToneMap]:
    """The first `count` ways in which a grid of glyphs might look like `target` (H, W) in [0, 1], the likeliest first.

    Beside the curves there are the target as it is, for strokes on a blank page; and a solid page, cut
    out where the target is blank, for strokes on a page of ink. `coverage` (G, h, w) are the glyphs, ink
    in [0, 1].
    """
    low, high = tonal_range(target)
    densest = float(coverage.mean(axis=(1, 2)).max()) or 1.0

    def through(curve: ToneCurve, crisp: bool = False) -> ToneMap:
        return ToneMap(low, high, curve, densest, crisp)

    if np.ptp(_without_margins(target)) == 0:
        return [through(ToneCurve(1.0))]  # one tone: nothing but the right amount of ink
    curves = [through(curve) for curve in CURVES]
    native, cut = through(ToneCurve(1 / densest)), through(ToneCurve(_BARELY * solid_ink(coverage) / densest), True)
    tones = stretched(target, low, high)
    blank, full = np.mean(tones < 1 - _EXTREME) > _PAGE, np.mean(tones > _EXTREME) > _PAGE
    likeliest = [native, *curves, cut] if blank else [cut, *curves, native] if full else [*curves, cut, native]
    return likeliest[:count]


def solid_ink(coverage: NDArray[np.floating]) -> float:
    """The ink from which on, pixel by pixel, no glyph of (G, h, w) suits a page better than the densest.

    Of two glyphs of mean ink m and mean square q the error against ink a is q - 2 a m, plus a constant.
    """
    mean, square = coverage.mean(axis=(1, 2), dtype=np.float64), (coverage.astype(np.float64) ** 2).mean(axis=(1, 2))
    densest = int(mean.argmax())
    thinner = mean < mean[densest]
    even = (square[densest] - square[thinner]) / (2 * (mean[densest] - mean[thinner]))
    return float(max(even, default=1.0))


def tonal_range(target: NDArray[np.floating]) -> tuple[float, float]:
    """The darkest and the lightest tone of a target (H, W) in [0, 1]; of one tone alone 0 and 1.

    Blank margins do not count: they are the paper around the picture.
    """
    tones = _without_margins(target).ravel()
    first = round(_CLIPPED / 100 * (len(tones) - 1))
    ranked = np.partition(tones, [first, -1 - first])
    low, high = float(ranked[first]), float(ranked[-1 - first])
    return (low, high) if high > low else (0.0, 1.0)


def stretched(target: NDArray[np.floating], low: float, high: float) -> NDArray[np.float32]:
    """Tones from `low` to `high` as [0, 1]; beyond they are clipped."""
    if (low, high) == (0, 1):
        return np.asarray(target, dtype=np.float32)
    return np.asarray(np.clip((target - low) / (high - low), 0, 1), dtype=np.float32)


def _without_margins(target: NDArray[np.floating]) -> NDArray[np.floating]:
    """The part that is not blank, unless so little is that it must be a drawing on a page."""
    rows, cols = np.flatnonzero(target.any(axis=1)), np.flatnonzero(target.any(axis=0))
    if not len(rows):
        return target
    shown = target[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return shown if shown.size > _SHOWN * target.size else target


class Likeness:
    """How like a target an eye finds a render: correlation and structure, near by and from afar.

    The eye's blur of `sigma` pixels, and twice and four times that: a pyramid, each of whose levels is
    softened by about one of its own pixels. `target` (H, W) in [0, 1].
    """

    def __init__(self, target: NDArray[np.floating], sigma: float):
        self.factor = max(1, round(sigma))
        self.target = self._levels(target)

    def __call__(self, render: NDArray[np.floating]) -> float:
        """Of a render (H, W) in any range: at most 2; a flat page gets less than 1."""
        return float(np.mean([_alike(a, b) for a, b in zip(self._levels(render), self.target, strict=True)]))

    def _levels(self, image: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        levels = [shrunk(image.astype(np.float32), self.factor)]
        while len(levels) < _LEVELS:
            levels.append(shrunk(levels[-1], 2))
        return [_softened(_softened(each).T).T for each in levels]


def _alike(seen: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    """Correlation, and structural similarity over blocks, once the render has its best gain and offset."""
    return correlation(seen, wanted) + similarity(best_gain(seen, wanted), wanted, _block_means)


def _block_means(image: NDArray[np.floating]) -> NDArray[np.floating]:
    return shrunk(image, _BLOCK)


def _softened(image: NDArray[np.floating]) -> NDArray[np.floating]:
    """Blur along the first axis by one pixel: the binomial 1 4 6 4 1 of Burt and Adelson 1983, edges repeated."""
    rows, padded = len(image), np.pad(image, ((2, 2), (0, 0)), mode="edge")
    return np.asarray(sum(weight / 16 * padded[i : i + rows] for i, weight in enumerate((1, 4, 6, 4, 1))))


def shrunk(image: NDArray[np.floating], factor: int) -> NDArray[np.floating]:
    """Means of `factor` x `factor` pixels; what is left over at the far edges is dropped."""
    height, width = (max(1, size // factor) for size in image.shape)
    factor_y, factor_x = min(factor, image.shape[0]), min(factor, image.shape[1])
    rows = image[: height * factor_y].reshape(height, factor_y, -1).sum(axis=1)
    blocks = sum(rows[:, i : width * factor_x : factor_x] for i in range(factor_x))  # NumPy is slow at short runs
    return np.asarray(blocks / (factor_y * factor_x), image.dtype)
