"""What an eye sees from where it stands: the filters and the tones of the perceptual objective.

An eye at a distance sees a blurred picture: that is the main term, and the printed page and the target
are compared after the same blur. The weights were chosen by measurement: benchmarks/study.py.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.fit.energy import Filter, gaussian, gradient, identity

_ARC_MINUTE = math.radians(1 / 60)
_PIXELS = 0.1


def blur_sigma(layout: Layout, viewing_distance: float) -> float:
    """Standard deviation, in pixels, of the blur of an eye `viewing_distance` cell heights away.

    An eye of normal acuity resolves one minute of arc.
    """
    return layout.cell_height * viewing_distance * _ARC_MINUTE


def perceptual_filters(layout: Layout, viewing_distance: float) -> tuple[Filter, ...]:
    """The terms of the objective, each a mean over the picture's pixels."""
    sigma, pixels = blur_sigma(layout, viewing_distance), layout.height * layout.width
    return gaussian(1 / pixels, sigma), identity(_PIXELS / pixels)


def reachable(target: NDArray[np.floating], coverage: NDArray[np.floating]) -> NDArray[np.float32]:
    """`target` (H, W), its range of tones mapped onto the mean ink the glyphs (G, h, w) can lay down."""
    means = coverage.mean(axis=(1, 2))
    low, high = float(means.min()), float(means.max())
    dark, light = float(target.min()), float(target.max())
    span = light - dark
    share = (target - dark) / span if span else target
    return np.asarray(low + (high - low) * share, dtype=np.float32)
