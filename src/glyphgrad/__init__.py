"""glyphgrad: pictures and films into text, by optimisation.

import glyphgrad
print(glyphgrad.fit("photo.jpg", "terminal").text)
"""

from glyphgrad.api import animate, fit, score
from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.clip import Film, TimedFrame
from glyphgrad.core.colors import Colors, Depth
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS, Preset
from glyphgrad.errors import GlyphgradError, GlyphgradWarning
from glyphgrad.fit.config import AnnealConfig, FilmConfig, FitConfig, LossWeights
from glyphgrad.fit.fit import FitResult
from glyphgrad.fit.progress import Step
from glyphgrad.structure.imagine import imagine
from glyphgrad.version import __version__

__all__ = [
    "PRESETS",
    "AnnealConfig",
    "Art",
    "Colors",
    "Depth",
    "Film",
    "FilmConfig",
    "FitConfig",
    "FitResult",
    "Frame",
    "GlyphAtlas",
    "GlyphgradError",
    "GlyphgradWarning",
    "Layout",
    "LossWeights",
    "Preset",
    "Step",
    "TimedFrame",
    "__version__",
    "animate",
    "fit",
    "imagine",
    "score",
]
