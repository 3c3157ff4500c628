"""The fit itself: target ink and atlas in, characters out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.fit.config import FitConfig, LossWeights
from glyphgrad.fit.progress import Step


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found. `target` (height, width) is the ink in [0, 1] it was to show."""

    art: Art
    target: NDArray[np.float32]
    weights: LossWeights
    seconds: float
    interrupted: bool = False

    @property
    def frame(self) -> Frame:
        return self.art.frame

    @property
    def text(self) -> str:
        return self.art.text

    @cached_property
    def figures(self) -> dict[str, float]:
        """The *hard* grid's `mse`, `multiscale` (the mse of pooled copies), `objective` (both, weighed),
        `diversity` (entropy of usage in nats) and `unique_glyphs`."""
        error = self.art.ink.astype(np.float64) - self.target
        weights = self.weights
        mse = float(np.mean(error**2))
        multiscale = 0.0
        if weights.multiscale_weight:
            multiscale = float(np.mean(pooled(error, weights.multiscale_kernel, weights.multiscale_stride) ** 2))
        glyphs = self.art.atlas.glyphs(self.frame)
        counts = np.bincount(glyphs.ravel(), minlength=len(self.art.atlas.chars))
        return {
            "mse": mse,
            "multiscale": multiscale,
            "objective": mse + weights.multiscale_weight * multiscale,
            "diversity": entropy(counts[~self.art.atlas.blank] if weights.protect_whitespace else counts),
            "unique_glyphs": int(np.count_nonzero(counts)),
        }


def fit(
    target: NDArray[np.float32],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    dark: bool = False,
    on_step: Callable[[Step], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FitResult:
    """The grid of characters whose render is most like `target` (height, width), ink in [0, 1].

    `on_step` is told of progress; when `should_stop` answers True the fit ends with what it has.
    """
    from glyphgrad.fit.gradient import descend  # torch takes a second to import: only when needed

    stopped = False

    def asked_to_stop() -> bool:
        nonlocal stopped
        stopped = should_stop is not None and should_stop()
        return stopped

    start = time.perf_counter()
    glyphs = descend(target, atlas, layout, config, on_step, asked_to_stop)
    seconds = time.perf_counter() - start
    return FitResult(Art(atlas.frame(glyphs), atlas, layout, dark), target, config.weights, seconds, stopped)


def pooled(image: NDArray[np.float64], kernel: int, stride: int) -> NDArray[np.float64]:
    """(H, W) -> averages over `kernel` x `kernel` pixels every `stride`; windows that stick out are dropped."""
    sums = np.pad(image, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    rows = sums[kernel::stride] - sums[:-kernel:stride]
    return np.asarray((rows[:, kernel::stride] - rows[:, :-kernel:stride]) / kernel**2)


def entropy(counts: NDArray[np.integer]) -> float:
    """Entropy in nats of a distribution given by its counts (n,); 0 when there are none."""
    share = counts[counts > 0] / max(1, counts.sum())
    return float(-(share * np.log(share)).sum()) + 0.0
