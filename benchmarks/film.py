"""Films: how fast, how steady, how small, how much memory. What `make bench-film` calls.

    python benchmarks/film.py [--only speed] [--seconds 20]

The film is Bad Apple, fetched from PyPI into a cache outside the repository; nothing of it is kept here.
Tables go to the terminal and, of a whole run, to benchmarks/film.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import click
import numpy as np

import play
from glyphgrad.codec.formats import open_film
from glyphgrad.codec.paint import paint
from glyphgrad.core import video
from glyphgrad.core.paged import paged
from glyphgrad.core.presets import preset_named
from glyphgrad.fit.animate import change, pages_of
from glyphgrad.fit.config import FilmConfig, FitConfig, LossWeights
from glyphgrad.fit.means import Means
from glyphgrad.fit.shots import stretches
from machine import HERE, about
from tables import Cell, table

PACKAGE = "badapple-terminal==0.1.2"
FILM = "badapple_terminal/assets/badapple.mp4"
COLS, ROWS = 80, 30
STILL = 0.02
"""Mean change of a cell's ink, of [0, 1], below which a change of its character is a flicker."""
OBJECTIVES = {"seed": 60.0, "perceptual": 219.08}
"""Objective -> seconds that all of the film may take."""


def cached() -> Path:
    """The film, fetched once into the cache directory of the user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glyphgrad-bench"
    film = cache / FILM
    if not film.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), PACKAGE]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(cache.glob("badapple_terminal*.whl"))) as wheel:
            wheel.extract(FILM, cache)
    return film


# --- Speed and memory, of the command itself ---


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds and the peak of resident memory in MB of a command."""

    wall: float
    cpu: float
    memory: float


def run(*arguments: str) -> Run:
    """`glyphgrad` with some arguments, in a process of its own."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "glyphgrad", *arguments, "-q"])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"glyphgrad {' '.join(arguments)} failed")
    kilo = 1 if sys.platform == "linux" else 1024  # macOS tells bytes
    return Run(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024 / kilo)


def animated(film: Path, clip: Path, objective: str, seconds: float | None) -> Run:
    size, length = f"{COLS}x{ROWS}", ["--duration", str(seconds)] if seconds else []
    options = ["--solver", "discrete", "--objective", objective, "--encoding", "ascii", "-s", size, *length]
    return run("animate", str(film), "-o", str(clip), *options)


def speed(film: Path, clips: Path, seconds: float | None) -> str:
    rows: list[list[Cell]] = []
    for objective, limit in OBJECTIVES.items():
        clip = clips / f"{objective}.glyph"
        took = animated(film, clip, objective, seconds)
        with open_film(clip) as made:
            frames = sum(1 for _ in made)
        per = [1000 * took.wall / frames, 1000 * took.cpu / frames]
        size = clip.stat().st_size / frames
        rows.append([objective, frames, took.wall, limit if not seconds else None, *per, took.memory, size])
    head = ["objective", "frames", "wall s", "at most", "wall ms a frame", "CPU ms a frame", "peak MB", "B a frame"]
    return f"## Speed: decoding, fitting and the clip file, {COLS} x {ROWS}, ASCII\n\n{table(head, rows)}\n"


# --- Steadiness ---


def steady(film: Path, clips: Path, seconds: float | None) -> str:
    """How often characters change where the target does not, and what holding them costs."""
    rows: list[list[Cell]] = []
    for objective in OBJECTIVES:
        clip = made_by(film, clips, objective, seconds)
        held, alone, here, there = Changes(), Changes(), 0.0, 0.0
        for energy, moved, frame, own in compared(film, clip, objective, seconds):
            held.add(moved, frame)
            alone.add(moved, own)
            here, there = here + energy(frame), there + energy(own)
        rows.append([objective, 100 * held.share, 0.05, 100 * alone.share, 100 * (here / there - 1), 2.0])
    head = ["objective", "changes %", "at most", "changes alone %", "objective %", "at most "]
    return (
        f"## Steadiness: cells whose target moved less than {STILL:.0%} since the frame before\n\n"
        "`changes`: how many of them changed their character; `alone`: with every frame fitted by itself. "
        "`objective`: by how much that of all frames is higher than if fitted alone.\n\n" + table(head, rows) + "\n"
    )


def made_by(film: Path, clips: Path, objective: str, seconds: float | None) -> Path:
    """The clip of an objective, made if no other section has."""
    clip = clips / f"{objective}.glyph"
    if not clip.exists():
        animated(film, clip, objective, seconds)
    return clip


class Changes:
    """Counts cells that stay as they are in the target, and those of them that change in the text."""

    def __init__(self) -> None:
        self.still = self.changed = 0
        self.last: np.ndarray | None = None

    def add(self, moved: np.ndarray | None, grid: np.ndarray) -> None:
        """The next grid (rows, cols); `moved` is None where a shot begins."""
        if moved is not None and self.last is not None:
            still = moved < STILL
            self.still += int(still.sum())
            self.changed += int((still & (grid != self.last)).sum())
        self.last = grid

    @property
    def share(self) -> float:
        return self.changed / max(1, self.still)


def compared(
    film: Path, clip: Path, objective: str, seconds: float | None
) -> Iterator[tuple[Callable[[np.ndarray], float], np.ndarray | None, np.ndarray, np.ndarray]]:
    """Of every frame its energy, how far its cells have moved, the clip's grid, and the one it gets alone."""
    device = replace(preset_named("terminal"), cols=COLS, rows=ROWS)
    source = video.frames(film, duration=seconds)
    layout, atlas = device.layout_for(source.width, source.height), device.atlas()
    config = FitConfig(solver="discrete", objective=objective, weights=LossWeights(diversity_weight=0.0))
    means = Means(atlas, layout, config)
    pages = paged(source, layout, device.fit, device.dark)
    with means.few_threads(), open_film(clip) as made:
        looked = pages_of(stretches(pages, FilmConfig.look_ahead), means, device.dark)
        for page, timed in zip(looked, made, strict=True):
            energy = means.energy(page.look.aim(page.timed.picture))
            moved = change(page.before.timed.picture, page.timed.picture, layout) if page.before else None
            yield energy, moved, atlas.glyphs(timed.frame), means.solve(energy, effort="fast")


