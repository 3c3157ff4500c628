"""All of the bench, side by side in one process tree: what `make bench` calls.

    python benchmarks/bench.py [--quick] [--only likeness] [--fresh]

Tables go to the terminal and to benchmarks/results.md (of a quick run: benchmarks/out/results.md), contact
sheets, texts and the curve of cost to benchmarks/out/.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

import descent
import learning
import likeness
import scaling
import seed_objective
from machine import HERE, OUT, about
from ours import ours
from peers import peers
from pictures import FLAT, KINDS, LINE_ART, QUICK
from tool import Screen


def _likeness(quick: bool, full_size: bool, iterations: int) -> str:
    tools = [*ours(iterations), *peers()]
    names = QUICK if quick else None
    dark = likeness.compare(tools, Screen(dark=True), KINDS, names, full_size)
    return dark + likeness.compare(tools, Screen(dark=False), (LINE_ART, FLAT), names, full_size)


def _sections(quick: bool, full_size: bool, fresh: bool, iterations: int) -> dict[str, Callable[[], str]]:
    steps = 500 if quick else 10_000
    return {
        "likeness": lambda: _likeness(quick, full_size, iterations),
        "seed-objective": lambda: seed_objective.report(steps, QUICK[:2] if quick else None, fresh=fresh),
        "descent": lambda: descent.report(steps, *((3, 10) if quick else ())),
        "learning": lambda: learning.report(quick),
        "scaling": lambda: scaling.report(scaling.QUICK_SIZES if quick else scaling.SIZES),
    }


@click.command
@click.option("--quick", is_flag=True, help="Few pictures, short descents, small grids: a few minutes.")
@click.option("--only", multiple=True, help="likeness, seed-objective, descent, learning or scaling; again for more.")
@click.option("--fresh", is_flag=True, help="Run the long descents again instead of taking those kept.")
@click.option("--full-size", is_flag=True, help="Also write every render at 100 % into benchmarks/out/.")
@click.option(
    "--iterations",
    default=1000,
    show_default=True,
    help="Of the descent among the tools: 10,000 take minutes a picture.",
)
def main(quick: bool, only: tuple[str, ...], fresh: bool, full_size: bool, iterations: int) -> None:
    """Measure glyphgrad's solvers, the plain descent, chafa and jp2a on the same pictures."""
    sections = _sections(quick, full_size, fresh, iterations)
    if unknown := set(only) - set(sections):
        raise click.UsageError(f"--only {sorted(unknown)[0]!r}: choose among {', '.join(sections)}")
    start = time.perf_counter()
    written = f"# Benchmarks\n\n{about(' '.join(['python', 'benchmarks/bench.py', *sys.argv[1:]]))}\n"
    for name, section in sections.items():
        if not only or name in only:
            click.echo(f"{name}:", err=True)
            part = section()
            print(f"\n{part}", flush=True)
            written += part
    path: Path = (OUT if quick or only else HERE) / "results.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written)
    click.echo(f"wrote {path} and {OUT}/ in {time.perf_counter() - start:.0f} s", err=True)


if __name__ == "__main__":
    main()
