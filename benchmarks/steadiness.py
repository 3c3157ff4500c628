"""How often characters change where the target does not, and what holding them costs.

Every picture of a film is fitted anew by itself, for comparison. That depends on nothing else, so the workers of
the fit do it, a few pictures at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glyphgrad import api
from glyphgrad.codec.formats import open_film
from glyphgrad.core import video
from glyphgrad.core.paged import paged
from glyphgrad.fit.animate import Page, change, chunks, pages_of
from glyphgrad.fit.config import FilmConfig
from glyphgrad.fit.crew import Crew, usual_workers
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.means import Means
from glyphgrad.fit.normal import normal
from glyphgrad.fit.shots import stretches

STILL = 0.02
"""Mean change of a cell's ink, of [0, 1], below which a change of its character is a flicker."""


class Judged(NamedTuple):
    """Of a picture how far its cells have moved (None: a shot begins); its grid and the one it gets alone, and the
    energies of both."""

    moved: np.ndarray | None
    held: np.ndarray
    alone: np.ndarray
    energy_held: float
    energy_alone: float


@dataclass
class Changes:
    """Counts cells that stay as they are in the target, and those of them that change in the text."""

    still: int = 0
    changed: int = 0
    last: np.ndarray | None = field(default=None, repr=False)

    def add(self, moved: np.ndarray | None, grid: np.ndarray) -> None:
        """The next grid (rows, cols)."""
        if moved is not None and self.last is not None:
            still = moved < STILL
            self.still += int(still.sum())
            self.changed += int((still & (grid != self.last)).sum())
        self.last = grid

    @property
    def percent(self) -> float:
        return 100 * self.changed / max(1, self.still)


class Verdict(NamedTuple):
    """Of a film: percent of still cells that change, held and alone; percent by which holding raises the objective."""

    held: float
    alone: float
    objective: float


def verdict(film: Path, clip: Path, options: dict[str, Any], seconds: float | None) -> Verdict:
    """What has been made of a film by these options (of `api.fit`), against its pictures fitted alone."""
    held, alone, energies = Changes(), Changes(), np.zeros(2)
    for one in judged_film(film, clip, options, seconds):
        held.add(one.moved, one.held)
        alone.add(one.moved, one.alone)
        energies += one.energy_held, one.energy_alone
    return Verdict(held.percent, alone.percent, 100 * (energies[0] / energies[1] - 1))


def judged_film(film: Path, clip: Path, options: dict[str, Any], seconds: float | None) -> Iterator[Judged]:
    options = dict(options)
    device, config = api.device_for("terminal", options), api.config_for(options)
    source = video.frames(film, duration=seconds)
    layout, atlas = device.layout_for(source.width, source.height), device.atlas()
    means = Means(atlas, layout, config)
    pages = paged(source, layout, device.fit, device.dark)
    with means.few_threads(), Crew(means, usual_workers()) as crew, open_film(clip) as made:
        crew.hire()
        frames = iter(made)
        looked = pages_of(stretches(pages, FilmConfig.look_ahead), means, device.dark)
        jobs = ([(page, atlas.glyphs(next(frames).frame)) for page in chunk] for chunk in chunks(looked, layout))
        for answers in crew.each(judge, jobs):
            yield from answers
        if next(frames, None) is not None:
            raise SystemExit(f"{clip} holds more frames than {film}")


def judge(means: Means, jobs: list[tuple[Page, np.ndarray]]) -> list[Judged]:
    """What a worker does."""
    return [_judged(means, *job) for job in jobs]


def _judged(means: Means, page: Page, held: np.ndarray) -> Judged:
    moved = None
    if page.before is not None:
        moved = change(page.before.timed.picture, page.timed.picture, means.layout)
    aim = page.look.aim(page.timed.picture)
    energy, alone = means.energy(aim), means.quick(aim)
    return Judged(moved, held, alone, *energies(energy, held, alone))


def energies(energy: Energy, *grids: np.ndarray) -> Iterator[float]:
    """E of grids, from their fields: a tenth of what it takes from pixels."""
    target = energy.target.astype(np.float64)
    paper = float(np.vdot(target, normal(target, energy.layout, energy.filters)))
    return (paper + energy.above_paper(grid, energy.field(grid)) for grid in grids)
