"""Which family a map belongs to: a softmax regression over what its characters are and what stands beside what.

It is taught on maps of `structure dataset`, as they are and damaged, never on pictures of a model. Without the
damage it would go by what no sound map ever has, and take any map with a wrong cell for that family in which
such cells are commonest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.frame import Frame
from glyphgrad.structure.config import DatasetConfig

Values = NDArray[np.float64]

KINDS = (" ", ".", "#█─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬", "+", "≈", '"♣^=', "○■", "$<>_")
"""Characters that mean the same: rock, floor, walls, doors, water, land, pillars, signs."""
_REACH = (1, 2, 3)
_STEPS, _RATE, _DECAY = 600, 0.5, 1e-3
_DAMAGE = (0.0, 0.05, 0.15)
"""Shares of the cells that are replaced by others of the same map, in copies of every map that is learned."""


def features(frame: Frame) -> Values:
    """(n,) Shares of the kinds of characters, of pairs of them some cells apart, and how alike the mirror images are."""
    kinds = np.full(frame.cells.shape, len(KINDS) - 1)
    for number, chars in enumerate(KINDS):
        kinds[np.isin(frame.cells, [ord(char) for char in chars])] = number
    shares = [np.bincount(kinds.ravel(), minlength=len(KINDS)) / kinds.size]
    for reach in _REACH:
        pairs = np.zeros(len(KINDS) ** 2)
        for turned in (kinds, kinds.T):
            pair = turned[:, :-reach] * len(KINDS) + turned[:, reach:]
            pairs += np.bincount(pair.ravel(), minlength=len(pairs)) / (2 * pair.size)
        shares.append(pairs)
    whole = kinds[:-1, :-1]  # a temple leaves the last row and column of an even map
    alike = [(whole == image).mean() for image in (whole[::-1], whole[:, ::-1])]
    return np.concatenate([np.sqrt(np.concatenate(shares)), alike])


def damaged(frame: Frame, share: float, rng: np.random.Generator) -> Frame:
    """The map with some of its cells replaced by others of its own."""
    wrong = rng.random(frame.cells.shape) < share
    return Frame(np.where(wrong, rng.permutation(frame.cells.ravel()).reshape(frame.cells.shape), frame.cells))


@dataclass(frozen=True)
class Families:
    """Knows families by `weights` (n + 1, families) of standardised features."""

    names: tuple[str, ...]
    mean: Values
    spread: Values
    weights: Values

    @classmethod
    def taught(cls, config: DatasetConfig, frames: list[Frame]) -> Families:
        """From the first pictures of a dataset, by full steps of gradient descent."""
        rng = np.random.default_rng(config.seed)
        found = np.stack([features(damaged(frame, share, rng)) for share in _DAMAGE for frame in frames])
        mean, spread = found.mean(axis=0), found.std(axis=0) + 1e-3
        inputs = _with_one((found - mean) / spread)
        wanted = np.eye(len(config.families))[np.tile(np.arange(len(frames)) % len(config.families), len(_DAMAGE))]
        weights = np.zeros((inputs.shape[1], len(config.families)))
        for _ in range(_STEPS):
            error = _softmax(inputs @ weights) - wanted
            weights -= _RATE * (inputs.T @ error / len(inputs) + _DECAY * weights)
        return cls(config.families, mean, spread, weights)

    def of(self, frame: Frame) -> str:
        inputs = _with_one(((features(frame) - self.mean) / self.spread)[None])
        return self.names[int((inputs @ self.weights).argmax())]


def _with_one(inputs: Values) -> Values:
    return np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)


def _softmax(values: Values) -> Values:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
