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
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np

import play
import steadiness
from glyphgrad.codec.formats import open_film
from glyphgrad.codec.paint import paint
from machine import HERE, about
from tables import Cell, table

PACKAGE = "badapple-terminal==0.1.2"
FILM = "badapple_terminal/assets/badapple.mp4"
COLS, ROWS = 80, 30
_SAMPLED = 0.1
"""Seconds after which the memory of a command is looked at again."""
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
    """Wall and CPU seconds, and the peak of resident memory in MB, of a command and the processes it starts."""

    wall: float
    cpu: float
    memory: float


def run(*arguments: str) -> Run:
    """`glyphgrad` with some arguments, in a process of its own."""
    begun, peak, ended = time.perf_counter(), 0.0, 0
    process = subprocess.Popen([sys.executable, "-m", "glyphgrad", *arguments, "-q"])
    while not ended:
        time.sleep(_SAMPLED)
        peak = max(peak, resident(process.pid))
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"glyphgrad {' '.join(arguments)} failed")
    return Run(time.perf_counter() - begun, used.ru_utime + used.ru_stime, peak)


def resident(process: int) -> float:
    """MB of a process and its children: what they share counts for each. Of Linux, 0 elsewhere."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) == process or _parent(entry) == process:
                total += int((entry / "statm").read_text().split()[1])
        except OSError:  # it has ended
            continue
    return total * os.sysconf("SC_PAGESIZE") / 1e6


def _parent(entry: Path) -> int:
    return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])


def options_of(objective: str) -> dict[str, Any]:
    """What the film is fitted with, as `api.fit` takes it."""
    fit = {"solver": "discrete", "objective": objective, "diversity_weight": 0.0}
    return {"cols": COLS, "rows": ROWS, "encoding": "ascii", **fit}


def animated(film: Path, clip: Path, objective: str, seconds: float | None) -> Run:
    options = options_of(objective)
    size = ["-s", f"{options.pop('cols')}x{options.pop('rows')}"]
    named = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    length = ["--duration", str(seconds)] if seconds else []
    return run("animate", str(film), "-o", str(clip), *size, *named, *length)


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
    rows: list[list[Cell]] = []
    for objective in OBJECTIVES:
        clip = made_by(film, clips, objective, seconds)
        found = steadiness.verdict(film, clip, options_of(objective), seconds)
        rows.append([objective, found.held, 0.05, found.alone, found.objective, 2.0])
    head = ["objective", "changes %", "at most", "changes alone %", "objective %", "at most "]
    return (
        f"## Steadiness: cells whose target moved less than {steadiness.STILL:.0%} since the frame before\n\n"
        "`changes`: how many of them changed their character; `alone`: with every frame fitted by itself. "
        "`objective`: by how much that of all frames is higher than if fitted alone.\n\n" + table(head, rows) + "\n"
    )


def made_by(film: Path, clips: Path, objective: str, seconds: float | None) -> Path:
    """The clip of an objective, made if no other section has."""
    clip = clips / f"{objective}.glyph"
    if not clip.exists():
        animated(film, clip, objective, seconds)
    return clip


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
    film, begun = cached(), time.monotonic()
    load = os.getloadavg()[0]
    report = ""
    with tempfile.TemporaryDirectory() as directory:
        for name in only or SECTIONS:
            section = SECTIONS[name](film, Path(directory), seconds)
            click.echo(section)
            report += section
    if not only and not seconds:
        (HERE / "film.md").write_text(head(load, time.monotonic() - begun) + report)


def head(load: float, took: float) -> str:
    return (
        f"# Films\n\n{about('make bench-film')}"
        f"- the film: `{PACKAGE}`, 6,572 frames, 219.08 s\n"
        f"- load before: {load:.1f}; all of it took {took / 60:.0f} minutes\n\n"
    )


if __name__ == "__main__":
    main()
