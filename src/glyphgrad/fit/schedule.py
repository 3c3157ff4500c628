"""Learning rate and temperature at a step: pure functions of the step number."""

from __future__ import annotations

import math


def rate(step: int, steps: int, warmup: int) -> float:
    """The learning rate's factor in [0, 1] at `step` in 0..steps-1.

    It rises linearly over `warmup` steps, reaching 1 at the last of them, then falls along a half
    cosine towards 0.
    """
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def temperature(step: int, steps: int, warmup: int, start: float, end: float) -> float:
    """The softmax temperature: `start` through the warm-up, then down to `end` as the rate falls.

    (The original tool's manual gives start + (end - start) * rate, which runs the wrong way round.)
    """
    if step < warmup:
        return start
    return start + (end - start) * (1 - rate(step, steps, warmup))
