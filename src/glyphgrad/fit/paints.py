"""The choice of a cell: its glyph and two colours, of all there are or of a palette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glyphgrad.core.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from glyphgrad.core.colors import RGB
from glyphgrad.fit.blend import Stats, bend
from glyphgrad.fit.eye import Floats
from glyphgrad.fit.filters import Indices

_TOP = 6
"""Glyphs whose colours are worked out with their own bend, of all that were ranked with a typical one."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Of n cells the glyph (n,), its foreground and background (n, 3) in light, and their numbers (n, 2) in a palette."""

    glyphs: Indices
    over: Floats
    under: Floats
    pair: Indices | None = None


class Palette:
    """The N colours of a device: `codes` (N, 3) sRGB, uint8, in light and in CIELAB."""

    def __init__(self, codes: RGB) -> None:
        self.codes = codes.astype(np.intp)
        self.light = srgb_to_linear(codes / 255).astype(np.float32)
        self.lab = srgb_to_lab(codes / 255).astype(np.float32)
        self._between = srgb_to_linear(np.arange(511) / 510).astype(np.float32)

    def near(self, free: Chosen, share: Floats, count: int) -> Indices:
        """(n, count or N) The colours nearest to what cells have freely chosen, or to its mean with a `share` (n, 1) of ink."""
        distance = np.full((len(share), len(self.lab)), np.inf, np.float32)
        for wanted in (free.over, free.under, free.under + share * (free.over - free.under)):
            seen = srgb_to_lab(linear_to_srgb(wanted)).astype(np.float32)
            squares = (self.lab**2).sum(axis=1) + (seen**2).sum(axis=1)[:, None]
            distance = np.minimum(distance, squares - 2 * seen @ self.lab.T)
        count = min(count, len(self.lab))
        return np.asarray(np.argpartition(distance, count - 1, axis=1)[:, :count])

    def terms(self, over: Indices, under: Indices) -> tuple[Floats, Floats, Floats]:
        """What cells of colours by number (n, P) add to what is seen: of box, ink and its square, (n, P, 3) each."""
        ground = self.light[under]
        apart = self.light[over] - ground
        half = self._between[self.codes[over] + self.codes[under]] - ground
        return ground, 4 * half - apart, 2 * (apart - 2 * half)


@dataclass(frozen=True, eq=False)
class Paints:
    """Which colours there are: any, or a palette's; `paper` is the background's light where it is the device's own.

    `few` are glyphs unlike each other, by which pairs of colours are ranked.
    """

    palette: Palette | None
    paper: float | None
    few: Indices

    @property
    def bend(self) -> float:
        """The bend that is typical: none between two colours alike, that of the paper's other end on it."""
        return 0.0 if self.paper is None else 1.1 if self.paper == 0 else -0.8

    def choose(self, stats: Stats, fee: Floats, before: Indices | None = None) -> Chosen:
        """The best glyph and colours of every cell.

        `fee` (n, G) is what a glyph costs beside; `before` (n, 2) are the palette's colours as they are, if any.
        """
        free = freely(stats, self, fee)
        if self.palette is None:
            return free
        return from_palette(stats, self.palette, self, fee, free, before)


def freely(stats: Stats, paints: Paints, fee: Floats) -> Chosen:
    """The best glyph of every cell in any colours; `fee` (n, G) is what a glyph costs beside."""
    each = np.arange(len(stats.sums.oo))
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


_FIRST, _LATER = 16, 64
"""Colours of a palette that are tried in a cell, each with each, and later each with those that the cell has."""
FEW = 12
"""Glyphs, unlike each other, that pairs of colours are ranked by."""
_PAIRS = 6
"""Pairs of colours that all glyphs are tried in, of all that were ranked."""


def from_palette(
    stats: Stats, palette: Palette, paints: Paints, fee: Floats, free: Chosen, before: Indices | None
) -> Chosen:
    """The best glyph of every cell and the best two colours, of those near the best free ones."""
    each = np.arange(len(stats.sums.oo))
    share = (stats.sums.ob[each, free.glyphs] / stats.sums.oo[:, 0])[:, None]
    tried = palette.near(free, share, _FIRST if before is None and paints.paper is None else _LATER)
    if paints.paper is not None:
        over = tried
        under = np.full_like(over, (palette.light - paints.paper).any(axis=1).argmin())
    else:
        over, under = _ranked(stats, palette, paints, *_pairs(tried, before))
    cost = pair_costs(stats, *palette.terms(over, under)) + fee[:, None]
    best, glyphs = np.divmod(cost.reshape(len(each), -1).argmin(axis=1), cost.shape[2])
    pair = np.stack([over[each, best], under[each, best]], axis=1)
    return Chosen(glyphs, palette.light[pair[:, 0]], palette.light[pair[:, 1]], pair)


def _pairs(tried: Indices, before: Indices | None) -> tuple[Indices, Indices]:
    """(n, P) Foregrounds and backgrounds: all pairs of colours (n, m), or those that change one colour of a pair."""
    if before is None:
        first, second = (index.ravel() for index in np.indices((tried.shape[1],) * 2))
        return tried[:, first], tried[:, second]
    over, under = before[:, :1], before[:, 1:]
    over_held, under_held = np.broadcast_to(over, tried.shape), np.broadcast_to(under, tried.shape)
    return np.concatenate([over, tried, over_held], axis=1), np.concatenate([under, under_held, tried], axis=1)


def _ranked(stats: Stats, palette: Palette, paints: Paints, over: Indices, under: Indices) -> tuple[Indices, Indices]:
    """The best few of pairs (n, P) by what the best of a few glyphs makes of them, (n, at most _PAIRS) each."""
    few = stats.of(np.broadcast_to(paints.few, (len(over), len(paints.few))))
    cost = pair_costs(few, *palette.terms(over, under)).min(axis=2)
    count = min(_PAIRS, cost.shape[1])
    top = np.argpartition(cost, count - 1, axis=1)[:, :count]
    return np.take_along_axis(over, top, axis=1), np.take_along_axis(under, top, axis=1)


def unlike(patches: Floats, count: int) -> Indices:
    """The numbers of some of G glyphs, what is seen of them (G, S): each the most unlike those before, the first blank."""
    found = [int((patches**2).sum(axis=1).argmin())]
    apart = np.full(len(patches), np.inf)
    while len(found) < min(count, len(patches)):
        apart = np.minimum(apart, ((patches - patches[found[-1]]) ** 2).sum(axis=1))
        found.append(int(apart.argmax()))
    return np.array(found)


def pair_costs(stats: Stats, ground: Floats, ink: Floats, square: Floats) -> Floats:
    """(n, P, G) `Stats.energy` of every glyph with every pair of colours, given by its terms (n, P, 3)."""
    rotate = np.swapaxes(stats.metric, 1, 2)
    o, b, q = ground @ rotate, ink @ rotate, square @ rotate
    dots = [np.einsum("npi,npi->np", x, y) for x, y in ((b, b), (b, q), (q, q), (o, b), (o, q))]
    pairs = np.concatenate([np.stack(dots, axis=2), -2 * b, -2 * q], axis=2)
    grams = np.stack([stats.sums.bb, 2 * stats.sums.bq, stats.sums.qq, 2 * stats.sums.ob, 2 * stats.sums.oq], axis=1)
    glyphs = np.concatenate([grams, stats.metric @ stats.sums.fb, stats.metric @ stats.sums.fq], axis=1)
    box = stats.sums.oo * (o * o).sum(axis=2) - 2 * (o @ (stats.metric @ stats.sums.fo))[:, :, 0]
    return np.asarray(pairs @ glyphs + box[:, :, None])