# --- Bytes ---


def small(film: Path, clips: Path, seconds: float | None) -> str:
    rows: list[list[Cell]] = []
    for objective in OBJECTIVES:
        made_by(film, clips, objective, seconds)
        with open_film(clips / f"{objective}.glyph") as made:
            frames = [timed.frame for timed in made]
        full = [paint(None, frame).encode() for frame in frames]
        deltas = [delta.encode() for delta in map(paint, [None, *frames], frames)]
        sizes = [sum(map(len, full)), sum(map(len, deltas)), zipped(full), zipped(deltas)]
        clip = (clips / f"{objective}.glyph").stat().st_size
        rows.append([objective, *(size / len(frames) for size in [*sizes, clip])])
    head = ["objective", "full", "deltas", "full, one zlib stream", "deltas, one zlib stream", "clip file"]
    return f"## Bytes a frame\n\n{table(head, rows)}\n"


def zipped(parts: list[bytes]) -> int:
    """Bytes of one zlib stream, flushed after every frame as a server has to."""
    stream = zlib.compressobj(6)
    return sum(len(stream.compress(part)) + len(stream.flush(zlib.Z_SYNC_FLUSH)) for part in parts)


# --- Memory ---


def memory(_: Path, clips: Path, seconds: float | None) -> str:
    """That of a synthetic film of ten minutes against ten seconds."""
    rows: list[list[Cell]] = []
    peaks: list[float] = []
    for length in (10, 30 if seconds else 600):
        source = clips / f"synthetic{length}.mp4"
        synthesise(source, length)
        took = run("animate", str(source), "-o", str(clips / "synthetic.glyph"), "-s", "40x15")
        peaks.append(took.memory)
        rows.append([f"{length} s", 30 * length, took.memory, took.wall])
    grown = 100 * (peaks[1] / peaks[0] - 1)
    return (
        "## Memory: a synthetic film at 30 frames a second, 40 x 15\n\n"
        + table(["length", "frames", "peak MB", "wall s"], rows)
        + f"\nThe longer one takes {grown:+.1f} % (at most 10).\n\n"
    )


def synthesise(path: Path, length: int) -> None:
    """A film of discs that circle each other, cut to another scene every five seconds."""
    import av

    y, x = np.mgrid[-1:1:120j, -1.33:1.33:160j]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(30 * length):
            turn, scene = number / 30, number // 150 % 2
            level = sum(np.hypot(x - np.cos(turn + i), y - np.sin(turn * i)) < 0.3 for i in range(3)) / 3
            picture = (255 * np.abs(scene - level)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def played(_: Path, __: Path, seconds: float | None) -> str:
    return f"## `glyphgrad play`\n\n{play.report(5 if seconds else 20)}\n"


SECTIONS = {"speed": speed, "steady": steady, "small": small, "memory": memory, "play": played}


@click.command
@click.option("--only", type=click.Choice(list(SECTIONS)), multiple=True)
@click.option("--seconds", type=float, help="Of the film.  [all]")
def main(only: tuple[str, ...], seconds: float | None) -> None:
    film = cached()
    report = "# Films\n\n" + about("make bench-film")
    report += f"- the film: `{PACKAGE}`, 6,572 frames, 219.08 s\n- load before: {os.getloadavg()[0]:.1f}\n\n"
    with tempfile.TemporaryDirectory() as directory:
        for name in only or SECTIONS:
            section = SECTIONS[name](film, Path(directory), seconds)
            click.echo(section)
            report += section
    if not only and not seconds:
        (HERE / "film.md").write_text(report)


if __name__ == "__main__":
    main()
