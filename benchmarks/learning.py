"""What is learned beside the characters: alignment, local contrast, colour to gray.

    python benchmarks/learning.py [--quick]

Pages of text that were moved must come back as their text; photographs must come closer; all of it in seconds.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

import glyphgrad
from descent import Task
from glyphgrad.core import target
from glyphgrad.core.layout import Layout
from glyphgrad.fit.contrast import histogram_entropy
from glyphgrad.fit.gray import grays
from machine import in_child, peak_mb
from pictures import pictures
from tables import Cell, table

PAGES = 5
WORDS = 'the quick brown fox jumps over a lazy dog while 42 Grids of (ink) & paper = {text}; No. 7, [A-Z] "said" he!'
FISH = Path(__file__).parent.parent / "examples" / "equal-luminance.png"
Doubles = NDArray[np.float64]


def page(rng: np.random.Generator, layout: Layout) -> glyphgrad.Frame:
    """Words at random, a blank line here and there, within a margin of two characters and two rows."""
    lines = []
    for row in range(layout.rows - 4):
        words = " ".join(rng.choice(WORDS.split(), layout.cols))[: layout.cols - 4]
        lines.append("" if row % 6 == 5 else "  " + words)
    return glyphgrad.Frame.from_lines([line.ljust(layout.cols) for line in ["", "", *lines, "", ""]])


def moved(ink: Doubles, layout: Layout, rng: np.random.Generator, bent: bool) -> NDArray[np.float32]:
    """Ink (H, W) shifted by up to 0.3 of a cell, scaled by up to 5 %, and bent by up to a third of a cell; by SciPy.

    A bend is about one wave down and across, so that it moves nothing in the mean. Shifted much
    farther a bent page may as well be one of the next column.
    """
    cell = np.array([layout.cell_height, layout.cell_width])
    place = np.indices(ink.shape).astype(float)
    size = np.array(ink.shape)[:, None, None]
    scale, shift = 1 + rng.uniform(-0.05, 0.05, 2), rng.uniform(-0.3, 0.3, 2) * cell
    source = (place - size / 2) / scale[:, None, None] + size / 2 - shift[:, None, None]
    if bent:
        for axis in (0, 1):
            waves, phase = rng.uniform(0.8, 1.2, 2), rng.uniform(0, 2 * np.pi, 2)
            down, across = np.sin(2 * np.pi * waves[:, None, None] * place / size + phase[:, None, None])
            source[axis] += cell[axis] / 3 * down * across
    return np.asarray(map_coordinates(ink, source, order=3), np.float32)  # linear would thin the strokes


def _identity(preset: str, align: str, pages: int) -> list[Cell]:
    """Share of the non-blank characters that are right, without and with alignment, in the worst page and the mean."""
    device, shares, seconds = glyphgrad.PRESETS[preset], [], []
    layout = device.layout_for(*((1, 1) if device.rows else (4, 3)))
    for seed in range(pages):
        rng = np.random.default_rng(seed)
        truth = page(rng, layout)
        art = glyphgrad.Art(truth, device.atlas(), layout, device.dark)
        ink = moved(art.ink.astype(float), layout, rng, bent=align == "warp")
        picture = np.clip(ink if device.dark else 1 - ink, 0, 1)
        inked = ~art.atlas.blank[art.atlas.glyphs(truth)]
        options: dict[str, Any] = {
            "cols": layout.cols,
            "rows": layout.rows,
            "fit": "cover",
            "objective": "seed",
            "diversity_weight": 0.0,
        }
        found = [glyphgrad.fit(picture, preset, **options, align=how) for how in ("off", align)]
        shares.append([float((each.frame.cells == truth.cells)[inked].mean()) for each in found])
        seconds.append(found[1].seconds)
    without, aligned = np.array(shares).T
    moves = "shift and scale" if align == "affine" else "shift, scale and bend"
    return [preset, moves, float(without.max()), float(aligned.mean()), float(aligned.min()), max(seconds)]


def identity(pages: int) -> str:
    rows = [_identity(preset, how, pages) for preset in ("epson", "terminal") for how in ("affine", "warp")]
    head = ["preset", "moved by", "right without, at most", "right, mean", "right, worst", "seconds, at most"]
    return (
        f"## Pages of text that moved\n\n{pages} pages of words each, moved at random: by up to 0.3 of a cell, 5 % and, "
        f"where they are bent, a third of a cell. Right are characters other than blanks.\n\n{table(head, rows)}\n"
    )


def photographs(names: list[str] | None) -> str:
    rows: list[list[Cell]] = []
    for picture in pictures(names=names):
        row: list[Cell] = [picture.name]
        for diversity in (0.0, 0.01):
            wanted: dict[str, Any] = {"objective": "seed", "diversity_weight": diversity, "ban": ""}
            before, after = (glyphgrad.fit(picture.image, align=how, **wanted) for how in ("off", "warp"))
            row += [before.figures["objective"], after.figures["objective"] / before.figures["objective"] - 1]
        rows.append([*row, after.seconds])
        print(f"  {picture.name}", flush=True)
    changes = [[float(str(row[i])) for row in rows] for i in (2, 4)]
    head = ["picture", "objective", "aligned", "at diversity 0.01", "aligned", "seconds"]
    shown: list[list[Cell]] = [[*row[:2], f"{row[2]:+.1%}", row[3], f"{row[4]:+.1%}", row[5]] for row in rows]
    means = " and ".join(f"{statistics.mean(each):+.1%} in the mean, {max(each):+.1%} at most" for each in changes)
    return f"## Alignment of the bench's pictures\n\nSeed objective, receipt printer, `--align warp`.\n\n{table(head, shown)}\n{means}.\n\n"


def measure_contrast(name: str) -> dict[str, float]:
    """Seconds of learning and applying, this process's peak memory in MB, entropy before and after."""
    from glyphgrad.fit.contrast import learn

    task = Task(name)
    start = time.perf_counter()
    after = learn(task.target, task.layout).blended(1.0).applied(task.target)
    seconds = time.perf_counter() - start
    before = histogram_entropy(task.target)
    return {"seconds": seconds, "peak_mb": peak_mb(), "before": before, "after": histogram_entropy(after)}


