"""A Frame: one picture as a grid of characters. It holds cells, never pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.colors import Colors, Depth
from glyphgrad.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Frame:
    """A grid of characters: `cells` (rows, cols) of Unicode code points, uint32; in `colors`, or the device's own two.

    Code points and not glyph numbers, so that a frame means the same whatever atlas draws it. A space shows
    no foreground: there it is made (0, 0, 0), so that frames that look alike are equal. Raises ConfigError
    for colours of another grid.
    """

    cells: NDArray[np.uint32]
    colors: Colors | None = None

    def __post_init__(self) -> None:
        if self.colors is None:
            return
        if self.colors.fg.shape[:2] != self.cells.shape:
            raise ConfigError(
                f"colours are of {self.colors.fg.shape[:2]} cells, not {self.cells.shape}: give one a cell"
            )
        unseen = self.cells == ord(" ")
        if self.colors.fg[unseen].any():
            fg = np.where(unseen[..., None], np.uint8(0), self.colors.fg)
            object.__setattr__(self, "colors", Colors(self.colors.depth, fg, self.colors.bg))

    def at(self, depth: Depth) -> Frame:
        """The same with no more colours than a device of `depth` has, each the nearest."""
        colors = self.colors and self.colors.at(depth)
        return self if colors is self.colors else Frame(self.cells, colors)

    @classmethod
    def blank(cls, rows: int, cols: int) -> Frame:
        """Spaces."""
        return cls(np.full((rows, cols), ord(" "), dtype=np.uint32))

    @classmethod
    def from_lines(cls, lines: list[str]) -> Frame:
        """The grid of some lines, short ones filled up with spaces; of no lines it is 0 x 0."""
        width = max(map(len, lines), default=0)
        text = "".join(line.ljust(width) for line in lines)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        return cls(codes.astype(np.uint32).reshape(len(lines), width))

    @property
    def rows(self) -> int:
        return self.cells.shape[0]

    @property
    def cols(self) -> int:
        return self.cells.shape[1]

    @property
    def lines(self) -> list[str]:
        """The rows as strings, all of the same length."""
        return [row.tobytes().decode("utf-32-le", "surrogatepass") for row in self.cells.astype("<u4")]

    @property
    def text(self) -> str:
        """The rows, each ended by a newline."""
        return "".join(line + "\n" for line in self.lines)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame) or self.colors != other.colors:
            return False
        return np.array_equal(self.cells, other.cells)

    def __hash__(self) -> int:
        return hash((self.cells.shape, self.cells.tobytes(), self.colors))
