"""Colour -> gray: by a formula, or by a small network trained on the colours of one picture.

Where the information is in the hue (an orange face before an orange sweater) every formula loses it.
`learned` trains an MLP on CIELAB, 3 -> 16 -> 8 -> 1, anew for each picture: colours far apart shall get
grays that are, close ones move together, and none shall leave its lightness by more than its chroma
excuses. All in NumPy, the gradients by hand: loading torch alone would take longer than the training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from glyphgrad.core.color import srgb_to_lab
from glyphgrad.errors import ConfigError
from glyphgrad.fit.adam import Adam
from glyphgrad.fit.config import GRAYS
from glyphgrad.fit.schedule import rate

Floats = NDArray[np.floating[Any]]
Layers = list[tuple[Floats, Floats]]
"""(weight (K, inputs, outputs), bias (K, 1, outputs)) of each layer, for K networks at once."""

_WIDTHS = (3, 16, 8, 1)
_NETWORKS = 4
"""Trained at once from different starts, the best is kept: two colours that would have to pass each other on
the way to their grays can hold up a single one."""
_STEPS, _WARMUP, _LR = 250, 25, 0.01
_DECAY = 0.01  # of the weights, as usual with AdamW (arXiv:1711.05101)

_COLOURS = 112  # drawn from a picture
_VIEW = 512  # pixels each way that are looked at for them
_BINS = 32  # per channel: colours that share one count as the same
_TINT = 5.0  # chroma below which nobody sees a colour
_SPAN = 1.1  # of the sigmoid, so that black and white lie where it still has a slope
_TABLE = 33  # grid points per channel of the table that applies a map to a whole picture


ToGray = Callable[[Image.Image], Image.Image]
"""An "RGB" (or "L") picture -> "L" of the same size; "L" comes back as it is."""


def grays(picture: Image.Image, how: str = "luma", seed: int = 0) -> Image.Image:
    """A picture in gray: `to_gray` with what it makes of this picture."""
    return to_gray(picture, how, seed)(picture)


def to_gray(picture: Image.Image, how: str = "luma", seed: int = 0) -> ToGray:
    """What turns an "RGB" (or "L") picture, and others of its kind, into grays.

    `how`: "luma" is Pillow's (0.299 R + 0.587 G + 0.114 B of the encoded values, Rec. 601), "lightness"
    CIELAB's L* / 100, "learned" a network trained on the picture's own colours from `seed`, which
    leaves black and white as they are. Raises ConfigError.
    """
    if how not in GRAYS:
        raise ConfigError(f"gray is {how!r}: choose one of {', '.join(GRAYS)}")
    if how == "lightness":
        return partial(apply, lightness)
    if how == "learned" and picture.mode != "L":
        colours = colours_of(picture, seed)
        if _chroma(colours).max() >= _TINT:
            return partial(apply, train(colours, seed))
    return luma


def luma(picture: Image.Image) -> Image.Image:
    """Rec. 601's weighted sum of the encoded values."""
    return picture.convert("L")


def lightness(lab: Floats) -> Floats:
    """CIELAB (..., 3) -> L* / 100 (...), in [0, 1]."""
    return np.asarray(lab[..., 0] / 100)


def apply(level: Callable[[Floats], Floats], picture: Image.Image) -> Image.Image:
    """An "RGB" picture through a map from CIELAB (..., 3) to gray levels (...) in [0, 1], as "L"; "L" as it is.

    The map is tabulated and interpolated between 33 x 33 x 33 colours (trilinear), so that it costs the
    same few milliseconds a megapixel whatever it is.
    """
    if picture.mode == "L":
        return picture
    return picture.filter(_tabulated(level)).getchannel("R")


