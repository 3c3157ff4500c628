"""The look of a shot: how its colours become gray, its contrast, and its tones ink, the same for all its pictures.

Learned from a few pictures of the shot, not from each: else the brightness of a still wall would follow
whatever moves before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from glyphgrad.core import target
from glyphgrad.core.video import Picture
from glyphgrad.fit.energy import Floats
from glyphgrad.fit.gray import ToGray, luma, to_gray
from glyphgrad.fit.means import Means
from glyphgrad.fit.tone import AS_IT_IS, Aim, ToneCurve, ToneMap, tonal_range

if TYPE_CHECKING:
    from glyphgrad.fit.contrast import Contrast

_SAMPLES = 3
"""Pictures of a stretch that its look is learned from."""
_SPAN = 0.5
"""Least range of tones that is stretched over all of the ink: a shot that is dark is meant to be."""
_BEYOND = 0.15
"""Share of the pixels beyond the range of tones from which on it has to grow."""
_FLAT = ToneCurve(1.0)
"""The curve of pictures of one tone: it says nothing about those that follow."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is made of the pages of a shot before characters are looked for; light on a `dark` screen."""

    dark: bool
    gray: ToGray
    contrast: Contrast | None
    tone: ToneMap

    def shown(self, page: Picture) -> Floats:
        """A page (height, width[, 3]) -> its ink in [0, 1], its contrast as learned."""
        ink = target.ink(np.asarray(self.gray(Image.fromarray(page))) if page.ndim == 3 else page, self.dark)
        return self.contrast.applied(ink) if self.contrast else ink

    def aim(self, page: Picture) -> Aim:
        """The ink to aim at."""
        return self.tone(self.shown(page))


def learn(pages: Sequence[Picture], means: Means, dark: bool) -> Look:
    """The look of a shot that begins with some pages (height, width[, 3])."""
    samples = _sampled(pages)
    config = means.config
    gray: ToGray = luma
    if config.gray != "luma" and samples[0].ndim == 3:
        gray = to_gray(Image.fromarray(np.concatenate(samples)), config.gray, config.seed)
    look = Look(dark, gray, None, AS_IT_IS)
    if config.contrast:
        from glyphgrad.fit.contrast import learn

        middle = look.shown(samples[len(samples) // 2])
        look = replace(look, contrast=learn(middle, means.layout).blended(config.contrast))
    return replace(look, tone=_toned(look, samples, means))


def went_on(look: Look, pages: Sequence[Picture], means: Means) -> Look:
    """The look of the same shot's next pages: the same, unless it no longer suits them.

    When much of them lies beyond the range of tones, that grows; it never shrinks. So a dissolve into a
    lighter scene is seen, a fade to black stays one, and a lamp that goes on darkens nothing else.
    """
    samples, tone = _sampled(pages), look.tone
    if tone is AS_IT_IS:
        return look
    if tone.curve == _FLAT:
        return replace(look, tone=_toned(look, samples, means))
    shown = np.concatenate([look.shown(page) for page in samples])
    if np.mean((shown < tone.low) | (shown > tone.high)) < _BEYOND:
        return look
    low, high = _widened(*tonal_range(shown))
    return replace(look, tone=replace(tone, low=min(low, tone.low), high=max(high, tone.high)))


def goes_on(before: Look, after: Look) -> bool:
    """Whether both have the same objective, so that a grid of the one is something to go on from for the other."""
    return before.tone.crisp == after.tone.crisp


def between(before: Look, after: Look, way: float) -> Look:
    """A look on the `way`, in [0, 1], from one to another of the same shot: its tones move evenly.

    Where the objective changes with it there is no way between them.
    """
    if after is before or not goes_on(before, after):
        return after
    tone, old = after.tone, before.tone
    low, high = (old.low + way * (tone.low - old.low), old.high + way * (tone.high - old.high))
    return replace(after, tone=replace(tone, low=low, high=high))


def _sampled(pages: Sequence[Picture]) -> list[Picture]:
    """A few of the pages, evenly spread, the first and the last among them."""
    places = np.linspace(0, len(pages) - 1, min(_SAMPLES, len(pages))).round().astype(int)
    return [pages[place] for place in places]


def _toned(look: Look, samples: Sequence[Picture], means: Means) -> ToneMap:
    tone, _ = means.toned([look.shown(page) for page in samples])
    if tone is AS_IT_IS:
        return tone
    low, high = _widened(tone.low, tone.high)
    return replace(tone, low=low, high=high)


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range of tones at least `_SPAN` wide: the rest of [0, 1] keeps its shares on either side."""
    if high - low >= _SPAN:
        return low, high
    low *= (1 - _SPAN) / (1 - (high - low))
    return low, low + _SPAN
