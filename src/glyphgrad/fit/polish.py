"""Polish: characters changed wherever that makes the art more like the picture, as `core.score` judges likeness.

The search aims at inks that a tone curve chose beforehand. Likeness knows no curve: it takes the gain and
the offset that suit the whole best, so a cell is to be lighter because others are, and calm is asked for
where the picture is calm and only there. It is no sum of squares but of ratios. A ratio u / v that is f
now grows when u - f v does (Dinkelbach 1967), and for these ratios that is a sum of squares, weighted
anew at every sample: again a thing to search over, cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.core.score import SSIM_LIGHT, SSIM_SLOPES
from glyphgrad.fit.eye import Cells, Eye, Floats
from glyphgrad.fit.filters import Indices

Distances = Mapping[int, tuple[float, float]]
"""From how far away art is looked at, in viewing distances -> the weights there of correlation and of structure."""
DISTANCES: Distances = {1: (1.0, 2.0), 2: (1.0, 0.0), 4: (1.5, 0.0)}
"""Chosen by measurement: benchmarks/study.py."""
_WINDOW = 0.75
"""Width (standard deviation) of the windows that structure is judged in, in widths of the blur."""
_WHOLE = 0.98
"""Share of what a sample sees that has to be picture for its structure to count."""
_LEAST = 0.1
"""The least that a ratio counts as, where one is divided by or would let a sample be given up for good."""
_FLAT = 1e-6


def polish(
    glyphs: Indices,
    target: Floats,
    coverage: Floats,
    layout: Layout,
    sigma: float,
    sweeps: int,
    on_sweep: Callable[[Indices], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    distances: Distances = DISTANCES,
) -> Indices:
    """The likest of the grids (rows, cols) that `glyphs` become in up to `sweeps` sweeps, itself included.

    `target` (height, width) and `coverage` (G, cell_height, cell_width) are ink in [0, 1], `sigma` is the
    blur of the eye in pixels. `on_sweep` is told the best grid so far.
    """
    polished = Polish(target, coverage, layout, sigma, glyphs, distances)
    best, most = glyphs, polished.likeness()
    for _ in range(sweeps):
        if (should_stop and should_stop()) or not polished.sweep():
            break
        if (likeness := polished.likeness()) > most:
            best, most = polished.grid.copy(), likeness
        if on_sweep:
            on_sweep(best)
    return best


class Polish:
    """A grid (rows, cols), and what is seen of it from every distance."""

    def __init__(
        self,
        target: Floats,
        coverage: Floats,
        layout: Layout,
        sigma: float,
        glyphs: Indices,
        distances: Distances = DISTANCES,
    ):
        self.views = [
            View(Eye(layout, sigma * distance), target, coverage, *weights) for distance, weights in distances.items()
        ]
        self.grid, self.coverage, self.layout = glyphs.copy(), coverage, layout
        self.apart = np.max([view.eye.reach for view in self.views], axis=0)
        self.look()

    def look(self) -> None:
        """See the grid afresh."""
        ink = render(self.grid, self.coverage, self.layout)
        for view in self.views:
            view.plane = view.seen(ink)

    def likeness(self) -> float:
        return sum(view.likeness() for view in self.views)

    def sweep(self) -> bool:
        """Give every cell the glyph that suits it best, the rest held; whether any changed."""
        for view in self.views:
            view.judge()
        starts = np.ndindex(*np.minimum(self.apart, self.grid.shape))
        changed = sum(self._choose(self._cells(*start)) for start in starts)
        self.look()
        return changed > 0

    def _cells(self, row: int, col: int) -> Cells:
        """Cells out of each other's reach."""
        rows, cols = np.arange(row, self.layout.rows, self.apart[0]), np.arange(col, self.layout.cols, self.apart[1])
        return np.repeat(rows, len(cols)), np.tile(cols, len(rows))

    def _choose(self, cells: Cells) -> int:
        """How many of some cells out of each other's reach got another glyph."""
        old, each = self.grid[cells], np.arange(len(cells[0]))
        patches = [view.judged(cells) for view in self.views]
        costs = np.sum([view.costs(*patch, old) for view, patch in zip(self.views, patches, strict=True)], axis=0)
        new = costs.argmin(axis=1)
        moved = costs[each, new] < costs[each, old]
        cells, old, new = (cells[0][moved], cells[1][moved]), old[moved], new[moved]
        self.grid[cells] = new
        for view, (weight, _) in zip(self.views, patches, strict=True):
            view.exchange(cells, weight[:, moved], old, new)
        return len(new)


