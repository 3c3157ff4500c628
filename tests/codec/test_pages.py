"""HTML and SVG: what they say, and that a browser shows what our raster does."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glyphgrad import PRESETS, Art, Colors, Depth, Frame, GlyphAtlas, Layout
from glyphgrad.codec.html import encode_html
from glyphgrad.codec.label import Label
from glyphgrad.codec.svg import encode_svg, encode_svg_text
from glyphgrad.codec.webfont import woff

TEXT = ["Ag@&<>\"' ░▒▓█", "éü½╬  |_-^~.:", "]]>&amp; {M}W"]
SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def art_of(preset: str, lines: list[str] = TEXT, dark: bool | None = None) -> Art:
    device, frame = PRESETS[preset], Frame.from_lines(lines)
    layout = Layout(frame.rows, frame.cols, device.cell[1], device.cell[0], device.row_gap)
    chars = "".join(sorted(set(frame.text) - {"\n"}))
    return Art(frame, device.atlas(chars), layout, device.dark if dark is None else dark)


def colored(preset: str, background: bool) -> Art:
    """The same in any colours; in every row two cells that follow each other have one."""
    art, rng = art_of(preset), np.random.default_rng(8)
    fg, bg = rng.integers(0, 256, (2, *art.frame.cells.shape, 3), dtype=np.uint8)
    fg[:, 3], bg[:, 3] = fg[:, 2], bg[:, 2]
    frame = Frame(art.frame.cells, Colors(Depth.TRUE, fg, bg if background else None))
    return replace(art, frame=frame)


class Pre(HTMLParser):
    """The text and the attributes of a page's <pre>."""

    def __init__(self, page: str):
        super().__init__()
        self.text, self.attributes, self._within = "", {}, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "pre":
            self._within, self.attributes = True, dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        self._within &= tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._within else ""


@st.composite
def arts(draw: st.DrawFn) -> Art:
    """Art of any printable characters, whose glyphs are blank."""
    width = draw(st.integers(1, 6))
    line = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=width, max_size=width)
    frame = Frame.from_lines(draw(st.lists(line, min_size=1, max_size=3)))
    chars = "".join(sorted(set(frame.text) | {" ", "a"}))
    atlas = GlyphAtlas(chars, np.zeros((len(chars), 6, 4), np.float32))
    return Art(frame, atlas, Layout(frame.rows, frame.cols, 6, 4))


@pytest.mark.parametrize("background", [False, True])
def test_the_text_of_coloured_pages_is_the_art_and_its_colours_the_cells(background: bool) -> None:
    art = colored("epson", background)
    assert Pre(encode_html(art).decode()).text == "\n" + art.text
    rows = ElementTree.fromstring(encode_svg_text(art)).findall(f"{SVG}text")
    assert ["".join(row.itertext()) for row in rows] == art.frame.lines
    assert art.frame.colors is not None
    last = "#{:02x}{:02x}{:02x}".format(*art.frame.colors.fg[-1, -1])
    assert rows[-1].findall(f"{SVG}tspan")[-1].get("fill") == last
    assert f'<span style="color:{last}' in encode_html(art).decode()
    boxes = ElementTree.fromstring(encode_svg(art)).findall(f"{SVG}g/{SVG}rect")
    assert len(boxes) == background * 3 * 12  # of thirteen cells a row, two of one colour
    assert ("linear-gradient" in encode_html(art).decode()) == background


@settings(max_examples=25, deadline=None)  # a font is made for each
@given(arts())
def test_the_text_of_pages_is_the_art(art: Art) -> None:
    assert Pre(encode_html(art).decode()).text == "\n" + art.text  # a line feed after <pre> is none, says the standard
    rows = ElementTree.fromstring(encode_svg_text(art)).findall(f"{SVG}text")
    assert [row.text for row in rows] == art.frame.lines


