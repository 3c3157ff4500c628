from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Frame
from glyphgrad.core.clip import MAX_TIME, ClipHeader, Film, TimedFrame, check_frame, printable, timed
from glyphgrad.errors import ClipError

A, B, C = (Frame.from_lines([char]) for char in "ABC")


def shown(*frames: tuple[float, Frame | None]) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.frame.lines[0]) for one in timed(frames)]


# --- Times ---


def test_frames_last_until_the_next_and_the_last_until_the_end() -> None:
    assert shown((0, A), (0.5, B), (0.75, None)) == [(0, 500, "A"), (500, 750, "B")]


def test_where_nothing_tells_the_end_the_last_frame_lasts_as_long_as_the_one_before() -> None:
    assert shown((0, A), (0.2, B)) == [(0, 200, "A"), (200, 400, "B")]
    assert shown((0, A)) == [(0, 1000, "A")]


def test_the_film_begins_with_its_first_frame() -> None:
    assert shown((7.5, A), (7.6, B), (7.7, None)) == [(0, 100, "A"), (100, 200, "B")]


def test_of_frames_within_a_millisecond_the_last_is_shown() -> None:
    assert shown((0, A), (0.0002, B), (0.1, A), (0.1, C), (0.3, None)) == [(0, 100, "B"), (100, 300, "C")]


def test_a_time_without_a_frame_does_not_part_one() -> None:
    assert shown((0, A), (0.1, None), (0.2, B), (0.3, None)) == [(0, 200, "A"), (200, 300, "B")]


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(ClipError, match="a frame at 100 ms comes after one at 200 ms"):
        shown((0, A), (0.2, B), (0.1, C))


@pytest.mark.parametrize("rate", [30, 29.97, 23.976, 60, 144])
def test_no_rate_drifts(rate: float) -> None:
    frames = [(number / rate, A) for number in range(20_000)]
    starts = np.array([one.start for one in timed(frames)])
    assert np.abs(starts - 1000 * np.arange(20_000) / rate).max() <= 0.5 + 1e-6  # the nearest millisecond


def test_no_frames_are_no_film() -> None:
    assert shown() == shown((0, None), (3, None)) == []


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5), (0, MAX_TIME + 1)])
def test_a_frame_that_is_shown_at_no_time_is_refused(start: int, end: int) -> None:
    with pytest.raises(ClipError, match=f"from {start} to {end} ms"):
        TimedFrame(start, end, A)


# --- Header and frames ---


@pytest.mark.parametrize(
    ("options", "quoted"),
    [
        ({"rows": 0}, "80x0"),
        ({"cols": -1}, "-1x30"),
        ({"rows": 2001, "cols": 2000}, "2000x2001"),
        ({"title": "\x1b[2J"}, r"title is '\\x1b\[2J'"),
        ({"title": "t" * 201}, "title is"),
        ({"preset": "a\nb"}, "preset is"),
        ({"software": "\u202e"}, "software is"),
    ],
)
def test_a_header_that_cannot_be_is_refused(options: dict[str, Any], quoted: str) -> None:
    with pytest.raises(ClipError, match=quoted):
        ClipHeader(**{"rows": 30, "cols": 80, **options})


@given(st.text(max_size=300))
def test_any_text_can_be_made_a_title(text: str) -> None:
    title = printable(text)
    assert ClipHeader(1, 1, title=title).title == title
    assert not text.isprintable() or text.startswith(title)


def test_a_frame_of_another_size_is_refused() -> None:
    check_frame(Frame.from_lines(["ab"]), ClipHeader(1, 2))
    with pytest.raises(ClipError, match="it is 2x1, the film 3x1"):
        check_frame(Frame.from_lines(["ab"]), ClipHeader(1, 3))


@pytest.mark.parametrize("code", [0, 10, 0x1B, 0x1F, 0x7F, 0x9F, 0xD800, 0xDFFF, 0x110000, 2**32 - 1])
def test_what_cannot_stand_in_a_cell_is_refused(code: int) -> None:
    with pytest.raises(ClipError, match=f"U\\+{code:04X}"):
        check_frame(Frame(np.array([[65, code]], dtype=np.uint32)), ClipHeader(1, 2))


@given(st.characters(exclude_categories=("Cc", "Cs")))
def test_any_other_character_can(char: str) -> None:
    check_frame(Frame.from_lines([char]), ClipHeader(1, 1))


def test_leaving_a_film_closes_what_its_frames_come_from() -> None:
    closed = []

    def frames() -> Any:
        try:
            yield from timed([(0, A), (1, B)])
        finally:
            closed.append(True)

    with Film(ClipHeader(1, 1), frames()) as film:
        assert next(iter(film)).frame == A
    assert closed
    with Film(ClipHeader(1, 1), [TimedFrame(0, 1, A)]) as film:  # nothing to close
        assert len(list(film)) == 1
