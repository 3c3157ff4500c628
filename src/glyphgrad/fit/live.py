"""A film that is shown while it is fitted: nothing can be looked at ahead, and what is late is never seen."""

from __future__ import annotations

import numpy as np

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.video import Picture, Timed
from glyphgrad.fit import look
from glyphgrad.fit.animate import Cast, Page
from glyphgrad.fit.config import FilmConfig, FitConfig
from glyphgrad.fit.look import Look
from glyphgrad.fit.means import Means
from glyphgrad.fit.shots import thumbnail

_CUT = 0.15
"""Mean change of the thumbnail, of [0, 1], that is a cut: more than in `shots`, which sees what comes after."""
_RATE = 30.0
"""Pages a second, as far as anybody knows."""
_LOOK = 30
"""Pages after which the look of a shot is looked after: it may have faded in from black."""


class Live:
    """Turns pages (height, width[, 3]) of a layout into frames, each when it is given; `animate` looks ahead, this cannot.

    Raises GlyphgradError.
    """

    def __init__(
        self, atlas: GlyphAtlas, layout: Layout, config: FitConfig, film: FilmConfig | None = None, dark: bool = False
    ) -> None:
        self._means, self._dark = Means(atlas, layout, config), dark
        self._cast = Cast(self._means, film or FilmConfig())
        self._look: Look | None = None
        self._last: Page | None = None
        self._pages = 0

    def frame(self, page: Picture) -> Frame:
        """The frame of the next page."""
        with self._means.few_threads():
            seen = self._looked(page)
            now = Page(Timed(self._pages / _RATE, page), seen, self._last)
            grid = self._cast.glyphs(now.prepared(self._means))
        self._last = now.alone()
        return self._means.atlas.frame(grid)

    def _looked(self, page: Picture) -> Look:
        """The look of the shot that the page belongs to."""
        self._pages += 1
        if self._look is None or self._last is None or _differ(self._last.timed.picture, page):
            self._look, self._last, self._pages = look.learn([page], self._means, self._dark), None, 1
        elif self._pages % _LOOK == 0:
            self._look = look.went_on(self._look, [page], self._means)
        return self._look


def _differ(before: Picture, after: Picture) -> bool:
    return bool(np.abs(thumbnail(after) - thumbnail(before)).mean() > _CUT)
