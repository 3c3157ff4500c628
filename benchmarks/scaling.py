"""How the search's time and memory grow with the number of cells: a process a size.

python benchmarks/scaling.py [--quick]
"""

from __future__ import annotations

import json
import statistics
import time
from math import log, log10

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from descent import KERNEL, MULTISCALE
from glyphgrad.core import target
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import DEJAVU_SANS_MONO, PRESETS
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.discrete import solve
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, seed_filters
from glyphgrad.fit.perceptual import perceptual_filters
from machine import OUT, in_child, peak_mb
from pictures import pictures
from tables import Cell, table

SIZES = ("20x10", "40x20", "80x40", "120x60", "200x100", "280x140", "400x200")
QUICK_SIZES = SIZES[:3]
RUNS = 5
"""Of which the median counts."""
PICTURE = "astronaut"
OBJECTIVES = {"seed": ("epson", "224 glyphs"), "perceptual": ("terminal", "95 glyphs")}
Measured = dict[str, float]


def filters_for(objective: str, layout: Layout) -> tuple[Filter, ...]:
    """Those of an objective at its defaults."""
    if objective == "seed":
        return seed_filters(layout, MULTISCALE, KERNEL)
    return perceptual_filters(layout, FitConfig().viewing_distance)


def measure(objective: str, size: str, effort: str) -> Measured:
    """Seconds of the tables and the solver, and this process's peak memory in MB."""
    device = PRESETS[OBJECTIVES[objective][0]]
    cols, rows = map(int, size.split("x"))
    layout = Layout(rows, cols, device.cell[1], device.cell[0], device.row_gap)
    picture = next(pictures(names=[PICTURE])).image
    wanted, atlas = target.place(picture, layout, "stretch", device.dark), device.atlas()
    start = time.perf_counter()
    energy = Energy(wanted, atlas.coverage, layout, filters_for(objective, layout))
    tables, times = time.perf_counter() - start, []
    for _ in range(RUNS):
        start = time.perf_counter()
        solve(energy, effort=effort)
        times.append(time.perf_counter() - start)
    return {"cells": rows * cols, "tables": tables, "solver": statistics.median(times), "peak_mb": peak_mb()}


def report(sizes: tuple[str, ...], effort: str = "fast") -> str:
    """Tables in Markdown; the curve goes to the output folder."""
    found = f"## Cost against cells, effort {effort}\n\n"
    curves: dict[str, list[Measured]] = {}
    for objective, (preset, glyphs) in OBJECTIVES.items():
        curves[objective] = points = []
        for size in sizes:
            print(f"  {objective} {size}", flush=True)
            points.append(in_child("scaling.py", "--child", objective, "--size", size, "--effort", effort))
        found += f"Objective {objective}, {glyphs}, preset {preset}:\n\n{_table(sizes, points)}\n"
    path = OUT / "scaling.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    curve(curves).save(path)
    return found


def _table(sizes: tuple[str, ...], points: list[Measured]) -> str:
    rows: list[list[Cell]] = []
    for i, (size, point) in enumerate(zip(sizes, points, strict=True)):
        growth = _growth(points[: i + 1])
        rows.append([size, int(point["cells"]), 1000 * point["tables"], 1000 * point["solver"]])
        rows[-1] += [1e6 * point["solver"] / point["cells"], growth, point["peak_mb"]]
    head = ["size", "cells", "tables ms", "solver ms", "us/cell", "time over a tenth of the cells'", "peak MB"]
    return table(head, rows)


def _growth(points: list[Measured]) -> float | None:
    """The last time over that of a tenth of its cells, read off between the sizes below it in logarithms."""
    cells, seconds = np.log([[point["cells"], point["solver"]] for point in points]).T
    if cells[-1] - log(10) < cells[0]:
        return None
    return float(np.exp(seconds[-1] - np.interp(cells[-1] - log(10), cells, seconds)))


def curve(curves: dict[str, list[Measured]]) -> Image.Image:
    """Seconds against cells, both axes logarithmic; dashed: proportional to cells."""
    image = Image.new("RGB", (720, 520), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(str(DEJAVU_SANS_MONO), 13)

    def at(cells: float, seconds: float) -> tuple[float, float]:
        return 70 + 155 * (log10(cells) - 2), 460 - 85 * (log10(seconds) + 3)

    for power in range(2, 7):
        x, _ = at(10**power, 1)
        draw.line((x, 35, x, 460), fill="#dddddd")
        draw.text((x, 466), f"{10**power:,}", fill="black", font=font, anchor="ma")
    for power in range(-3, 3):
        _, y = at(100, 10.0**power)
        draw.line((70, y, 690, y), fill="#dddddd")
        draw.text((64, y), f"{10.0**power:g} s", fill="black", font=font, anchor="rm")
    draw.text((380, 490), "cells", fill="black", font=font, anchor="ma")
    draw.text((70, 10), "solver time; grey: proportional to cells", fill="black", font=font)
    for (name, points), colour in zip(curves.items(), ("#2b59c3", "#c8102e"), strict=True):
        dots = [at(point["cells"], point["solver"]) for point in points]
        first, last = points[0], points[-1]
        line = [(first["cells"], first["solver"]), (last["cells"], first["solver"] * last["cells"] / first["cells"])]
        draw.line([at(*end) for end in line], fill="#999999")
        draw.line(dots, fill=colour, width=2)
        for x, y in dots:
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
        draw.text((dots[-1][0] - 6, dots[-1][1] - 10), name, fill=colour, font=font, anchor="rb")
    return image


@click.command
@click.option("--quick", is_flag=True, help="Small sizes only.")
@click.option("--effort", default="fast", show_default=True)
@click.option("--child", "objective", type=click.Choice(list(OBJECTIVES)), hidden=True)
@click.option("--size", default=SIZES[0], hidden=True)
def main(quick: bool, effort: str, objective: str | None, size: str) -> None:
    if objective:
        print(json.dumps(measure(objective, size, effort)))
    else:
        print(report(QUICK_SIZES if quick else SIZES, effort))


if __name__ == "__main__":
    main()
