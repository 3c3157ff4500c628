"""What a running training tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`done` of `count` of a phase: "captions", "pictures" (encodings), "steps"."""

    phase: str
    done: int
    count: int
    loss: float = 0.0
    """Of steps: the mean of the latest."""
    rate: float = 0.0
    """Of steps: the learning rate."""


@dataclass(frozen=True)
class Judged:
    """Validation pictures after some steps: so many of all pass `structure verify`."""

    step: int
    passed: int
    count: int
    grey: float
    """Share of grey pixels, on average."""
    cells: float
    """Share of cells that are surely glyphs, on average."""


@dataclass(frozen=True)
class Note:
    """A line for who watches."""

    text: str


Event = Progress | Judged | Note
