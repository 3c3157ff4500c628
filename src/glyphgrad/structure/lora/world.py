"""The processes that train together: one, or as many as torchrun or accelerate have started."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from glyphgrad.errors import DeviceError


class World:
    """This process's place among `size` that train together. Raises DeviceError if they are not `expected`.

    A launcher that fails to hand out ranks starts as many runs that know nothing of each other: so what was
    asked for is held against what there is.
    """

    def __init__(self, expected: int | None = None):
        from accelerate import PartialState

        state: Any = PartialState(cpu=not torch.cuda.is_available())
        self.state, self.size, self.rank, self.device = state, state.num_processes, state.process_index, state.device
        announced = int(os.environ.get("WORLD_SIZE") or 1)
        for wanted, who in ((expected, "--processes says"), (announced, "the launcher says")):
            if wanted is not None and wanted != self.size:
                raise DeviceError(
                    f"{self.size} process(es) train together, but {who} {wanted}: start with "
                    f"`torchrun --nproc-per-node {wanted} -m glyphgrad structure train ...`"
                )

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    @property
    def share(self) -> slice:
        """Of anything that is in order: what this process does."""
        return slice(self.rank, None, self.size)

    def wait(self) -> None:
        """Until all are here."""
        self.state.wait_for_everyone()

    def mean(self, values: Tensor) -> None:
        """Put the mean over all processes in place of each one's values."""
        if self.size > 1:
            torch.distributed.all_reduce(values)
            values /= self.size

    def least(self, value: float) -> float:
        """The least of all processes' values."""
        found = torch.tensor([value], dtype=torch.float64, device=self.device)
        if self.size > 1:
            torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MIN)
        return float(found)
