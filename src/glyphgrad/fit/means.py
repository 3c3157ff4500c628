"""By what a target is shown: the glyphs, the layout, the objective and the search, as the configuration has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.fit import discrete
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.energy import Energy, Floats
from glyphgrad.fit.filters import Filter, Indices, seed_filters
from glyphgrad.fit.perceptual import blur_sigma, perceptual_filters
from glyphgrad.fit.search import Progress
from glyphgrad.fit.tone import AS_IT_IS, Aim, Likeness, ToneMap, tone_maps

if TYPE_CHECKING:  # loaded when it is asked for: a fit starts sooner
    from glyphgrad.fit.crew import Crew
    from glyphgrad.fit.warp import Warp

A = TypeVar("A")
B = TypeVar("B")
ShouldStop = Callable[[], bool]
TONES_TRIED = {"fast": 1, "normal": 3, "best": 5}
"""How many tone curves a search tries, by effort: the right one is worth more than a longer search."""
POLISHED = {"fast": 0, "normal": 2, "best": 4}
"""In how many sweeps its grid is polished: more of them trade structure near by for tones seen from afar."""


@dataclass(frozen=True, eq=False)
class Means:
    """What every target of a fit is shown with. `on_sweep` is told of the search, which asks `should_stop`.

    A `crew` does what has parts that do not depend on each other.
    """

    atlas: GlyphAtlas
    layout: Layout
    config: FitConfig
    should_stop: ShouldStop | None = None
    on_sweep: Callable[[Progress], None] | None = None
    crew: Crew | None = None

    def filters(self, crisp: bool) -> tuple[Filter, ...]:
        """Through which the objective looks at the difference of render and aim, which may be a `crisp` one."""
        weights = self.config.weights
        if self.config.objective == "seed":
            return seed_filters(self.layout, weights.multiscale_weight, weights.multiscale_kernel)
        return perceptual_filters(self.layout, self.config.viewing_distance, crisp)

    def energy(self, aim: Aim) -> Energy:
        return Energy(aim.ink, self.atlas.coverage, self.layout, self.filters(aim.crisp))

    def few_threads(self) -> AbstractContextManager[object]:
        """The search's products are small: more threads cost more than they bring."""
        return threadpool_limits(self.config.threads or 1, "blas")

    @cached_property
    def protected(self) -> NDArray[np.bool_]:
        """(G,) Glyphs whose use is no diversity."""
        blank = self.atlas.blank
        return blank if self.config.weights.protect_whitespace else np.zeros_like(blank)

    @cached_property
    def solve(self) -> Callable[..., Indices]:
        """discrete.solve with everything but the energy, the effort and the start."""
        return partial(
            discrete.solve,
            seed=self.config.seed,
            diversity=self.config.diversity,
            protected=self.protected,
            on_sweep=self.on_sweep,
            should_stop=self.should_stop,
        )

    def each(self, work: Callable[[Means, A], B], jobs: Iterable[A]) -> Iterator[B]:
        """`work`, a function of a module, of these means and every job, in order: see `Crew.each`."""
        return self.crew.each(work, jobs) if self.crew else (work(self, job) for job in jobs)

    def quick(self, aim: Aim) -> Indices:
        """The grid of a quick search."""
        return self.solve(self.energy(aim), effort="fast")

    def toned(self, targets: Sequence[Floats]) -> tuple[ToneMap, list[Indices]]:
        """The way to aim at targets (height, width) that makes their art most like them, and the grids that showed it.

        Where nothing had to be tried there are no grids.
        """
        config, coverage = self.config, self.atlas.coverage
        if config.objective == "seed" or config.tone == "off":
            return AS_IT_IS, []
        ways = tone_maps(np.concatenate(targets), coverage, TONES_TRIED[config.effort])
        if len(ways) == 1:
            return ways[0], []
        sigma = blur_sigma(self.layout, config.viewing_distance)
        likeness = [Likeness(target, sigma) for target in targets]
        found = self.each(Means.quick, (way(target) for way in ways for target in targets))
        grids = [list(islice(found, len(targets))) for _ in ways]
        best = max(
            range(len(ways)),
            key=lambda way: sum(
                alike(render(grid, coverage, self.layout)) for alike, grid in zip(likeness, grids[way], strict=True)
            ),
        )
        return ways[best], grids[best]

    @property
    def polishes(self) -> int:
        """In how many sweeps a grid is polished: none where more is asked for than likeness, or a proof."""
        config = self.config
        other = config.objective == "seed" or config.tone == "off" or config.diversity or config.bound
        return 0 if other else POLISHED[config.effort]

    def searched(self, aim: Aim, start: Indices | None) -> Indices:
        """The grid (rows, cols) for an aim, from one that a quick search for it ended with."""
        effort = self.config.effort
        if start is not None and (effort == "fast" or (effort == "normal" and self.polishes)):
            return start  # what a longer search would gain the polish gains as well
        return self.solve(self.energy(aim), effort=effort, start=start)

    def polished(self, glyphs: Indices, shown: Floats, aim: Aim) -> Indices:
        """A grid (rows, cols) made more like what is shown (height, width): see `polish`."""
        if not self.polishes:
            return glyphs
        from glyphgrad.fit.polish import polish

        def tell(grid: Indices) -> None:
            if self.on_sweep:
                self.on_sweep(Progress(0, self.energy(aim)(grid), grid))

        sigma = blur_sigma(self.layout, self.config.viewing_distance)
        return polish(glyphs, shown, self.atlas.coverage, self.layout, sigma, self.polishes, tell, self.should_stop)

    def aligned(
        self, aim: Aim, start: Indices | None = None, last: Warp | None = None, tie: float = 0.0
    ) -> tuple[Warp, Indices]:
        """The warp of an aim, and the grid (rows, cols) that suits it then; see `align` for the rest."""
        from glyphgrad.fit.align import align

        config = self.config
        return align(
            aim.ink,
            self.atlas.coverage,
            self.layout,
            self.filters(aim.crisp),
            config.align,
            solve=self.solve,
            effort=config.effort,
            start=start,
            rate=config.alignment_lr,
            stiffness=config.warp_reg_weight,
            last=last,
            tie=tie,
            should_stop=self.should_stop,
        )
