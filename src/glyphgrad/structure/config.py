"""DatasetConfig: all that decides what a dataset holds."""

from __future__ import annotations

from dataclasses import dataclass

from glyphgrad.errors import ConfigError
from glyphgrad.structure.dress import SIGNS
from glyphgrad.structure.layouts import FAMILIES, LEAST_CELLS
from glyphgrad.structure.layouts.plan import Cell
from glyphgrad.structure.tiles import CHARSET, Tiles

TRAIN, VALIDATION = "train", "validation"

_SHARE = 10
"""One picture in so many, of each family, is for validation."""
_MAX_COUNT, _MAX_SIZE = 10_000_000, 8192


@dataclass(frozen=True)
class DatasetConfig:
    """What decides every byte of a dataset. `size` is in pixels, a multiple of `tile`. Raises ConfigError."""

    count: int = 500
    seed: int = 0
    size: int = 1024
    tile: int = 16
    families: tuple[str, ...] = tuple(FAMILIES)
    charset: str = CHARSET

    def __post_init__(self) -> None:
        unknown = [family for family in self.families if family not in FAMILIES]
        if unknown or not self.families:
            raise ConfigError(f"families are {','.join(self.families)!r}: choose among {', '.join(FAMILIES)}")
        if len(set(self.families)) < len(self.families):
            raise ConfigError(f"families are {','.join(self.families)!r}: name each once")
        if not 1 <= self.count <= _MAX_COUNT:
            raise ConfigError(f"count is {self.count}: give 1 to {_MAX_COUNT:,} pictures")
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}: give 0 or more")
        Tiles(self.charset, self.tile)
        if "islands" in self.families and not set(SIGNS[Cell.WATER]) & set(self.charset):
            raise ConfigError(
                f"charset {self.charset!r} holds no character for the water of islands: add {SIGNS[Cell.WATER][0]!r}, "
                "or leave that family out"
            )
        if self.size % self.tile or not LEAST_CELLS * self.tile <= self.size <= _MAX_SIZE:
            raise ConfigError(
                f"size is {self.size}: give a multiple of {self.tile}, {LEAST_CELLS * self.tile} to {_MAX_SIZE} pixels"
            )

    def family(self, index: int) -> str:
        """The families take turns."""
        return self.families[index % len(self.families)]

    def split(self, index: int) -> str:
        """TRAIN or VALIDATION: of each family every tenth picture, which ones the seed decides."""
        turn, family = divmod(index, len(self.families))
        return VALIDATION if (turn + family + self.seed) % _SHARE == _SHARE - 1 else TRAIN
