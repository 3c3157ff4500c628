"""Local contrast: a tone curve at every corner of the character grid, learned from the picture.

A monotone curve C with increments D_b over `BINS` tones turns ink of entropy h into ink of entropy

    h + sum_b p_b log(BINS * D_b),    p the soft histogram of the tones (Cover and Thomas, 8.6.4: h(f(X)))

so the entropy a curve adds needs no picture and no output bins: only p, gathered once. The original tool
maximises the entropy of the whole picture. Curves that differ from place to place then paint every place
in whatever tone is still rare: blotches, and no contrast within them. Here every corner maximises the
entropy of its own neighbourhood; entropy is concave, so this lifts a lower bound of the whole's.

Without smoothness the best D is p itself: histogram equalisation, with the contrast limit of Zuiderveld 1994
against noise. The descent starts there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.layout import Layout
from glyphgrad.errors import ConfigError
from glyphgrad.fit.adam import Adam
from glyphgrad.fit.warp import corner_positions

Floats = NDArray[np.floating]

BINS = 64
SMOOTHNESS = 0.1
STEPS = 50
RATE = 0.05
_REACH = 0.12  # sigma of a corner's neighbourhood, as a share of the page's longer side
_WHOLE = 0.5  # share of the whole picture in every neighbourhood: large areas keep their order of tones
_LIMIT = 3.0  # how many times its even share a tone may count: steeper curves show the grain of flat areas
_EVEN = 0.1  # share that all tones have in equal parts: none is squeezed into its neighbours
_LEAST = 0.2  # share of a neighbourhood that must be of tones curves can move, for the curve to have its full bend
_MEMORY = (0.9, 0.99)  # of Adam; 50 steps are few for its usual 0.999
_FARTHEST = 30.0  # parameters end here: exp() of them stays finite, and no increment is 0
IDENTITY = np.arange(BINS + 1) / BINS


@dataclass(frozen=True, eq=False)
class Contrast:
    """`curves` (rows + 1, cols + 1, BINS + 1), from 0 to 1, never falling: what a corner makes of ink k / BINS."""

    layout: Layout
    curves: Floats

    def blended(self, strength: float) -> Contrast:
        """The way from the identity (0, to the last bit) to these curves (1). Raises ConfigError."""
        if not 0 <= strength <= 1:
            raise ConfigError(f"contrast strength is {strength}: give 0 (leave the picture as it is) to 1")
        return Contrast(self.layout, IDENTITY + strength * (self.curves - IDENTITY))

    def applied(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """Ink (height, width) in [0, 1] under the curves, linear between tones and corners; 0 and 1 stay.

        What is added is interpolated, not the curve: where that is 0 no rounding moves the ink.
        Raises ConfigError for another shape or range.
        """
        _check(ink, self.layout)
        change = (self.curves - IDENTITY).ravel()
        total = sum(weight * change[index] for index, weight in _stencil(ink, self.layout))
        return np.clip(ink + total, 0, 1, dtype=np.float32, casting="same_kind")

    @property
    def nonlinearity(self) -> Floats:
        """(rows + 1, cols + 1) The largest distance of each curve from the identity, ink in [0, 1)."""
        return np.abs(self.curves - IDENTITY).max(axis=2)

    @property
    def centre(self) -> Floats:
        """(BINS + 1,) The curve in the middle of the page."""
        return self._seen(self.curves, 1, 1)[0, 0]

    def nonlinearity_seen(self, rows: int, cols: int) -> Floats:
        """(rows, cols) The non-linearity in the middles of as many equal parts of the page."""
        return self._seen(self.nonlinearity[:, :, None], rows, cols)[:, :, 0]

    def _seen(self, values: Floats, rows: int, cols: int) -> Floats:
        down, across = _hats(rows, self.layout.rows), _hats(cols, self.layout.cols)
        return np.einsum("ri,cj,ijk->rck", down, across, values, optimize=True)


def learn(ink: NDArray[np.float32], layout: Layout, *, smoothness: float = SMOOTHNESS, steps: int = STEPS) -> Contrast:
    """The curves that bring out most of a target (height, width), ink in [0, 1]. There is no chance in it.

    `smoothness` weighs the squared differences of neighbouring corners' curves. Ink of exactly 0 and 1
    (paper, margins) is where every curve ends: it counts for nothing. Raises ConfigError.
    """
    _check(ink, layout)
    if not 0 <= smoothness < np.inf:
        raise ConfigError(f"contrast smoothness is {smoothness}: give 0 (every corner for itself) or more")
    if steps < 0:
        raise ConfigError(f"contrast steps are {steps}: give 0 (no smoothness) or more")
    shares = tone_shares(histograms(ink, layout), layout).astype(np.float32)
    return Contrast(layout, tone_curves(_descended(_equalising(shares), shares, smoothness, steps)))


def histogram_entropy(ink: Floats) -> float:
    """Entropy in nats, in [0, log BINS], of the soft histogram of ink (H, W) in [0, 1]: what contrast raises.

    A pixel counts for the two nearest of BINS levels, by its distance (a triangular kernel).
    """
    level, share = between(ink.ravel() * (BINS - 1), BINS - 1)
    counts = np.bincount(level, 1 - share, BINS) + np.bincount(level + 1, share, BINS)
    portion = counts[counts > 0] / ink.size
    return float(-(portion * np.log(portion)).sum()) + 0.0


# The picture, gathered at the corners


def histograms(ink: NDArray[np.float32], layout: Layout) -> Floats:
    """(rows + 1, cols + 1, BINS + 1) How many pixels each corner has of each tone k / BINS.

    The transpose of `Contrast.applied`: a pixel is shared out among the corners and tones that move it.
    """
    shape = (layout.rows + 1, layout.cols + 1, BINS + 1)
    counts = np.zeros(np.prod(shape))
    for index, weight in _stencil(ink, layout):
        counts += np.bincount(index.ravel(), weight.ravel(), counts.size)
    return counts.reshape(shape)


def tone_shares(counts: Floats, layout: Layout) -> Floats:
    """(rows + 1, cols + 1, BINS) Of histograms: how much each tone counts in each corner's neighbourhood; sums are 1.

    A neighbourhood is a Gaussian window and, for a part, the whole picture. No tone counts for more than
    `_LIMIT` times its even share: what is cut off is dealt out evenly, and so is what is missing where
    there is little but paper. Even shares ask for the identity.
    """
    pixels = counts.sum(axis=2, keepdims=True)
    ends = (counts[..., 1:] + counts[..., :-1]) / 2  # a knot lies between two increments
    ends[..., 0] -= counts[..., 0] / 2  # no curve moves its ends
    ends[..., -1] -= counts[..., -1] / 2
    near = _windowed(ends, layout) / _windowed(pixels, layout)
    share = (1 - _WHOLE) * near + _WHOLE * ends.sum(axis=(0, 1)) / pixels.sum()
    share /= np.maximum(share.sum(axis=2, keepdims=True), _LEAST)
    share = (1 - _EVEN) * np.minimum(share, _LIMIT / BINS)
    return share + (1 - share.sum(axis=2, keepdims=True)) / BINS


def _windowed(values: Floats, layout: Layout) -> Floats:
    """Values at the corners (rows + 1, cols + 1, n), summed under a Gaussian around each."""
    sigma = _REACH * max(layout.height, layout.width)
    down, across = (
        np.exp(-(np.subtract.outer(place, place) ** 2) / (2 * sigma**2))
        for place in (layout.row_pitch * np.arange(layout.rows + 1), layout.cell_width * np.arange(layout.cols + 1))
    )
    return np.einsum("ri,cj,ijk->rck", down, across, values, optimize=True)


def _stencil(ink: Floats, layout: Layout) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """The eight knots (corner and tone, as flat indices (height, width)) that move a pixel, each with its weights.

    Corners lie between rows of characters, in the middle of the gap, and between columns.
    """
    (top, *_), (left, *_) = corner_positions(layout)
    down, below = between((np.arange(layout.height) - top) / layout.row_pitch, layout.rows)
    across, right = between((np.arange(layout.width) - left) / layout.cell_width, layout.cols)
    tone, above = between(ink * BINS, BINS)
    first = (down[:, None] * (layout.cols + 1) + across) * (BINS + 1) + tone
    for i, vertical in enumerate((1 - below, below)):
        for j, horizontal in enumerate((1 - right, right)):
            corner = first + (i * (layout.cols + 1) + j) * (BINS + 1)
            weight = vertical[:, None] * horizontal
            yield corner, weight * (1 - above)
            yield corner + 1, weight * above


def between(places: Floats, intervals: int) -> tuple[NDArray[np.intp], Floats]:
    """Places in [0, intervals] -> the whole number below each (never the last), and how far in [0, 1] it lies above."""
    below = np.minimum(places.astype(np.intp), intervals - 1)
    return below, places - below


def _hats(count: int, intervals: int) -> Floats:
    """(count, intervals + 1) The linear interpolation at the middles of `count` equal parts."""
    below, share = between((np.arange(count) + 0.5) / count * intervals, intervals)
    weights = np.zeros((count, intervals + 1))
    weights[np.arange(count), below] = 1 - share
    weights[np.arange(count), below + 1] = share
    return weights


# The curves, and what they are learned by


def tone_curves(parameters: Floats) -> Floats:
    """(..., BINS) of any size -> curves (..., BINS + 1) from 0 to 1 that never fall; 0 is the identity to the last bit.

    Increments are softplus, cumulated and divided by their sum. Beyond +-30 parameters change nothing.
    """
    increments, _ = _increments(parameters)
    return _cumulated(increments)


def loss_and_gradient(parameters: Floats, shares: Floats, smoothness: float) -> tuple[float, Floats]:
    """What is minimised, in nats a corner, and its gradient by the parameters (rows + 1, cols + 1, BINS).

    Less the entropy gained, sum_b p_b log(BINS * D_b), plus `smoothness` times the squared differences, over
    all knots, of the curves of corners side by side. `shares` are p. With increments s of sum S,
    D = s / S and C_k = sum_{b < k} D_b: the derivative by s_b is (sum_{k > b} C'_k - <C', C>) / S.
    """
    increments, slope = _increments(parameters)
    total, curves = increments.sum(axis=2, keepdims=True), _cumulated(increments)
    gain = (shares * np.log(increments * (BINS / total))).sum()
    rough, pull = _roughness(curves)
    after = np.cumsum(pull[..., :0:-1], axis=2)[..., ::-1]
    by_increment = smoothness * (after - (pull * curves).sum(axis=2, keepdims=True)) / total
    by_increment -= shares / increments - 1 / total
    corners = shares[..., 0].size
    return float(smoothness * rough - gain) / corners, by_increment * slope / corners


def _roughness(curves: Floats) -> tuple[float, Floats]:
    """Squared differences of corners side by side, in all; and the derivative by `curves`."""
    down, across = np.diff(curves, axis=0), np.diff(curves, axis=1)
    pull = np.zeros_like(curves)
    pull[1:] += 2 * down
    pull[:-1] -= 2 * down
    pull[:, 1:] += 2 * across
    pull[:, :-1] -= 2 * across
    return float((down**2).sum() + (across**2).sum()), pull


def _increments(parameters: Floats) -> tuple[Floats, Floats]:
    """softplus(x) / softplus(0), exactly 1 at 0, and its derivative."""
    power, one = np.exp(np.clip(parameters, -_FARTHEST, _FARTHEST)), np.ones(1, parameters.dtype)
    return np.log1p(power) / np.log1p(one), power / ((1 + power) * np.log1p(one))


def _cumulated(increments: Floats) -> Floats:
    curves = np.zeros((*increments.shape[:-1], BINS + 1), increments.dtype)
    np.cumsum(increments, axis=-1, out=curves[..., 1:])
    return curves / curves[..., -1:]


def _equalising(shares: Floats) -> Floats:
    """The parameters whose increments are the shares: the best there are without smoothness."""
    return np.log(np.expm1(shares * (BINS * math.log(2))))


def _descended(parameters: Floats, shares: Floats, smoothness: float, steps: int) -> Floats:
    """The best parameters that `steps` of Adam (Kingma and Ba 2015) meet, its rate falling to 0."""
    best, least = parameters, np.inf
    adam = Adam(parameters, _MEMORY)
    for step in range(1, steps + 1):
        loss, gradient = loss_and_gradient(parameters, shares, smoothness)
        if loss < least:
            best, least = parameters, loss
        gradient *= shares[..., 0].size  # a corner's own: Adam's steps are then the same on any grid
        parameters = parameters - RATE * (1 - (step - 1) / steps) * adam.direction(gradient)
    return best


def _check(ink: Floats, layout: Layout) -> None:
    if ink.shape != (layout.height, layout.width):
        raise ConfigError(f"ink is {ink.shape}: give {(layout.height, layout.width)}, the pixels of this layout")
    wrong = ink[~((ink >= 0) & (ink <= 1))]
    if wrong.size:
        raise ConfigError(f"ink holds {wrong[0]}: give amounts in [0, 1]")
