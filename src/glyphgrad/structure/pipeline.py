"""The diffusion model that draws structures: FLUX, or the small one of its architecture that is in the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusers import FluxPipeline

TINY = "glyphgrad-tiny"
"""The name of the base that is in the package."""

TINY_LORA = Path(__file__).parent / "tiny" / "weights" / "lora"
"""The folder of the LoRA that was trained on it."""

_TINY_BASE = TINY_LORA.with_name("base")


GUIDANCE = 3.5
"""What FLUX.1-dev, which embeds it, is asked with."""


def path_of(base: str) -> str:
    """Where a base lies: the folder in the package for TINY, else what was given, a folder or an id on the hub."""
    return str(_TINY_BASE) if base == TINY else base


def load_pipeline(base: str, torch_dtype: Any = None, **parts: Any) -> FluxPipeline:
    """The pipeline of TINY, of a folder or of a model on the hub, by diffusers' own loader.

    `parts` are parts that are there already, and None for those to leave out. Raises what diffusers raises.
    """
    from diffusers import FluxPipeline

    from glyphgrad.structure.tiny import autoencoder, transformer  # noqa: F401  diffusers imports no classes by itself

    return FluxPipeline.from_pretrained(path_of(base), dtype=torch_dtype, **parts)


def text_length(pipeline: FluxPipeline) -> int:
    """Tokens of a prompt for the T5 encoder: FLUX.1-dev's 512, or what the base was made for if that is less."""
    return min(512, int(pipeline.tokenizer_2.model_max_length))