class View:
    """What an eye sees of a picture, of each glyph alone and, its `plane`, of a grid.

    A plane is (3, samples down, samples across): light, and its slopes down and across per pixel; the light
    alone where structure is of no weight. Near it likeness grows as the sum over it of
    `weight` * plane**2 - 2 * `pull` * plane falls, half of whose slope is `slope`.
    """

    def __init__(self, eye: Eye, target: Floats, coverage: Floats, correlation: float, structure: float):
        self.eye, self.window, self.correlation = eye, _WINDOW * eye.sigma, correlation
        self.within = eye.inside > 0
        self.lift = np.divide(1, eye.inside, out=np.zeros_like(eye.inside), where=self.within)
        """What makes up for the dark around the picture that a sample sees as well."""
        whole = eye.inside > _WHOLE
        self.structure = whole * np.float32(structure / max(1, whole.sum()))
        self.sloped = structure > 0
        self.wanted = self.seen(target)
        patches = self._sloped(eye.patches(coverage).reshape(-1, eye.down.patch, eye.across.patch))
        self.glyphs = np.moveaxis(patches, 1, 0).reshape(len(self.wanted), len(coverage), -1).copy()
        self.flat = self.glyphs.transpose(0, 2, 1)
        self.squares = self.flat**2
        self.plane = self.pull = np.zeros_like(self.wanted)
        self.weight, self.slope = self._judged = np.zeros((2, *self.wanted.shape), np.float32)  # looked at together

    def seen(self, ink: Floats) -> Floats:
        """The plane of a picture (height, width)."""
        return self._sloped(self.eye.plane(ink[None])[0])

    def _sloped(self, light: Floats) -> Floats:
        """(..., down, across) -> (..., 3, down, across), or 1"""
        steps = self.eye.down.step, self.eye.across.step
        slopes = np.gradient(light, *steps, axis=(-2, -1)) if self.sloped else ()
        return np.stack([light, *slopes], axis=-3).astype(np.float32, copy=False)

    def matched(self) -> tuple[float, float, float]:
        """The gain, at least 0, and the offset that make the plane most like what is wanted; the correlation."""
        light, wanted = ((plane[0] * self.lift)[self.within] for plane in (self.plane, self.wanted))
        spread, aim = float(light.std()), float(wanted.std())
        if min(spread, aim) < _FLAT:
            return 0.0, float(wanted.mean()), 0.0
        correlation = float(np.mean((light - light.mean()) * (wanted - wanted.mean()))) / (spread * aim)
        gain = max(0.0, correlation) * aim / spread
        return gain, float(wanted.mean()) - gain * float(light.mean()), correlation

    def likeness(self) -> float:
        """Correlation and structural similarity, as they are weighed."""
        gain, offset, correlation = self.matched()
        if not self.sloped:
            return self.correlation * correlation
        (in_light, _), (in_slopes, _) = self.alike(gain, offset)
        return self.correlation * correlation + float((self.structure * in_light * in_slopes).sum())

    def alike(self, gain: float, offset: float) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """The two ratios of structural similarity, of light and of slopes, each with what it was divided by.

        In a small window the variance is that of a plane that slopes.
        """
        light, wanted = gain * self.plane[0] + offset, self.wanted[0]
        slopes, edges = gain * self.window * self.plane[1:], self.window * self.wanted[1:]
        lights = light**2 + wanted**2 + SSIM_LIGHT
        sloped = (slopes**2 + edges**2).sum(axis=0) + SSIM_SLOPES
        in_slopes = (2 * (slopes * edges).sum(axis=0) + SSIM_SLOPES) / sloped
        return ((2 * light * wanted + SSIM_LIGHT) / lights, lights), (in_slopes, sloped)

    def judge(self) -> None:
        """Weigh every sample, as the plane is now."""
        gain, offset, correlation = self.matched()
        self.weight[:], self.pull = 0, np.zeros_like(self.plane)
        self._judge_correlation(gain, offset, max(correlation, _LEAST))
        if self.sloped:
            self._judge_structure(gain, offset)
        self.slope[:] = self.weight * self.plane - self.pull

    def _judge_correlation(self, gain: float, offset: float, correlation: float) -> None:
        """1 - correlation**2 is the mean squared difference that is left by the best gain, over the variance."""
        wanted, lifted = self.wanted[0] * self.lift, gain * self.lift
        left = 2 * correlation * self.within.sum() * max(_FLAT, float(wanted[self.within].var()))
        share = self.correlation / left
        self.weight[0], self.pull[0] = share * lifted**2, share * lifted * (wanted - offset)

    def _judge_structure(self, gain: float, offset: float) -> None:
        (in_light, lights), (in_slopes, sloped) = self.alike(gain, offset)
        share = self.structure * np.maximum(in_slopes, 0) / lights
        kept = np.maximum(in_light, _LEAST)
        self.weight[0] += share * kept * gain**2
        self.pull[0] += share * gain * (self.wanted[0] - kept * offset)
        share, steep = self.structure * np.maximum(in_light, 0) / sloped, gain * self.window
        self.weight[1:] = share * np.maximum(in_slopes, _LEAST) * steep**2
        self.pull[1:] = share * steep * self.window * self.wanted[1:]

    def judged(self, cells: Cells) -> tuple[Floats, Floats]:
        """(channels, n, samples of a patch) The weight and the slope around n cells."""
        around = self.eye.look(self._judged.reshape(-1, *self._judged.shape[2:]), cells)
        weight, slope = np.split(np.moveaxis(around, 1, 0), 2)
        return weight, slope

    def costs(self, weight: Floats, slope: Floats, old: Indices) -> Floats:
        """(n, G) What each glyph would cost in n cells that have the `old` ones, up to a constant for each cell."""
        without = slope - weight * self.glyphs[:, old]
        return np.asarray((weight @ self.squares + 2 * (without @ self.flat)).sum(axis=0))

    def exchange(self, cells: Cells, weight: Floats, old: Indices, new: Indices) -> None:
        """Put new glyphs in cells that do not reach each other, with the weight around them."""
        change = weight * (self.glyphs[:, new] - self.glyphs[:, old])
        self.eye.add(self.slope, cells, np.moveaxis(change, 0, 1))
