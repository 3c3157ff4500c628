"""Shot cuts: where a film goes over at once from one picture to another, found while it streams."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.video import Picture, Timed
from glyphgrad.errors import PictureError

BLOCKS = (12, 16)
"""Rows and columns of the thumbnails that are compared: finer ones see motion, coarser ones miss cuts."""
SAMPLES = 4
"""Pixels across and down that stand for a block."""
BEFORE, AFTER = 7, 4
"""Thumbnails that a cut is judged by. After one cut come more than AFTER pictures before the next."""
CHANGE = 0.06
"""Least mean change of the thumbnail, of [0, 1], that is a cut."""
STANDS_OUT = 3.0
"""A cut changes so many times more than what is around it: motion and fades take several frames."""


def shots(film: Iterable[Timed]) -> Iterator[tuple[bool, Timed]]:
    """(whether a shot begins with it, picture) for all pictures in order, AFTER pictures late.

    The first picture begins a shot. So does one that differs at once from all before it while little
    changes after it and, but for one frame, before it: a hard cut or a whole-screen inversion, but no flash,
    flicker, pan, fade, wipe or dissolve. Of shots of AFTER pictures or fewer only the end is a cut: they
    belong to the shot before. A PictureError of the film is raised after the pictures that precede it.
    """
    before: deque[NDArray[np.float64]] = deque(maxlen=BEFORE)
    ahead: deque[tuple[Timed, NDArray[np.float64]]] = deque()
    broken = None

    def judged() -> tuple[bool, Timed]:
        timed, now = ahead.popleft()
        begins = _begins_shot(before, now, [later for _, later in ahead])
        before.append(now)
        return begins, timed

    try:
        for timed in film:
            ahead.append((timed, thumbnail(timed.picture)))
            if len(ahead) > AFTER:
                yield judged()
    except PictureError as error:
        broken = error
    while ahead:
        yield judged()
    if broken:
        raise broken


def shot_of(number: int, film: Iterable[Timed]) -> int:
    """The number of the picture with which the shot of picture `number` begins."""
    begin = 0
    for place, (begins, _) in enumerate(islice(shots(film), number + 1)):
        begin = place if begins else begin
    return begin


@dataclass(frozen=True)
class Stretch:
    """Pictures that follow each other in one shot; whether the shot `begins` with them."""

    begins: bool
    pictures: list[Timed]


def stretches(film: Iterable[Timed], length: int) -> Iterator[Stretch]:
    """The shots of a film, cut into at most `length` pictures: what may be looked at before it is shown.

    A PictureError of the film is raised after the pictures that precede it.
    """
    begun, pictures, broken = True, list[Timed](), None
    try:
        for begins, timed in shots(film):
            if pictures and (begins or len(pictures) == length):
                yield Stretch(begun, pictures)
                begun, pictures = begins, []
            pictures.append(timed)
    except PictureError as error:
        broken = error
    if pictures:
        yield Stretch(begun, pictures)
    if broken:
        raise broken


def thumbnail(picture: Picture) -> NDArray[np.float64]:
    """The mean of every block of a picture (H, W) or (H, W, 3), flat, in [0, 1]; a few pixels stand for each."""
    height, width = picture.shape[:2]
    rows, cols = (
        ((np.arange(blocks * SAMPLES) + 0.5) * side / (blocks * SAMPLES)).astype(int)
        for blocks, side in zip(BLOCKS, (height, width), strict=True)
    )
    samples = picture[rows[:, None], cols].reshape(BLOCKS[0], SAMPLES, BLOCKS[1], SAMPLES, -1)
    return samples.mean(axis=(1, 3)).ravel() / 255


def _begins_shot(
    before: Sequence[NDArray[np.float64]], now: NDArray[np.float64], after: Sequence[NDArray[np.float64]]
) -> bool:
    """Whether the thumbnail `now` begins a shot, by up to BEFORE and AFTER thumbnails around it."""
    if not before:
        return True
    change = np.abs(now - before[-1]).mean()
    if change < CHANGE:
        return False
    earlier = np.abs(np.diff(before, axis=0)).mean(axis=1)
    later = np.abs(np.diff([now, *after], axis=0)).mean(axis=1)
    # The largest change before may be where a flash or a very short shot began.
    around = np.concatenate([np.sort(earlier)[:-1], later]).max(initial=0)
    comes_back = np.abs(np.subtract(before, now)).mean(axis=1).min() < change / 2
    return bool(change >= STANDS_OUT * around and not comes_back)
