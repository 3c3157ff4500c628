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

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

MAX_TABLE_BYTES = 1 << 29
_CUT = 3.0
"""Gaussians end at this many sigma: beyond lies 0.3 % of their mass, and the reach sets the cost."""


@dataclass(frozen=True)
class Filter:
    """A linear filter of the picture and the weight of its squared output. Make one with a constructor below.

    `kind` is identity, pooling (`kernel`, `stride`, pixels), gaussian or gradient (`sigma`, pixels).
    Raises ConfigError for a weight below 0, a kernel or stride below 1, a sigma that is not above 0.
    """

    kind: str
    weight: float
    sigma: float = 1.0
    kernel: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("identity", "pooling", "gaussian", "gradient"):
            raise ConfigError(f"filter kind is {self.kind!r}: choose identity, pooling, gaussian or gradient")
        if not 0 <= self.weight < np.inf:
            raise ConfigError(f"weight of the {self.kind} filter is {self.weight}: give 0 or more")
        if not 0 < self.sigma < np.inf:
            raise ConfigError(f"sigma of the {self.kind} filter is {self.sigma}: give pixels, more than 0")
        for name in ("kernel", "stride"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} of the pooling filter is {getattr(self, name)}: give at least 1 pixel")


def identity(weight: float) -> Filter:
    """The ink itself, pixel by pixel."""
    return Filter("identity", weight)


def pooling(weight: float, kernel: int, stride: int) -> Filter:
    """Means of `kernel` x `kernel` pixels, `stride` apart; incomplete windows are dropped."""
    return Filter("pooling", weight, kernel=kernel, stride=stride)


def gaussian(weight: float, sigma: float) -> Filter:
    """Gaussian blur over the whole plane: nothing is special at the picture's border."""
    return Filter("gaussian", weight, sigma=sigma)


def gradient(weight: float, sigma: float) -> Filter:
    """Both derivatives of the Gaussian blur: the energy of edges at scale `sigma`."""
    return Filter("gradient", weight, sigma=sigma)


