"""The diffusion model that draws structures: FLUX, or the small one of its architecture that is in the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from diffusers import FluxPipeline
    from torch import Generator

TINY = "glyphgrad-tiny"
"""The name of the base that is in the package."""

TINY_LORA = Path(__file__).parent / "tiny" / "weights" / "lora"
"""The folder of the LoRA that was trained on it."""

_TINY_BASE = TINY_LORA.with_name("base")


GUIDANCE = {"guidance_scale": 3.5}
"""What FLUX.1-dev, which embeds it, is asked with."""

TRUE_GUIDANCE = {"true_cfg_scale": 5.0}
"""What a base like the small one needs instead: a step is taken twice, and goes that much further away from what
would be drawn of the trigger alone. Down to which noise level is said by `tiny.transformer.GUIDED_ABOVE`."""

_STREAM = 1
"""Of random numbers: what is drawn in the steps, not what they begin with."""


def path_of(base: str) -> str:
    """Where a base lies: the folder in the package for TINY, else what was given, a folder or an id on the hub."""
    return str(_TINY_BASE) if base == TINY else base


def load_pipeline(base: str, torch_dtype: Any = None, **parts: Any) -> FluxPipeline:
    """The pipeline of TINY, of a folder or of a model on the hub, by diffusers' own loader.

    `parts` are parts that are there already, and None for those to leave out. Raises what diffusers raises.
    """
    from diffusers import FluxPipeline

    from glyphgrad.structure.tiny import autoencoder, scheduler, transformer  # noqa: F401  diffusers imports no classes

    return FluxPipeline.from_pretrained(path_of(base), dtype=torch_dtype, **parts)


def guidance_of(pipeline: FluxPipeline) -> dict[str, float]:
    """How strongly a pipeline is asked for what a prompt says: one of GUIDANCE and TRUE_GUIDANCE."""
    return TRUE_GUIDANCE if _is_small(pipeline) else GUIDANCE


def _is_small(pipeline: FluxPipeline) -> bool:
    from glyphgrad.structure.tiny.transformer import PictureFlux

    return isinstance(pipeline.transformer, PictureFlux)


@contextmanager
def drawing(pipeline: FluxPipeline, seed: int) -> Iterator[Generator]:
    """The generator of a picture's first noise. Within, what a scheduler adds follows from the seed as well.

    The small one is drawn by one thread: a second gains it next to nothing, and would have to be waited for,
    some hundred times a step, wherever another program has its core.
    """
    import torch

    with torch.random.fork_rng():  # the pipeline hands its generator to no step of the scheduler
        torch.manual_seed(int(np.random.SeedSequence([seed, _STREAM]).generate_state(1)[0]))
        usual = torch.get_num_threads()
        if _is_small(pipeline):
            torch.set_num_threads(1)
        try:
            yield torch.Generator().manual_seed(seed)
        finally:
            torch.set_num_threads(usual)


def text_length(pipeline: FluxPipeline) -> int:
    """Tokens of a prompt for the T5 encoder: FLUX.1-dev's 512, or what the base was made for if that is less."""
    return min(512, int(pipeline.tokenizer_2.model_max_length))
