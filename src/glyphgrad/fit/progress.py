"""What a running fit tells: one small record, whichever solver runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.frame import Frame


@dataclass(frozen=True)
class Step:
    """Where a fit stands, after `step` of `steps` (0: not known beforehand).

    `recon` is the loss without its diversity term, `diversity` the entropy of usage in nats, `rate`
    and `temperature` the descent's schedule (0 in a search); `frame` is the hard grid, and `soft` (height, width) the ink in
    [0, 1] at the temperature for saving.
    """

    step: int
    steps: int
    recon: float
    diversity: float
    rate: float
    temperature: float
    frame: Frame
    soft: NDArray[np.float32]
