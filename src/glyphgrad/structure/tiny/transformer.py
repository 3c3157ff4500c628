"""The transformer of glyphgrad-tiny: FLUX's, but what it predicts is the picture.

A token of it holds 4 cells in 64 numbers, a third of the network's width, and the noise in them would have
to go through it whole: "Back to Basics: Let Denoising Generative Models Denoise" (arXiv 2511.13720) shows
that wide patches need x-prediction.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import FluxTransformer2DModel
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from diffusers.models.modeling_utils import ModelMixin  # noqa: F401  where diffusers' loader looks for what a class is
from torch import Tensor

LEAST_TIME = 0.05
"""The velocity of a time nearer to 0 is that of this one, or a small error would count for too much."""


class PictureFlux(FluxTransformer2DModel):  # type: ignore[misc]
    """FluxTransformer2DModel whose last layer is x0; it answers with the velocity (x_t - x0) / t, as FLUX does.

    So the pipeline, the scheduler and the loss of flow matching are those of every FLUX.
    """

    def forward(
        self, hidden_states: Tensor, *args: Any, timestep: Tensor, return_dict: bool = True, **kwargs: Any
    ) -> Any:
        """`hidden_states` (B, tokens, channels) is x_t, `timestep` (B,) is t in [0, 1]."""
        picture = super().forward(hidden_states, *args, timestep=timestep, return_dict=False, **kwargs)[0]
        time = timestep.to(torch.float32).clamp(min=LEAST_TIME).view(-1, 1, 1)
        velocity = ((hidden_states - picture) / time).to(hidden_states.dtype)
        return Transformer2DModelOutput(sample=velocity) if return_dict else (velocity,)
