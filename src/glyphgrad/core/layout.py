"""Layout: where the cells of a grid lie in the picture it makes."""

from __future__ import annotations

from dataclasses import dataclass

from glyphgrad.errors import ConfigError

FITS = ("contain", "cover", "stretch")
MAX_CELLS = 4_000_000


@dataclass(frozen=True)
class Layout:
    """`rows` x `cols` cells of `cell_height` x `cell_width` pixels, rows set apart by `row_gap` pixels.

    All whole numbers; the gap may be 0, the rest at least 1. Raises ConfigError.
    """

    rows: int
    cols: int
    cell_height: int
    cell_width: int
    row_gap: int = 0

    def __post_init__(self) -> None:
        for name in ("rows", "cols", "cell_height", "cell_width"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: give at least 1")
        if self.row_gap < 0:
            raise ConfigError(f"row_gap is {self.row_gap}: give 0 or more pixels")
        if self.rows * self.cols > MAX_CELLS:
            raise ConfigError(f"size is {self.cols}x{self.rows}: give at most {MAX_CELLS:,} cells in all")

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.cols * self.cell_width

    @property
    def height(self) -> int:
        """Pixels down, gaps included (none after the last row)."""
        return self.rows * self.row_pitch - self.row_gap

    @property
    def inked_height(self) -> int:
        """Pixels down without the gaps."""
        return self.rows * self.cell_height

    @property
    def row_pitch(self) -> int:
        """Pixels from the top of a row to the top of the next."""
        return self.cell_height + self.row_gap


def grid_for(
    aspect: float, cols: int | None, rows: int | None, cell: tuple[int, int], row_gap: int, fit: str
) -> tuple[int, int]:
    """(cols, rows), the missing one chosen so that a picture of `aspect` (width / height) keeps its shape.

    `cell` is (width, height) in pixels. `stretch` lays the picture over the rows as if there were no
    gaps (see target.place), so there the gaps do not count. Raises ConfigError.
    """
    if fit not in FITS:
        raise ConfigError(f"fit is {fit!r}: choose one of {', '.join(FITS)}")
    cell_width, cell_height = cell
    sides = {"cols": cols, "rows": rows, "cell width": cell_width, "cell height": cell_height}
    for name, number in sides.items():
        if number is not None and not 1 <= number <= MAX_CELLS:
            raise ConfigError(f"{name} is {number}: give 1 to {MAX_CELLS:,}")
    if row_gap < 0:
        raise ConfigError(f"row_gap is {row_gap}: give 0 or more pixels")
    pitch = cell_height + (0 if fit == "stretch" else row_gap)
    spare = 0 if fit == "stretch" else row_gap
    if cols is None and rows is None:
        raise ConfigError("size is not given: give columns, rows or both")
    if rows is None:
        assert cols is not None
        rows = max(1, round((cols * cell_width / aspect + spare) / pitch))
    if cols is None:
        cols = max(1, round((rows * pitch - spare) * aspect / cell_width))
    return cols, rows
