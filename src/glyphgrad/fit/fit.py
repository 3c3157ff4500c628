"""The fit itself: target ink and atlas in, characters out. It picks the objective and the solver."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.fit import discrete
from glyphgrad.fit.bound import lower_bound
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.energy import Energy, Filter, identity, seed_filters
from glyphgrad.fit.perceptual import blur_sigma, perceptual_filters
from glyphgrad.fit.progress import Step
from glyphgrad.fit.tone import Likeness, aims

OnStep = Callable[[Step], None]
ShouldStop = Callable[[], bool]
TONES_TRIED = {"fast": 1, "normal": 4, "best": 5}
"""How many tone curves a search tries, by effort: the right one is worth more than a longer search."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found.

    `target` (height, width) is the ink in [0, 1] it was to show, `aim` the same in tones the atlas can
    reach; `filters` made the objective. `seconds` is the solver's time. `bound`, if it was asked for,
    is a number below which no grid's objective lies.
    """

    art: Art
    target: NDArray[np.float32]
    aim: NDArray[np.float32]
    filters: tuple[Filter, ...]
    config: FitConfig
    seconds: float
    interrupted: bool = False
    bound: float | None = None

    @property
    def frame(self) -> Frame:
        return self.art.frame

    @property
    def text(self) -> str:
        return self.art.text

    @cached_property
    def figures(self) -> dict[str, float]:
        """The *hard* grid's figures.

        `objective` is what the fit minimised, without its diversity; `mse` and `multiscale` are the
        original's two terms, against `target`; `diversity` is the entropy of usage in nats,
        `unique_glyphs` how many characters are used. With a bound: `bound` and `gap`, the share of the
        objective by which it may lie above the best grid's.
        """
        art, weights = self.art, self.config.weights
        glyphs = art.atlas.glyphs(art.frame)
        mse = self._energy(self.target, (identity(1 / self.target.size),))(glyphs)
        pooled = seed_filters(art.layout, float(weights.multiscale_weight > 0), weights.multiscale_kernel)
        counts = np.bincount(glyphs.ravel(), minlength=len(art.atlas.chars))
        figures = {
            "objective": self._energy(self.aim, self.filters)(glyphs),
            "mse": mse,
            "multiscale": self._energy(self.target, pooled)(glyphs) - mse,
            "diversity": entropy(counts[~art.atlas.blank] if weights.protect_whitespace else counts),
            "unique_glyphs": int(np.count_nonzero(counts)),
        }
        if self.bound is not None:
            gap = 1 - self.bound / figures["objective"] if figures["objective"] else 0.0
            figures |= {"bound": self.bound, "gap": gap}
        return figures

    def _energy(self, target: NDArray[np.float32], filters: tuple[Filter, ...]) -> Energy:
        return Energy(target, self.art.atlas.coverage, self.art.layout, filters)


def fit(
    target: NDArray[np.float32],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    dark: bool = False,
    on_step: OnStep | None = None,
    should_stop: ShouldStop | None = None,
) -> FitResult:
    """The grid of characters whose render is most like `target` (height, width), ink in [0, 1].

    `on_step` is told of progress; when `should_stop` answers True the fit ends with what it has.
    Raises GlyphgradError.
    """
    stop = _Remembered(should_stop)
    start = time.perf_counter()
    if config.device not in ("auto", "cpu"):
        from glyphgrad.fit.gradient import pick_device

        pick_device(config.device)
    aim, filters = target, filters_of(layout, config)
    if config.solver == "gradient":
        from glyphgrad.fit.gradient import descend  # torch takes a second to import: only when needed

        glyphs = descend(target, atlas, layout, config, on_step, stop)
    else:
        with threadpool_limits(config.threads or 1, "blas"):  # small products: more threads cost more than they bring
            aim, glyphs = search(target, atlas, layout, filters, config, on_step, stop)
    seconds = time.perf_counter() - start
    bound = lower_bound(Energy(aim, atlas.coverage, layout, filters)) if config.bound else None
    art = Art(atlas.frame(glyphs), atlas, layout, dark)
    return FitResult(art, target, aim, filters, config, seconds, stop.answered, bound)


def filters_of(layout: Layout, config: FitConfig) -> tuple[Filter, ...]:
    """Through which filters the objective looks at the difference of render and aim."""
    if config.objective == "seed":
        return seed_filters(layout, config.weights.multiscale_weight, config.weights.multiscale_kernel)
    return perceptual_filters(layout, config.viewing_distance)


def search(
    target: NDArray[np.float32],
    atlas: GlyphAtlas,
    layout: Layout,
    filters: tuple[Filter, ...],
    config: FitConfig,
    on_step: OnStep | None,
    should_stop: ShouldStop,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The aim (height, width), and the grid (rows, cols) of glyph numbers that the exact search ends with."""
    protected = atlas.blank if config.weights.protect_whitespace else np.zeros_like(atlas.blank)
    solve = partial(
        discrete.solve,
        seed=config.seed,
        diversity=config.diversity,
        protected=protected,
        on_sweep=_reporter(on_step, atlas, layout, config, protected) if on_step else None,
        should_stop=should_stop,
    )
    if config.objective == "seed" or config.tone == "off":
        return target, solve(Energy(target, atlas.coverage, layout, filters), effort=config.effort)
    candidates = aims(target, atlas.coverage, TONES_TRIED[config.effort])
    if len(candidates) == 1:
        return candidates[0], solve(Energy(candidates[0], atlas.coverage, layout, filters), effort=config.effort)
    alike = Likeness(target, blur_sigma(layout, config.viewing_distance))
    grids = [solve(Energy(aim, atlas.coverage, layout, filters), effort="fast") for aim in candidates]
    best = int(np.argmax([alike(render(grid, atlas.coverage, layout)) for grid in grids]))
    if config.effort != "best":
        return candidates[best], grids[best]
    energy = Energy(candidates[best], atlas.coverage, layout, filters)
    return candidates[best], solve(energy, effort=config.effort, start=grids[best])


def _reporter(
    on_step: OnStep, atlas: GlyphAtlas, layout: Layout, config: FitConfig, protected: NDArray[np.bool_]
) -> Callable[[discrete.Progress], None]:
    """A sweep of the search, told as a Step."""

    def report(progress: discrete.Progress) -> None:
        counts = np.bincount(progress.glyphs.ravel(), minlength=len(atlas.chars))
        diversity = entropy(counts[~protected])
        art = Art(atlas.frame(progress.glyphs), atlas, layout)
        recon = progress.objective + config.diversity * diversity
        on_step(Step(progress.sweep, 0, recon, diversity, 0.0, 0.0, art.frame, art.ink))

    return report


class _Remembered:
    """A `should_stop` that remembers having answered True."""

    def __init__(self, ask: ShouldStop | None):
        self.ask, self.answered = ask, False

    def __call__(self) -> bool:
        self.answered = self.answered or (self.ask is not None and self.ask())
        return self.answered


def entropy(counts: NDArray[np.integer]) -> float:
    """Entropy in nats of a distribution given by its counts (n,); 0 when there are none."""
    share = counts[counts > 0] / max(1, counts.sum())
    return float(-(share * np.log(share)).sum()) + 0.0
