"""The terms of the descent's loss: pure functions of tensors, each with its shape and range.

`Objective` weighs and adds them, in one place.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, mse_loss, pad

from glyphgrad.fit.config import LossWeights

_TINY = 1e-10


def pooled(image: Tensor, kernel: int, stride: int) -> Tensor:
    """(H, W) -> averages over `kernel` x `kernel` pixels every `stride`; windows that stick out are dropped."""
    if kernel == 2 * stride:
        averages: Tensor = _HalfStepPool.apply(image, stride)  # type: ignore[no-untyped-call]
        return averages
    return avg_pool2d(image[None, None], kernel, stride)[0, 0]


class _HalfStepPool(torch.autograd.Function):
    """Pooling whose windows are twice as large as their step, the usual case: sums of 2 x 2 blocks.

    A block is `stride` pixels each way. On a CPU this is eight times faster, there and back, than
    torch's own pooling, which gives a single channel a single thread.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, stride: int) -> Tensor:
        ctx.stride, ctx.shape = stride, image.shape
        height, width = (size // stride for size in image.shape)
        blocks = image[: height * stride, : width * stride]
        blocks = sum((blocks[i::stride] for i in range(1, stride)), blocks[::stride])
        blocks = sum((blocks[:, i::stride] for i in range(1, stride)), blocks[:, ::stride])
        rows = blocks[1:] + blocks[:-1]
        return (rows[:, 1:] + rows[:, :-1]) / (2 * stride) ** 2

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        stride, (height, width) = ctx.stride, ctx.shape
        grad = pad(grads[0] / (2 * stride) ** 2, (1, 1, 1, 1))
        rows = grad[1:] + grad[:-1]
        blocks = rows[:, 1:] + rows[:, :-1]
        down, across = blocks.shape
        spread = blocks[:, None, :, None].expand(down, stride, across, stride).reshape(down * stride, across * stride)
        return pad(spread, (0, width - across * stride, 0, height - down * stride)), None


def usage_entropy(weights: Tensor, counted: Tensor) -> Tensor:
    """Entropy in nats, in [0, log n], of the mean usage of the n glyphs that count.

    `weights` (R, C, G) or (N, G) in [0, 1], summing to 1 over G; `counted` (G,) 1 for a glyph that
    counts, 0 for one that does not. Usage is shared out among those that count, so that leaving
    paper blank neither gains nor costs.
    """
    usage = weights.reshape(-1, weights.shape[-1]).mean(0) * counted
    share = usage / (usage.sum() + _TINY)
    return -(share * (share + _TINY).log()).sum()


class Objective:
    """What the descent minimises: mse + multiscale * mse of pooled copies - diversity * entropy.

    `target` (H, W) ink in [0, 1]; `counted` as in `usage_entropy`.
    """

    def __init__(self, target: Tensor, counted: Tensor, weights: LossWeights):
        self.target, self.counted, self.weights = target, counted, weights
        self.pooled_target = self._pool(target) if weights.multiscale_weight else target

    def _pool(self, image: Tensor) -> Tensor:
        return pooled(image, self.weights.multiscale_kernel, self.weights.multiscale_stride)

    def recon(self, render: Tensor) -> Tensor:
        """Without the diversity term; `render` (H, W) ink in [0, 1]."""
        loss = mse_loss(render, self.target)
        if self.weights.multiscale_weight:
            loss = loss + self.weights.multiscale_weight * mse_loss(self._pool(render), self.pooled_target)
        return loss

    def __call__(self, render: Tensor, usage: Tensor) -> Tensor:
        """The whole; `usage` (N, G) are the glyph weights that made `render`."""
        loss = self.recon(render)
        if self.weights.diversity_weight:
            loss = loss - self.weights.diversity_weight * usage_entropy(usage, self.counted)
        return loss
