"""The fit itself: target ink and atlas in, characters out. It picks the objective and the solver."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.score import color_score
from glyphgrad.fit.bound import lower_bound
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, identity, seed_filters
from glyphgrad.fit.means import Means, ShouldStop
from glyphgrad.fit.progress import Step
from glyphgrad.fit.search import Progress
from glyphgrad.fit.tone import Aim

if TYPE_CHECKING:  # what is learned beside the characters is loaded when it is asked for: a fit starts sooner
    from glyphgrad.fit.contrast import Contrast
    from glyphgrad.fit.warp import Warp

OnStep = Callable[[Step], None]


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found.

    `target` (height, width) is the ink in [0, 1] of the picture, `shown` the same with its contrast and
    place as learned, `aim` that in tones the atlas can reach; `filters` made the objective. `seconds` is
    the solver's time, learning included. `contrast` and `warp` are what was learned, `bound` is a number
    below which no grid's objective lies: each None if it was not asked for. In colour `target` and `shown`
    are pages of sRGB (height, width, 3), uint8, `aim` is linear light in [0, 1], and there are no filters.
    """

    art: Art
    target: NDArray[Any]
    shown: NDArray[Any]
    aim: NDArray[np.float32]
    filters: tuple[Filter, ...]
    config: FitConfig
    seconds: float
    interrupted: bool = False
    bound: float | None = None
    contrast: Contrast | None = None
    warp: Warp | None = None

    @property
    def frame(self) -> Frame:
        return self.art.frame

    @property
    def text(self) -> str:
        return self.art.text

    @cached_property
    def figures(self) -> dict[str, float]:
        """The *hard* grid's figures.

        `objective` is what the search minimised, without its diversity; `mse` and `multiscale` are the
        original's two terms, against `shown`; `diversity` is the entropy of usage in nats,
        `unique_glyphs` how many characters are used. With a bound: `bound` and `gap`, the share of the
        objective by which it may lie above the best grid's. With a gray other than luma: the entropy
        (nats) of its tones. In colour they are those of `core.score.color_score`, diversity and unique_glyphs. With contrast: the same before and after. With alignment: shift and largest bend in pixels, scale.
        """
        if self.config.in_color:
            return self._color_figures()
        art, weights = self.art, self.config.weights
        glyphs = art.atlas.glyphs(art.frame)
        mse = self._energy(self.shown, (identity(1 / self.shown.size),))(glyphs)
        pooled = seed_filters(art.layout, float(weights.multiscale_weight > 0), weights.multiscale_kernel)
        counts = np.bincount(glyphs.ravel(), minlength=len(art.atlas.chars))
        figures = {
            "objective": self._energy(self.aim, self.filters)(glyphs),
            "mse": mse,
            "multiscale": self._energy(self.shown, pooled)(glyphs) - mse,
            "diversity": entropy(counts[~art.atlas.blank] if weights.protect_whitespace else counts),
            "unique_glyphs": int(np.count_nonzero(counts)),
        }
        if self.bound is not None:
            gap = 1 - self.bound / figures["objective"] if figures["objective"] else 0.0
            figures |= {"bound": self.bound, "gap": gap}
        return figures | self._learned()

    def _color_figures(self) -> dict[str, float]:
        glyphs = self.art.atlas.glyphs(self.art.frame)
        counts = np.bincount(glyphs.ravel(), minlength=len(self.art.atlas.chars))
        counted = counts[~self.art.atlas.blank] if self.config.weights.protect_whitespace else counts
        figures = color_score(self.art.pixels / 255, self.target / 255)
        return figures | {"diversity": entropy(counted), "unique_glyphs": int(np.count_nonzero(counts))}

    def _learned(self) -> dict[str, float]:
        figures: dict[str, float] = {}
        if self.contrast or self.config.gray != "luma":
            from glyphgrad.fit.contrast import histogram_entropy
        if self.config.gray != "luma":
            figures["gray_entropy"] = histogram_entropy(self.target)
        if self.contrast:
            before, after = self.target, self.contrast.applied(self.target)
            figures |= {"entropy_before": histogram_entropy(before), "entropy_after": histogram_entropy(after)}
        if self.warp:
            names = ("shift_down", "shift_across", "scale_down", "scale_across")
            moved = [*self.warp.shift, *self.warp.scale]
            figures |= dict(zip(names, map(float, moved), strict=True))
            figures["largest_bend"] = float(np.abs(self.warp.bend).max())
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
    contrast, shown = None, target
    if config.contrast:
        from glyphgrad.fit.contrast import learn

        contrast = learn(target, layout).blended(config.contrast)
        shown = contrast.applied(target)
    descends = config.solver == "gradient"  # it has steps of its own to tell of
    on_sweep = _reporter(on_step, atlas, layout, config) if on_step and not descends else None
    means = Means(atlas, layout, config, stop, on_sweep)
    found = _descended(means, shown, on_step, stop) if descends else _searched(means, shown)
    seconds = time.perf_counter() - start
    bound = lower_bound(means.energy(found.aim)) if config.bound else None
    art = Art(atlas.frame(found.glyphs), atlas, layout, dark)
    filters, aim = means.filters(found.aim.crisp), found.aim.ink
    return FitResult(
        art, target, found.shown, aim, filters, config, seconds, stop.answered, bound, contrast, found.warp
    )


