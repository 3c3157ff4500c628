"""Colours: glyphgrad against chafa with the same symbols, size and colours, judged by `glyphgrad score`.

    python benchmarks/color.py [--quick]

Tables go to the terminal and to benchmarks/color.md (of a quick run: benchmarks/out/color.md), a contact sheet for
every number of colours to benchmarks/out/.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

import glyphgrad
from glyphgrad.api import device_for, read_art
from glyphgrad.codec.ansi import encode_ansi
from glyphgrad.core import target
from glyphgrad.core.art import Art
from glyphgrad.core.colors import RGB, Colors, Depth, palette, unpacked
from glyphgrad.core.score import lab_differences, seen_lab
from machine import HERE, OUT, about
from pictures import QUICK, Picture, pictures
from sheet import contact_sheet, save
from tables import Cell, table
from tool import Screen

SCREEN = Screen(80, 40)
ASCII = "".join(map(chr, range(32, 127)))
SYMBOLS = {"ascii": ASCII, "ascii+block": ASCII + "".join(map(chr, range(0x2580, 0x25A0)))}
"""chafa's names of sets of symbols, and what is in them."""
CHAFA_COLORS = {"16": "16", "256": "240", "true": "full"}
"""Our depths, and chafa's names of the same colours: neither of us uses the sixteen of 256 that themes change."""
CHAFA_OPTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "16": ((), ("-p", "off")),
    "256": (("--color-extractor", "median"), ("--dither", "diffusion")),
    "true": ((), ("--color-extractor", "median")),
}
"""Of these chafa's better result counts, picture by picture: on a photograph they did best of six settings."""
CHAFA_16 = np.array(
    [
        0x000000, 0x800000, 0x007000, 0x707000, 0x000070, 0x700070, 0x007070, 0xC0C0C0,
        0x404040, 0xFF0000, 0x00FF00, 0xFFFF00, 0x0000FF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]
)  # fmt: skip
"""What chafa takes a terminal's sixteen colours to be: found by where flat pictures go over from one to the next."""
FIGURES = ("lab2", "lab4", "lab8")
_HEADS = [f"{tool} {name}" for tool in ("our", "chafa's") for name in FIGURES]


@dataclass(frozen=True)
class Case:
    """The colours and symbols that both may use."""

    depth: str
    background: bool
    symbols: str

    @property
    def name(self) -> str:
        return f"{self.depth} {'with' if self.background else 'without'} background, {self.symbols}"


CASES = [Case(depth, background, "ascii") for background in (True, False) for depth in CHAFA_COLORS]
CASES += [Case(depth, True, "ascii+block") for depth in CHAFA_COLORS]


@dataclass(frozen=True, eq=False)
class Page:
    """A picture: its file, its pixels on the screen, a pixel a dot, and what is seen of them."""

    name: str
    file: Path
    pixels: RGB
    seen: list[Any]


@dataclass(frozen=True, eq=False)
class Result:
    """What a tool made of a picture: pixels, the means of CIELAB differences after blurs, seconds."""

    pixels: RGB
    figures: dict[str, float]
    seconds: float

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.figures.values())))


@dataclass(frozen=True, eq=False)
class Pair:
    """What both made of a picture."""

    name: str
    target: Image.Image
    ours: Result
    chafa: Result

    @property
    def figures(self) -> list[float]:
        return [each.figures[name] for each in (self.ours, self.chafa) for name in FIGURES]

    @property
    def ratio(self) -> float:
        """Our mean figure by chafa's; of two perfect ones 1."""
        return self.ours.mean / self.chafa.mean if self.chafa.mean else float(self.ours.mean == 0)


def drawn(text: bytes, theme: RGB | None = None) -> RGB:
    """A text in colours as the terminal shows it; `theme` (16, 3) is what its sixteen colours are, else VGA's."""
    art: Art = read_art(text, device_for("terminal", dict(SCREEN.options)))
    colors = art.frame.colors
    if colors is None:
        return np.stack([art.pixels] * 3, axis=2)  # of nothing but the terminal's own colour
    if theme is None:
        return art.pixels
    known = {tuple(code): color for code, color in zip(palette(Depth.C16).tolist(), theme, strict=True)}

    def themed(plane: RGB) -> RGB:
        return np.array([known[tuple(code)] for code in plane.reshape(-1, 3).tolist()], np.uint8).reshape(plane.shape)

    seen = Colors(Depth.TRUE, themed(colors.fg), None if colors.bg is None else themed(colors.bg))
    return replace(art, frame=replace(art.frame, colors=seen)).pixels


def ours(case: Case, page: Page) -> Result:
    """The fit with its defaults, by way of an ANSI text."""
    begun = time.perf_counter()
    fitted = glyphgrad.fit(
        page.file,
        "terminal",
        **SCREEN.options,
        chars=SYMBOLS[case.symbols],
        color=case.depth,
        background=case.background,
    )
    return shown(case, page, encode_ansi(fitted.art), time.perf_counter() - begun)


