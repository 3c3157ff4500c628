from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Frame
from glyphgrad.core.clip import TimedFrame
from glyphgrad.serve.player import showing


class Reel:
    """Finds a frame by walking through all of them; frame k is its own number."""

    def __init__(self, lengths: list[int]):
        ends = list(itertools.accumulate(lengths))
        self.frames = [
            TimedFrame(end - lasts, end, Frame.from_lines([str(number)]))
            for number, (lasts, end) in enumerate(zip(lengths, ends, strict=True))
        ]
        self.duration = ends[-1]

    def at(self, time: int) -> TimedFrame:
        return next(frame for frame in self.frames if frame.start <= time < frame.end)


FILM = Reel([100, 50, 350])


@pytest.mark.parametrize(
    ("now", "number", "begins", "ends"),
    [
        (1000.0, 0, 1000.0, 1000.1),
        (1000.12, 1, 1000.1, 1000.15),
        (1000.4999, 2, 1000.15, 1000.5),
        (1000.5, 0, 1000.5, 1000.6),  # the loop
        (1007.51, 0, 1007.5, 1007.6),
        (999.99, 2, 999.65, 1000.0),  # before the epoch it ran, too
    ],
)
def test_frames_follow_the_wall_clock(now: float, number: int, begins: float, ends: float) -> None:
    shown = showing(FILM, FILM.duration, now, epoch=1000.0)
    assert shown.frame.text == f"{number}\n"
    assert (shown.begins, shown.ends) == pytest.approx((begins, ends), abs=1e-9)


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=12), now=st.floats(0, 4e9), epoch=st.floats(-1e9, 4e9)
)
def test_what_is_shown_is_shown_now(lengths: list[int], now: float, epoch: float) -> None:
    """A second of these times is exact to half a microsecond, and a few roundings add up."""
    film = Reel(lengths)
    shown = showing(film, film.duration, now, epoch)
    assert shown.begins - 5e-6 <= now <= shown.ends + 5e-6
    lasts = lengths[int(shown.frame.text)] / 1000
    assert shown.ends - shown.begins == pytest.approx(lasts, abs=5e-6)


def test_machines_need_nothing_but_a_clock() -> None:
    """A film that has run since 1970 is at the same frame as one that begins at a whole round after."""
    first = showing(FILM, FILM.duration, 1.8e9 + 0.12, epoch=0.0)
    second = showing(FILM, FILM.duration, 1.8e9 + 0.12, epoch=1.8e9)
    assert first.frame == second.frame


def test_a_clip_file_is_such_a_reel(films: Any) -> None:
    edition = films.edition(films.frames(2, 3, 100))
    assert edition.at(66 * 3.3 + 0.04, 0.0).frame == films.frames(2, 3, 100)[1].frame
