"""The yardstick: the descent as anyone would first write it, with nothing made faster.

Einsum over the atlas, rows placed between gaps, mean squared error, the same of average-pooled copies,
entropy of usage, AdamW. It shares no code with glyphgrad's own descent.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout


def descend(
    target: NDArray[np.float32],
    coverage: NDArray[np.float32],
    layout: Layout,
    iterations: int,
    diversity: float = 0.01,
    multiscale: float = 0.5,
    kernel: int = 4,
    seed: int = 0,
    steps: int | None = None,
) -> NDArray[np.intp]:
    """The grid (rows, cols) after `iterations` steps (or the first `steps` of them) at the original's defaults."""
    torch.manual_seed(seed)
    rows, cols, pitch = layout.rows, layout.cols, layout.row_pitch
    glyphs, wanted = torch.from_numpy(coverage), torch.from_numpy(target)
    inked = (glyphs.sum((1, 2)) > 0).float()
    logits = torch.nn.Parameter(torch.randn(rows, cols, len(coverage)) * 0.01)
    optimizer = torch.optim.AdamW([logits], lr=0.01)
    warmup = 1000 if iterations >= 10_000 else iterations // 10
    for step in range(iterations if steps is None else steps):
        ratio = (
            (step + 1) / warmup
            if step < warmup
            else 0.5 * (1 + math.cos(math.pi * (step - warmup) / (iterations - warmup)))
        )
        temperature = 1.0 if step < warmup else 1.0 + (0.1 - 1.0) * (1 - ratio)
        optimizer.param_groups[0]["lr"] = 0.01 * ratio
        noise = -torch.log(-torch.log(torch.rand_like(logits) + 1e-10) + 1e-10)
        weights = torch.softmax((logits + noise) / temperature, dim=-1)
        cells = torch.einsum("rcg,ghw->rchw", weights, glyphs)
        image = torch.zeros(rows * pitch, layout.width)
        for row in range(rows):
            strip = cells[row].permute(1, 0, 2).reshape(layout.cell_height, layout.width)
            image[row * pitch : row * pitch + layout.cell_height] = strip
        image = image[: layout.height]
        loss = F.mse_loss(image, wanted)
        if multiscale:
            small, small_wanted = (F.avg_pool2d(x[None, None], kernel, kernel // 2) for x in (image, wanted))
            loss = loss + multiscale * F.mse_loss(small, small_wanted)
        if diversity:
            usage = weights.mean((0, 1)) * inked
            usage = usage / (usage.sum() + 1e-10)
            loss = loss + diversity * (usage * torch.log(usage + 1e-10)).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return logits.detach().argmax(-1).numpy()
