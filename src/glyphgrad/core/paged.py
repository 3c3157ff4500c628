"""The pictures of a film, laid on the pages of a layout."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glyphgrad.core import target
from glyphgrad.core.layout import Layout
from glyphgrad.core.video import Film, Timed


def paged(film: Film, layout: Layout, fit: str, dark: bool) -> Iterator[Timed]:
    """The pictures of a film as pages (height, width[, 3]), uint8, black around them if `dark`, else white.

    `fit` is as in `target.place`. Raises ConfigError, PictureError.
    """
    size, (left, top) = target.placement((film.width, film.height), layout, fit)
    shown = slice(max(0, top), max(0, top) + size[1]), slice(max(0, left), max(0, left) + size[0])
    for time, picture in film.pictures(size):
        part = picture[max(0, -top) :, max(0, -left) :][: layout.height, : layout.width]
        if part.shape[:2] == (layout.height, layout.width):
            yield Timed(time, np.ascontiguousarray(part))
            continue
        page = np.full((layout.height, layout.width, *part.shape[2:]), target.paper(dark), np.uint8)
        page[shown] = part
        yield Timed(time, page)
