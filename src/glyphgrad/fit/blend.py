"""The light of a cell in two colours, and the colours that suit it best: a small least-squares problem.

A device blends foreground F and background B in sRGB values. What that is in light is nearly quadratic in the
coverage b: B + D ((1 - k) b + k b^2), with D = F - B and the *bend* k of the transfer curve between them. So
a cell adds three terms to what an eye sees: of its box `o`, its ink `b` and its ink squared `q`.

The error of a cell is E = sum_s w_s |M e_s|^2 over the samples of its patch, with the weight w_s of a sample, the
metric M of the cell and e what is seen less what is wanted, in linear red, green and blue. M does not
matter for the best colours (without bounds), so they are found channel by channel, for all glyphs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from glyphgrad.core.color import linear_to_srgb, srgb_to_linear
from glyphgrad.fit.eye import Floats
from glyphgrad.fit.filters import Indices


def bend(over: Floats, under: Floats) -> Floats:
    """How far a blend of two lights (...) in sRGB values is from one in light: k, such that half of it is exact."""
    half = srgb_to_linear((linear_to_srgb(over) + linear_to_srgb(under)) / 2)
    apart = over - under
    share = np.divide(half - under, apart, out=np.full_like(apart, 0.5), where=np.abs(apart) > 1e-4)
    return np.asarray(2 - 4 * share, np.float32)


class Sums(NamedTuple):
    """Of n cells and G glyphs: weighted inner products of box `o`, ink `b` and its square `q`, and `f` with what is wanted.

    `oo` (n, 1), `bb`, `bq`, `qq`, `ob`, `oq` (n, G); `fo` (n, 3, 1), `fb`, `fq` (n, 3, G).
    """

    oo: Floats
    bb: Floats
    bq: Floats
    qq: Floats
    ob: Floats
    oq: Floats
    fo: Floats
    fb: Floats
    fq: Floats

    def plus(self, other: Sums) -> Sums:
        """The sums over the samples of both."""
        return Sums._make(a + b for a, b in zip(self, other, strict=True))

    def of(self, glyphs: Indices) -> Sums:
        """The same for some glyphs (n, m) of each cell."""
        few = [np.take_along_axis(each, glyphs, axis=-1) for each in self[1:6]]
        fields = [np.take_along_axis(each, glyphs[:, None], axis=-1) for each in self[7:]]
        return Sums._make([self.oo, *few, self.fo, *fields])


@dataclass(frozen=True, eq=False)
class Stats:
    """The least squares of n cells: their sums, and the metric M (n, 3, 3) of each."""

    sums: Sums
    metric: Floats

    def of(self, glyphs: Indices) -> Stats:
        """The same for some glyphs (n, m) of each cell."""
        return Stats(self.sums.of(glyphs), self.metric)

    def mixed(self, k: Floats | float) -> tuple[Floats, Floats, Floats]:
        """<r, r>, <o, r> and <r, wanted> of r = (1 - k) b + k q, k (n, 3, G) or a number: (n, 3 or 1, G) each."""
        a = 1 - k
        bb, bq, qq, ob, oq = (
            each[:, None] for each in (self.sums.bb, self.sums.bq, self.sums.qq, self.sums.ob, self.sums.oq)
        )
        return a * a * bb + 2 * a * k * bq + k * k * qq, a * ob + k * oq, a * self.sums.fb + k * self.sums.fq

    def solved(self, k: Floats | float, paper: float | None) -> tuple[Floats, Floats]:
        """The best foreground and background (n, 3, G), light in [0, 1]; on `paper` the background is that."""
        rr, ob, fr = self.mixed(k)
        oo, fo = self.sums.oo[:, None], self.sums.fo
        tiny = 1e-6 * oo
        if paper is not None:
            over = paper + (fr - paper * ob) / (rr + tiny)
            return np.clip(over, 0, 1), np.full_like(over, paper)
        under = np.clip((fo * rr - fr * ob) / (oo * rr - ob * ob + tiny * oo), 0, 1)
        # in terms of ink r and the rest o - r, each is the best for the other, held in the gamut
        ff, fg, gg = rr + tiny, ob - rr, oo - 2 * ob + rr + tiny
        over = np.clip((fr - fg * under) / ff, 0, 1)
        under = np.clip((fo - fr - fg * over) / gg, 0, 1)
        return np.clip((fr - fg * under) / ff, 0, 1), under

    def energy(self, under: Floats, ink: Floats, square: Floats) -> Floats:
        """(n, G) What of E depends on the cell: `under` o + `ink` b + `square` q, each (n, 3, G)."""
        o, b, q = (self.metric @ each for each in (under, ink, square))
        fo, fb, fq = (self.metric @ each for each in (self.sums.fo, self.sums.fb, self.sums.fq))
        bb, bq, qq, ob, oq, oo = (
            each[:, None]
            for each in (self.sums.bb, self.sums.bq, self.sums.qq, self.sums.ob, self.sums.oq, self.sums.oo)
        )
        total = b * (bb * b + 2 * (bq * q + ob * o - fb)) + q * (qq * q + 2 * (oq * o - fq)) + o * (oo * o - 2 * fo)
        return np.asarray(total.sum(axis=1))

    def mixed_energy(self, k: float, over: Floats, under: Floats) -> Floats:
        """(n, G) The same of foreground and background, with one bend for all."""
        rr, ob, fr = self.mixed(k)
        r, o = self.metric @ (over - under), self.metric @ under
        total = r * (rr * r + 2 * (ob * o - self.metric @ fr)) + o * (
            self.sums.oo[:, None] * o - 2 * (self.metric @ self.sums.fo)
        )
        return np.asarray(total.sum(axis=1))
