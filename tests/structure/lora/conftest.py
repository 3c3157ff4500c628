"""What the tests of training share: a small dataset, and bases of FLUX's architecture that fit in a test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import write_dataset
from glyphgrad.structure.lora.needs import hush

os.environ["HF_HUB_OFFLINE"] = "1"  # a test that asks the network is wrong

SIDE = 256


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    hush()


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lora") / "maps"
    write_dataset(out, DatasetConfig(count=20, size=SIDE), workers=1)
    return out


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """glyphgrad-tiny, untrained and smaller still."""
    from glyphgrad.structure.tiny.build import Size, untrained

    folder = tmp_path_factory.mktemp("bases") / "tiny"
    untrained(Size(heads=2, single=1)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FLUX's own classes, with a guidance that is embedded and a VAE that is not ours, smaller still."""
    import torch
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel

    from glyphgrad.structure.tiny.build import untrained

    torch.manual_seed(0)
    pipe = untrained()
    pipe.register_modules(
        vae=AutoencoderKL(
            block_out_channels=(4, 4, 4, 4), down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=2, latent_channels=4, layers_per_block=1,
            scaling_factor=0.36, shift_factor=0.12, use_quant_conv=False, use_post_quant_conv=False,
        ),
        transformer=FluxTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=pipe.text_encoder_2.config.d_model,
            pooled_projection_dim=pipe.text_encoder.config.hidden_size, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("bases") / "flux"
    pipe.save_pretrained(folder)
    return folder
