"""The choice of a cell: its glyph and two colours, of all there are or of a palette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glyphgrad.fit.blend import Stats, bend
from glyphgrad.fit.eye import Floats
from glyphgrad.fit.filters import Indices

_TOP = 6
"""Glyphs whose colours are worked out with their own bend, of all that were ranked with a typical one."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Of n cells the glyph (n,), and its foreground and background (n, 3) in light."""

    glyphs: Indices
    over: Floats
    under: Floats


@dataclass(frozen=True, eq=False)
class Paints:
    """Which colours there are: any, or those of a palette (N, 3) in light; `paper` is the background where it is the device's own."""

    colors: Floats | None
    paper: float | None

    @property
    def bend(self) -> float:
        """The bend that is typical: none between two colours alike, that of the paper's other end on it."""
        return 0.0 if self.paper is None else 1.1 if self.paper == 0 else -0.8

    def choose(self, stats: Stats, fee: Floats) -> Chosen:
        """The best glyph and colours of every cell; `fee` (n, G) is what a glyph costs beside."""
        return freely(stats, self, fee) if self.colors is None else from_palette(stats, self, fee)


def freely(stats: Stats, paints: Paints, fee: Floats) -> Chosen:
    """The best glyph of every cell in any colours; `fee` (n, G) is what a glyph costs beside."""
    each = np.arange(len(stats.oo))
    over, under = stats.solved(paints.bend, paints.paper)
    cost = stats.mixed_energy(paints.bend, over, under) + fee
    count = min(_TOP, cost.shape[1])
    top = np.argpartition(cost, count - 1, axis=1)[:, :count]
    few = stats.of(top)
    k = bend(*(np.take_along_axis(colour, top[:, None], axis=2) for colour in (over, under)))
    over, under = few.solved(k, paints.paper)
    k = bend(over, under)
    apart = over - under
    cost = few.energy(under, (1 - k) * apart, k * apart) + np.take_along_axis(fee, top, axis=1)
    best = cost.argmin(axis=1)
    return Chosen(top[each, best], over[each, :, best], under[each, :, best])


_NEAREST = (3, 3, 3)
"""Colours of a palette that are tried: nearest to the best free foreground, background, and to their mean."""


def from_palette(stats: Stats, paints: Paints, fee: Floats) -> Chosen:
    """The best glyph of every cell and the best two colours of a palette, of those near the best free ones."""
    assert paints.colors is not None
    free = freely(stats, paints, fee)
    n, each = len(free.glyphs), np.arange(len(free.glyphs))
    share = (stats.ob[each, free.glyphs] / stats.oo[:, 0])[:, None]
    wanted = free.over, free.under, free.under + share * (free.over - free.under)
    near = [_nearest(stats, paints.colors, each, count) for each, count in zip(wanted, _NEAREST, strict=True)]
    tried = np.concatenate(near, axis=1)
    m = tried.shape[1]
    if paints.paper is None:
        first, second = (index.ravel() for index in np.indices((m, m)))
        over, under = paints.colors[tried[:, first]], paints.colors[tried[:, second]]
    else:
        over = paints.colors[tried]
        under = np.full_like(over, paints.paper)
    k = bend(over, under)
    cost = pair_costs(stats, over, under, k) + fee[:, None]
    best = cost.reshape(n, -1).argmin(axis=1)
    pair, glyphs = np.divmod(best, cost.shape[2])
    return Chosen(glyphs, over[each, pair], under[each, pair])


def _nearest(stats: Stats, colors: Floats, wanted: Floats, count: int) -> Indices:
    """(n, count) The colours (N, 3) nearest to wanted ones (n, 3), by each cell's metric."""
    tangent = np.swapaxes(stats.metric, 1, 2) @ stats.metric
    seen = tangent @ wanted[:, :, None]
    distance = np.einsum("nij,pi,pj->np", tangent, colors, colors, optimize=True) - 2 * (colors @ seen)[:, :, 0]
    return np.asarray(np.argpartition(distance, count - 1, axis=1)[:, :count])


def pair_costs(stats: Stats, over: Floats, under: Floats, k: Floats) -> Floats:
    """(n, P, G) `Stats.energy` of every glyph with every pair of colours (n, P, 3), whose bend is `k`."""
    rotate = np.swapaxes(stats.metric, 1, 2)
    o, b, q = under @ rotate, ((1 - k) * (over - under)) @ rotate, (k * (over - under)) @ rotate
    dots = [(x * y).sum(axis=2) for x, y in ((b, b), (b, q), (q, q), (o, b), (o, q))]
    pairs = np.concatenate([np.stack(dots, axis=2), -2 * b, -2 * q], axis=2)
    grams = np.stack([stats.bb, 2 * stats.bq, stats.qq, 2 * stats.ob, 2 * stats.oq], axis=1)
    glyphs = np.concatenate([grams, stats.metric @ stats.fb, stats.metric @ stats.fq], axis=1)
    box = stats.oo * (o * o).sum(axis=2) - 2 * (o @ (stats.metric @ stats.fo))[:, :, 0]
    return np.asarray(pairs @ glyphs + box[:, :, None])
