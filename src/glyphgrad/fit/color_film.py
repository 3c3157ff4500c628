"""A film in coloured characters: one painting a shot, of which only cells that have changed are painted anew.

A cell is held, glyph and colours, until its target lies further than an eye would notice from what it was when
the cell was last painted: so what stands still does not flicker, and a slow fade is followed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.fit.color import Studio
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.means import ShouldStop
from glyphgrad.fit.painting import Painting
from glyphgrad.fit.shots import Stretch

_NOTICED = 5.0
"""CIELAB difference of a cell, for a stability of 1, from which on it is painted anew."""
_SWEEPS = 2
"""Times that cells which have changed are painted."""
_INERTIA = 1.0
"""CIELAB difference, for a stability of 1, by which another glyph must be better than the one that is there."""


def color_film(
    film: Iterable[Stretch],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    stability: float,
    dark: bool,
    should_stop: ShouldStop | None = None,
) -> Iterator[tuple[float, Frame]]:
    """The seconds at which each frame comes, and the frame, for every page (height, width, 3) of a film."""
    studio = Studio(atlas, layout, config, dark)
    painting: Painting | None = None
    for stretch in film:
        for place, timed in enumerate(stretch.pictures):
            if should_stop is not None and should_stop():
                return
            aim = studio.aim(timed.picture)
            if painting is None or not stability or (stretch.begins and place == 0):
                painting = studio.begun(aim)
                for _ in studio.sweeps(painting):
                    pass
            else:
                changed = painting.retarget(aim, _NOTICED * stability)
                for _ in range(_SWEEPS):
                    painting.sweep(changed, _INERTIA * stability)
            yield timed.time, studio.frame(painting)
