"""The quadratic energy of a glyph grid: how far its ink, seen through linear filters, is from the target's.

With e = rendered ink - target ink (both 0 outside the picture) the energy is

    E = sum_f a_f ||F_f e||^2 = <e, A e>,    A = sum_f a_f F_f^T F_f

a quadratic form in one-hot choices of glyphs, hence a sum of terms of one cell and of pairs of cells.
Every filter is separable, F_f = Y_f (x) X_f, so A = sum_f a_f (Y_f^T Y_f) (x) (X_f^T X_f): along each
axis a band of small blocks, one for every cell. Borders, strides that do not divide the cell and row
gaps only make some blocks differ; cells with the same blocks form a class and share their tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.core.raster import render
from glyphgrad.errors import ConfigError
from glyphgrad.fit.filters import Doubles, Filter, Indices, Taps, taps_of
from glyphgrad.fit.normal import normal

Floats = NDArray[np.float32]

MAX_TABLE_BYTES = 1 << 29


@dataclass(frozen=True)
class _Axis:
    """The cells along one axis: `classes` (cells,) and for every filter part the blocks of Y^T Y.

    `blocks[f]` is (classes, size, size + 2 * margins[f]): from the pixels of a cell to all that share
    an output with them, those of gaps included.
    """

    size: int
    pitch: int
    classes: Indices
    margins: tuple[int, ...]
    blocks: tuple[Doubles, ...]

    @classmethod
    def of(cls, taps: list[Taps], cells: int, size: int, pitch: int) -> _Axis:
        keys = np.concatenate([tap.windows(np.arange(cells) * pitch, size) for tap in taps], axis=1)
        _, firsts, classes = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        blocks = [
            np.stack(
                [
                    tap.normal(range(at, at + size), range(at - tap.margin, at + size + tap.margin))
                    for at in (firsts * pitch).tolist()
                ]
            )
            for tap in taps
        ]
        return cls(size, pitch, classes.reshape(-1), tuple(tap.margin for tap in taps), tuple(blocks))

    @property
    def reach(self) -> int:
        """How many cells away the furthest cell lies that shares an output with a cell."""
        return min((self.size + max(self.margins) - 1) // self.pitch, len(self.classes) - 1)

    def toward(self, offset: int) -> list[Doubles]:
        """For every filter part (classes, size, size): from a cell to the one `offset` cells on."""
        shift, found = offset * self.pitch, []
        for margin, blocks in zip(self.margins, self.blocks, strict=True):
            low, high = max(0, margin + shift), max(0, min(blocks.shape[2], margin + shift + self.size))
            part = np.zeros((len(blocks), self.size, self.size))
            if low < high:
                part[:, :, low - margin - shift : high - margin - shift] = blocks[:, :, low:high]
            found.append(part)
        return found

    def neighbours(self, offset: int) -> tuple[list[list[Doubles]], Indices]:
        """The distinct blocks toward `offset`, each a list over filter parts; and which a class has, -1 for none.

        None are the classes without a cell at that offset.
        """
        parts, shift = self.toward(offset), slice(max(0, -offset), max(0, len(self.classes) - max(0, offset)))
        number: dict[bytes, int] = {}
        distinct, kind = [], np.full(len(parts[0]), -1)
        for each in sorted(set(self.classes[shift].tolist())):
            blocks = [part[each] for part in parts]
            if not any(block.any() for block in blocks):
                continue
            key = b"".join(np.round(b / (abs(p).max() or 1), 12).tobytes() for b, p in zip(blocks, parts, strict=True))
            if key not in number:
                distinct.append(blocks)
            kind[each] = number.setdefault(key, len(number))
        return distinct, kind


@dataclass(frozen=True)
class PairTables:
    """All pair terms of a layout: `values` (tables, G, G) float32, the first of them zero.

    A cell of row class y and column class x that holds glyph k, and the cell (dy, dx) on that holds l,
    add `values[index[y, x, dy + reach[0], dx + reach[1]]][k, l]` to <r, A r>, once in each direction.
    `index` is (row classes, col classes, 2 * reach[0] + 1, 2 * reach[1] + 1). `seen` (G, h * w) is, for the
    tables of a cell with itself, what is left of A b within the cell.
    """

    values: Floats
    seen: dict[int, Floats]
    index: Indices
    rows: Indices
    cols: Indices
    _rivals: dict[int, Floats] = field(default_factory=dict, compare=False)

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns up to which cells interact."""
        return self.index.shape[2] // 2, self.index.shape[3] // 2

    @property
    def padding(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """For np.pad: a frame that every neighbour of every cell falls into."""
        ry, rx = self.reach
        return (ry, ry), (rx, rx)

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """The (dy, dx) other than (0, 0) at which any pair of cells interacts."""
        ry, rx = self.reach
        used = np.argwhere(self.index.any(axis=(0, 1))) - (ry, rx)
        return [(int(dy), int(dx)) for dy, dx in used if dy or dx]

    def toward(self, dy: int, dx: int) -> Indices:
        """(rows, cols) The table between every cell and the one (dy, dx) on; 0 where there is none."""
        (ry, rx), (rows, cols) = self.reach, (len(self.rows), len(self.cols))
        found = np.zeros((rows, cols), np.intp)
        if abs(dy) <= ry and abs(dx) <= rx:
            there = slice(max(0, -dy), rows - max(0, dy)), slice(max(0, -dx), cols - max(0, dx))
            found[there] = self.index[self.rows[there[0], None], self.cols[there[1]], dy + ry, dx + rx]
        return found

    def rivals(self, table: int) -> Floats:
        """(G, G) The most that glyph m can win back over glyph k by a kinder neighbour: max over l of 2 (P[k, l] - P[m, l])."""
        if table not in self._rivals:
            pair = 2 * self.values[table]
            self._rivals[table] = np.stack([(row - pair).max(axis=1) for row in pair])
        return self._rivals[table]

    def min_sum(self, table: int, costs: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n, G) min over k of costs[n, k] + 2 P[k, l]: what a cell's costs (n, G) mean to its neighbour.

        Exact, though most k are never looked at: those behind the cheapest by more than they can win
        back (dead ends in the sense of Goldstein 1994). Of 222 glyphs one or two are left, typically.
        """
        pair, rivals = 2 * self.values[table], self.rivals(table)
        best = costs.argmin(axis=1)
        behind = costs - costs[np.arange(len(costs)), best][:, None]
        cell, glyph = np.nonzero(behind <= rivals[best])
        sums = pair[glyph] + costs[cell, glyph][:, None]
        return np.asarray(np.minimum.reduceat(sums, np.searchsorted(cell, np.arange(len(costs))), axis=0))


@dataclass(frozen=True)
class _Content:
    """An array that hashes by what it holds, so that equal atlases share their tables."""

    digest: bytes
    array: Floats = field(compare=False)

    @classmethod
    def of(cls, array: Floats) -> _Content:
        return cls(hashlib.sha256(repr(array.shape).encode() + array.tobytes()).digest(), array)


@dataclass(frozen=True)
class _Geometry:
    """The filters on a layout: weights and taps of every separable part, and the blocks of both axes."""

    weights: tuple[float, ...]
    taps: tuple[tuple[Taps, Taps], ...]
    down: _Axis
    across: _Axis


@lru_cache(maxsize=8)
def _geometry(layout: Layout, filters: tuple[Filter, ...]) -> _Geometry:
    parts = [(f.weight, taps) for f in filters if f.weight > 0 for taps in taps_of(f, layout)]
    if not parts:
        raise ConfigError(f"weights are {[f.weight for f in filters]}: give at least one filter a weight above 0")
    weights, taps = zip(*parts, strict=True)
    down = _Axis.of([y for y, _ in taps], layout.rows, layout.cell_height, layout.row_pitch)
    across = _Axis.of([x for _, x in taps], layout.cols, layout.cell_width, layout.cell_width)
    return _Geometry(weights, taps, down, across)


@lru_cache(maxsize=4)
def _pair_tables(atlas: _Content, layout: Layout, filters: tuple[Filter, ...]) -> PairTables:
    geometry = _geometry(layout, filters)
    down, across, coverage = geometry.down, geometry.across, atlas.array
    sides = [{d: axis.neighbours(d) for d in range(-axis.reach, axis.reach + 1)} for axis in (down, across)]
    glyphs = len(coverage)
    count = np.prod([sum(len(blocks) for blocks, _ in side.values()) for side in sides])
    if count * glyphs**2 * 4 > MAX_TABLE_BYTES:
        raise ConfigError(
            f"{count} pair tables of {glyphs} x {glyphs} glyphs exceed {MAX_TABLE_BYTES >> 20} MB: "
            "use fewer glyphs, smaller kernels, or a stride that divides the cell and the row pitch"
        )
    ry, rx = down.reach, across.reach
    index = np.zeros((len(down.blocks[0]), len(across.blocks[0]), 2 * ry + 1, 2 * rx + 1), np.intp)
    tables, seen = [np.zeros((glyphs, glyphs), np.float32)], {}
    ink = coverage.reshape(glyphs, -1).astype(np.float64)
    for dy, (vertical, row_kind) in sides[0].items():
        for dx, (horizontal, col_kind) in sides[1].items():
            kinds = np.arange(len(vertical) * len(horizontal)).reshape(len(vertical), len(horizontal)) + len(tables)
            parts = [_seen(coverage, geometry.weights, v, h) for v in vertical for h in horizontal]
            if dy == dx == 0:
                seen = {len(tables) + i: part.astype(np.float32) for i, part in enumerate(parts)}
            tables += [np.asarray(ink @ part.T, np.float32) for part in parts]
            exists = (row_kind[:, None] >= 0) & (col_kind >= 0)
            if kinds.size:
                index[:, :, dy + ry, dx + rx] = np.where(exists, kinds[row_kind[:, None], col_kind], 0)
    return PairTables(np.stack(tables), seen, _trimmed(index), down.classes, across.classes)


def _trimmed(index: Indices) -> Indices:
    """The index without the outer offsets at which no cells interact."""
    ry, rx = index.shape[2] // 2, index.shape[3] // 2
    dy, dx = np.abs(np.argwhere(index.any(axis=(0, 1))) - (ry, rx)).max(axis=0, initial=0)
    return index[:, :, ry - dy : ry + dy + 1, rx - dx : rx + dx + 1]


def _seen(coverage: Floats, weights: tuple[float, ...], down: list[Doubles], across: list[Doubles]) -> Doubles:
    """(G, h * w) sum_f a_f Y_f b X_f^T: what a cell gets of A b from every glyph of another, or of its own."""
    seen = sum(a * (y @ coverage @ x.T) for a, y, x in zip(weights, down, across, strict=True))
    return np.asarray(seen).reshape(len(coverage), -1)


class Energy:
    """E of a grid of glyphs, and what a search over grids needs: the field and the pair tables.

    `target` is ink (height, width) in [0, 1]; `coverage` (G, cell_height, cell_width) ink in [0, 1].
    Tables are kept between energies of the same coverage, layout and filters. Raises ConfigError.
    """

    def __init__(
        self, target: NDArray[np.floating], coverage: NDArray[np.floating], layout: Layout, filters: tuple[Filter, ...]
    ) -> None:
        _check(target, coverage, layout)
        self.target = np.ascontiguousarray(target, np.float32)
        self.coverage = np.ascontiguousarray(coverage, np.float32)
        self.layout = layout
        self.filters = tuple(filters)
        self._geometry = _geometry(layout, self.filters)

    @cached_property
    def pairs(self) -> PairTables:
        """The pair terms; only a search needs them."""
        return _pair_tables(_Content.of(self.coverage), self.layout, self.filters)

    def __call__(self, glyphs: NDArray[np.integer]) -> float:
        """E, from pixels, in double precision."""
        return self._of(render(self.checked(glyphs), self.coverage, self.layout) - self.target)

    @cached_property
    def paper(self) -> float:
        """E of paper without any ink: <t, A t>."""
        return self._of(self.target)

    def above_paper(self, glyphs: Indices, field: Floats) -> float:
        """E less `paper`, from the field of these glyphs: the sum of M less <r, A r>."""
        slope = np.take_along_axis(field, glyphs[:, :, None], axis=2).sum(dtype=np.float64)
        (ry, rx), cells = self.pairs.reach, np.pad(glyphs, self.pairs.padding)
        pairs = 0.0
        for dy, dx in [(0, 0), *self.pairs.offsets]:
            other = cells[ry + dy : ry + dy + len(glyphs), rx + dx : rx + dx + glyphs.shape[1]]
            pairs += self.pairs.values[self.pairs.toward(dy, dx), glyphs, other].sum(dtype=np.float64)
        return float(slope - pairs)

    def _of(self, error: Floats) -> float:
        total = 0.0
        for weight, (down, across) in zip(self._geometry.weights, self._geometry.taps, strict=True):
            for band in _outputs(error, down):
                total += weight * sum(float(np.vdot(part, part)) for part in _outputs(band.T, across))
        return total

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.layout.rows, self.layout.cols

    def checked(self, glyphs: NDArray[np.integer]) -> Indices:
        """The grid as indices, or a ConfigError."""
        grid = np.asarray(glyphs)
        if grid.shape != self.shape or not np.issubdtype(grid.dtype, np.integer):
            raise ConfigError(f"grid is {grid.shape} of {grid.dtype}: give {self.shape} glyph numbers")
        if grid.min() < 0 or grid.max() >= len(self.coverage):
            raise ConfigError(
                f"glyph numbers reach from {grid.min()} to {grid.max()}: give 0 to {len(self.coverage) - 1}"
            )
        return grid.astype(np.intp)

    def field(self, glyphs: NDArray[np.integer]) -> Floats:
        """(rows, cols, G) 2 <A e, b_l> at every cell: the slope of E along every glyph."""
        error = render(self.checked(glyphs), self.coverage, self.layout) - self.target
        return self._project(2 * normal(error, self.layout, self.filters))

    def slopes(self) -> Floats:
        """(rows, cols, G) -2 <A t, b_l>: the field of blank paper, and what the target adds to that of any grid."""
        return self._project(-2 * normal(self.target, self.layout, self.filters))

    def slopes_at(self, where: NDArray[np.bool_]) -> Floats:
        """(n, G) The slopes of the n cells of a mask (rows, cols), row by row."""
        layout, flat = self.layout, self.coverage.reshape(len(self.coverage), -1).T
        if not where.any():
            return np.empty((0, flat.shape[1]), np.float32)
        image = normal(self.target, layout, self.filters)
        if layout.row_gap:
            image = np.pad(image, ((0, layout.row_gap), (0, 0)))
        cells = image.reshape(layout.rows, layout.row_pitch, layout.cols, layout.cell_width)
        seen = cells[:, : layout.cell_height].transpose(0, 2, 1, 3)[where]
        seen *= -2
        return np.asarray(seen.reshape(len(seen), -1) @ flat)

    def unary(self) -> Floats:
        """(rows, cols, G) The terms of one cell: E = paper + sum of unary + sum over ordered pairs of cells of `pairs`."""
        cost = self.slopes()
        cost += np.diagonal(self.pairs.values, axis1=1, axis2=2)[self.own()]
        return cost

    def own(self) -> Indices:
        """(rows, cols) Which table holds <b_k, A b_l> of a cell with itself."""
        return self.pairs.toward(0, 0)

    def match(self) -> Floats:
        """(rows, cols, G) E of every glyph in every cell if all the rest of the picture were perfect, less a constant."""
        own, flat = self.own(), np.stack([*self._cells(-2 * self.target)])
        cost = np.empty((*self.shape, len(self.coverage)), np.float32)
        for table, seen in self.pairs.seen.items():
            cost[own == table] = flat[own == table] @ seen.T + np.diagonal(self.pairs.values[table])
        return cost

    def _project(self, image: Floats) -> Floats:
        """(rows, cols, G) Inner products of an image's cells with the glyphs."""
        flat = self.coverage.reshape(len(self.coverage), -1).T
        out = np.empty((*self.shape, len(self.coverage)), np.float32)
        for i, pixels in enumerate(self._cells(image)):
            np.matmul(pixels, flat, out=out[i])
        return out

    def _cells(self, image: Floats) -> Iterator[Floats]:
        """The pixels of an image, a row of cells at a time, (cols, h * w)."""
        layout = self.layout
        for top in range(0, layout.height, layout.row_pitch):
            strip = image[top : top + layout.cell_height].reshape(layout.cell_height, layout.cols, -1)
            yield strip.transpose(1, 0, 2).reshape(layout.cols, -1)


def _check(target: NDArray[np.floating], coverage: NDArray[np.floating], layout: Layout) -> None:
    cell, page = (layout.cell_height, layout.cell_width), (layout.height, layout.width)
    if coverage.ndim != 3 or coverage.shape[1:] != cell or not len(coverage):
        raise ConfigError(f"coverage is {coverage.shape}: give (glyphs, {cell[0]}, {cell[1]}) for this layout")
    if target.shape != page:
        raise ConfigError(f"target is {target.shape}: give {page}, the pixels of this layout")
    for name, array in (("target", target), ("coverage", coverage)):
        if not np.isfinite(array).all():
            raise ConfigError(
                f"{name} holds {array[~np.isfinite(array)][0]}: replace NaN and infinity by ink in [0, 1]"
            )


def _outputs(x: NDArray[np.floating], tap: Taps, batch: int = 64) -> Iterator[Doubles]:
    """The outputs of a filter along the first axis of (n, m), in double precision, `batch` at a time."""
    for start in range(0, tap.count, batch):
        outputs = min(batch, tap.count - start)
        first = tap.first + start * tap.stride
        low, high = max(0, first), min(len(x), first + (outputs - 1) * tap.stride + len(tap.kernel))
        yield tap.matrix(outputs, high - low, first - low) @ x[low:high].astype(np.float64)
