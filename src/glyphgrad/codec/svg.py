"""Art -> SVG: glyphs as paths, which needs no font, or as text that can be selected, with a font of its own."""

from __future__ import annotations

from html import escape

from glyphgrad.codec.html import described, paper_and_ink
from glyphgrad.codec.label import Label
from glyphgrad.codec.outline import outlines
from glyphgrad.codec.webfont import FAMILY, font_face
from glyphgrad.core.art import Art


def encode_svg(art: Art, label: Label | None = None) -> bytes:
    """Each glyph once, as a path, and used wherever it stands."""
    layout = art.layout
    glyphs = art.atlas.glyphs(art.frame)
    used = sorted(set(glyphs[~art.atlas.blank[glyphs]].tolist()))
    paths = "".join(f'<path id="g{number}" d="{_path(art, number)}"/>\n' for number in used)
    places = "".join(
        f'<use href="#g{number}" x="{col * layout.cell_width}" y="{row * layout.row_pitch}"/>\n'
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
        f"{escape(line, quote=False)}</text>\n"
        for row, line in enumerate(art.frame.lines)
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
        f'{title}<rect {size} fill="{paper}"/>\n{body}</svg>\n'
    ).encode()


def _path(art: Art, number: int) -> str:
    """Path data of a glyph, in pixels of its cell."""
    polygons = outlines(art.atlas.coverage[number])
    return "".join("M" + " ".join(f"{x:.5g},{y:.5g}" for x, y in polygon.tolist()) + "z" for polygon in polygons)