def seed_filters(layout: Layout, multiscale: float, kernel: int) -> tuple[Filter, ...]:
    """The original tool's loss: MSE plus `multiscale` times the MSE of a copy pooled by `kernel` at half steps.

    Raises ConfigError for a kernel larger than the picture, unless `multiscale` is 0.
    """
    pixels = identity(1 / (layout.height * layout.width))
    if multiscale == 0:
        return (pixels,)
    means = pooling(multiscale, kernel, max(1, kernel // 2))
    (down, across), *_ = taps_of(means, layout)
    return pixels, pooling(multiscale / (down.count * across.count), kernel, means.stride)


@dataclass(frozen=True)
class Taps:
    """A filter along one axis: out[o] = sum_j kernel[j] x[first + o * stride + j], o in [0, count)."""

    kernel: Doubles
    stride: int
    first: int
    count: int

    @property
    def margin(self) -> int:
        """How many pixels on either side of a pixel share an output with it."""
        return len(self.kernel) - 1

    def matrix(self, outputs: int, inputs: int, lead: int) -> Doubles:
        """(outputs, inputs) The weights of consecutive outputs, the first of which starts at input `lead`."""
        tap = np.arange(inputs) - lead - self.stride * np.arange(outputs)[:, None]
        inside = (tap >= 0) & (tap < len(self.kernel))
        return np.where(inside, self.kernel[np.clip(tap, 0, self.margin)], 0.0)

    def windows(self, starts: Indices, size: int) -> Indices:
        """(cells, 3) What tells cells apart: lead of the first output that sees them, outputs missing at either end."""
        first = -((self.first + self.margin - starts) // self.stride)
        seen = self.seen_by(size)
        missing = np.clip(-first, 0, seen), np.clip(first + seen - self.count, 0, seen)
        return np.stack([self.first + first * self.stride - starts, *missing], axis=1)

    def seen_by(self, size: int) -> int:
        """At most so many outputs see a cell of `size` pixels."""
        return (size + self.margin - 1) // self.stride + 1


def taps_of(filter: Filter, layout: Layout) -> list[tuple[Taps, Taps]]:
    """The separable parts of a filter, each (down, across)."""
    extents = layout.height, layout.width
    if filter.kind in ("identity", "pooling"):
        if filter.kernel > min(extents):
            raise ConfigError(
                f"pooling kernel is {filter.kernel}, larger than the picture of {layout.width} x {layout.height} "
                "pixels: give a smaller kernel or a multiscale weight of 0"
            )
        mean = np.full(filter.kernel, 1 / filter.kernel)
        down, across = (Taps(mean, filter.stride, 0, (n - filter.kernel) // filter.stride + 1) for n in extents)
        return [(down, across)]
    radius = max(1, round(_CUT * filter.sigma))
    x = np.arange(-radius, radius + 1)
    bell = np.exp(-0.5 * (x / filter.sigma) ** 2)
    bell /= bell.sum()
    slope = bell * x / filter.sigma**2
    kernels = [(bell, bell)] if filter.kind == "gaussian" else [(slope, bell), (bell, slope)]
    full = [[Taps(k, 1, 1 - len(k), n + len(k) - 1) for k, n in zip(pair, extents, strict=True)] for pair in kernels]
    return [(down, across) for down, across in full]


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
        kinds, classes = np.unique(keys, axis=0, return_inverse=True)
        blocks = [
            np.stack([_block(tap, size, *kind) for kind in kinds[:, 3 * f : 3 * f + 3]]) for f, tap in enumerate(taps)
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


def _block(tap: Taps, size: int, lead: int, before: int, after: int) -> Doubles:
    """(size, size + 2 * margin) Rows of Y^T Y, from the outputs that exist."""
    seen = tap.seen_by(size)
    matrix = tap.matrix(seen, size + 2 * tap.margin, lead + tap.margin)
    matrix[:before] = matrix[seen - after :] = 0
    return matrix[:, tap.margin : tap.margin + size].T @ matrix


@dataclass(frozen=True)
class PairTables:
    """All pair terms of a layout: `values` (tables, G, G) float32, the first of them zero.

    A cell of row class y and column class x that holds glyph k, and the cell (dy, dx) on that holds l,
    add `values[index[y, x, dy + reach[0], dx + reach[1]]][k, l]` to <r, A r>, once in each direction.
    `index` is (row classes, col classes, 2 * reach[0] + 1, 2 * reach[1] + 1).
    """

    values: Floats
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
    tables = [np.zeros((glyphs, glyphs), np.float32)]
    for dy, (vertical, row_kind) in sides[0].items():
        for dx, (horizontal, col_kind) in sides[1].items():
            kinds = np.arange(len(vertical) * len(horizontal)).reshape(len(vertical), len(horizontal)) + len(tables)
            tables += [_table(coverage, geometry.weights, v, h) for v in vertical for h in horizontal]
            exists = (row_kind[:, None] >= 0) & (col_kind >= 0)
            if kinds.size:
                index[:, :, dy + ry, dx + rx] = np.where(exists, kinds[row_kind[:, None], col_kind], 0)
    return PairTables(np.stack(tables), _trimmed(index), down.classes, across.classes)


def _trimmed(index: Indices) -> Indices:
    """The index without the outer offsets at which no cells interact."""
    ry, rx = index.shape[2] // 2, index.shape[3] // 2
    dy, dx = np.abs(np.argwhere(index.any(axis=(0, 1))) - (ry, rx)).max(axis=0, initial=0)
    return index[:, :, ry - dy : ry + dy + 1, rx - dx : rx + dx + 1]


def _table(coverage: Floats, weights: tuple[float, ...], down: list[Doubles], across: list[Doubles]) -> Floats:
    """(G, G) sum_f a_f <b_k, Y_f b_l X_f^T>: the pair terms of every two glyphs."""
    ink = coverage.astype(np.float64)
    seen = sum(a * (y @ ink @ x.T) for a, y, x in zip(weights, down, across, strict=True))
    flat = np.asarray(seen).reshape(len(ink), -1)
    return np.asarray(ink.reshape(len(ink), -1) @ flat.T, np.float32)


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
        return self._project(2 * row for row in self._apply(error))

    def unary(self) -> Floats:
        """(rows, cols, G) The terms of one cell: E = paper + sum of unary + sum over ordered pairs of cells of `pairs`."""
        cost = self._project(-2 * row for row in self._apply(self.target))
        cost += np.diagonal(self.pairs.values, axis1=1, axis2=2)[self.own()]
        return cost

    def own(self) -> Indices:
        """(rows, cols) Which table holds <b_k, A b_l> of a cell with itself."""
        return self.pairs.toward(0, 0)

    def match(self) -> Floats:
        """(rows, cols, G) E of every glyph in every cell if all the rest of the picture were perfect, less a constant."""
        cells = self._project(-2 * row for row in self._alone())
        diagonal = np.diagonal(self.pairs.values, axis1=1, axis2=2)
        cells += diagonal[self.own()]
        return cells

    def _project(self, cell_rows: Iterator[Floats]) -> Floats:
        """(rows, cols, G) Inner products of pixels (cols, h * w) with the glyphs."""
        flat = self.coverage.reshape(len(self.coverage), -1).T
        out = np.empty((*self.shape, len(self.coverage)), np.float32)
        for i, pixels in enumerate(cell_rows):
            np.matmul(pixels, flat, out=out[i])
        return out

    def _apply(self, error: Floats) -> Iterator[Floats]:
        """A e, a row of cells at a time, (cols, h * w)."""
        g, cols = self._geometry, self.shape[1]
        for i, kind in enumerate(g.down.classes):
            total = np.zeros((cols, g.down.size, g.across.size), np.float32)
            for f, weight in enumerate(g.weights):
                start, margin = i * g.down.pitch - g.down.margins[f], g.across.margins[f]
                stop = start + g.down.blocks[f].shape[2]
                low, high = max(0, start), min(len(error), stop)
                block = (weight * g.down.blocks[f][kind][:, low - start : high - start]).astype(np.float32)
                seen = np.pad(block @ error[low:high], ((0, 0), (margin, margin)))
                total += self._across(seen, f)
            yield total.reshape(cols, -1)

    def _across(self, seen: Floats, f: int) -> Floats:
        """(cols, h, w) Rows (h, width + 2 * margin) under X^T X of filter part f, cut into cells."""
        axis = self._geometry.across
        blocks = axis.blocks[f].astype(np.float32)
        span = np.lib.stride_tricks.sliding_window_view(seen, blocks.shape[2], axis=1)[:, :: axis.size]
        windows = span.transpose(1, 0, 2)
        if len(blocks) == 1:
            return np.asarray(windows @ blocks[0].T)
        return np.asarray(windows @ blocks[axis.classes].transpose(0, 2, 1))

    def _alone(self) -> Iterator[Floats]:
        """A t of every cell with the rest of the target left out, a row of cells at a time, (cols, h * w)."""
        g, (rows, cols) = self._geometry, self.shape
        height, width = g.down.size, g.across.size
        down, across = g.down.toward(0), g.across.toward(0)
        for i in range(rows):
            strip = self.target[i * g.down.pitch : i * g.down.pitch + height]
            cells = strip.reshape(height, cols, width).transpose(1, 0, 2)
            total = np.zeros(cells.shape, np.float32)
            for weight, y, x in zip(g.weights, down, across, strict=True):
                block = (weight * y[g.down.classes[i]]).astype(np.float32)
                right = x.astype(np.float32)
                total += block @ cells @ (right[0] if len(right) == 1 else right[g.across.classes].transpose(0, 2, 1))
            yield total.reshape(cols, -1)


def normal(images: NDArray[np.floating], layout: Layout, filters: tuple[Filter, ...]) -> NDArray[np.floating]:
    """A x of images (..., H, W), A = sum_f a_f F_f^T F_f: half the slope of their energy <x, A x>."""
    total = np.zeros_like(images)
    for filter in filters:
        for down, across in taps_of(filter, layout) if filter.weight > 0 else ():
            seen = normal_along(normal_along(images, down).swapaxes(-1, -2), across).swapaxes(-1, -2)
            total += np.asarray(filter.weight, images.dtype) * seen
    return total


def normal_along(images: NDArray[np.floating], tap: Taps, batch: int = 64) -> NDArray[np.floating]:
    """Y^T Y x along the rows of images (..., n, m), from `batch` outputs of the filter at a time."""
    if len(tap.kernel) == 1:
        return images * tap.kernel.astype(images.dtype) ** 2
    total = np.zeros_like(images)
    for start in range(0, tap.count, batch):
        outputs = min(batch, tap.count - start)
        first = tap.first + start * tap.stride
        inside = slice(max(0, first), first + (outputs - 1) * tap.stride + len(tap.kernel))
        part = images[..., inside, :]
        matrix = tap.matrix(outputs, part.shape[-2], first - inside.start).astype(images.dtype)
        total[..., inside, :] += matrix.T @ (matrix @ part)
    return total


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
