"""Checkpoint: all of a run that is not in its configuration, in one file that is whole or not there."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glyphgrad.codec.whole import whole_file
from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.weights import Average, Weights

FILE = "checkpoint.pt"


@dataclass
class State:
    """Of a run after `len(losses)` steps. Noise and order follow from the configuration and the step."""

    weights: Weights
    average: Average | None
    optimizer: Any
    losses: list[float] = field(default_factory=list)

    @property
    def step(self) -> int:
        return len(self.losses)

    @property
    def shown(self) -> Tensor | None:
        """The weights to draw with and to save; None is the last ones."""
        return self.average.values if self.average else None


def save(out: Path, state: State) -> None:
    """Raises OutputError."""
    values = {
        "values": state.weights.values.detach(),
        "average": state.shown,
        "optimizer": state.optimizer.state_dict(),
        "losses": torch.tensor(state.losses, dtype=torch.float64),
    }
    with whole_file(out / FILE) as file:
        torch.save(values, file)


def resume(out: Path, state: State) -> None:
    """Go on from the checkpoint in a folder, if there is one. Raises ConfigError for one of another shape."""
    path = out / FILE
    if not path.exists():
        return
    try:
        saved = torch.load(path, map_location=state.weights.values.device, weights_only=True)
        state.weights.values.data.copy_(saved["values"])
        if state.average:
            state.average.values.copy_(saved["average"])
        state.optimizer.load_state_dict(saved["optimizer"])
        state.losses = saved["losses"].tolist()
    except (RuntimeError, KeyError, ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        told = str(error).partition("\n")[0]
        raise ConfigError(
            f"checkpoint {str(path)!r} is damaged or of another run ({told}): delete it to begin again"
        ) from None
