"""The annealed descent: logits over glyphs for every cell, softened by a temperature that falls.

It is the original tool's way, kept as the reference that the exact search is measured against.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError, DeviceError
from glyphgrad.fit.config import FitConfig
from glyphgrad.fit.losses import Objective, usage_entropy
from glyphgrad.fit.progress import Step
from glyphgrad.fit.schedule import rate, temperature
from glyphgrad.fit.soft_raster import SoftRaster

_START_SPREAD = 0.01
_SPARE_NOISE = 1 << 22
_SEEDS = 1 << 63


def descend(
    target: NDArray[np.float32],
    atlas: GlyphAtlas,
    layout: Layout,
    config: FitConfig,
    on_step: Callable[[Step], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> NDArray[np.intp]:
    """The hard grid (rows, cols) of glyph numbers that the descent ends with.

    `target` (height, width) ink in [0, 1]. `on_step` is told every `save_interval` steps and at the
    last; when `should_stop` answers True the descent ends with what it has. Nothing is read back from
    the device in between. Raises DeviceError, and ConfigError when the pooling kernel is larger than
    the picture.
    """
    device = pick_device(config.device)
    if config.threads:
        torch.set_num_threads(min(config.threads, os.cpu_count() or 1))
    _check_kernel(config, layout)
    descent = _Descent(target, atlas, layout, config, device)
    last = config.iterations - 1
    for step in range(config.iterations):
        descent.advance(step)
        if on_step and (step % config.save_interval == 0 or step == last):
            on_step(descent.report(step))
        if should_stop and should_stop():
            break
    return descent.glyphs()


def pick_device(name: str) -> torch.device:
    """The device of that name; "auto" is the fastest there is. Raises DeviceError."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there[name]:
        usable = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise DeviceError(f"device {name!r} is not there: this machine has {usable}")
    return torch.device(name)


def _check_kernel(config: FitConfig, layout: Layout) -> None:
    kernel = config.weights.multiscale_kernel
    if config.weights.multiscale_weight and kernel > min(layout.height, layout.width):
        raise ConfigError(
            f"multiscale_kernel is {kernel}: larger than the picture of {layout.width} x {layout.height} pixels; "
            "make it smaller, or set multiscale_weight to 0"
        )


class _Descent:
    """The running state: logits, optimiser, noise."""

    def __init__(
        self,
        target: NDArray[np.float32],
        atlas: GlyphAtlas,
        layout: Layout,
        config: FitConfig,
        device: torch.device,
    ):
        self.config, self.layout, self.atlas = config, layout, atlas
        self.raster = SoftRaster(atlas.coverage, layout, device)
        counted = ~atlas.blank if config.weights.protect_whitespace else np.ones_like(atlas.blank)
        self.objective = Objective(
            torch.as_tensor(target, device=device),
            torch.as_tensor(counted.astype(np.float32), device=device),
            config.weights,
        )
        generator = torch.Generator().manual_seed(config.seed % _SEEDS)
        size = (layout.rows * layout.cols, len(atlas.chars))
        self.logits = (torch.randn(size, generator=generator) * _START_SPREAD).to(device).requires_grad_()
        self.optimizer = torch.optim.AdamW([self.logits], lr=config.lr, fused=True)
        self.noise = _GumbelNoise(size, config.seed, generator, device) if config.anneal.gumbel else None

    def advance(self, step: int) -> None:
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.lr * rate(step, config.iterations, config.warmup_steps)
        noisy = self.logits + self.noise.draw() if self.noise else self.logits
        weights = torch.softmax(noisy / self._temperature(step), dim=1)
        loss = self.objective(self.raster(weights), weights)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def _temperature(self, step: int) -> float:
        config = self.config
        return temperature(
            step, config.iterations, config.warmup_steps, config.anneal.temp_start, config.anneal.temp_end
        )

    @torch.no_grad()
    def report(self, step: int) -> Step:
        config = self.config
        now = torch.softmax(self.logits / self._temperature(step), dim=1)
        saved = self.raster(torch.softmax(self.logits / config.anneal.save_temp, dim=1))
        return Step(
            step=step + 1,
            steps=config.iterations,
            recon=float(self.objective.recon(self.raster(now))),
            diversity=float(usage_entropy(now, self.objective.counted)),
            rate=config.lr * rate(step, config.iterations, config.warmup_steps),
            temperature=self._temperature(step),
            frame=self.atlas.frame(self.glyphs()),
            soft=saved.cpu().numpy(),
        )

    def glyphs(self) -> NDArray[np.intp]:
        best: NDArray[np.intp] = self.logits.detach().argmax(1).cpu().numpy()
        return best.reshape(self.layout.rows, self.layout.cols)


class _GumbelNoise:
    """Gumbel noise of `size`, a fresh look at one large pool at every draw.

    Making the numbers costs more than the whole rest of a step. A draw is the pool from a random
    place on: independent within itself, and a logit meets the same number again about once in four
    million steps.
    """

    def __init__(self, size: tuple[int, int], seed: int, generator: torch.Generator, device: torch.device):
        self.size, self.count = size, size[0] * size[1]
        pool = torch.empty(self.count + _SPARE_NOISE).exponential_(generator=generator)
        self.pool: Tensor = pool.clamp_(min=1e-10).log_().neg_().to(device)
        self.places = random.Random(seed)

    def draw(self) -> Tensor:
        start = self.places.randrange(_SPARE_NOISE)
        return self.pool[start : start + self.count].view(self.size)
