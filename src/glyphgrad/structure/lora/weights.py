"""The weights of a LoRA as one vector: one tensor to step, to average, to send and to save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.config import TARGETS, LoraConfig

Parameter = nn.Parameter


def layers_of(transformer: nn.Module, targets: str) -> list[str]:
    """The full names of the linear layers that a choice of targets means. Raises ConfigError if there are none."""
    linear = [name for name, module in transformer.named_modules() if isinstance(module, nn.Linear)]
    ends = TARGETS[targets]
    names = linear if ends is None else [name for name in linear if name.endswith(tuple(f".{end}" for end in ends))]
    if not names:
        raise ConfigError(f"targets {targets!r} name no layer of the base: choose among {', '.join(TARGETS)}")
    return names


def add_lora(transformer: Any, config: LoraConfig) -> list[Parameter]:
    """Freeze a transformer and add a LoRA, which as yet changes nothing; returns its weights, in float32."""
    from peft import LoraConfig as Adapter

    transformer.requires_grad_(False)
    names = layers_of(transformer, config.targets)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        transformer.add_adapter(Adapter(r=config.rank, lora_alpha=config.alpha, target_modules=names))
    weights = [weight for weight in transformer.parameters() if weight.requires_grad]
    for weight in weights:
        weight.data = weight.data.float()
    return weights


class Weights:
    """All weights as `values` (N,), float32, of which each parameter is a part, as its gradient is of `gradient`.

    `shared` (N + 2,) is what processes average each step: the gradient, the loss, and whether to stop.
    """

    def __init__(self, parameters: Sequence[Parameter]):
        self.values = nn.Parameter(torch.cat([one.detach().flatten() for one in parameters]))
        self.shared = torch.zeros(len(self.values) + 2, device=self.values.device)
        self.gradient = self.shared[:-2]
        self.values.grad = self.gradient
        start = 0
        for one in parameters:
            part = slice(start, start + one.numel())
            one.data = self.values.data[part].view_as(one)
            one.grad = self.gradient[part].view_as(one)
            start = part.stop

    @contextmanager
    def holding(self, values: Tensor | None) -> Iterator[None]:
        """Have other values for a while, or (None) its own."""
        if values is None:
            yield
            return
        own = self.values.detach().clone()
        self.values.data.copy_(values)
        try:
            yield
        finally:
            self.values.data.copy_(own)


class Average:
    """The moving average of weights, which draws better than the last of them; young ones look back less far."""

    def __init__(self, values: Tensor, decay: float):
        self.values, self.decay = values.detach().clone(), decay

    @torch.no_grad()
    def update(self, values: Tensor, step: int) -> None:
        """After `step` steps."""
        self.values.lerp_(values, 1 - min(self.decay, (1 + step) / (10 + step)))