def fit_page(
    page: NDArray[np.uint8],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    dark: bool = False,
    on_step: OnStep | None = None,
    should_stop: ShouldStop | None = None,
) -> FitResult:
    """`fit` in colours: the grid whose render is most like a page (height, width, 3) of sRGB, by `config.color`.

    Raises GlyphgradError.
    """
    from glyphgrad.fit.color import Studio  # a plain fit starts sooner without

    stop, start, steps = _Remembered(should_stop), time.perf_counter(), count(1)
    with threadpool_limits(config.threads or 1, "blas"):  # its products are small
        studio = Studio(atlas, layout, config, dark)
        aim = studio.aim(page)
        painting = studio.begun(aim)
        for _ in studio.sweeps(painting):
            if on_step is not None:
                frame = studio.frame(painting)
                on_step(Step(next(steps), 0, painting.error, 0.0, 0.0, 0.0, frame, Art(frame, atlas, layout, dark).ink))
            if stop():
                break
        art = Art(studio.frame(painting), atlas, layout, dark)
    return FitResult(art, page, page, aim, (), config, time.perf_counter() - start, stop.answered)


@dataclass(frozen=True, eq=False)
class _Found:
    """What is shown and aimed at (height, width), once aligned; the grid (rows, cols) of glyph numbers; the warp."""

    shown: NDArray[np.float32]
    aim: Aim
    glyphs: NDArray[np.intp]
    warp: Warp | None = None


def _descended(means: Means, shown: NDArray[np.float32], on_step: OnStep | None, stop: ShouldStop) -> _Found:
    """By the original's descent, on a picture that the search has aligned."""
    from glyphgrad.fit.gradient import descend  # torch takes a second to import: only when needed

    warp = None
    if means.config.align != "off":
        from glyphgrad.fit.warp import warped

        with means.few_threads():
            warp, _ = means.aligned(Aim(shown))
        shown = warped(shown, warp)
    glyphs = descend(shown, means.atlas, means.layout, means.config, on_step, stop)
    return _Found(shown, Aim(shown), glyphs, warp)


def _searched(means: Means, shown: NDArray[np.float32]) -> _Found:
    """By the exact search: first the tones, then the alignment, which searches on from there, and the polish."""
    warp = None
    with means.few_threads():
        tone, grids = means.toned([shown])
        aim = tone(shown)
        glyphs = means.searched(aim, grids[0] if grids else None)
        if means.config.align != "off":
            from glyphgrad.fit.warp import warped

            warp, glyphs = means.aligned(aim, glyphs)
            shown, aim = warped(shown, warp), replace(aim, ink=warped(aim.ink, warp))
        return _Found(shown, aim, means.polished(glyphs, shown, aim), warp)


def _reporter(on_step: OnStep, atlas: GlyphAtlas, layout: Layout, config: FitConfig) -> Callable[[Progress], None]:
    """A sweep of the search, told as a Step; one count runs through all the searches of a fit."""
    sweeps = count(1)
    counted = ~atlas.blank if config.weights.protect_whitespace else np.ones_like(atlas.blank)

    def report(progress: Progress) -> None:
        counts = np.bincount(progress.glyphs.ravel(), minlength=len(atlas.chars))
        diversity = entropy(counts[counted])
        art = Art(atlas.frame(progress.glyphs), atlas, layout)
        recon = progress.objective + config.diversity * diversity
        on_step(Step(next(sweeps), 0, recon, diversity, 0.0, 0.0, art.frame, art.ink))

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
