"""Adam (Kingma and Ba 2015): the direction in which a parameter goes, from its slope and the memory of those before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Adam:
    """The moments of one parameter of any shape. `memory` are the shares of them that a step keeps."""

    def __init__(
        self, parameter: NDArray[np.floating], memory: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        self.memory, self.epsilon, self.steps = memory, epsilon, 0
        self.mean, self.square = np.zeros_like(parameter), np.zeros_like(parameter)

    def direction(self, slope: NDArray[np.floating]) -> NDArray[np.floating]:
        """The parameter's shape: to be subtracted, times the learning rate."""
        first, second = self.memory
        self.steps += 1
        self.mean += (1 - first) * (slope - self.mean)
        self.square += (1 - second) * (slope * slope - self.square)
        spread = np.sqrt(self.square / (1 - second**self.steps)) + self.epsilon
        return self.mean / (1 - first**self.steps) / spread
