"""Makes glyphgrad-tiny, its base and its LoRA, from nothing. `make train-tiny` runs this.

python examples/train_tiny.py [OUT]

Whatever is there already in OUT is gone on with: a run may be ended at any moment and started again.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import write_dataset

MAPS, BASE_STEPS = 4500, 2400


@click.command
@click.argument("out", type=Path, default=Path("out/tiny"))
def main(out: Path) -> None:
    from glyphgrad.structure.tiny.train import CHARS, base_run, train_base

    write_dataset(out / "maps", DatasetConfig(count=MAPS, charset=CHARS))
    train_base(out / "maps", out, base_run(BASE_STEPS), _Clock())


class _Clock:
    """A line now and then."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, phase: str, done: int, count: int, loss: float) -> None:
        if done % 20 == 0 or done == count:
            print(f"{time.monotonic() - self.start:6.0f} s  {phase} {done} of {count or '?'}  {loss:.4f}", flush=True)


if __name__ == "__main__":
    main()
