"""The scheduler of glyphgrad-tiny: straight steps while a map is laid out, new noise in each step once its cells are decided."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_utils import SchedulerMixin  # noqa: F401  where diffusers' loader looks
from torch import Tensor

RENEWED_BELOW = 0.6
"""The noise level from which on each step draws its noise anew."""


class LateNoise(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
    """FlowMatchEulerDiscreteScheduler that ends as a random walk.

    Along one straight line a cell may come to lie halfway between two glyphs, where it sees the same noise
    again and again and stays. Under other noise it falls to one side. At high levels that would do harm:
    what is seen of the picture there is a mean of many, and each new noise would leave less of any one of them.
    What is seen is kept to [-1, 1], where the VAE's numbers lie and guidance would lead out of.
    """

    def step(self, model_output: Tensor, timestep: Any, sample: Tensor, *args: Any, **kwargs: Any) -> Any:
        """As its parent's; the noise comes from torch's own generator."""
        if self.step_index is None:
            self._init_step_index(timestep)
        sigma = self.sigmas[self.step_index]
        picture = (sample - sigma * model_output).clamp(-1, 1)
        noise = torch.randn_like(sample) if sigma < RENEWED_BELOW else (sample - (1 - sigma) * picture) / sigma
        renewed = (1 - sigma) * picture + sigma * noise
        return super().step(noise - picture, timestep, renewed, *args, **kwargs)
