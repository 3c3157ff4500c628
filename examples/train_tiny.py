"""Makes glyphgrad-tiny, its base and its LoRA, from nothing. `make train-tiny` runs this.

python examples/train_tiny.py [OUT] [--install]

Whatever is there already in OUT is gone on with: a run may be ended at any moment and started again.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np

from glyphgrad.codec.export import write
from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import write_dataset
from glyphgrad.structure.pipeline import TINY_LORA
from glyphgrad.structure.tiny.words import CHARS

MAPS, SIZE = 4000, 512
LORA = (
    "--targets all-linear --rank 64 --alpha 32 --lr 0.003 --optimizer adamw --schedule cosine --warmup 50 "
    "--steps 12000 --batch 4 --ema 0.999 --caption-dropout 0.1 --tag-dropout 0.4 --time-mean 0.1 --time-std 1.4 "
    "--resolution 512 --save-every 100 --processes 2"
)
TWO = ("--standalone", "--nproc-per-node", "2")
"""Two processes of a thread each wait less for each other than two threads."""
LIBRARIES = ("torch", "diffusers", "transformers", "peft", "numpy", "pillow")
WEIGHTS = TINY_LORA.parent


@click.command
@click.argument("out", type=Path, default=Path("out/tiny"))
@click.option("--install", is_flag=True, help="Put what was made into the package.")
def main(out: Path, install: bool) -> None:
    from glyphgrad.structure.tiny.train import base_run, train_base

    watch = Stopwatch(out / "seconds.json")
    run = base_run()
    with watch("maps"):
        write_dataset(out / "maps", DatasetConfig(count=MAPS, size=SIZE, charset=CHARS))
    with watch("base"):
        losses = train_base(out / "maps", out, run, tell)
    folders = {"--base": out / "base", "--dataset": out / "maps", "--out": out / "lora"}
    command = ["-m", "glyphgrad", "structure", "train", *chain.from_iterable(folders.items())]
    shown = f"torchrun {' '.join(TWO)} {shlex.join(map(str, command))} {LORA}"
    print(shown, flush=True)
    with watch("lora"):
        subprocess.run([sys.executable, "-m", "torch.distributed.run", *TWO, *command, *LORA.split()], check=True)
    made = gather(out)
    manifest = {
        "made_by": "make train-tiny",
        "maps": json.loads((out / "maps" / "manifest.json").read_text()),
        "base": {"learning": asdict(run.learning), "size": asdict(run.size), "loss": ends(losses)},
        "lora": {"command": shown, "loss": ends(lora_losses(out / "lora" / "losses.csv"))},
        "seconds": watch.seconds,
        "machine": f"{platform.machine()}, {watch.threads} threads",
        "versions": {name: version(name) for name in LIBRARIES},
        "sha256": {str(path.relative_to(made)): sha256(path) for path in sorted(made.rglob("*")) if path.is_file()},
    }
    write(made / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n")
    size = sum(path.stat().st_size for path in made.rglob("*"))
    print(f"{made}: {size / 1e6:.2f} MB", flush=True)
    if install:
        shutil.rmtree(WEIGHTS, ignore_errors=True)
        shutil.copytree(made, WEIGHTS)
        print(f"wrote {WEIGHTS}")


class Stopwatch:
    """Seconds of every phase, those of earlier runs included."""

    def __init__(self, path: Path):
        import torch

        self.path, self.threads = path, torch.get_num_threads()
        self.seconds: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}

    def __call__(self, phase: str) -> Stopwatch:
        self.phase = phase
        return self

    def __enter__(self) -> None:
        self.start = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.phase] = round(self.seconds.get(self.phase, 0) + time.monotonic() - self.start, 1)
        write(self.path, json.dumps(self.seconds).encode())


def tell(phase: str, done: int, count: int, loss: float) -> None:
    """A line now and then."""
    if done % 20 == 0 or done == count:
        print(f"{time.strftime('%H:%M:%S')}  {phase} {done} of {count or '?'}  {loss:.4f}", flush=True)


def gather(out: Path) -> Path:
    """A folder of what is shipped: the base, and of the LoRA the weights alone."""
    made = out / "made"
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(out / "base", made / "base")
    (made / "lora").mkdir()
    shutil.copy(out / "lora" / "pytorch_lora_weights.safetensors", made / "lora")
    return made


def ends(losses: list[float]) -> dict[str, Any]:
    """The mean of the first and of the last hundred."""
    return {"steps": len(losses), "first": float(np.mean(losses[:100])), "last": float(np.mean(losses[-100:]))}


def lora_losses(path: Path) -> list[float]:
    return [float(line.split(",")[1]) for line in path.read_text().splitlines()[1:]]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