@lru_cache(maxsize=4)
def _tabulated(level: Callable[[Floats], Floats]) -> ImageFilter.Color3DLUT:
    axis = np.linspace(0, 1, _TABLE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    levels = level(srgb_to_lab(np.stack([red, green, blue], axis=-1))).astype(np.float32)
    return ImageFilter.Color3DLUT(_TABLE, levels.repeat(3).tolist())


def colours_of(picture: Image.Image, seed: int) -> Floats:
    """CIELAB (112, 3) of colours drawn from an "RGB" picture, a frequent one several times.

    A colour's chance is the square root of its count: small patches count for more than their area,
    noise for less than its variety. The draws are spread evenly over it, only their start is random.
    """
    view = picture.copy()
    view.thumbnail((_VIEW, _VIEW), Image.Resampling.NEAREST)
    rgb = np.asarray(view, dtype=np.intp).reshape(-1, 3)
    bins = rgb // (256 // _BINS) @ (_BINS**2, _BINS, 1)
    counts = np.bincount(bins, minlength=_BINS**3)
    reached = np.cumsum(np.sqrt(counts))
    places = (np.arange(_COLOURS) + np.random.default_rng(seed).random()) / _COLOURS * reached[-1]
    drawn = np.searchsorted(reached, places, side="right")
    sums = np.stack([np.bincount(bins, channel, _BINS**3)[drawn] for channel in rgb.T], axis=-1)
    return srgb_to_lab(sums / counts[drawn, None] / 255)


def _chroma(lab: Floats) -> Floats:
    return np.hypot(lab[..., 1], lab[..., 2])


# --- What is asked of the grays ---

_PUSH, _PULL, _KEEP, _DRIFT, _NEUTRALS = 5.0, 0.25, 5.0, 0.0125, 2.0
"""Weights: of far colours apart, close ones together, lightness beyond its leeway and within, and of grays
against the picture's colours."""
_APART = 0.3  # that far colours shall be: at least 0.25 when the terms have found their balance
_DIFFERENT = 0.3  # CIELAB distance / 100 of colours that nobody takes for shades of one
_ALIKE = 0.1  # and of those that everybody does
_VIVID, _LEEWAY = 25.0, 2 / 3  # a chroma, and how far on the way to black or white a gray may stand for it
_GRAY = 10.0  # chroma of colours that rather are gray
_ORDERED, _ORDERED_GRAY = 0.1, 0.03
"""Differences of lightness whose order is kept: of two colours, and where one is gray (paper stays lightest)."""
_RAMP = np.stack([np.linspace(0, 100, 9), np.zeros(9), np.zeros(9)], axis=-1)
"""Grays from black to white, which are to stay whatever the picture holds."""


class Objective:
    """What the grays of some colours, CIELAB (n, 3), are held to; `lab` (m, 3) are they and a ramp of grays.

    Called with grays (K, m), it answers the loss (K,) and its derivatives (K, m): the sum of

    - push: far colours (the farther half of all pairs, and all different ones) shall be 0.3 apart, or as
      far as they are in CIELAB; half of that where one is gray and lightness tells them apart already.
      What is clearly lighter stays lighter, so that no photograph turns into its negative;
    - pull: close colours (the nearest fifth of pairs, if they are alike) leave their lightness by the
      same amount: shading stays shading, and flat colours flat;
    - keep: for a vivid colour any gray will do from its lightness to two thirds of the way to black or
      white, for a gray none but its own.
    """

    def __init__(self, colours: Floats):
        self.lab = np.concatenate([colours, _RAMP]).astype(colours.dtype)
        count, dtype = len(colours), colours.dtype
        self.light, chroma = lightness(self.lab), _chroma(self.lab)
        leeway = _LEEWAY * np.minimum(chroma / _VIVID, 1)
        self.lowest, self.highest = self.light * (1 - leeway), self.light + leeway * (1 - self.light)
        self.share = np.repeat([1 / count, _NEUTRALS / len(_RAMP)], [count, len(_RAMP)]).astype(dtype)
        distance = np.linalg.norm(self.lab[:, None] - self.lab, axis=-1) / 100
        self.far, self.close = _far_and_close(distance, count)
        lighter = self.light[:, None] - self.light
        gray = np.minimum(chroma[:, None], chroma) < _GRAY
        self.order = np.sign(lighter) * (np.abs(lighter) > np.where(gray, _ORDERED_GRAY, _ORDERED)).astype(dtype)
        halved = gray & (np.abs(lighter) > _ORDERED)
        self.apart = np.minimum(distance, np.where(halved, _APART / 2, _APART)).astype(dtype)

    def __call__(self, gray: Floats) -> tuple[Floats, Floats]:
        off = gray - self.light
        losses, slopes = zip(self._push(gray), self._pull(off), self._keep(gray), strict=True)
        return sum(losses[1:], losses[0]), sum(slopes[1:], slopes[0])

    def _push(self, gray: Floats) -> tuple[Floats, Floats]:
        apart = gray[:, :, None] - gray[:, None, :]
        order = np.where(self.order, self.order, np.sign(apart))
        short = np.maximum(self.apart - order * apart, 0)
        pressed = _PUSH * self.far * short
        return (pressed * short).sum((1, 2)), -4 * (pressed * order).sum(2)  # a pair counts as (i, j) and (j, i)

    def _pull(self, off: Floats) -> tuple[Floats, Floats]:
        strain = _PULL * (self.close.sum(0) * off - off @ self.close)  # sum_j close_ij (off_i - off_j)
        return 2 * (off * strain).sum(1), 4 * strain

    def _keep(self, gray: Floats) -> tuple[Floats, Floats]:
        over, off = gray - np.clip(gray, self.lowest, self.highest), gray - self.light
        loss = self.share * (_KEEP * over**2 + _DRIFT * off**2)
        return loss.sum(1), 2 * self.share * (_KEEP * over + _DRIFT * off)


def _far_and_close(distance: Floats, count: int) -> tuple[Floats, Floats]:
    """The pairs to push and those to pull: weights (m, m) that sum to 1, or 0 where there are none.

    Only the first `count` colours are the picture's.
    """
    among = distance[:count, :count]
    fifth, half = np.quantile(among[~np.eye(count, dtype=bool)], [0.2, 0.5])
    far = (among >= min(half, _DIFFERENT)) & (among > 0)
    close = among <= min(fifth, _ALIKE)
    rest = len(distance) - count
    weights = [np.pad(pairs / max(1, pairs.sum()), (0, rest)).astype(distance.dtype) for pairs in (far, close)]
    return weights[0], weights[1]


# --- The network ---


@dataclass(frozen=True, eq=False)
class Network:
    """A trained map from CIELAB (..., 3) to gray levels (...) in [0, 1], black and white at its ends."""

    layers: Layers

    def __call__(self, lab: Floats) -> Floats:
        black, white = self._raw(_RAMP[[0, -1]])
        return np.clip((self._raw(lab) - black) / (white - black), 0, 1)

    def _raw(self, lab: Floats) -> Floats:
        return forward(self.layers, features(lab.reshape(-1, 3)))[0].reshape(lab.shape[:-1])


def train(colours: Floats, seed: int = 0) -> Network:
    """The best of some networks trained on colours, CIELAB (n, 3), with 250 steps of AdamW."""
    objective = Objective(colours.astype(np.float32))
    layers = starts(np.random.default_rng(seed))
    inputs = features(objective.lab)
    adams = [[Adam(part) for part in layer] for layer in layers]
    for step in range(_STEPS):
        gray, entered = forward(layers, inputs)
        slopes = backward(layers, gray, entered, objective(gray[..., 0])[1][..., None])
        for parts in zip(layers, slopes, adams, strict=True):
            for part, slope, adam in zip(*parts, strict=True):
                part -= _LR * rate(step, _STEPS, _WARMUP) * (_DECAY * part + adam.direction(slope))
    best = objective(forward(layers, inputs)[0][..., 0])[0].argmin()
    return Network([(weight[best : best + 1], bias[best : best + 1]) for weight, bias in layers])


def starts(rng: np.random.Generator) -> Layers:
    """Layers of K networks with weights spread as LeCun's, of variance 1 / inputs, and no biases."""
    layers: Layers = []
    for entering, leaving in pairwise(_WIDTHS):
        weight = rng.standard_normal((_NETWORKS, entering, leaving), dtype=np.float32)
        layers.append((weight / np.sqrt(np.float32(entering)), np.zeros((_NETWORKS, 1, leaving), np.float32)))
    return layers


def features(lab: Floats) -> Floats:
    """CIELAB (n, 3) as the network takes it, (n, 3) within about 4 of 0."""
    return (lab - np.array([50, 0, 0], lab.dtype)) / 25


def forward(layers: Layers, inputs: Floats) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Inputs (n, 3) -> grays (K, n, 1) in [-0.05, 1.05]; and what entered each layer, with its steepness."""
    entered = [(inputs, np.ones_like(inputs))]
    for weight, bias in layers[:-1]:
        entered.append(gelu(entered[-1][0] @ weight + bias))
    weight, bias = layers[-1]
    return _SPAN / (1 + np.exp(-(entered[-1][0] @ weight + bias))) - (_SPAN - 1) / 2, entered


def backward(layers: Layers, gray: Floats, entered: list[tuple[Floats, Floats]], slope: Floats) -> Layers:
    """The derivatives of a loss by each weight and bias, given those by the grays, (K, n, 1)."""
    share = (gray + (_SPAN - 1) / 2) / _SPAN
    grad = slope * _SPAN * share * (1 - share)
    slopes: Layers = []
    for (weight, _), (active, steepness) in zip(reversed(layers), reversed(entered), strict=True):
        slopes.append((np.swapaxes(active, -1, -2) @ grad, grad.sum(1, keepdims=True)))
        grad = grad @ np.swapaxes(weight, -1, -2) * steepness
    return slopes[::-1]


def gelu(x: Floats) -> tuple[Floats, Floats]:
    """The Gaussian error linear unit in its tanh form (arXiv:1606.08415), and its derivative."""
    bend = np.asarray(np.sqrt(2 / np.pi), x.dtype)
    rise = np.tanh(bend * (x + 0.044715 * x * x * x))
    inner = bend * (1 + 3 * 0.044715 * x * x)
    return 0.5 * x * (1 + rise), 0.5 * (1 + rise) + 0.5 * x * (1 - rise * rise) * inner
