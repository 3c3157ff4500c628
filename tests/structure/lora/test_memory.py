"""The estimate against what is counted, and what is chosen by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glyphgrad.errors import ConfigError, DeviceError
from glyphgrad.structure.lora import memory
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.memory import GIB, Sizes, decided, estimate, sizes_of
from glyphgrad.structure.lora.weights import add_lora
from glyphgrad.structure.tiny.words import LONGEST

FLUX_DEV = Sizes(
    texts=4_885_371_136, linear=11_898_322_944, other=3_085_376, lora=179_306_496, tokens=4608, width=3072, blocks=57
)
"""Of FLUX.1-dev at 1024 pixels and rank 64, as `sizes_of` counts its configurations."""
CARD = torch.device("cuda")


def test_sizes_are_those_of_the_models(flux: Path) -> None:
    from diffusers import FluxTransformer2DModel

    config = LoraConfig(rank=4, resolution=256)
    sizes = sizes_of(flux, config)
    transformer = FluxTransformer2DModel.from_pretrained(flux / "transformer")
    assert sizes.linear + sizes.other == transformer.num_parameters()
    assert sizes.lora == sum(weight.numel() for weight in add_lora(transformer, config))
    assert sizes.tokens == 256 + LONGEST  # of a picture of 256 pixels, and of a caption


@pytest.mark.parametrize("targets", ["blocks", "all-linear"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_block_keeps_what_is_said(targets: str, checkpointing: bool) -> None:
    """Counted: the bytes that autograd keeps for one more block of each kind, a token, a channel and a bfloat16."""
    one = kept(1, 1, targets, checkpointing)
    for more in (kept(2, 1, targets, checkpointing), kept(1, 2, targets, checkpointing)):
        if checkpointing:
            assert more - one == 1.0
        else:  # an upper bound, and not twice what there is
            assert 0.5 * memory._KEPT <= more - one <= 1.01 * memory._KEPT


def kept(double: int, single: int, targets: str, checkpointing: bool) -> float:
    from diffusers import FluxTransformer2DModel

    width, tokens, text = 4 * 64, 256, 64
    model = FluxTransformer2DModel(
        in_channels=16, num_layers=double, num_single_layers=single, attention_head_dim=64, num_attention_heads=4,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(16, 16, 32),
    ).to(torch.bfloat16)  # fmt: skip
    add_lora(model, LoraConfig(targets=targets, rank=16))
    if checkpointing:
        model.enable_gradient_checkpointing()
    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    seen: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if (place := tensor.untyped_storage().data_ptr()) not in own:
            seen[place] = tensor
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", torch.bfloat16):
        answer = model(
            hidden_states=torch.randn(1, tokens, 16), timestep=torch.rand(1), pooled_projections=torch.randn(1, 32),
            encoder_hidden_states=torch.randn(1, text, 32), txt_ids=torch.zeros(text, 3), img_ids=torch.zeros(tokens, 3),
        )  # fmt: skip
    assert answer.sample.requires_grad
    return sum(tensor.untyped_storage().nbytes() for tensor in seen.values()) / ((tokens + text) * width * 2)


@pytest.mark.parametrize(
    ("free", "quantize", "checkpointing"),
    [(14, "nf4", True), (23, "int8", True), (40, "none", True), (140, "none", False)],
)
def test_the_most_exact_base_that_fits_is_chosen(free: int, quantize: str, checkpointing: bool) -> None:
    config, needed = decided(LoraConfig(), FLUX_DEV, CARD, free * GIB)
    assert (config.quantize, config.checkpointing) == (quantize, checkpointing)
    assert needed.peak <= free * GIB


def test_a_wish_is_kept_or_refused() -> None:
    config, _ = decided(LoraConfig(quantize="nf4", checkpointing=True), FLUX_DEV, CARD, 140 * GIB)
    assert (config.quantize, config.checkpointing) == ("nf4", True)
    with pytest.raises(DeviceError, match=r"takes 2\d\.\d GB of memory at least, and 24\.0 GB are free"):
        decided(LoraConfig(quantize="none"), FLUX_DEV, CARD, 24 * GIB)
    with pytest.raises(DeviceError, match="lower --resolution"):
        decided(LoraConfig(), FLUX_DEV, CARD, 8 * GIB)


def test_a_cpu_quantises_nothing() -> None:
    config, _ = decided(LoraConfig(), FLUX_DEV, torch.device("cpu"), 140 * GIB)
    assert config.quantize == "none"
    with pytest.raises(DeviceError, match="quantize is 'nf4': that takes a CUDA card"):
        decided(LoraConfig(quantize="nf4"), FLUX_DEV, torch.device("cpu"), 140 * GIB)


def test_every_part_grows_with_what_it_is_of() -> None:
    plain = replace(LoraConfig(), quantize="none", checkpointing=True)
    one = estimate(FLUX_DEV, plain)
    assert estimate(FLUX_DEV, replace(plain, batch=2)).activations == 2 * one.activations
    assert estimate(FLUX_DEV, replace(plain, precision="fp32")).base == 2 * one.base
    assert estimate(FLUX_DEV, replace(plain, optimizer="adamw", ema=0.0)).lora == 16 * FLUX_DEV.lora  # 4 of 4 bytes


def test_pictures_that_the_base_cannot_draw(base: Path) -> None:
    with pytest.raises(ConfigError, match="multiples of 32"):
        sizes_of(base, LoraConfig(resolution=80))
