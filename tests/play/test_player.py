"""The loop, on a clock and a screen of its own: what is on the screen whenever it sleeps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.frame import Frame
from glyphgrad.core.window import window
from glyphgrad.errors import ClipError
from glyphgrad.play.player import Player
from glyphgrad.play.transport import Transport

ROWS, COLS = 4, 6


def film(count: int, fps: float = 30) -> list[TimedFrame]:
    random = np.random.default_rng(3)
    times = [round(1000 * number / fps) for number in range(count + 1)]
    cells = random.integers(ord("a"), ord("e"), (count, ROWS, COLS)).astype(np.uint32)
    cells[:, 1, 2] = ord("A") + np.arange(count) % 26  # neighbours differ
    return [TimedFrame(times[k], times[k + 1], Frame(cells[k])) for k in range(count)]


class Seen(NamedTuple):
    """The second, the position, the room, and what the terminal showed."""

    now: float
    position: int
    room: tuple[int, int]
    shown: Frame


class Held:
    """A source in memory; from `damaged` (milliseconds) on it cannot be read. `asked` is what was asked for."""

    def __init__(self, frames: list[TimedFrame], damaged: float = np.inf):
        self.frames, self.damaged = frames, damaged
        self.header = ClipHeader(ROWS, COLS, dark=True, duration=frames[-1].end)
        self.asked: list[int] = []

    def at(self, time: int) -> TimedFrame:
        self.asked.append(time)
        if time >= self.damaged:
            raise ClipError("damaged there")
        return self.frames[max(0, bisect_right(self.frames, time, key=lambda one: one.start) - 1)]

    def close(self) -> None: ...


class Stage:
    """A screen, its clock and what sounds: what is pressed at which second, and what was seen before each sleep.

    `cost`: seconds that every write takes.
    """

    def __init__(self, source: Held, keys: Iterable[tuple[float, str]] = (), cost: float = 0):
        self.source, self.keys, self.cost = source, sorted(keys), cost
        self.now, self.room = 0.0, (ROWS, COLS)
        self.transport = Transport(lambda: self.now)
        self.terminal = Terminal(*self.room)
        self.seen: list[Seen] = []
        self.written: list[str] = []
        self.said: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
        self.terminal.feed(text)
        self.now += self.cost

    def wait(self, seconds: float | None) -> list[str]:
        assert len(self.seen) < 5000, "no end"
        self.seen.append(Seen(self.now, self.transport.position, self.room, self.terminal.frame))
        if self.keys and (seconds is None or self.keys[0][0] <= self.now + seconds):
            at, key = self.keys.pop(0)
            self.now = max(self.now, at)
            return self._pressed(key)
        assert seconds is not None, "asleep for ever"
        self.now += seconds
        return []

    def _pressed(self, key: str) -> list[str]:
        if key.startswith("resize"):
            rows, cols = map(int, key.split()[1:])
            self._other_screen((rows, cols))
            return ["resized"]
        if key == "continued":
            self._other_screen(self.room)
        return [key]

    def _other_screen(self, room: tuple[int, int]) -> None:
        self.room, self.terminal = room, Terminal(*room)
        self.terminal.feed("what others wrote")

    def enter(self) -> None:
        self.said.append("enter")

    def suspend(self) -> None:
        self.said.append("suspend")
        self._other_screen(self.room)
        self.now += 60

    def play(self, position: int, speed: float) -> None:
        self.said.append(f"play {position} {speed:g}")

    def stop(self) -> None:
        self.said.append("stop")

    def run(self, loop: bool = False) -> Stage:
        Player(self.source, self, self.transport, loop=loop, sound=self).run()
        return self


def due(frames: list[TimedFrame], seen: Seen) -> Frame:
    return window(next(one.frame for one in frames if one.start <= seen.position < one.end), *seen.room)


KEYS = "space left right up down [ ] backspace . , home 0 l \f x suspend continued".split()  # noqa: SIM905
KEYS += ["resize 4 6", "resize 2 3", "resize 9 5"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 4), st.sampled_from(KEYS)), max_size=12))
def test_the_screen_shows_the_frame_that_is_due_whatever_is_pressed(keys: list[tuple[float, str]]) -> None:
    frames = film(240)
    stage = Stage(Held(frames), [*keys, (20, "q")]).run()
    assert all(seen.shown == due(frames, seen) for seen in stage.seen)


def test_every_frame_is_shown_at_its_time_and_the_film_ends() -> None:
    frames = film(300)
    stage = Stage(Held(frames)).run()
    assert len(stage.written) == len(frames)
    begun = [next(seen.now for seen in stage.seen if seen.position >= one.start) for one in frames]
    late = [now - one.start / 1000 for now, one in zip(begun, frames, strict=True)]
    assert min(late) >= 0
    assert max(late) < 0.002  # a sleep is rounded up to a millisecond, and a second one may follow
    assert stage.now == pytest.approx(10, abs=0.002)


def test_late_frames_are_dropped_and_nothing_drifts() -> None:
    frames = film(300)
    stage = Stage(Held(frames), [(0.01, "i")], cost=0.1).run()
    assert 90 <= len(stage.written) <= 102
    assert stage.now == pytest.approx(10, abs=0.11)


@pytest.mark.parametrize(("key", "position"), [("right", 6000), ("left", 0), ("home", 0), ("0", 0)])
def test_seeking(key: str, position: int) -> None:
    stage = Stage(Held(film(400)), [(0.5, "i"), (0.6, "resize 4 60"), (1, key), (1.5, "q")]).run()
    assert stage.transport.position == position + 500
    assert " 0 dropped" in stage.seen[-1].shown.lines[-1]


def test_a_pause_stays_until_it_ends() -> None:
    stage = Stage(Held(film(400)), [(1, "space"), (50, "space"), (51, "q")]).run()
    assert stage.transport.position == 2000
    assert [seen.now for seen in stage.seen if 1 < seen.now < 50] == []  # asleep


def test_speed() -> None:
    stage = Stage(Held(film(400)), [(1, "up"), (2, "]"), (3, "down"), (4, "backspace"), (5, "q")]).run()
    assert stage.transport.position == 1000 + 1250 + 1500 + 1250 + 1000


def test_frame_by_frame_both_ways_and_over_the_ends() -> None:
    frames = film(5)
    held = Held(frames)
    steps = ",,...,......,"
    stage = Stage(held, [(0.01 + k / 10, key) for k, key in enumerate(steps)] + [(9, "q")]).run()
    assert stage.transport.paused
    after = [stage.seen[k + 1].position for k in range(len(steps))]
    assert [frames.index(held.at(position)) for position in after] == [0, 0, 1, 2, 3, 2, 3, 4, 4, 4, 4, 4, 3]


def test_a_loop_loses_no_time() -> None:
    stage = Stage(Held(film(30)), [(9.5, "l")], cost=0.07).run(loop=True)  # a round ends 50 ms late
    assert stage.now == pytest.approx(10, abs=0.08)


def test_a_film_of_one_frame_stays_until_a_key_ends_it() -> None:
    stage = Stage(Held(film(1)), [(99, "q")]).run(loop=True)
    assert stage.now == 99
    assert len(stage.written) == 1


@pytest.mark.parametrize("key", ["q", "escape"])
def test_a_key_ends_it(key: str) -> None:
    assert Stage(Held(film(300)), [(1.25, key)]).run().now == 1.25


def test_it_plays_up_to_the_damage() -> None:
    stage = Stage(Held(film(300), damaged=5000))
    with pytest.raises(ClipError, match="damaged there"):
        stage.run()
    assert len(stage.written) == 150


def test_the_status_tells_of_a_screen_that_is_too_small() -> None:
    stage = Stage(Held(film(300)), [(0.5, "resize 2 90"), (1.25, "i"), (1.3, "space"), (2, "i"), (3, "q")]).run()
    told = next(seen for seen in stage.seen if seen.position == 1300)
    assert told.shown.lines[-1].startswith(" 0:01 / 0:10  paused  1x  30 fps  0 dropped  centre of 6x4 ")
    assert stage.seen[-1].shown == due(stage.source.frames, stage.seen[-1])


def test_the_sound_follows() -> None:
    keys = [(1, "space"), (2, "space"), (3, "right"), (4, "["), (5, "suspend"), (66, "q")]
    stage = Stage(Held(film(900)), keys).run()
    expected = "play 0 1, stop, play 1000 1, play 7000 1, play 8000 0.75, stop, suspend, play 8750 0.75"
    assert stage.said == expected.split(", ")


def test_waiting_for_a_far_place_is_not_played() -> None:
    class Slow(Held):
        def at(self, time: int) -> TimedFrame:
            if time >= 6000 > max(self.asked, default=0):
                stage.now += 30
            return super().at(time)

    stage = Stage(Slow(film(300)), [(1, "right"), (31.5, "q")])
    assert stage.run().transport.position == 6500
