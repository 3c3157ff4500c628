from __future__ import annotations

import numpy as np

from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.frame import Frame
from glyphgrad.play.status import Tally, status
from glyphgrad.play.transport import Transport

HEADER = ClipHeader(2, 3, duration=3_725_000)


def frame(start: int, end: int) -> TimedFrame:
    return TimedFrame(start, end, Frame(np.full((2, 3), 32, np.uint32)))


def test_frames_passed_over_are_counted() -> None:
    tally = Tally()
    for start, end in ((0, 33), (0, 33), (33, 67), (167, 200), (200, 233)):
        tally.show(frame(start, end), start / 1000)
    assert tally.dropped == 3


def test_a_jump_drops_nothing() -> None:
    tally = Tally()
    tally.show(frame(0, 33), 0)
    tally.jumped()
    tally.show(frame(5000, 5033), 0.1)
    assert tally.dropped == 0


def test_going_back_drops_nothing() -> None:
    tally = Tally()
    tally.show(frame(300, 333), 0)
    tally.show(frame(0, 33), 0.1)
    assert tally.dropped == 0


def test_the_rate_is_that_of_the_last_second() -> None:
    tally = Tally()
    for number in range(50):
        tally.show(frame(100 * number, 100 * number + 100), number / 10)
    assert tally.rate(4.9) == 10
    assert tally.rate(5.4) == 5
    assert tally.rate(9) == 0


def test_the_line() -> None:
    transport = Transport(lambda: 0.0, 83_456, 1.5)
    assert status(transport, HEADER, Tally(), False, (2, 3)) == "1:23 / 1:02:05  1.5x  0 fps  0 dropped"
    transport.pause()
    assert status(transport, ClipHeader(2, 3), Tally(), True, (2, 2)) == (
        "1:23  paused  1.5x  0 fps  0 dropped  loop  centre of 3x2"
    )
