"""LoraConfig: all that decides what a LoRA becomes, whichever trainer makes it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from glyphgrad.codec.toml_file import read_settings
from glyphgrad.errors import ConfigError
from glyphgrad.structure.captions import TRIGGER
from glyphgrad.structure.tiles import SIZES

FLUX = "black-forest-labs/FLUX.1-dev"
"""The base where none is given: gated, its licence non-commercial."""

TRAINERS = ("kohya", "simpletuner", "ai-toolkit", "glyphgrad")
"""Whose files `structure config` writes."""
OPTIMIZERS = ("adamw8bit", "adamw")
PRECISIONS = ("bf16", "fp32")
QUANTIZATIONS = ("auto", "none", "int8", "nf4")
"""How the frozen base lies in memory; "auto" is the most exact that fits."""
SCHEDULES = ("constant", "cosine")

_ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
_FEED_FORWARD = ("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2")
TARGETS: dict[str, tuple[str, ...] | None] = {
    "attention": tuple(f"attn.{name}" for name in _ATTENTION),
    "blocks": (*(f"attn.{name}" for name in _ATTENTION), *_FEED_FORWARD),
    "all-linear": None,
}
"""Name of a choice of layers -> the ends of their names; None is every linear layer there is."""

_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (int, float), "str": (str,), "bool": (bool,), "bool | None": (bool,),
    "float | None": (int, float),
}  # fmt: skip
"""Type of a field -> what its value in a file may be."""


@dataclass(frozen=True)
class LoraConfig:
    """What decides the weights of a LoRA. Raises ConfigError.

    A layer's output changes by `alpha / rank * B A x`. `lr` is the learning rate of AdamW, whose decoupled
    weight decay is `weight_decay`; gradients longer than `clip` are shortened to it; the rate warms up over
    `warmup` steps. `batch` pictures are looked at at a time by each process, `accumulate` times a step.
    `resolution` is in pixels. `ema` is the decay of the average of weights that is saved, 0 for the last
    weights. `caption_dropout` of the captions are seen as the trigger alone; of the others `tag_dropout` of what
    lies between commas is left out. Noise levels are `sigmoid(time_mean + time_std * normal)`, then shifted as the scheduler shifts
    those it samples at; a `shift` of None is the scheduler's own for the resolution. `guidance` is what a base
    that embeds one is told. `checkpointing` keeps less of a forward pass in memory and takes longer; None: if
    it must be. `flip` would turn glyphs into no glyphs: there is no augmentation.
    """

    base: str = FLUX
    rank: int = 64
    alpha: float = 32.0
    targets: str = "blocks"
    lr: float = 4e-4
    optimizer: str = "adamw8bit"
    weight_decay: float = 0.01
    clip: float = 1.0
    schedule: str = "constant"
    warmup: int = 0
    steps: int = 3000
    batch: int = 1
    accumulate: int = 1
    precision: str = "bf16"
    quantize: str = "auto"
    checkpointing: bool | None = None
    resolution: int = 1024
    tile: int = 16
    trigger: str = TRIGGER
    ema: float = 0.99
    caption_dropout: float = 0.0
    tag_dropout: float = 0.0
    time_mean: float = 0.0
    time_std: float = 1.0
    shift: float | None = None
    guidance: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_counts()
        self._check_measures()
        if self.tile not in SIZES or self.resolution % self.tile or not 64 <= self.resolution <= 2048:
            raise ConfigError(
                f"resolution is {self.resolution} with cells of {self.tile}: give a multiple of the tile "
                f"({', '.join(map(str, SIZES))}), 64 to 2048 pixels"
            )
        for name in ("base", "trigger"):
            text = getattr(self, name)
            if not text.strip() or not text.isprintable():
                raise ConfigError(f"{name} is {text!r}: give some words on one line")

    def _check_choices(self) -> None:
        choices = {
            "optimizer": OPTIMIZERS,
            "precision": PRECISIONS,
            "quantize": QUANTIZATIONS,
            "schedule": SCHEDULES,
            "targets": tuple(TARGETS),
        }
        for name, choice in choices.items():
            if getattr(self, name) not in choice:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: choose one of {', '.join(choice)}")

    def _check_counts(self) -> None:
        ranges = {
            "rank": (1, 1024), "steps": (1, 10_000_000), "batch": (1, 4096), "accumulate": (1, 4096),
            "warmup": (0, 10_000_000), "seed": (0, 2**63 - 1),
        }  # fmt: skip
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise ConfigError(f"{name} is {value!r}: give a whole number, {least} to {most}")

    def _check_measures(self) -> None:
        ranges = {
            "alpha": (1e-3, 1e5), "lr": (1e-8, 1.0), "weight_decay": (0.0, 1.0), "clip": (1e-6, 1e6),
            "ema": (0.0, 0.99999), "time_mean": (-10.0, 10.0), "time_std": (0.0, 10.0), "guidance": (0.0, 100.0),
            "caption_dropout": (0.0, 1.0), "tag_dropout": (0.0, 0.5), "shift": (0.01, 100.0),
        }  # fmt: skip
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if name == "shift" and value is None:
                continue
            if not math.isfinite(value) or not least <= value <= most:
                raise ConfigError(f"{name} is {value:g}: give {least:g} to {most:g}")


def verification_prompt(trigger: str) -> str:
    """What a trained LoRA is asked to draw, and judged by."""
    return f"{trigger}, systematic dungeon map, infinite corridor, white on black"


def as_toml(config: LoraConfig) -> str:
    """The configuration as a file that `read_toml` reads; what is None is left out."""
    given = {name: value for name, value in asdict(config).items() if value is not None}
    return "".join(f"{name} = {toml_value(value)}\n" for name, value in given.items())


def toml_value(value: object) -> str:
    """A value as TOML writes it; strings are of one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def read_toml(file: Path) -> dict[str, Any]:
    """The fields of a LoraConfig that a TOML file gives. Raises ConfigError."""
    kinds = {item.name: _KINDS[str(item.type)] for item in fields(LoraConfig)}
    return read_settings(file, kinds, "give a value of the kind of its default")
