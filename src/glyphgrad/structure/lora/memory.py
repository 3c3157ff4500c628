"""How much memory a training takes, from the configurations of a base alone.

Every stage has its models in memory and no others: the text encoders, the VAE, then the transformer with
its LoRA. Models are made on torch's meta device, where they have shapes and no bytes, and counted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from glyphgrad.errors import ConfigError, DeviceError, first_line
from glyphgrad.structure.lora import base as bases
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.optimizer import has_bitsandbytes
from glyphgrad.structure.lora.weights import layers_of

GIB = 2**30

_BITS = {"none": 16, "int8": 8.1, "nf4": 4.5}
"""Of a weight of a quantised linear layer, its share of the scales included: bitsandbytes keeps one of 32 bits
for every 64 weights in nf4, and one a row in int8."""
_OPTIMIZER_BYTES = {"adamw8bit": 2, "adamw": 8}
_KEPT = 30
"""Numbers that a block keeps for its backward pass, a token and a channel, at most; a checkpointed one keeps 1.
tests/structure/lora/test_memory.py counts them."""
_RESERVE = 0.6 * GIB
"""Of the driver's context and of what an allocator cannot use."""


@dataclass(frozen=True)
class Estimate:
    """Bytes of the stages of a training, and of what its last one consists of."""

    texts: float
    base: float
    lora: float
    activations: float

    @property
    def training(self) -> float:
        return self.base + self.lora + self.activations

    @property
    def peak(self) -> float:
        return max(self.texts, self.training) + _RESERVE

    def __str__(self) -> str:
        return (
            f"{said(self.peak)} of memory: base {said(self.base)}, LoRA with its optimiser {said(self.lora)}, "
            f"activations {said(self.activations)}; before that the text encoders {said(self.texts)}"
        )


def said(count: float) -> str:
    """Bytes, for a person."""
    return f"{count / GIB:.1f} GB" if count >= GIB / 10 else f"{count / 2**20:.0f} MB"


@dataclass(frozen=True)
class Sizes:
    """What is counted once of a base: numbers of weights, of the linear layers apart; tokens; width; blocks."""

    texts: int
    linear: int
    other: int
    lora: int
    tokens: int
    width: int
    blocks: int


def sizes_of(folder: Path, config: LoraConfig) -> Sizes:
    """Raises ConfigError for configurations that make no models, or targets that name no layer."""
    texts, transformer, stride = _on_meta(folder)
    linear = [module for module in transformer.modules() if isinstance(module, nn.Linear)]
    weights = sum(module.weight.numel() for module in linear)
    named = dict(transformer.named_modules())
    chosen = [named[name] for name in layers_of(transformer, config.targets)]
    token = 2 * stride  # pixels: the pipeline packs 2 x 2 latents
    if config.resolution % token:
        raise ConfigError(f"resolution is {config.resolution}: the base draws multiples of {token} pixels")
    return Sizes(
        texts=sum(_count(model) for model in texts),
        linear=weights,
        other=_count(transformer) - weights,
        lora=sum(config.rank * (layer.in_features + layer.out_features) for layer in chosen),
        tokens=(config.resolution // token) ** 2 + bases.text_tokens(folder),
        width=transformer.inner_dim,
        blocks=len(transformer.transformer_blocks) + len(transformer.single_transformer_blocks),
    )


def estimate(sizes: Sizes, config: LoraConfig) -> Estimate:
    """Of a configuration whose `quantize` and `checkpointing` are decided. Sources are named beside the numbers."""
    bytes_each = 2 if config.precision == "bf16" else 4
    bits = _BITS[config.quantize] if config.quantize != "none" else 8 * bytes_each
    kept = (
        sizes.blocks + _KEPT if config.checkpointing else _KEPT * sizes.blocks
    ) + _KEPT  # the last: one block's slopes
    states = 4 + 4 + (4 if config.ema else 0) + _OPTIMIZER_BYTES[config.optimizer]
    return Estimate(
        texts=sizes.texts * bytes_each,
        base=sizes.linear * bits / 8 + sizes.other * bytes_each,
        lora=sizes.lora * states,
        activations=kept * config.batch * sizes.tokens * sizes.width * bytes_each,
    )


def decided(config: LoraConfig, sizes: Sizes, device: torch.device, free: float) -> tuple[LoraConfig, Estimate]:
    """The configuration with the most exact base, then the fastest way, that fits `free` bytes of a device.

    Raises DeviceError if none does, or if the device has no such base.
    """
    can = device.type == "cuda" and has_bitsandbytes()
    if config.quantize not in ("auto", "none") and not can:
        raise DeviceError(f"quantize is {config.quantize!r}: that takes a CUDA card and bitsandbytes; give none")
    kinds = (("none", "int8", "nf4") if can else ("none",)) if config.quantize == "auto" else (config.quantize,)
    ways = (False, True) if config.checkpointing is None else (config.checkpointing,)
    choices = [replace(config, quantize=kind, checkpointing=way) for kind in kinds for way in ways]
    estimates = [(choice, estimate(sizes, choice)) for choice in choices]
    for choice, needed in estimates:
        if needed.peak <= free:
            return choice, needed
    least = min(needed.peak for _, needed in estimates)
    raise DeviceError(
        f"training {config.base!r} at {config.resolution} pixels takes {said(least)} of memory at least, and "
        f"{said(free)} are free: lower --resolution, --batch or --rank, or take a larger card"
    )


def free_memory(device: torch.device) -> int:
    """Bytes that are free for each process where training would run."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return int(psutil.virtual_memory().available) // int(os.environ.get("LOCAL_WORLD_SIZE") or 1)


def _count(model: nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


def _on_meta(folder: Path) -> tuple[list[nn.Module], Any, int]:
    """Text encoders and transformer without bytes, and the VAE's stride in pixels."""
    from diffusers import FluxTransformer2DModel
    from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

    settings = {part: bases.settings(folder, part) for part in bases.MODELS}
    try:
        with torch.device("meta"):
            clip = CLIPTextModel(CLIPTextConfig(**settings["text_encoder"]))
            t5 = T5EncoderModel(T5Config(**settings["text_encoder_2"]))
            transformer = FluxTransformer2DModel.from_config(settings["transformer"])
        return [clip, t5], transformer, 2 ** (len(settings["vae"]["block_out_channels"]) - 1)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise ConfigError(
            f"base {str(folder)!r}: its configurations make no Flux models ({first_line(error)}): "
            "give a folder that a Flux pipeline was saved to"
        ) from None
