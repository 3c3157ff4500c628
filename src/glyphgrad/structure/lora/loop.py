"""The steps of a training: a batch, its loss, the mean over all processes, a step of the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.cache import Samples, Store
from glyphgrad.structure.lora.checkpoint import State
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.loss import draw_noise, velocity_error
from glyphgrad.structure.lora.optimizer import rate
from glyphgrad.structure.lora.versions import version_of
from glyphgrad.structure.lora.world import World

_ORDER = 2
"""Its stream of random numbers: another than that of the noise."""


@dataclass(frozen=True)
class Trainer:
    """What every step of a run needs. `logit` is what the shift adds to the logit of the noise level."""

    config: LoraConfig
    transformer: Any
    latents: Store
    texts: Store
    img_ids: Tensor
    logit: float
    world: World

    def run(self, state: State, stop: Callable[[], bool], after: Callable[[], None]) -> bool:
        """Train to the last step, calling `after` when each is done; False if a process was told to stop."""
        while state.step < self.config.steps:
            if self.step(state, stop()):
                return False
            after()
        return True

    def step(self, state: State, stop: bool = False) -> bool:
        """One step; or none, and True, if any process is to stop."""
        shared, config = state.weights.shared, self.config
        shared.zero_()
        shared[-1] = float(stop)
        if not stop:
            for slots in self._micro_batches():
                loss = self._loss(state.step, slots) / config.accumulate
                torch.autograd.backward(loss)
                shared[-2] += loss.detach()
        self.world.mean(shared)
        loss, stopped = shared[-2:].tolist()
        if stopped:
            return True
        if not np.isfinite(loss):
            raise ConfigError(f"the loss is {loss} after {state.step} steps: lower lr, which is {config.lr:g}")
        descend(state, self.config)
        state.losses.append(loss)
        return False

    def _micro_batches(self) -> list[range]:
        """The slots of a step's batch that are this process's, `accumulate` times `batch` of them."""
        batch, times = self.config.batch, self.config.accumulate
        first = self.world.rank * batch * times
        return [range(first + turn * batch, first + (turn + 1) * batch) for turn in range(times)]

    def _loss(self, step: int, slots: range) -> Tensor:
        config, device = self.config, self.world.device
        samples = self._samples(step, slots)
        noise = draw_noise(
            config.seed, step, slots, samples.latents.shape[1:], config.time_mean + self.logit, config.time_std
        ).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            return velocity_error(self.transformer, samples, noise, self.img_ids, config.guidance).mean()

    def _samples(self, step: int, slots: range) -> Samples:
        indices = [self._index(step, slot) for slot in slots]
        count = len(self.texts) // len(self.latents)  # versions of each caption
        chosen = [version_of(self.config.seed, step, slot, count) for slot in slots]
        text = self.texts.read([index * count + one for index, one in zip(indices, chosen, strict=True)])
        device = self.world.device
        return Samples(
            self.latents.read(indices)["latents"].to(device), text["text"].to(device), text["pooled"].to(device)
        )

    def _index(self, step: int, slot: int) -> int:
        """The sample in a slot of a step."""
        place = step * self.config.batch * self.config.accumulate * self.world.size + slot
        return sample_at(self.config.seed, place, len(self.latents))


def descend(state: State, config: LoraConfig) -> None:
    """One step of the weights, and of their average, along the gradient that lies there."""
    weights = state.weights.values
    torch.nn.utils.clip_grad_norm_([weights], config.clip)
    for group in state.optimizer.param_groups:
        group["lr"] = rate(config, state.step)
    state.optimizer.step()
    if state.average:
        state.average.update(weights.detach(), state.step)


def sample_at(seed: int, place: int, count: int) -> int:
    """The sample in a place of the sequence of all epochs: each goes through all `count`, in an order of its own."""
    epoch, turn = divmod(place, count)
    return int(order(seed, epoch, count)[turn])


@lru_cache(maxsize=4)
def order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """In which order an epoch goes through so many samples."""
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(count)
