"""The original's own objective on the receipt printer: our search against the descent's 10,000 iterations.

    python benchmarks/seed_objective.py [--iterations 10000] [--picture camera] [--fresh]

The descent is glyphgrad's own, the faster of the two in descent.py, so that the ratio of times flatters
nobody. It takes a minute or two a picture, so its results are kept in benchmarks/out/.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Collection
from dataclasses import dataclass

import click
import numpy as np

from descent import KERNEL, MULTISCALE, Task
from glyphgrad.fit.bound import lower_bound
from glyphgrad.fit.discrete import solve
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import seed_filters
from machine import OUT, THREADS
from pictures import pictures
from tables import Cell, table

DIVERSITIES = (0.0, 0.01)
EFFORTS = ("fast", "normal")
SOLVER_RUNS = 3
"""The search takes milliseconds: its time is the median of a few runs."""
Figures = dict[str, float]


@dataclass(frozen=True)
class Searched:
    """What the search came to: figures of the hard grid, seconds of the solver and of the whole preparation."""

    figures: Figures
    seconds: float
    setup: float


def energy_of(task: Task) -> Energy:
    filters = seed_filters(task.layout, MULTISCALE, KERNEL)
    return Energy(task.target, task.atlas.coverage, task.layout, filters)


def search(task: Task, effort: str) -> Searched:
    """Solve one picture; `setup` is the making of the energy, its tables kept between pictures."""
    start = time.perf_counter()
    energy = energy_of(task)
    _ = energy.pairs  # the tables, which are kept between pictures
    setup, times = time.perf_counter() - start, []
    for _ in range(SOLVER_RUNS):
        start = time.perf_counter()
        grid = solve(energy, effort=effort, diversity=task.diversity, protected=task.atlas.blank)
        times.append(time.perf_counter() - start)
    return Searched(task.figures(grid), statistics.median(times), setup)


def descended(task: Task, iterations: int, fresh: bool) -> Figures:
    """The descent's figures and `seconds`, from the cache if they are there."""
    key = hashlib.sha256(task.target.tobytes() + task.atlas.coverage.tobytes())
    key.update(f"{task.layout} {MULTISCALE} {KERNEL} {task.diversity} {iterations}".encode())
    path = OUT / "descents" / f"{key.hexdigest()[:24]}.json"
    if path.exists() and not fresh:
        kept: Figures = json.loads(path.read_text())
        return kept
    start = time.perf_counter()
    grid = task.ours(iterations)
    figures = task.figures(grid) | {"seconds": time.perf_counter() - start}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures))
    return figures


HEAD = [
    "picture",
    "effort",
    "descent",
    "s",
    "search",
    "ms",
    "times faster",
    "change",
    "total, difference",
    "bound",
    "gap",
]


def compare(name: str, diversity: float, iterations: int, threads: int, fresh: bool) -> list[list[Cell]]:
    """Rows of the table, one an effort; the bound is of the objective alone, so there is none with diversity."""
    task = Task(name, diversity, threads)
    before = descended(task, iterations, fresh)
    bound = lower_bound(energy_of(task)) if diversity == 0 else None
    rows: list[list[Cell]] = []
    for effort in EFFORTS:
        found = search(task, effort)
        objective = found.figures["objective"]
        row: list[Cell] = [name, effort, f"{before['objective']:.5f}", before["seconds"], f"{objective:.5f}"]
        row += [1000 * found.seconds, before["seconds"] / found.seconds, f"{objective / before['objective'] - 1:+.2%}"]
        row.append(f"{found.figures['total'] - before['total']:+.5f}")
        row += [None, None] if bound is None else [f"{bound:.5f}", f"{1 - bound / max(objective, 1e-12):.2%}"]
        rows.append(row)
    return rows


def report(iterations: int, names: Collection[str] | None, threads: int = THREADS, fresh: bool = False) -> str:
    """A table a diversity, in Markdown; `threads` are the descent's."""
    found = (
        f"## The original's objective: 42 x 21 cells of the receipt printer, {iterations:,} iterations\n\n"
        "`descent` and `search` are objectives of hard grids (mse + 0.5 * pooled mse, lower is better), `change` "
        "the search's against the descent's; `total` is the objective less the weighted diversity, which is what "
        "both minimise; `gap` is the share of "
        "the search's objective that the lower bound does not prove necessary. Times of descents may come from "
        "an earlier run on the same machine (`--fresh` makes them anew).\n\n"
    )
    for diversity in DIVERSITIES:
        rows = []
        for picture in pictures(names=names):
            print(f"  diversity {diversity}: {picture.name}", flush=True)
            rows += compare(picture.name, diversity, iterations, threads, fresh)
        found += f"Diversity {diversity}:\n\n{table(HEAD, rows)}\n{_verdict(rows)}\n"
    return found


def _verdict(rows: list[list[Cell]]) -> str:
    """How often each effort was no higher than the descent, and its ratio of times."""
    lines = ""
    for effort in EFFORTS:
        own = [row for row in rows if row[1] == effort]
        better = sum(float(str(row[8])) <= 0 for row in own)
        ratio = np.median([float(row[6]) for row in own if isinstance(row[6], float)])
        lines += (
            f"- {effort}: total no higher on {better} of {len(own)} pictures, {ratio:,.0f} times faster in the median\n"
        )
    return lines


@click.command
@click.option("--iterations", default=10_000, show_default=True)
@click.option("--picture", "names", multiple=True, help="Only this one, again for more.")
@click.option("--threads", default=THREADS, show_default=True, help="Of the descent; the search has one.")
@click.option("--fresh", is_flag=True, help="Run the descents again instead of taking those kept.")
def main(iterations: int, names: tuple[str, ...], threads: int, fresh: bool) -> None:
    print(report(iterations, names or None, threads, fresh))


if __name__ == "__main__":
    main()
