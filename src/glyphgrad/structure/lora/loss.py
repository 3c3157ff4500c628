"""The loss of flow matching, as FLUX was trained: how far the predicted velocity is from that of a straight line.

Between a picture's latents x0 and noise n lies x_s = (1 - s) x0 + s n; the velocity along that line is
n - x0 (Lipman et al., "Flow Matching for Generative Modeling", 2023; Esser et al., "Scaling Rectified Flow
Transformers", 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glyphgrad.structure.lora.cache import Samples

_NOISE = 1
"""Its stream of random numbers."""


@dataclass(frozen=True)
class Noise:
    """What a step adds to B samples: noise `n` (B, L, C), normal, at levels `sigma` (B,) in (0, 1)."""

    n: Tensor
    sigma: Tensor

    def to(self, device: torch.device) -> Noise:
        return Noise(self.n.to(device), self.sigma.to(device))


def draw_noise(seed: int, step: int, slots: Sequence[int], shape: tuple[int, ...], mean: float, std: float) -> Noise:
    """The noise of some samples of a step: a function of its arguments, not of what was drawn before.

    So a run that goes on where it was killed, or that is split over processes, adds the same. Levels are
    logit-normal: sigmoid(mean + std * normal).
    """
    rngs = [np.random.default_rng([seed, _NOISE, step, slot]) for slot in slots]
    logits = np.array([mean + std * rng.standard_normal() for rng in rngs], np.float32)
    n = np.stack([rng.standard_normal(shape, np.float32) for rng in rngs])
    return Noise(torch.from_numpy(n), torch.sigmoid(torch.from_numpy(logits)))


def shift_logit(scheduler: Any, tokens: int, shift: float | None) -> float:
    """What to add to the logit of a noise level, so that it is shifted as the base's scheduler shifts it.

    A shift by the factor f, sigma' = f sigma / (1 + (f - 1) sigma), adds log f to the logit of sigma. A `shift`
    of None is the scheduler's own for that many tokens (`calculate_shift` of diffusers' Flux pipeline).
    """
    if shift is not None:
        return math.log(shift)
    config = scheduler.config
    if not config.use_dynamic_shifting:
        return math.log(config.shift)
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    return float(
        calculate_shift(
            tokens, config.base_image_seq_len, config.max_image_seq_len, config.base_shift, config.max_shift
        )
    )


def velocity_error(transformer: Any, samples: Samples, noise: Noise, img_ids: Tensor, guidance: float) -> Tensor:
    """(B, L, C) squared errors of the transformer's velocity, unreduced.

    `img_ids` (L, 3) are the tokens' places; `guidance` is told only to a transformer that embeds it.
    """
    sigma = noise.sigma[:, None, None]
    noisy = (1 - sigma) * samples.latents + sigma * noise.n
    embeds = transformer.config.guidance_embeds
    velocity = transformer(
        hidden_states=noisy,
        timestep=noise.sigma,  # a pipeline's timestep / 1000
        guidance=torch.full_like(noise.sigma, guidance) if embeds else None,
        pooled_projections=samples.pooled,
        encoder_hidden_states=samples.text,
        txt_ids=samples.text.new_zeros(samples.text.shape[1], 3),
        img_ids=img_ids,
        return_dict=False,
    )[0]
    return (velocity.float() - (noise.n - samples.latents)) ** 2
