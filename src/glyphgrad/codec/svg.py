"""Art -> SVG: glyphs as paths, which needs no font, or as text that can be selected, with a font of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from glyphgrad.codec.html import css, described, paper_and_ink
from glyphgrad.codec.label import Label
from glyphgrad.codec.outline import outlines
from glyphgrad.codec.runs import OWN, Runs, Style, planes
from glyphgrad.codec.webfont import FAMILY, font_face
from glyphgrad.core.art import Art


def encode_svg(art: Art, label: Label | None = None) -> bytes:
    """Each glyph once, as a path, and used wherever it stands."""
    layout = art.layout
    glyphs = art.atlas.glyphs(art.frame)
    used = sorted(set(glyphs[~art.atlas.blank[glyphs]].tolist()))
    paths = "".join(f'<path id="g{number}" d="{_path(art, number)}"/>\n' for number in used)
    inks = planes(art.frame)[0].tolist()
    places = "".join(
        f'<use href="#g{number}" x="{col * layout.cell_width}" y="{row * layout.row_pitch}"{_fill(inks[row][col])}/>\n'
        for row, line in enumerate(glyphs.tolist())
        for col, number in enumerate(line)
        if not art.atlas.blank[number]
    )
    return _document(art, label, f"<defs>\n{paths}</defs>\n{places}")


def encode_svg_text(art: Art, label: Label | None = None) -> bytes:
    """A text element a row."""
    layout = art.layout
    style = (
        f"<style>{font_face(art)}text{{font:{layout.cell_height}px {FAMILY},monospace;white-space:pre;"
        "font-kerning:none;font-variant-ligatures:none}</style>\n"
    )
    rows = "".join(
        f'<text y="{row * layout.row_pitch + layout.cell_height}" textLength="{layout.width}" xml:space="preserve">'
        f"{''.join(starmap(_span, runs))}</text>\n"
        for row, runs in enumerate(Runs(art.frame).rows())
    )
    return _document(art, label, style + rows)


def _document(art: Art, label: Label | None, body: str) -> bytes:
    label, layout = label or Label(), art.layout
    paper, ink = paper_and_ink(art)
    size = f'width="{layout.width}" height="{layout.height}"'
    title = f"<title>{escape(label.title)}</title>\n" if label.title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {layout.width} {layout.height}" '
        f'role="img" aria-label="{escape(described(art, label))}" fill="{ink}">\n'
        f'{title}<rect {size} fill="{paper}"/>\n{_backgrounds(art)}{body}</svg>\n'
    ).encode()


def _backgrounds(art: Art) -> str:
    """A rectangle for every run of cells of one background; no edge of theirs is smoothed, so that none shows."""
    layout, backgrounds = art.layout, planes(art.frame)[1]
    rectangles = "".join(
        f'<rect x="{begin * layout.cell_width}" y="{row * layout.row_pitch}" '
        f'width="{(end - begin) * layout.cell_width}" height="{layout.cell_height}" fill="{css(color)}"/>\n'
        for row, line in enumerate(backgrounds)
        for begin, end, color in _spans(line)
        if color != OWN
    )
    return f'<g shape-rendering="crispEdges">\n{rectangles}</g>\n' if rectangles else ""


def _spans(line: NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """(begin, end, value) of the runs of equal values."""
    breaks = (np.flatnonzero(line[1:] != line[:-1]) + 1).tolist()
    return ((begin, end, int(line[begin])) for begin, end in pairwise([0, *breaks, len(line)]))


def _fill(color: int) -> str:
    return "" if color == OWN else f' fill="{css(color)}"'


def _span(style: Style, text: str) -> str:
    text, fill = escape(text, quote=False), _fill(style.fg)
    return f"<tspan{fill}>{text}</tspan>" if fill else text


def _path(art: Art, number: int) -> str:
    """Path data of a glyph, in pixels of its cell."""
    polygons = outlines(art.atlas.coverage[number])
    return "".join("M" + " ".join(f"{x:.5g},{y:.5g}" for x, y in polygon.tolist()) + "z" for polygon in polygons)