def chafa(case: Case, page: Page) -> Result:
    """The best of several settings at full effort."""
    return min((_chafa(case, page, extra) for extra in CHAFA_OPTIONS[case.depth]), key=lambda each: each.mean)


def _chafa(case: Case, page: Page, extra: Sequence[str]) -> Result:
    command = ["chafa", "--format", "symbols", "--symbols", case.symbols, "--colors", CHAFA_COLORS[case.depth]]
    command += ["--work", "9", "--size", f"{SCREEN.cols}x{SCREEN.rows}", "--stretch", "--font-ratio", "1/2"]
    command += ["--animate", "off", *extra, *([] if case.background else ["--fg-only"]), str(page.file)]
    begun = time.perf_counter()
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return shown(case, page, text, time.perf_counter() - begun)


def shown(case: Case, page: Page, text: bytes, seconds: float) -> Result:
    """A text on a terminal; of 16 colours on one with VGA's theme, for which we fit, or chafa's, whichever suits it."""
    themes = [None, unpacked(CHAFA_16)] if case.depth == "16" else [None]
    return min((judged(drawn(text, each), page, seconds) for each in themes), key=lambda each: each.mean)


def judged(pixels: RGB, page: Page, seconds: float) -> Result:
    if pixels.shape != page.pixels.shape:
        raise SystemExit(f"a text drawn is {pixels.shape}, the picture {page.pixels.shape}: are there 80 x 40 cells?")
    return Result(pixels, lab_differences(seen_lab(pixels / 255), page.seen), seconds)


def page_of(picture: Picture) -> Page:
    """The picture as it is to be shown."""
    layout = device_for("terminal", dict(SCREEN.options)).layout_for(*picture.image.size)
    pixels = target.page_of(picture.image.convert("RGB"), layout, "stretch", SCREEN.dark)
    return Page(picture.name, picture.file_in(OUT / "pictures"), pixels, seen_lab(pixels / 255))


def report(names: Sequence[str] | None) -> str:
    """The tables, with a contact sheet for every case."""
    found: dict[Case, list[Pair]] = {case: [] for case in CASES}
    for picture in pictures(None, names):
        page = page_of(picture)
        for case in CASES:
            pair = Pair(page.name, Image.fromarray(page.pixels), ours(case, page), chafa(case, page))
            found[case].append(pair)
            print(
                page.name, case.name, *(f"{number:.3f}" for number in [*pair.figures, pair.ratio]), sep=", ", flush=True
            )
    head = ["colours and symbols", *_HEADS, "ratio of means", "worst picture's", "our seconds", "chafa's"]
    text = table(head, [_summary(case, pairs) for case, pairs in found.items()])
    for case, pairs in found.items():
        save(_sheet(pairs), OUT / f"color-{case.name.replace(' ', '-').replace(',', '')}.png")
        lines: list[list[Cell]] = [[pair.name, *pair.figures, pair.ratio] for pair in pairs]
        text += f"\n### {case.name}\n\n" + table(["picture", *_HEADS, "ratio"], lines)
    return text


def _summary(case: Case, pairs: Sequence[Pair]) -> list[str | float]:
    means = np.mean([pair.figures for pair in pairs], axis=0)
    seconds = np.mean([(pair.ours.seconds, pair.chafa.seconds) for pair in pairs], axis=0)
    ratio = means[: len(FIGURES)].sum() / means[len(FIGURES) :].sum()
    return [case.name, *map(float, means), float(ratio), max(pair.ratio for pair in pairs), *map(float, seconds)]


def _sheet(pairs: Sequence[Pair]) -> Image.Image:
    rows = [
        (pair.name, [pair.target, Image.fromarray(pair.ours.pixels), Image.fromarray(pair.chafa.pixels)])
        for pair in pairs
    ]
    return contact_sheet(["target", "glyphgrad", "chafa"], rows, 0.5)


@click.command
@click.option("--quick", is_flag=True, help="Five pictures.")
def main(quick: bool) -> None:
    """Measure glyphgrad and chafa in colours."""
    text = (
        "# Colours: glyphgrad and chafa\n\n" + about("make bench-color") + "\n"
        f"{SCREEN.cols} x {SCREEN.rows} cells, DejaVu Sans Mono, on black. Mean CIELAB differences after blurs of 2, 4 and 8 "
        "pixels (`glyphgrad score`), less is better; a ratio below 1 is ours. chafa at `--work 9`, for each picture the "
        "better of two settings (`CHAFA_OPTIONS` in color.py). Texts of 16 colours, of either tool, count as shown by a "
        "terminal with VGA's theme, for which glyphgrad fits, or with the theme that chafa expects, whichever suits them.\n\n"
        + report(QUICK if quick else None)
    )
    path = OUT / "color.md" if quick else HERE / "color.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
