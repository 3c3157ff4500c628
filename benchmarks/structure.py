"""The structural dataset's speed and memory, and the verification held against its calibration table.

python benchmarks/structure.py [--quick]
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.damage import BAD, GOOD
from glyphgrad.structure.dataset import make, write_dataset
from glyphgrad.structure.verify import Verdict, verify
from machine import about, in_child, peak_mb
from tables import Cell, table

COUNTS = (250, 500, 1000, 2000)
QUICK_COUNTS = (125, 250)
MAPS = 4
"""Pictures of each family that every damage is done to."""
CRITERIA = ("black", "crisp", "grid")


def measure(count: int) -> dict[str, float]:
    """Seconds to write a dataset in so many processes as there are cores, contact sheet and all; peak MB of this one."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write_dataset(Path(folder) / "maps", DatasetConfig(count=count))
        return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb()}


def speed(counts: tuple[int, ...]) -> str:
    """The table of speed, in Markdown."""
    rows: list[list[Cell]] = []
    for count in counts:
        print(f"  {count} pictures", flush=True)
        found = in_child("structure.py", "--child", str(count))
        rows.append([count, found["seconds"], count / found["seconds"], found["peak_mb"]])
    return "## Dataset, 1024 x 1024\n\n" + table(["pictures", "seconds", "a second", "peak MB"], rows)


def calibration() -> str:
    """One dungeon after each damage: what was measured, and whether it passes; in Markdown."""
    picture = _picture(DatasetConfig(families=("rooms",)), 0)
    rows: list[list[Cell]] = []
    for name, damage in (GOOD | BAD).items():
        verdict = verify(damage(picture))
        figures = verdict.raw.figures
        marks = [_mark(getattr(verdict.raw, criterion)) for criterion in CRITERIA]
        numbers = [f"{figures['grey']:.1%}", f"{figures['background']}", f"{figures['foreground']}"]
        rows.append([name, *numbers, f"{figures['cells']:.1%}", *marks, _mark(verdict.passed), verdict.diagnosis])
    head = ["picture", "grey", "background", "foreground", "sure cells", *CRITERIA, "passes", "diagnosis"]
    return "## Calibration, one dungeon\n\n" + table(head, rows)


def passing() -> str:
    """The share of maps of each family that pass after each damage; in Markdown."""
    config = DatasetConfig()
    rows: list[list[Cell]] = []
    for turn, family in enumerate(config.families):
        pictures = [_picture(config, turn + place * len(config.families)) for place in range(MAPS)]
        verdicts = {name: [verify(damage(picture)) for picture in pictures] for name, damage in (GOOD | BAD).items()}
        rows.append([family, *(_passed(found) for found in verdicts.values())])
    return f"## Maps that pass, of {MAPS} of each family\n\n" + table(["family", *GOOD, *BAD], rows)


def _picture(config: DatasetConfig, index: int) -> Image.Image:
    return Image.fromarray(np.asarray(Image.open(io.BytesIO(make(config, index).png))))


def _passed(verdicts: list[Verdict]) -> str:
    return str(sum(verdict.passed for verdict in verdicts))


def _mark(passes: bool) -> str:
    return "yes" if passes else "no"


@click.command
@click.option("--quick", is_flag=True, help="Few pictures.")
@click.option("--child", "count", type=int, hidden=True)
def main(quick: bool, count: int | None) -> None:
    if count is not None:
        print(json.dumps(measure(count)))
        return
    command = "python benchmarks/structure.py" + " --quick" * quick
    print("\n".join([about(command), speed(QUICK_COUNTS if quick else COUNTS), calibration(), passing()]))


if __name__ == "__main__":
    main()
