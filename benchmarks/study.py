"""How the perceptual objective's weights and tone curves were chosen.

    python benchmarks/study.py [--quick]

Every set of filters with every tone curve on every picture, judged by glyphgrad's score, and with the
curve that fit.tone would choose. Means by kind of picture go to benchmarks/study.md. What was chosen:
"blur 2, gradient 3 at 2" with the curves rich, mild and hard, and "pixels" with the solid page. Then the
polish, on both screens, of what the whole search ends with: chosen was "structure 2, far 1.5". `fit` polishes the
grid of a quick search at normal effort, in fewer sweeps.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import glyphgrad
import judge
from glyphgrad.core import score as scoring
from glyphgrad.core import target
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS
from glyphgrad.core.raster import render
from glyphgrad.fit.discrete import solve
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, identity
from glyphgrad.fit.polish import Distances, polish
from glyphgrad.fit.tone import CURVES, Likeness, ToneCurve, solid_ink, stretched, tonal_range
from machine import HERE, OUT, about
from pictures import KINDS, QUICK, Picture, pictures
from tables import table
from tool import Screen

SIGMA = 2.0
"""Of the eye's blur at the default distance, in pixels: what the likeness is measured at."""
FILTERS: dict[str, tuple[Filter, ...]] = {
    "pixels": (identity(1.0),),
    "blur 2": (gaussian(1.0, 2.0),),
    "blur 2, pixels 0.1": (gaussian(1.0, 2.0), identity(0.1)),
    "blur 1.75, pixels 0.07": (gaussian(1.0, 1.75), identity(0.07)),
    "blur 1.5, pixels 0.05": (gaussian(1.0, 1.5), identity(0.05)),
    "blur 2 and 4, pixels 0.1": (gaussian(1.0, 2.0), gaussian(1.0, 4.0), identity(0.1)),
    "blur 2, gradient 2 at 2": (gaussian(1.0, 2.0), gradient(2.0, 2.0)),
    "blur 2, gradient 3 at 2": (gaussian(1.0, 2.0), gradient(3.0, 2.0)),
    "blur 2, gradient 4 at 2": (gaussian(1.0, 2.0), gradient(4.0, 2.0)),
    "blur 2, gradient 8 at 2": (gaussian(1.0, 2.0), gradient(8.0, 2.0)),
}
SOLID = "a solid page"
TONES = ("ink 1", "rich", "mild", "hard", SOLID)
POLISHES: dict[str, Distances | None] = {
    "none": None,
    "correlation alone": {1: (1, 0), 2: (1, 0), 4: (1, 0)},
    "structure 1": {1: (1, 1), 2: (1, 0), 4: (1, 0)},
    "structure 2": {1: (1, 2), 2: (1, 0), 4: (1, 0)},
    "structure 3": {1: (1, 3), 2: (1, 0), 4: (1, 0)},
    "structure 2, far 1.5": {1: (1, 2), 2: (1, 0), 4: (1.5, 0)},
    "structure 2, far 2": {1: (1, 2), 2: (1, 0), 4: (2, 0)},
    "structure 3, far 2": {1: (1, 3), 2: (1, 0), 4: (2, 0)},
    "structure 2, and 1 from twice as far": {1: (1, 2), 2: (1, 1), 4: (1, 0)},
    "structure 2, one distance": {1: (1, 2)},
    "structure 2, two distances": {1: (1, 2), 2: (1, 0)},
}
"""Distances of the polish, and the weights of correlation and structure from each; "far" is correlation from the farthest."""
SWEEPS = 3
Scores = NDArray[np.float64]


class Trial:
    """One picture on the dark screen, its target, and what a grid for it is worth."""

    def __init__(self, picture: Picture, screen: Screen):
        device = PRESETS["terminal"]
        self.layout = Layout(screen.rows, screen.cols, device.cell[1], device.cell[0])
        self.coverage = device.atlas().coverage
        self.target = target.place(target.load(picture.image, screen.dark), self.layout, "stretch", screen.dark)
        self.tones = stretched(self.target, *tonal_range(self.target))
        self.densest = float(self.coverage.mean(axis=(1, 2)).max())
        solid = ToneCurve(1.01 * solid_ink(self.coverage) / self.densest)
        self.curves = (ToneCurve(1.0), *CURVES, solid)
        self.alike = Likeness(self.target, SIGMA)

    def run(self, filters: tuple[Filter, ...], curve: ToneCurve) -> tuple[Scores, float]:
        """(figures of judge.COLUMNS, likeness)"""
        energy = Energy(curve(self.tones, self.densest), self.coverage, self.layout, filters)
        ink = render(solve(energy, effort="fast"), self.coverage, self.layout)
        figures = scoring.score(ink, self.target)
        return np.array([figures[name] for name in judge.COLUMNS]), self.alike(ink)


