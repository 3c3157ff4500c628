"""What an eye sees from where it stands: the filters of the perceptual objective.

An eye at a distance sees a blurred picture: that is the main term, and the printed page and the target
are compared after the same blur. The edges of that picture count once more, so that strokes stay strokes
and flat areas calm. The weights were chosen by measurement: benchmarks/study.py.
"""

from __future__ import annotations

import math

from glyphgrad.core.layout import Layout
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity

_ARC_MINUTE = math.radians(1 / 60)
_EDGES = 0.75
"""Weight of the edges, in squared widths of the blur: the same look at any distance."""


def blur_sigma(layout: Layout, viewing_distance: float) -> float:
    """Standard deviation, in pixels, of the blur of an eye `viewing_distance` cell heights away.

    An eye of normal acuity resolves one minute of arc.
    """
    return layout.cell_height * viewing_distance * _ARC_MINUTE


def perceptual_filters(layout: Layout, viewing_distance: float, crisp: bool = False) -> tuple[Filter, ...]:
    """The terms of the objective, each a mean over the picture's pixels; `crisp`: nothing but the pixels."""
    sigma, pixels = blur_sigma(layout, viewing_distance), layout.height * layout.width
    if crisp:
        return (identity(1 / pixels),)
    return gaussian(1 / pixels, sigma), gradient(_EDGES * sigma**2 / pixels, sigma)
