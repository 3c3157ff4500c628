"""Training of glyphgrad-tiny's VAE: cells of glyphs, and cells of soft pictures, through a few noisy numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from glyphgrad.structure.tiles import Tiles

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from glyphgrad.structure.tiny.autoencoder import PatchAutoencoder

_STEPS, _BATCH, _RATE = 4000, 512, 2e-3
_CRISP_NOISE, _MIXED_NOISE, _SOFT_NOISE = 0.5, 0.1, 0.05
"""Of the numbers, in training: what is white or black must stay so, what is soft must stay near.

It grows over the first half of the steps; from the start, it would let two glyphs share their numbers.
"""
_MIXED = 3
"""Glyphs whose numbers are mixed, to be drawn as the one there is most of."""
_HEADROOM = 0.3
"""How far beyond the clamp black and white are aimed at."""
_SOFT_WEIGHT = 2.0


def train_vae(
    vae: PatchAutoencoder, tiles: Tiles, soft: NDArray[np.uint8], seed: int, on_step: Callable[[int, float], None]
) -> None:
    """Teach a VAE the glyphs of `tiles` and the cells of `soft` (n, pixels), levels of soft pictures."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of matrices as small as these two threads only wait for each other
    glyphs = torch.from_numpy(2 * tiles.bitmaps.reshape(len(tiles.chars), -1).astype(np.float32) - 1)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS, pct_start=0.1)
    random = torch.Generator().manual_seed(seed)
    noise = torch.tensor([_CRISP_NOISE, _MIXED_NOISE, _SOFT_NOISE]).repeat_interleave(_BATCH)[:, None]
    for step in range(_STEPS):
        picked = torch.randint(len(soft), (_BATCH,), generator=random).numpy()
        grey = torch.from_numpy(soft[picked].astype(np.float32) / 127.5 - 1)
        values, meant = _mixed(vae.encoder(glyphs), random)
        values = torch.cat([values, vae.encoder(grey)])
        grown = min(1.0, 2 * step / _STEPS)
        values = values + grown * noise * torch.randn(values.shape, generator=random)
        loss = _error(vae.decoder(values), glyphs[meant], grey)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        on_step(step + 1, loss.item())
    torch.set_num_threads(threads)


def _mixed(codes: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """The numbers of glyphs as they are, then of mixtures of some, and (2 n,) which glyph each is to be drawn as."""
    import torch

    alone = torch.randint(len(codes), (_BATCH,), generator=random)
    several = torch.randint(len(codes), (_BATCH, _MIXED), generator=random)
    shares = torch.rand(several.shape, generator=random) ** 2
    shares = shares / shares.sum(dim=1, keepdim=True)
    most = several.gather(1, shares.argmax(dim=1, keepdim=True))[:, 0]
    mixtures = (shares[:, :, None] * codes[several]).sum(dim=1)
    return torch.cat([codes[alone], mixtures]), torch.cat([alone, most])


def _error(drawn: Tensor, crisp: Tensor, grey: Tensor) -> Tensor:
    """Black and white may be drawn blacker and whiter than can be shown; grey must be that grey."""
    import torch

    short = torch.relu(1 + _HEADROOM - drawn[: len(crisp)] * crisp)
    return (short**2).mean() + _SOFT_WEIGHT * ((drawn[len(crisp) :] - grey) ** 2).mean()