def contrast(names: list[str]) -> str:
    rows: list[list[Cell]] = []
    for name in names:
        found = in_child("learning.py", "--contrast-of", name)
        rows.append([name, found["before"], found["after"], found["seconds"], found["peak_mb"]])
    head = ["picture", "entropy, nats", "learned, at strength 1", "seconds", "peak MB"]
    return f"## Local contrast, receipt printer\n\n{table(head, rows)}\n"


def gray(seeds: int) -> str:
    """The fish's three colours, black and white: 8-bit levels by every way."""
    picture = target.load(FISH)
    colours = [(48, 159, 126), (255, 78, 0), (240, 36, 252), (0, 0, 0), (255, 255, 255)]
    pixels = np.asarray(picture)
    places = [np.argwhere((pixels == colour).all(axis=2))[0] for colour in colours]
    rows: list[list[Cell]] = []
    for how, count in (("luma", 1), ("lightness", 1), ("learned", seeds)):
        gaps, ends, times = [], [], []
        for seed in range(count):
            start = time.perf_counter()
            levels = np.asarray(grays(picture, how, seed)) / 255
            times.append(time.perf_counter() - start)
            three = sorted(float(levels[y, x]) for y, x in places[:3])
            gaps.append(min(np.diff(three)))
            ends.append(max(levels[*places[3]], 1 - levels[*places[4]]))
        rows.append([how, count, min(gaps), max(ends), statistics.median(times)])
    head = ["gray", "seeds", "least difference of two of the three colours", "black or white off by", "seconds"]
    return f"## Colours of equal luminance ({FISH.name})\n\n{table(head, rows)}\n"


def report(quick: bool = False) -> str:
    names = ["camera", "house"] if quick else None
    parts = [identity(1 if quick else PAGES), photographs(names), contrast(names or ["astronaut", "camera", "moon"])]
    return "".join([*parts, gray(3 if quick else 20)])


@click.command
@click.option("--quick", is_flag=True, help="A page and two pictures.")
@click.option("--contrast-of", hidden=True, help="One measurement, as JSON.")
def main(quick: bool, contrast_of: str | None) -> None:
    print(json.dumps(measure_contrast(contrast_of)) if contrast_of else report(quick))


if __name__ == "__main__":
    main()
