"""`glyphgrad structure train` and `structure config`: a LoRA trained here, or made ready for another trainer."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import INTERRUPTED, Command, default, with_options
from glyphgrad.structure.lora.config import (
    OPTIMIZERS,
    PRECISIONS,
    QUANTIZATIONS,
    SCHEDULES,
    TARGETS,
    TRAINERS,
    LoraConfig,
    read_toml,
)

if TYPE_CHECKING:
    from glyphgrad.structure.lora.progress import Event, Progress

_HELP = {
    "base": "Model to train on: glyphgrad-tiny, a folder, or its name on the Hugging Face hub.",
    "rank": "Rank of the change of each layer.",
    "alpha": "Strength: a layer changes by alpha / rank times what is learned.",
    "targets": f"Layers: {', '.join(TARGETS)}.",
    "lr": "Learning rate.",
    "optimizer": f"{' or '.join(OPTIMIZERS)}. The first needs bitsandbytes, and less memory; on a CPU it is slow.",
    "weight_decay": "Of AdamW.",
    "clip": "Length that gradients are shortened to.",
    "schedule": f"Of the learning rate: {' or '.join(SCHEDULES)}.",
    "warmup": "Steps until the learning rate is reached.",
    "steps": "Steps in all.",
    "batch": "Pictures at a time, in each process.",
    "accumulate": "Batches a step.",
    "precision": f"Of the computation: {' or '.join(PRECISIONS)}.",
    "quantize": f"Of the base: {', '.join(QUANTIZATIONS)}; auto is the most exact that fits into memory.",
    "checkpointing": "Gradient checkpointing: less memory, more time.  [if it must be]",
    "resolution": "Pixels across and down of every picture.",
    "tile": "Pixels across a cell.",
    "trigger": "Word that calls the style up; put before captions that lack it.",
    "ema": "Decay of the average of weights that is saved; 0 saves the last ones.",
    "caption_dropout": "Share of the captions that are seen as the trigger alone, for guidance without one.",
    "tag_dropout": "Share of the facts of a caption that are left out, up to 0.5, for short prompts.",
    "time_mean": "Of the logit of the noise level, before the shift.",
    "time_std": "Its standard deviation.",
    "shift": "Factor towards high noise levels.  [the base's own]",
    "guidance": "Told to a base that embeds it.",
    "seed": "Of the LoRA's first weights, of order and noise.",
}
"""Field of LoraConfig -> what it is."""


def lora_options(command: Command) -> Command:
    """An option for each field of LoraConfig, and a file that gives some of them."""
    file = click.option("--config", "file", type=Path, help="TOML file of these options; the command line goes first.")
    return with_options([file, *(_option(name, text) for name, text in _HELP.items())], command)


def _option(name: str, text: str) -> Callable[[Command], Command]:
    flag, value = f"--{name.replace('_', '-')}", default(LoraConfig, name)
    if name == "checkpointing":
        return click.option(f"{flag}/--no-{name}", default=None, help=text)
    shown = "" if value is None else f"  [default: {value:g}]" if isinstance(value, float) else f"  [default: {value}]"
    return click.option(flag, type=float if value is None else type(value), help=text + shown)


def lora_config(file: Path | None, given: dict[str, Any]) -> LoraConfig:
    """What is given, else what is in the file, else the defaults. Raises ConfigError."""
    found = read_toml(file) if file else {}
    return LoraConfig(**found | {name: value for name, value in given.items() if value is not None})


@click.command
@click.option("--dataset", type=Path, required=True, help="Folder of pictures and captions.")
@click.option("--out", type=Path, required=True, help="Folder to write, or to go on with.")
@lora_options
@click.option(
    "--save-every", type=int, default=250, show_default=True, help="Steps between checkpoints; 0: at the end."
)
@click.option(
    "--validate-every", type=int, default=0, show_default=True,
    help="Steps between pictures that are drawn and judged; 0: never.",
)  # fmt: skip
@click.option("--kohya", is_flag=True, help="Write the LoRA under kohya's names too.")
@click.option("--processes", type=int, help="How many must train together, under torchrun.  [as many as there are]")
@click.option("--quiet", "-q", is_flag=True, help="No bar.")
def train(
    dataset: Path,
    out: Path,
    file: Path | None,
    save_every: int,
    validate_every: int,
    kohya: bool,
    processes: int | None,
    quiet: bool,
    **given: Any,
) -> int:
    """Train a LoRA on a dataset of structures, or go on where an earlier run was ended.

    The folder then holds pytorch_lora_weights.safetensors for diffusers, the loss as a table and a picture, and
    the pictures of --validate-every with their verdicts.
    """
    from glyphgrad.cli.progress import Interrupt

    config = lora_config(file, given)
    with warnings.catch_warnings(), _Bar(quiet) as bar, Interrupt() as interrupted:
        from glyphgrad.structure.lora.train import Watch, train

        watch = Watch(save_every, validate_every, kohya, processes)
        done = train(dataset, out, config, watch, bar.show, interrupted)
    if done < config.steps:
        click.echo(f"glyphgrad: interrupted after {done} of {config.steps} steps: run again to go on", err=True)
        return INTERRUPTED
    if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
        click.echo(f"wrote {out}: a LoRA of {done} steps", err=True)
    return 0


@click.command
@click.option("--trainer", default="glyphgrad", show_default=True, help=f"Whose files to write: {', '.join(TRAINERS)}.")
@click.option("--dataset", type=Path, required=True, help="Folder of pictures and captions.")
@click.option("--out", type=Path, required=True, help="Folder to write the files to.")
@lora_options
def config(trainer: str, dataset: Path, out: Path, file: Path | None, **given: Any) -> None:
    """Write the files and the command line with which a trainer makes a LoRA, and a README of how to run it."""
    from glyphgrad.structure.lora.trainers import BY_NAME, write_config

    written = write_config(trainer, lora_config(file, given), dataset, out)
    click.echo("wrote " + ", ".join(map(str, written)), err=True)
    click.echo(f"run: sh {shlex.quote(str(out / BY_NAME[trainer].script))}", err=True)


class _Bar:
    """A bar on a terminal; elsewhere lines of what is told, and of every hundredth step."""

    def __init__(self, quiet: bool):
        self.quiet, self.open, self.tasks = quiet, ExitStack(), dict[str, Any]()
        self.bar: Any = None

    def __enter__(self) -> _Bar:
        if sys.stderr.isatty() and not self.quiet:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
            )  # fmt: skip
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.open.enter_context(self.bar)
        return self

    def __exit__(self, *error: Any) -> None:
        self.open.__exit__(*error)

    def show(self, event: Event) -> None:
        from glyphgrad.structure.lora.progress import Judged, Note

        if isinstance(event, Note):
            self._say(event.text)
        elif isinstance(event, Judged):
            self._say(
                f"step {event.step}: {event.passed} of {event.count} pictures pass; grey {event.grey:.2%}, "
                f"glyphs {event.cells:.2%}"
            )
        else:
            self._move(event)

    def _say(self, text: str) -> None:
        if not self.quiet:
            self.bar.console.print(text, highlight=False) if self.bar else click.echo(text, err=True)

    def _move(self, event: Progress) -> None:
        figures = f"loss {event.loss:.4f}  lr {event.rate:.2g}" if event.phase == "steps" else ""
        if self.bar:
            if event.phase not in self.tasks:
                self.tasks[event.phase] = self.bar.add_task(event.phase, total=event.count, figures=figures)
            self.bar.update(self.tasks[event.phase], completed=event.done, figures=figures)
        elif event.done == event.count or (event.phase == "steps" and event.done % 100 == 0):
            self._say(f"{event.phase}: {event.done} of {event.count}  {figures}".rstrip())


assert list(_HELP) == [item.name for item in fields(LoraConfig)]