@pytest.mark.parametrize("encode", [encode_html, encode_svg, encode_svg_text])
@pytest.mark.parametrize(("dark", "paper"), [(True, "#000"), (False, "#fff")])
def test_paper_description_and_no_other_files(encode: Callable, dark: bool, paper: str) -> None:
    page = encode(art_of("epson", dark=dark), Label('A "moon" & <b>', alt="")).decode()
    assert paper in page
    assert "A &quot;moon&quot; &amp; &lt;b&gt;: a picture of 13 by 3 characters" in page
    assert "<b>" not in page
    assert not re.search(r"(?:src|href)=\"(?!#)|url\((?!data:)|https?:(?!//www\.w3\.org/2000/svg)", page)
    assert "What it shows" in encode(art_of("epson"), Label("t", alt="What it shows")).decode()


def test_svg_is_xml_with_each_glyph_once() -> None:
    root = ElementTree.fromstring(encode_svg(art_of("epson", ["aab", " a "])))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("36", "54", "0 0 36 54")
    assert len(root.findall(f"{SVG}defs/{SVG}path")) == 2
    places = [(use.get("x"), use.get("y")) for use in root.findall(f"{SVG}use")]
    assert places == [("0", "0"), ("12", "0"), ("24", "0"), ("12", "30")]


def test_the_font_has_the_cells_measures_and_no_more_characters() -> None:
    art = art_of("epson", ["ab█"])
    font = TTFont(io.BytesIO(woff(art)))
    assert sorted(font.getBestCmap()) == [ord("a"), ord("b"), ord("█")]
    assert font["head"].unitsPerEm == 24 * 64
    assert (font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap) == (24 * 64, -6 * 64, 0)
    assert {advance for advance, _ in font["hmtx"].metrics.values()} == {12 * 64}
    assert (font["head"].created, font["head"].modified) == (2082844800, 2082844800)  # the same art, the same bytes


TOLERANCE = {"epson": 0.0, "terminal": 0.09, "discord": 0.09}
"""Root of the mean squared error of red, green and blue, of 1. A bitmap font: every pixel. Others are outlines
through the coverage, with the browser's own smoothing and hinting."""

ENCODERS = {"a.html": encode_html, "a.svg": encode_svg, "a.text.svg": encode_svg_text}


def screenshot(folder: Path, files: dict[str, bytes], width: int, height: int) -> np.ndarray:
    """What a browser shows of some files, sRGB (file, height, width, 3), each cut to that size."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    frames = "".join(f'<iframe src="{name}" width={width} height={height}></iframe>' for name in files)
    style = "<style>body{margin:0}iframe{display:block;border:0}</style>"
    (folder / "all.html").write_text(f"<!doctype html>{style}{frames}")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
    options += [f"--user-data-dir={folder / 'profile'}", f"--window-size={max(width, 500)},{len(files) * height}"]
    command = [CHROMIUM, *options, f"--screenshot={folder / 'shot.png'}", str(folder / "all.html")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with Image.open(folder / "shot.png") as shot:
        return np.asarray(shot.convert("RGB"), float)[: len(files) * height, :width].reshape(-1, height, width, 3)


@pytest.mark.skipif(
    not CHROMIUM, reason="NO CHROMIUM: install Debian's `chromium` to see pages compared with the raster"
)
@pytest.mark.parametrize("background", [None, False, True])
def test_a_browser_shows_the_raster(tmp_path: Path, background: bool | None) -> None:
    arts = {preset: art_of(preset) if background is None else colored(preset, background) for preset in TOLERANCE}
    files = {f"{preset}.{name}": encode(art) for preset, art in arts.items() for name, encode in ENCODERS.items()}
    height, width = np.max([art.pixels.shape[:2] for art in arts.values()], axis=0).tolist()
    for name, seen in zip(files, screenshot(tmp_path, files, width, height), strict=True):
        preset = name.partition(".")[0]
        pixels = arts[preset].pixels.astype(float)
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        error = np.sqrt(((seen[: pixels.shape[0], : pixels.shape[1]] - pixels) ** 2).mean()) / 255
        assert error <= TOLERANCE[preset], name