def _rows(label: str, results: list[list[tuple[Scores, float]]]) -> list[list[str | float]]:
    """A row a curve, and one for the curve of the greatest likeness; `results` are by picture, then curve."""
    figures = np.array([[scores for scores, _ in picture] for picture in results])
    chosen = np.array([[likeness for _, likeness in picture] for picture in results]).argmax(axis=1)
    rows: list[list[str | float]] = [
        [label, name, *map(float, means)] for name, means in zip(TONES, figures.mean(axis=0), strict=True)
    ]
    best = figures[np.arange(len(figures)), chosen].mean(axis=0)
    return [*rows, [label, "the likest", *map(float, best)]]


def polishes(chosen: Sequence[Picture], screen: Screen) -> str:
    """Markdown tables of the polish, one for every kind of picture and one for all."""
    results: list[tuple[str, list[Scores]]] = []
    for picture in chosen:
        print(f"  polish, {screen.name}: {picture.name}", file=sys.stderr, flush=True)
        # with a bound the whole search is gone through, and nothing is polished
        found = glyphgrad.fit(picture.image, "terminal", bound=True, **screen.options)
        results.append((picture.kind, [_polished(found, distances) for distances in POLISHES.values()]))
    written = ""
    for kind in (*KINDS, "all"):
        means = np.mean([scores for its, scores in results if kind in (its, "all")], axis=0)
        rows: list[list[str | float]] = [
            [label, *map(float, each)] for label, each in zip(POLISHES, means, strict=True)
        ]
        written += f"\n## Polish, {screen.name}: {kind}\n\n{table(['polish', *judge.COLUMNS], rows, judge.BEST)}"
    return written


def _polished(found: glyphgrad.FitResult, distances: Distances | None) -> Scores:
    """The figures of judge.COLUMNS."""
    atlas, layout = found.art.atlas, found.art.layout
    glyphs = atlas.glyphs(found.frame)
    if distances is not None:
        glyphs = polish(glyphs, found.shown, atlas.coverage, layout, SIGMA, SWEEPS, distances=distances)
    figures = scoring.score(render(glyphs, atlas.coverage, layout), found.target)
    return np.array([figures[name] for name in judge.COLUMNS])


def study(chosen: Sequence[Picture]) -> str:
    """Markdown tables, one for every kind of picture and one for all."""
    results: dict[str, list[tuple[str, list[tuple[Scores, float]]]]] = {label: [] for label in FILTERS}
    for picture in chosen:
        print(f"  {picture.name}", file=sys.stderr, flush=True)
        trial = Trial(picture, Screen())
        for label, filters in FILTERS.items():
            results[label].append((picture.kind, [trial.run(filters, curve) for curve in trial.curves]))
    written = ""
    for kind in (*KINDS, "all"):
        rows = []
        for label, found in results.items():
            rows += _rows(label, [each for its, each in found if kind in (its, "all")])
        written += f"\n## {kind}\n\n{table(['filters', 'tone', *judge.COLUMNS], rows, judge.BEST)}"
    return written


@click.command
@click.option("--quick", is_flag=True, help="Five pictures, not written to study.md.")
def main(quick: bool) -> None:
    """Compare filters and tone curves on the bench's pictures, on a dark screen, and ways to polish on both."""
    with threadpool_limits(1, "blas"):
        chosen = list(pictures(names=QUICK if quick else None))
        tables = study(chosen) + polishes(chosen, Screen()) + polishes(chosen, Screen(dark=False))
    path: Path = (OUT if quick else HERE) / "study.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# Filters, tones and polish\n\n{about('python benchmarks/study.py')}{tables}")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
