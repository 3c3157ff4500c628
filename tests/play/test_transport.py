from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.errors import ConfigError
from glyphgrad.play.transport import SPEEDS, Transport


class Clock:
    """Seconds that go on when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def started(start: float = 0, speed: float = 1.0) -> tuple[Clock, Transport]:
    clock = Clock()
    return clock, Transport(clock, start, speed)


@pytest.mark.parametrize(("speed", "position"), [(1.0, 2500), (2.0, 4500), (0.25, 1000)])
def test_the_position_goes_with_the_clock_and_the_speed(speed: float, position: int) -> None:
    clock, transport = started(500, speed)
    clock.now += 2
    assert transport.position == position


def test_a_pause_takes_no_time() -> None:
    clock, transport = started()
    clock.now += 1
    transport.pause()
    clock.now += 50
    assert transport.position == 1000
    assert transport.seconds_until(2000) is None
    transport.pause(False)
    clock.now += 0.5
    assert transport.position == 1500


def test_pausing_twice_is_pausing_once() -> None:
    clock, transport = started()
    transport.pause()
    clock.now += 1
    transport.pause()
    assert transport.position == 0


def test_a_seek_is_to_a_place_in_the_film() -> None:
    clock, transport = started()
    clock.now += 1
    transport.seek(7000)
    clock.now += 0.25
    assert transport.position == 7250
    transport.seek(-1)
    assert transport.position == 0


def test_a_new_speed_goes_on_from_where_the_film_is() -> None:
    clock, transport = started()
    clock.now += 1
    transport.change_speed(1)
    assert (transport.position, transport.speed) == (1000, 1.25)
    clock.now += 4
    assert transport.position == 6000
    transport.change_speed(0)
    assert (transport.position, transport.speed) == (6000, 1.0)


def test_speeds_have_ends_and_any_in_between_is_stepped_from() -> None:
    _, transport = started(speed=1.1)
    transport.change_speed(1)
    assert transport.speed == 1.25
    for _ in SPEEDS:
        transport.change_speed(1)
    assert transport.speed == SPEEDS[-1]
    for _ in SPEEDS:
        transport.change_speed(-1)
    assert transport.speed == SPEEDS[0]


@pytest.mark.parametrize("speed", [0, -1, 0.2, 5, float("nan"), float("inf")])
def test_a_speed_that_cannot_be(speed: float) -> None:
    with pytest.raises(ConfigError, match=r"speed is .*: give 0\.25 to 4"):
        started(speed=speed)


@given(st.floats(0, 1e6), st.sampled_from(SPEEDS), st.integers(1, 10_000))
def test_who_sleeps_as_told_wakes_when_the_next_frame_has_begun(start: float, speed: float, ahead: int) -> None:
    clock, transport = started(start, speed)
    until = transport.position + ahead
    sleep = transport.seconds_until(until)
    assert sleep is not None
    clock.now += sleep
    late = transport.position - until
    # At most a millisecond of the clock later, and the part of one that `position` and the clock's floats cut off.
    assert -1 <= late <= speed + 1
    assert transport.seconds_until(transport.position - 5) == 0
