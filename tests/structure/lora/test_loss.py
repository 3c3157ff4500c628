"""The loss against what diffusers' pipeline does, and what must not depend on the order of things."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from glyphgrad.structure.lora.cache import Samples
from glyphgrad.structure.lora.loss import Noise, draw_noise, shift_logit, velocity_error


class Told:
    """A transformer that keeps what it is told, and answers with a constant."""

    def __init__(self, answer: Tensor, guidance_embeds: bool = False):
        self.answer, self.config = answer, SimpleNamespace(guidance_embeds=guidance_embeds)

    def __call__(self, **told: Any) -> tuple[Tensor]:
        self.told = told
        return (self.answer,)


def samples(batch: int = 2) -> Samples:
    generator = torch.Generator().manual_seed(1)
    shapes = (batch, 4, 8), (batch, 3, 5), (batch, 6)
    return Samples(*(torch.randn(shape, generator=generator) for shape in shapes))


PLACES = torch.zeros(4, 3)


def test_the_loss_of_the_true_velocity_is_zero() -> None:
    some, noise = samples(), draw_noise(0, 0, [0, 1], (4, 8), 0, 1)
    error = velocity_error(Told(noise.n - some.latents), some, noise, PLACES, 1)
    assert error.shape == (2, 4, 8)
    assert not error.any()


def test_the_noisy_picture_lies_on_the_line_at_its_level() -> None:
    some, noise = samples(), Noise(torch.ones(2, 4, 8), torch.tensor([0.0, 0.25]))
    told = Told(torch.zeros(2, 4, 8))
    velocity_error(told, some, noise, PLACES, 1)
    assert torch.equal(told.told["hidden_states"][0], some.latents[0])
    assert torch.allclose(told.told["hidden_states"][1], 0.75 * some.latents[1] + 0.25)
    assert told.told["timestep"].tolist() == [0.0, 0.25]  # a pipeline's 0 and 250, by 1000
    assert told.told["txt_ids"].shape == (3, 3)


@pytest.mark.parametrize("embeds", [False, True])
def test_guidance_is_told_only_to_who_embeds_it(embeds: bool) -> None:
    told = Told(torch.zeros(2, 4, 8), embeds)
    velocity_error(told, samples(), draw_noise(0, 0, [0, 1], (4, 8), 0, 1), PLACES, 2.5)
    guidance = told.told["guidance"]
    assert guidance.tolist() == [2.5, 2.5] if embeds else guidance is None


def test_a_step_along_the_true_velocity_is_the_schedulers() -> None:
    """An oracle: the pipeline's own Euler step from a noisy picture, with the target as velocity, reaches x0."""
    some, noise = samples(1), draw_noise(0, 0, [0], (4, 8), 0, 1)
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=[float(noise.sigma)])
    told = Told(torch.zeros(1, 4, 8))
    velocity_error(told, some, noise, PLACES, 1)
    (reached,) = scheduler.step(
        noise.n - some.latents, scheduler.timesteps[0], told.told["hidden_states"], return_dict=False
    )
    assert torch.allclose(reached, some.latents, atol=1e-6)  # float32


def test_noise_is_a_function_of_seed_step_and_slot() -> None:
    both = draw_noise(3, 7, [0, 1], (4, 8), 0, 1)
    (first, second) = (draw_noise(3, 7, [slot], (4, 8), 0, 1) for slot in (0, 1))
    assert torch.equal(both.n, torch.cat([first.n, second.n]))
    assert torch.equal(both.sigma, torch.cat([first.sigma, second.sigma]))
    for seed, step in ((4, 7), (3, 8)):
        assert not torch.equal(draw_noise(seed, step, [0], (4, 8), 0, 1).n, first.n)
    assert not torch.equal(first.n, second.n)


def test_levels_are_logit_normal() -> None:
    logits = torch.logit(draw_noise(0, 0, range(4000), (1,), 0.6, 0.8).sigma)
    # four standard errors: 0.8 / sqrt(4000) of the mean, that by sqrt(2) of the deviation
    assert float(logits.mean()) == pytest.approx(0.6, abs=0.051)
    assert float(logits.std()) == pytest.approx(0.8, abs=0.036)


@pytest.mark.parametrize("dynamic", [False, True])
def test_the_shift_is_the_schedulers(dynamic: bool) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=dynamic)
    levels = np.linspace(0.05, 0.95, 19)
    scheduler.set_timesteps(sigmas=levels[::-1].copy(), mu=0.5 + (1000 - 256) * 0.65 / 3840)
    ours = torch.sigmoid(torch.logit(torch.tensor(levels)) + shift_logit(scheduler, 1000, None))
    assert np.allclose(ours, scheduler.sigmas[:-1].flip(0), atol=1e-6)  # float32


def test_a_shift_that_is_given_goes_first() -> None:
    assert shift_logit(FlowMatchEulerDiscreteScheduler(), 4096, 2.0) == math.log(2)
