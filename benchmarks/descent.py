"""Our descent against the plain loop: speed, memory, and what they arrive at.

    python benchmarks/descent.py [--iterations 10000]

Speed is measured in alternating rounds in one process, memory in a process each.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import click
import numpy as np
from numpy.typing import NDArray

from glyphgrad.core import target
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS
from glyphgrad.core.raster import render
from glyphgrad.fit.config import FitConfig, LossWeights
from machine import THREADS, in_child, peak_mb
from pictures import pictures
from tables import Cell, table

KERNEL, MULTISCALE = 4, 0.5
"""The original's pooling, in pixels, and its weight; the plain loop has the same defaults."""
ROUNDS = 7
ROUND_STEPS = 100
Grid = NDArray[np.intp]


class Task:
    """One picture for the receipt printer: 42 x 21 cells of 224 glyphs, the original's defaults."""

    def __init__(self, name: str = "camera", diversity: float = 0.01, threads: int = THREADS) -> None:
        picture = next(pictures(names=[name]))
        device = replace(PRESETS["epson"], ban="")  # all 224
        self.layout: Layout = device.layout_for(*picture.image.size)
        self.atlas: GlyphAtlas = device.atlas()
        self.target = target.place(picture.image, self.layout, device.fit, device.dark)
        self.diversity, self.threads = diversity, threads

    def plain(self, iterations: int) -> Grid:
        import torch

        import plain_loop

        torch.set_num_threads(self.threads)
        return plain_loop.descend(self.target, self.atlas.coverage, self.layout, iterations, self.diversity)

    def ours(self, iterations: int) -> Grid:
        from glyphgrad.fit.gradient import descend

        weights = LossWeights(diversity_weight=self.diversity)
        config = FitConfig(
            solver="gradient", iterations=iterations, weights=weights, device="cpu", threads=self.threads
        )
        return descend(self.target, self.atlas, self.layout, config)

    def figures(self, glyphs: Grid) -> dict[str, float]:
        """The hard grid's `objective`, `unique_glyphs`, and `total`, which also counts the diversity.

        Worked out here from pixels, as an oracle that shares nothing with any solver.
        """
        error = render(glyphs, self.atlas.coverage, self.layout).astype(np.float64) - self.target
        windows = np.lib.stride_tricks.sliding_window_view(error, (KERNEL, KERNEL))
        means = windows[:: KERNEL // 2, :: KERNEL // 2].mean(axis=(2, 3))
        objective = float(np.mean(error**2) + MULTISCALE * np.mean(means**2))
        counts = np.bincount(glyphs[~self.atlas.blank[glyphs]].ravel())
        share = counts[counts > 0] / max(1, counts.sum())
        total = objective + self.diversity * float(np.sum(share * np.log(share)))
        return {"objective": objective, "total": total, "unique_glyphs": len(np.unique(glyphs))}


WAYS = ("plain", "ours")


def run(task: Task, way: str) -> Callable[[int], Grid]:
    return {"plain": task.plain, "ours": task.ours}[way]


def paces(task: Task, rounds: int, steps: int) -> dict[str, list[float]]:
    """Milliseconds an iteration, round by round, in turn; a first round of each is not counted."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way in WAYS:
            start = time.perf_counter()
            run(task, way)(steps)
            if number:
                found[way].append(1000 * (time.perf_counter() - start) / steps)
    return found


def report(iterations: int, rounds: int = ROUNDS, steps: int = ROUND_STEPS) -> str:
    """The table, in Markdown."""
    pace = paces(Task(), rounds, steps)
    ended = {way: in_child("descent.py", "--child", way, "--iterations", str(iterations)) for way in WAYS}
    ratio = statistics.median(p / o for p, o in zip(pace["plain"], pace["ours"], strict=True))
    apart = ended["ours"]["objective"] / ended["plain"]["objective"] - 1
    head = ["descent", "ms/iteration", "peak MB", f"objective after {iterations:,}", "total", "glyphs used", "seconds"]
    rows: list[list[Cell]] = []
    for way in WAYS:
        rows.append([way, statistics.median(pace[way])])
        rows[-1] += [ended[way]["peak_mb"], *(f"{ended[way][name]:.5f}" for name in ("objective", "total"))]
        rows[-1] += [ended[way]["unique_glyphs"], ended[way]["seconds"]]
    return (
        f"## Descent: 42 x 21 cells, 224 glyphs, one thread, `camera`\n\n{table(head, rows)}\n"
        f"Medians of {rounds} alternating rounds of {steps} iterations, the making of the start included: "
        f"**{ratio:.2f} times** as many iterations a second as the plain loop. Objective {apart:+.2%} from the plain "
        "loop's. `total` is the objective less 0.01 * entropy, which is what both minimise.\n\n"
    )


def child(way: str, iterations: int) -> None:
    """A whole descent in this process: its figures and peak memory as JSON."""
    task = Task()
    start = time.perf_counter()
    figures = task.figures(run(task, way)(iterations))
    seconds = time.perf_counter() - start
    print(json.dumps(figures | {"seconds": seconds, "peak_mb": peak_mb()}))


@click.command
@click.option("--iterations", default=10_000, show_default=True)
@click.option("--child", "way", type=click.Choice(WAYS), hidden=True)
def main(iterations: int, way: str | None) -> None:
    if way:
        child(way, iterations)
    else:
        print(report(iterations))


if __name__ == "__main__":
    main()
