"""The LoRA under the names of kohya's sd-scripts, which many programs read.

They are those of Black Forest Labs' own FLUX code, which has one layer where diffusers has several side by
side: the change of such a layer is that of its parts, one below the other, B being zero between them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.cache import Tensors
from glyphgrad.structure.lora.config import LoraConfig

FILE = "kohya_lora_weights.safetensors"

_QKV = ("to_q", "to_k", "to_v")
_ADDED = ("add_q_proj", "add_k_proj", "add_v_proj")
_DOUBLE = {
    "img_attn_qkv": [f"attn.{name}" for name in _QKV],
    "txt_attn_qkv": [f"attn.{name}" for name in _ADDED],
    "img_attn_proj": ["attn.to_out.0"],
    "txt_attn_proj": ["attn.to_add_out"],
    "img_mlp_0": ["ff.net.0.proj"],
    "img_mlp_2": ["ff.net.2"],
    "txt_mlp_0": ["ff_context.net.0.proj"],
    "txt_mlp_2": ["ff_context.net.2"],
    "img_mod_lin": ["norm1.linear"],
    "txt_mod_lin": ["norm1_context.linear"],
}
_SINGLE = {
    "linear1": [*(f"attn.{name}" for name in _QKV), "proj_mlp"],
    "linear2": ["proj_out"],
    "modulation_lin": ["norm.linear"],
}
_OUTSIDE = {
    "img_in": ["x_embedder"],
    "txt_in": ["context_embedder"],
    **{
        f"{theirs}_in_{end}": [f"time_text_embed.{ours}_embedder.linear_{number}"]
        for theirs, ours in (("time", "timestep"), ("vector", "text"), ("guidance", "guidance"))
        for end, number in (("in_layer", 1), ("out_layer", 2))
    },
    "final_layer_linear": ["proj_out"],
    "final_layer_adaLN_modulation_1": ["norm_out.linear"],
}
"""kohya's name of a layer, within its block -> diffusers' names of its parts, in order."""

_DOWN, _UP = "lora_A.weight", "lora_B.weight"


def layer_names(transformer_layer: str) -> tuple[str, list[str]]:
    """kohya's name of a layer, and diffusers' names of all its parts. Raises ConfigError for one it has no name for."""
    block = re.match(r"(single_)?transformer_blocks\.(\d+)\.", transformer_layer)
    names = _OUTSIDE if block is None else _SINGLE if block[1] else _DOUBLE
    start = block[0] if block else ""
    place = f"{'single' if block[1] else 'double'}_blocks_{block[2]}_" if block else ""
    for theirs, parts in names.items():
        if transformer_layer.removeprefix(start) in parts:
            return f"lora_unet_{place}{theirs}", [start + part for part in parts]
    raise ConfigError(f"layer {transformer_layer!r} has no name in kohya's FLUX: export to diffusers only")


def kohya_tensors(tensors: Tensors, outputs: Mapping[str, int], config: LoraConfig) -> Tensors:
    """The tensors of a LoRA, named as diffusers does, under kohya's names.

    `outputs` are the numbers of outputs of the transformer's layers: a part that has no LoRA is left as it is.
    """
    layers: dict[str, dict[str, tuple[Tensor, Tensor]]] = defaultdict(dict)
    parts: dict[str, list[str]] = {}
    for name in tensors:
        if name.endswith(_DOWN):
            layer = name.removesuffix(f".{_DOWN}").removeprefix("transformer.")
            theirs, parts[theirs] = layer_names(layer)
            layers[theirs][layer] = tensors[name], tensors[name.replace(_DOWN, _UP)]
    found: Tensors = {}
    for theirs, pairs in layers.items():
        down, up = _joined(pairs, parts[theirs], outputs)
        scale, alpha = 1.0, config.alpha / config.rank * len(down)
        if "final_layer" in theirs:  # where diffusers, reading, looks for no alpha
            scale, alpha = config.alpha / config.rank, float(len(down))
        if theirs.endswith("adaLN_modulation_1"):
            up = torch.cat(up.chunk(2)[::-1])  # scale and shift: shift and scale
        found[f"{theirs}.lora_down.weight"] = down.contiguous()
        found[f"{theirs}.lora_up.weight"] = (up * scale).contiguous()
        found[f"{theirs}.alpha"] = torch.tensor(alpha)
    return found


def _joined(
    pairs: dict[str, tuple[Tensor, Tensor]], parts: list[str], outputs: Mapping[str, int]
) -> tuple[Tensor, Tensor]:
    """Down (sum of ranks, inputs) and up (sum of outputs, sum of ranks) of a layer from those of its parts."""
    down = torch.cat([pairs[part][0] for part in parts if part in pairs])
    up = down.new_zeros(sum(outputs[part] for part in parts), len(down))
    row = col = 0
    for part in parts:
        if part in pairs:
            height, width = pairs[part][1].shape
            up[row : row + height, col : col + width] = pairs[part][1]
            col += width
        row += outputs[part]
    return down, up


def kohya_metadata(config: LoraConfig) -> dict[str, str]:
    return {
        "format": "pt",
        "ss_network_module": "networks.lora_flux",
        "ss_network_dim": str(config.rank),
        "ss_network_alpha": f"{config.alpha:g}",
        "modelspec.architecture": "flux-1-dev/lora",
    }


def outputs_of(transformer: Any) -> dict[str, int]:
    """Name of a linear layer -> how many outputs it has."""
    found = {}
    for name, module in transformer.named_modules():
        if hasattr(module, "out_features"):
            found[name.removesuffix(".base_layer")] = module.out_features
    return found
