"""Pictures of what a fit has learned beside the characters."""

from __future__ import annotations

import numpy as np

from glyphgrad.codec.picture import png
from glyphgrad.core.raster import pixels
from glyphgrad.fit.contrast_chart import curve_picture, map_picture
from glyphgrad.fit.fit import FitResult
from glyphgrad.fit.warp_chart import alignment_picture


def diagnostics(result: FitResult) -> dict[str, bytes]:
    """Name -> PNG: the gray picture, what of it was to be shown, and what was learned, if it was asked for.

    `alignment` is what was shown with the corners of the grid, an arrow from where each of them came from.
    """
    dark = result.art.dark
    if result.config.in_color:
        return {"shown": png(result.shown)}
    found = {"gray": pixels(result.target, dark), "shown": pixels(result.shown, dark)}
    if result.contrast:
        found |= {"contrast-map": np.asarray(map_picture(result.contrast))}
        found |= {"contrast-curve": np.asarray(curve_picture(result.contrast))}
    if result.warp:
        found |= {"alignment": np.asarray(alignment_picture(result.shown, result.warp, dark))}
    return {name: png(levels) for name, levels in found.items()}
