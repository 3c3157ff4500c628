"""The parts of glyphgrad-tiny, untrained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyphgrad.structure.tiny import words

if TYPE_CHECKING:
    from diffusers import FluxPipeline

_TOKEN = 4
"""Cells a token."""
_SHIFT = 3.0
"""Of the noise levels, as FLUX.1-dev's at 1024 pixels: what a cell is to be is decided while there is much noise."""


@dataclass(frozen=True)
class Size:
    """How large the networks are. The defaults are what is shipped."""

    heads: int = 4
    head: int = 48
    double: int = 1
    single: int = 4
    text: int = 64
    values: int = 16
    hidden: int = 256


def _rope(head: int) -> tuple[int, int, int]:
    """How many of a head's numbers turn with a token's three coordinates; the first one is always 0."""
    place = head // 5 * 2
    return head - 2 * place, place, place


def untrained(size: Size | None = None, seed: int = 0) -> FluxPipeline:
    """A FluxPipeline of random weights, in float32."""
    import torch
    from diffusers import FluxPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

    from glyphgrad.structure.tiny.autoencoder import PatchAutoencoder
    from glyphgrad.structure.tiny.scheduler import LateNoise
    from glyphgrad.structure.tiny.transformer import PictureFlux

    size = size or Size()
    tokens = words.vocabulary()
    special = {"pad_token_id": tokens.index(words.PAD), "eos_token_id": tokens.index(words.END)}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        clip = CLIPTextConfig(
            vocab_size=len(tokens), hidden_size=size.text, intermediate_size=2 * size.text, projection_dim=size.text,
            num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=words.LONGEST, bos_token_id=None, **special,
        )  # fmt: skip
        t5 = T5Config(
            vocab_size=len(tokens), d_model=size.text, d_kv=32, d_ff=2 * size.text, num_layers=1, num_heads=2,
            dropout_rate=0.0, decoder_start_token_id=special["pad_token_id"], **special,
        )  # fmt: skip
        transformer = PictureFlux(
            in_channels=_TOKEN * size.values, num_layers=size.double, num_single_layers=size.single,
            attention_head_dim=size.head, num_attention_heads=size.heads, joint_attention_dim=size.text,
            pooled_projection_dim=size.text, axes_dims_rope=_rope(size.head),
        )  # fmt: skip
        return FluxPipeline(
            scheduler=LateNoise(shift=_SHIFT),
            vae=PatchAutoencoder(size.values, size.hidden, latent_channels=size.values),
            text_encoder=CLIPTextModel(clip).eval(),
            tokenizer=words.tokenizer(),
            text_encoder_2=T5EncoderModel(t5).eval(),
            tokenizer_2=words.tokenizer(),
            transformer=transformer.eval(),
        )
