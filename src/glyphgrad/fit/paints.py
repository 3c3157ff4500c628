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
    few: Indices

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


_TRIED = 12
"""Colours of a palette that are tried in a cell: those nearest to its best free colours, or to the mean of these."""
FEW = 16
"""Glyphs, unlike each other, that pairs of colours are ranked by."""
_PAIRS = 10
"""Pairs of colours that all glyphs are tried in, of all that were ranked."""


def from_palette(stats: Stats, paints: Paints, fee: Floats) -> Chosen:
    """The best glyph of every cell and the best two colours of a palette, of those near the best free ones."""
    assert paints.colors is not None
    each = np.arange(len(stats.oo))
    tried = _near(stats, paints.colors, freely(stats, paints, fee))
    if paints.paper is None:
        first, second = (index.ravel() for index in np.indices((tried.shape[1],) * 2))
        over, under = paints.colors[tried[:, first]], paints.colors[tried[:, second]]
        rank = pair_costs(stats.of(np.broadcast_to(paints.few, (len(each), len(paints.few)))), over, under)
        top = np.argpartition(rank.min(axis=2), _PAIRS - 1, axis=1)[:, :_PAIRS, None]
        over, under = np.take_along_axis(over, top, axis=1), np.take_along_axis(under, top, axis=1)
    else:
        over = paints.colors[tried]
        under = np.full_like(over, paints.paper)
    cost = pair_costs(stats, over, under) + fee[:, None]
    pair, glyphs = np.divmod(cost.reshape(len(each), -1).argmin(axis=1), cost.shape[2])
    return Chosen(glyphs, over[each, pair], under[each, pair])


def _near(stats: Stats, colors: Floats, free: Chosen) -> Indices:
    """(n, at most _TRIED) The colours of a palette (N, 3) nearest to what cells have freely chosen, by their metric."""
    each, count = np.arange(len(free.glyphs)), min(_TRIED, len(colors))
    share = (stats.ob[each, free.glyphs] / stats.oo[:, 0])[:, None]
    offered = colors @ np.swapaxes(stats.metric, 1, 2)
    distance = np.full(offered.shape[:2], np.inf, np.float32)
    for wanted in (free.over, free.under, free.under + share * (free.over - free.under)):
        seen = (stats.metric @ wanted[:, :, None])[:, None, :, 0]
        distance = np.minimum(distance, ((offered - seen) ** 2).sum(axis=2))
    return np.asarray(np.argpartition(distance, count - 1, axis=1)[:, :count])


def unlike(patches: Floats, count: int) -> Indices:
    """The numbers of some of G glyphs, what is seen of them (G, S): each the most unlike those before, the first blank."""
    found = [int((patches**2).sum(axis=1).argmin())]
    apart = np.full(len(patches), np.inf)
    while len(found) < min(count, len(patches)):
        apart = np.minimum(apart, ((patches - patches[found[-1]]) ** 2).sum(axis=1))
        found.append(int(apart.argmax()))
    return np.array(found)


def pair_costs(stats: Stats, over: Floats, under: Floats) -> Floats:
    """(n, P, G) `Stats.energy` of every glyph with every pair of colours (n, P, 3)."""
    k = bend(over, under)
    rotate = np.swapaxes(stats.metric, 1, 2)
    o, b, q = under @ rotate, ((1 - k) * (over - under)) @ rotate, (k * (over - under)) @ rotate
    dots = [(x * y).sum(axis=2) for x, y in ((b, b), (b, q), (q, q), (o, b), (o, q))]
    pairs = np.concatenate([np.stack(dots, axis=2), -2 * b, -2 * q], axis=2)
    grams = np.stack([stats.bb, 2 * stats.bq, stats.qq, 2 * stats.ob, 2 * stats.oq], axis=1)
    glyphs = np.concatenate([grams, stats.metric @ stats.fb, stats.metric @ stats.fq], axis=1)
    box = stats.oo * (o * o).sum(axis=2) - 2 * (o @ (stats.metric @ stats.fo))[:, :, 0]
    return np.asarray(pairs @ glyphs + box[:, :, None])
