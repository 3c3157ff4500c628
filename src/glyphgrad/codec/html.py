"""Art -> a page that stands alone: text that can be selected and copied, in cells exactly as large as the device's."""

from __future__ import annotations

from html import escape
from itertools import starmap

from glyphgrad.codec.label import Label
from glyphgrad.codec.runs import OWN, Runs, Style
from glyphgrad.codec.webfont import FAMILY, font_face
from glyphgrad.core.art import Art

_BACKGROUNDS = """\
pre span {{ background: linear-gradient(var(--b), var(--b)) 0 0 / 100% {height}px no-repeat }}
"""
"""As high as a cell: the row gap below it, which belongs to the line, shows the paper."""


def paper_and_ink(art: Art) -> tuple[str, str]:
    """CSS colours."""
    return ("#000", "#fff") if art.dark else ("#fff", "#000")


def described(art: Art, label: Label) -> str:
    """What is read to who cannot see the art."""
    title = f"{label.title}: " if label.title else ""
    return label.alt or f"{title}a picture of {art.frame.cols} by {art.frame.rows} characters"


def css(color: int) -> str:
    """The CSS of 0xRRGGBB."""
    return f"#{color:06x}"


def encode_html(art: Art, label: Label | None = None) -> bytes:
    label, layout = label or Label(), art.layout
    paper, ink = paper_and_ink(art)
    scheme = "dark" if art.dark else "light"
    has_backgrounds = art.frame.colors is not None and art.frame.colors.bg is not None
    author = f'<meta name="author" content="{escape(label.author)}">\n' if label.author else ""
    page = f"""<!doctype html>
<html lang="zxx">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="{scheme}">
{author}<title>{escape(label.title or "glyphgrad")}</title>
<style>
{font_face(art)}
body {{ margin: 0; background: {paper}; color: {ink} }}
pre {{
  margin: 0; width: {layout.width}px; height: {layout.height}px; overflow: hidden;
  font: {layout.cell_height}px/{layout.row_pitch}px {FAMILY}, monospace;
  font-kerning: none; font-variant-ligatures: none; text-size-adjust: none; -webkit-text-size-adjust: none;
}}
{_BACKGROUNDS.format(height=layout.cell_height) * has_backgrounds}</style>
<pre role="img" aria-label="{escape(described(art, label))}">
{_text(art)}</pre>
</html>
"""
    return page.encode()


def _text(art: Art) -> str:
    """The rows, with an element for every run of cells that look alike."""
    return "".join("".join(starmap(_run, row)) + "\n" for row in Runs(art.frame).rows())


def _run(style: Style, text: str) -> str:
    told = [f"color:{css(style.fg)}"] * (style.fg != OWN) + [f"--b:{css(style.bg)}"] * (style.bg != OWN)
    text = escape(text, quote=False)
    return f'<span style="{";".join(told)}">{text}</span>' if told else text
