"""The transformer of glyphgrad-tiny: FLUX's, but what it predicts is the picture.

A token of it holds 4 cells in 64 numbers, a third of the network's width, and the noise in them would have
to go through it whole: "Back to Basics: Let Denoising Generative Models Denoise" (arXiv 2511.13720) shows
that wide patches need x-prediction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from diffusers import FluxTransformer2DModel
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from diffusers.models.modeling_utils import ModelMixin  # noqa: F401  where diffusers' loader looks for what a class is
from torch import Tensor

LEAST_TIME = 0.05
"""The velocity of a time nearer to 0 is that of this one, or a small error would count for too much."""

GUIDED_ABOVE = 0.4
"""The time down to which true guidance is heard. What a map is has been decided by then, and guidance would only
lead its cells away from the glyphs: "Applying Guidance in a Limited Interval" (arXiv 2404.07724)."""


class PictureFlux(FluxTransformer2DModel):  # type: ignore[misc]
    """FluxTransformer2DModel whose last layer is x0; it answers with the velocity (x_t - x0) / t, as FLUX does.

    So the pipeline, the scheduler and the loss of flow matching are those of every FLUX.
    """

    @wraps(FluxTransformer2DModel.__init__)  # type: ignore[misc]  # the configuration's names are read from the signature
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_attn_processor(ShortAttention())
        self._asked = ""
        self._wanted: Any = None

    @contextmanager
    def cache_context(self, name: str, **kwargs: Any) -> Iterator[None]:
        """As its parent's: a pipeline tells whether it asks for what the prompt says, "cond", or for its opposite."""
        with super().cache_context(name, **kwargs):
            self._asked = name
            try:
                yield
            finally:
                self._asked = ""

    def forward(
        self, hidden_states: Tensor, *args: Any, timestep: Tensor, return_dict: bool = True, **kwargs: Any
    ) -> Any:
        """`hidden_states` (B, tokens, channels) is x_t, `timestep` (B,) is t in [0, 1].

        Where guidance is not heard the opposite is the same as what the prompt says, and is not computed.
        """
        if self._asked == "uncond" and self._wanted is not None and float(timestep.max()) <= GUIDED_ABOVE:
            return self._wanted
        picture = super().forward(hidden_states, *args, timestep=timestep, return_dict=False, **kwargs)[0]
        time = timestep.to(torch.float32).clamp(min=LEAST_TIME).view(-1, 1, 1)
        velocity = ((hidden_states - picture) / time).to(hidden_states.dtype)
        answer = Transformer2DModelOutput(sample=velocity) if return_dict else (velocity,)
        self._wanted = answer if self._asked == "cond" else None
        return answer


class ShortAttention:
    """FluxAttnProcessor for a few hundred tokens on a CPU, where plain products take half as long as flash attention.

    All tokens of a picture see each other; there are no masks.
    """

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,  # noqa: ARG002  diffusers asks for the name
        image_rotary_emb: tuple[Tensor, Tensor] | None = None,
    ) -> Any:
        """(B, L, width), of the text too where it has weights of its own; then the text comes first in attention."""
        assert image_rotary_emb is not None
        query, key, value = _heads(attn, hidden_states, ("norm_q", "norm_k"), ("to_q", "to_k", "to_v"))
        words = 0
        if encoder_hidden_states is not None:
            words = encoder_hidden_states.shape[1]
            names = ("add_q_proj", "add_k_proj", "add_v_proj")
            text = _heads(attn, encoder_hidden_states, ("norm_added_q", "norm_added_k"), names)
            query, key, value = (torch.cat(both, dim=1) for both in zip(text, (query, key, value), strict=True))
        cos, sin = (turn.to(query.dtype)[:, None] for turn in image_rotary_emb)
        query, key, value = (part.transpose(1, 2) for part in (_turned(query, cos, sin), _turned(key, cos, sin), value))
        weights = torch.softmax(query * attn.head_dim**-0.5 @ key.transpose(-1, -2), dim=-1)
        seen = (weights.to(value.dtype) @ value).transpose(1, 2).flatten(2)
        if encoder_hidden_states is None:
            return seen
        return attn.to_out[0](seen[:, words:]), attn.to_add_out(seen[:, :words])


def _heads(attn: Any, states: Tensor, norms: tuple[str, ...], names: tuple[str, ...]) -> list[Tensor]:
    """Queries, keys and values (B, L, heads, head) of some tokens, the first two normalised."""
    parts = [getattr(attn, name)(states).unflatten(-1, (-1, attn.head_dim)) for name in names]
    return [getattr(attn, norm)(part) for norm, part in zip(norms, parts, strict=False)] + parts[2:]


def _turned(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of neighbouring pairs of numbers, as FLUX has it (Su et al., "RoFormer", 2021)."""
    first, second = states[..., ::2], states[..., 1::2]
    return states * cos + torch.stack([-second, first], dim=-1).flatten(-2) * sin
