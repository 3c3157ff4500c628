"""AdamW, its states in 8 bits where bitsandbytes is there, and the learning rate over time."""

from __future__ import annotations

import importlib.util
import math
import warnings
from typing import Any

import torch
from torch import nn

from glyphgrad.errors import GlyphgradWarning
from glyphgrad.structure.lora.config import LoraConfig


def optimizer_for(config: LoraConfig, values: nn.Parameter) -> Any:
    """AdamW of one vector; its rate is set each step."""
    options: dict[str, Any] = {"lr": config.lr, "weight_decay": config.weight_decay}
    if config.optimizer == "adamw8bit" and not has_bitsandbytes():
        warnings.warn(
            "no bitsandbytes: AdamW keeps its states in 32 bits, 4 times as large", GlyphgradWarning, stacklevel=2
        )
    if config.optimizer == "adamw8bit" and has_bitsandbytes():
        import bitsandbytes

        return bitsandbytes.optim.AdamW8bit([values], **options)
    return torch.optim.AdamW([values], **options, fused=True)


def has_bitsandbytes() -> bool:
    return importlib.util.find_spec("bitsandbytes") is not None


def rate(config: LoraConfig, step: int) -> float:
    """The learning rate of a step, counted from 0: up over the warm-up, then constant or along a cosine to 0."""
    if step < config.warmup:
        return config.lr * (step + 1) / (config.warmup + 1)
    if config.schedule == "constant":
        return config.lr
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.lr * (1 + math.cos(math.pi * done)) / 2
