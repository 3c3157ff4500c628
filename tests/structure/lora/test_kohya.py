"""The export to kohya's names against diffusers' own reader of them, at FLUX.1-dev's widths, which it knows by heart."""

from __future__ import annotations

import pytest
import torch
from diffusers import FluxPipeline
from torch import Tensor

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.kohya import kohya_metadata, kohya_tensors, layer_names

WIDTH, RANK, ALPHA = 3072, 2, 1.0
CONFIG = LoraConfig(rank=RANK, alpha=ALPHA)
OUTPUTS = {
    **{f"transformer_blocks.0.attn.{name}": WIDTH for name in ("to_q", "to_k", "to_v", "to_out.0", "to_add_out")},
    **{f"transformer_blocks.0.attn.{name}": WIDTH for name in ("add_q_proj", "add_k_proj", "add_v_proj")},
    **{f"transformer_blocks.0.{name}.net.0.proj": 4 * WIDTH for name in ("ff", "ff_context")},
    **{f"transformer_blocks.0.{name}.net.2": WIDTH for name in ("ff", "ff_context")},
    **{f"transformer_blocks.0.{name}.linear": 6 * WIDTH for name in ("norm1", "norm1_context")},
    **{f"single_transformer_blocks.0.attn.{name}": WIDTH for name in ("to_q", "to_k", "to_v")},
    "single_transformer_blocks.0.proj_mlp": 4 * WIDTH,
    "single_transformer_blocks.0.proj_out": WIDTH,
    "single_transformer_blocks.0.norm.linear": 3 * WIDTH,
    "norm_out.linear": 2 * WIDTH,
    "proj_out": 64,
}
BLOCKS = [name for name in OUTPUTS if "norm" not in name and "proj_mlp" not in name and not name.endswith("proj_out")]


def tensors(layers: list[str]) -> dict[str, Tensor]:
    """A LoRA of random weights, of few inputs: a reader looks at outputs and ranks."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for layer in layers:
        found[f"transformer.{layer}.lora_A.weight"] = torch.randn(RANK, 8, generator=generator)
        found[f"transformer.{layer}.lora_B.weight"] = torch.randn(OUTPUTS[layer], RANK, generator=generator)
    return found


def change(found: dict[str, Tensor], layer: str) -> Tensor:
    """What a LoRA whose alpha is its rank adds to a layer's matrix."""
    for start in ("transformer.", ""):  # diffusers' reader forgets it outside of the blocks
        if f"{start}{layer}.lora_A.weight" in found:
            return found[f"{start}{layer}.lora_B.weight"] @ found[f"{start}{layer}.lora_A.weight"]
    raise KeyError(layer)


@pytest.mark.parametrize("layers", [BLOCKS, list(OUTPUTS)], ids=["blocks", "all"])
def test_diffusers_reads_the_same_changes(layers: list[str]) -> None:
    ours = tensors(layers)
    read = FluxPipeline.lora_state_dict(kohya_tensors(ours, OUTPUTS, CONFIG))
    for layer in layers:
        expected = ALPHA / RANK * change(ours, layer)
        assert torch.allclose(change(read, layer), expected, atol=1e-6), layer  # float32


def test_parts_without_a_lora_stay_as_they_are() -> None:
    layers = [
        name for name in OUTPUTS if name.endswith(("single_transformer_blocks.0.attn.to_q", "blocks.0.attn.to_v"))
    ]
    read = FluxPipeline.lora_state_dict(kohya_tensors(tensors(layers), OUTPUTS, CONFIG))
    for layer in ("single_transformer_blocks.0.proj_mlp", "single_transformer_blocks.0.attn.to_k"):
        assert not change(read, layer).any()
    assert change(read, "single_transformer_blocks.0.attn.to_q").any()


def test_names_are_those_of_sd_scripts() -> None:
    found = kohya_tensors(tensors(list(OUTPUTS)), OUTPUTS, CONFIG)
    names = {name.split(".")[0] for name in found}
    double = {
        f"{half}_{part}" for half in ("img", "txt") for part in ("attn_qkv", "attn_proj", "mlp_0", "mlp_2", "mod_lin")
    }
    expected = {f"lora_unet_double_blocks_0_{part}" for part in double}
    expected |= {f"lora_unet_single_blocks_0_{part}" for part in ("linear1", "linear2", "modulation_lin")}
    assert names == expected | {"lora_unet_final_layer_linear", "lora_unet_final_layer_adaLN_modulation_1"}
    qkv = (
        found["lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight"],
        found["lora_unet_double_blocks_0_img_attn_qkv.alpha"],
    )
    assert (len(qkv[0]), float(qkv[1])) == (3 * RANK, 3 * ALPHA)  # so that alpha / rank is the same
    assert layer_names("time_text_embed.guidance_embedder.linear_2")[0] == "lora_unet_guidance_in_out_layer"
    assert kohya_metadata(CONFIG)["ss_network_alpha"] == "1"


def test_a_layer_that_kohya_has_no_name_for() -> None:
    with pytest.raises(ConfigError, match="no name in kohya's FLUX"):
        layer_names("mid_block.conv")
