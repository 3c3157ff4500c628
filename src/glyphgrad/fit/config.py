"""How a picture is fitted: every option with its default, checked when made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from glyphgrad.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda", "mps")
LONG_RUN = 10_000
"""Iterations of the original tool; a run at least this long warms up over `LONG_WARMUP` of them."""
LONG_WARMUP = 1000


@dataclass(frozen=True)
class LossWeights:
    """What the objective is made of; a weight of 0 switches its term off. Raises ConfigError.

    `diversity_weight` weighs the entropy (nats) of character usage, `multiscale_weight` the mean
    squared error of copies averaged over `multiscale_kernel` pixels each way, every half kernel. With
    `protect_whitespace` blank characters do not count as usage, so that paper may stay empty.
    """

    diversity_weight: float = 0.01
    multiscale_weight: float = 0.5
    multiscale_kernel: int = 4
    protect_whitespace: bool = True

    def __post_init__(self) -> None:
        for name in ("diversity_weight", "multiscale_weight"):
            _check(name, getattr(self, name), 0, "a weight of at least 0 (0 switches the term off)")
        _check("multiscale_kernel", self.multiscale_kernel, 2, "a whole number of at least 2 pixels")

    @property
    def multiscale_stride(self) -> int:
        return self.multiscale_kernel // 2


@dataclass(frozen=True)
class AnnealConfig:
    """Softmax temperatures (all above 0), and whether Gumbel noise is added to the logits."""

    gumbel: bool = True
    temp_start: float = 1.0
    temp_end: float = 0.1
    save_temp: float = 0.01

    def __post_init__(self) -> None:
        for name in ("temp_start", "temp_end", "save_temp"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name} is {value}: give a temperature above 0")


@dataclass(frozen=True)
class FitConfig:
    """A whole fit. Raises ConfigError.

    `warmup` None: 1,000 steps, or a tenth of `iterations` when they are fewer than 10,000.
    `save_interval` is how often, in steps, progress is reported. `threads` None: as many as there are.
    """

    iterations: int = LONG_RUN
    lr: float = 0.01
    warmup: int | None = None
    weights: LossWeights = field(default_factory=LossWeights)
    anneal: AnnealConfig = field(default_factory=AnnealConfig)
    save_interval: int = 100
    seed: int = 0
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        _check("iterations", self.iterations, 1, "a whole number of at least 1")
        _check("save_interval", self.save_interval, 1, "a whole number of at least 1")
        _check("seed", self.seed, 0, "a whole number of at least 0")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise ConfigError(f"lr is {self.lr}: give a learning rate above 0")
        if self.threads is not None:
            _check("threads", self.threads, 1, "a whole number of at least 1")
        if self.device not in DEVICES:
            raise ConfigError(f"device is {self.device!r}: choose one of {', '.join(DEVICES)}")
        if self.warmup is not None and not 0 <= self.warmup < self.iterations:
            raise ConfigError(
                f"warmup is {self.warmup}: give fewer steps than the {self.iterations} iterations, or none"
            )

    @property
    def warmup_steps(self) -> int:
        if self.warmup is not None:
            return self.warmup
        return LONG_WARMUP if self.iterations >= LONG_RUN else self.iterations // 10


def _check(name: str, value: float, least: float, wish: str) -> None:
    if not (math.isfinite(value) and value >= least):
        raise ConfigError(f"{name} is {value}: give {wish}")
