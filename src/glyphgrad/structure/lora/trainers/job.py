"""What a trainer is told, and what is told of a trainer."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from glyphgrad.structure.lora.config import LoraConfig, verification_prompt


@dataclass(frozen=True)
class Job:
    """A configuration and where things lie: `pictures` with their captions, within `dataset`; `out` for the files."""

    config: LoraConfig
    pictures: Path
    dataset: Path
    out: Path

    @property
    def prompt(self) -> str:
        return verification_prompt(self.config.trigger)

    @property
    def schedule(self) -> str:
        """Of the learning rate, by diffusers' name, which both sd-scripts and SimpleTuner use."""
        warmed = self.config.schedule == "constant" and self.config.warmup
        return "constant_with_warmup" if warmed else self.config.schedule

    @property
    def shift(self) -> float:
        """Factor towards high noise levels: FLUX's own for the resolution where none is given.

        The logit of the level is shifted by 0.5 at 256 tokens to 1.15 at 4,096; a mean adds to it as well.
        """
        tokens = (self.config.resolution / 16) ** 2
        logit = 0.5 + (tokens - 256) * (1.15 - 0.5) / (4096 - 256)
        factor = math.exp(logit) if self.config.shift is None else self.config.shift
        return round(factor * math.exp(self.config.time_mean), 4)


@dataclass(frozen=True)
class Trainer:
    """`script` is the file of `files` to run. `needs`, `start` and `verify` are Markdown for the README."""

    name: str
    files: Callable[[Job], dict[str, str]]
    script: str
    adds_trigger: bool
    needs: Callable[[Job], str]
    result: Callable[[Job], str]
    """Where the trained LoRA is found."""


def command(program: list[str], options: dict[str, object]) -> str:
    """A command line with an option a line; True stands for an option without a value, None for none at all.

    Values that begin with a dollar sign are left to the shell, within quotation marks.
    """
    lines = [" ".join(program)]
    for name, value in options.items():
        if value is True:
            lines.append(f"  --{name}")
        elif value is not None:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            lines.append(f"  --{name} " + (f'"{text}"' if text.startswith("$") else shlex.quote(text)))
    return " \\\n".join(lines) + "\n"


def script(*lines: str) -> str:
    return "#!/bin/sh\nset -eu\n" + "".join(f"{line.rstrip()}\n" for line in lines)
