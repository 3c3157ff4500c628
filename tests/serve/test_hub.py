"""The hub with clients that are not there: `Fake` links, whose terminals are `codec.terminal`'s, and a clock that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.frame import Frame
from glyphgrad.errors import GlyphgradWarning
from glyphgrad.serve.films import Show
from glyphgrad.serve.hub import Hub, Viewer
from glyphgrad.serve.limits import Limits
from glyphgrad.serve.metrics import Metrics
from glyphgrad.serve.screen import Screen


class Fake:
    """A client whose terminal shows all it gets."""

    def __init__(self, rows: int, cols: int):
        self.terminal, self.open = Terminal(rows, cols), True
        self.written: list[bytes] = []

    def ready(self) -> bool:
        return self.open

    def offer(self, data: bytes) -> bool:
        if self.open:
            self.write(data)
        return self.open

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.terminal.feed(data.decode())

    def close(self) -> None: ...

    def abort(self) -> None: ...


class World:
    """A hub, and a time that stands still until `tick` lets it go on and the hub's tasks run."""

    def __init__(self, **limits: Any):
        self.now = 1_000_000.0
        self.metrics = Metrics()
        self.hub = Hub(Limits(**limits), self.metrics, lambda: self.now, lambda: self.now, 0.0)
        self.ended: dict[Viewer, str] = {}

    def join(self, show: Show, screen: Screen) -> tuple[Viewer, Fake]:
        link = Fake(screen.rows, screen.cols)
        viewer = Viewer(link, lambda reason: self.ended.setdefault(viewer, reason))
        self.hub.join(viewer, show, screen)
        return viewer, link

    async def tick(self, seconds: float = 0.033) -> None:
        self.now += seconds
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a test's coroutine; what sleeps in it sleeps no longer than a turn of the loop."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _=0: sleep(0))
    return asyncio.run


def test_everybody_sees_the_same_moment(play: Any, films: Any) -> None:
    show = films.show(rows=4, cols=6)

    async def story() -> None:
        world = World()
        _, first = world.join(show, Screen(4, 6))
        await world.tick(0.2)
        _, late = world.join(show, Screen(4, 6))
        for _ in range(40):
            await world.tick()
            shown = show.editions[0].at(world.now, 0.0).frame
            assert first.terminal.frame == late.terminal.frame == shown

    play(story())


def test_frames_are_made_once(play: Any, films: Any) -> None:
    async def story() -> None:
        world = World()
        links = [world.join(films_show, Screen(4, 6))[1] for _ in range(5)]
        await world.tick()
        assert all(link.written[-1] is links[0].written[-1] for link in links)
        assert len({id(link.written[0]) for link in links}) == 1

    films_show = films.show(rows=4, cols=6)
    play(story())


def test_only_changes_are_sent_after_the_first_frame(play: Any, films: Any) -> None:
    """Frames of the same letter, but for one column."""
    frames = films.frames(4, 40, 30)
    for timed in frames:
        timed.frame.cells[timed.frame.cells != ord("#")] = ord("x")
    show = Show("film", (films.edition(frames),))

    async def story() -> None:
        world = World()
        _, link = world.join(show, Screen(4, 40))
        for _ in range(10):
            await world.tick()
        assert len(link.written) == 11
        assert max(map(len, link.written[1:])) < len(link.written[0]) / 2

    play(story())


def test_who_is_not_ready_goes_without_and_then_gets_a_whole_frame(play: Any, films: Any) -> None:
    show = films.show(rows=4, cols=6)

    async def story() -> None:
        world = World()
        slow, link = world.join(show, Screen(4, 6))
        quick, other = world.join(show, Screen(4, 6))
        link.open = False
        for _ in range(7):
            await world.tick()
        assert (len(link.written), slow.drops, world.metrics.frames_dropped) == (1, 7, 7)
        assert (len(other.written), quick.drops) == (8, 0)
        link.open = True
        await world.tick()
        assert link.terminal.frame == other.terminal.frame
        assert len(link.written) == 2
        assert link.written[-1] != other.written[-1]  # whole, not a change
        await world.tick()
        assert link.written[-1] is other.written[-1]

    play(story())


def test_who_does_not_read_costs_no_frame(play: Any, films: Any) -> None:
    """A whole frame takes long to make: an attacker would have one made thirty times a second."""
    show = films.show(rows=4, cols=6)
    made: list[bool] = []

    class Counting(Screen):
        def frame(self, before: Frame | None, after: Frame, dark: bool = True) -> bytes:
            made.append(before is None)
            return super().frame(before, after, dark)

    async def story() -> None:
        world = World()
        _, link = world.join(show, Counting(4, 6))
        link.open = False
        await world.tick()
        made.clear()
        for _ in range(20):
            await world.tick()
        assert not any(made)
        link.open = True
        await world.tick()
        assert sum(made) == 1

    play(story())


def test_who_comes_back_to_a_still_film_need_not_wait_for_its_next_frame(play: Any, films: Any) -> None:
    show = Show("still", (films.edition(films.frames(4, 6, 1, lasts=3_600_000)),))

    async def story() -> None:
        world = World()
        viewer, link = world.join(show, Screen(4, 6))
        viewer.in_step, link.open = False, False
        await world.tick(0.1)
        link.open = True
        await world.tick(0.25)
        assert len(link.written) == 2

    play(story())


def test_who_never_reads_is_given_up(play: Any, films: Any) -> None:
    show = films.show(rows=4, cols=6)

    async def story() -> None:
        world = World(stall_seconds=20)
        viewer, link = world.join(show, Screen(4, 6))
        link.open = False
        for _ in range(40):
            await world.tick(0.5)
        link.open = True  # a sign of life
        await world.tick(0.1)
        link.open = False
        for _ in range(41):
            await world.tick(0.5)
        assert not world.ended
        await world.tick(0.5)
        assert world.ended == {viewer: "stalled"}

    play(story())


def test_a_late_server_drops_frames_and_does_not_drift(play: Any, films: Any) -> None:
    show = films.show(rows=4, cols=6)

    async def story() -> None:
        world = World()
        _, link = world.join(show, Screen(4, 6))
        await world.tick(0.5)
        assert len(link.written) == 2
        assert link.terminal.frame == show.editions[0].at(world.now, 0.0).frame

    play(story())


def test_screens_of_all_sizes(play: Any, films: Any) -> None:
    show = films.show(rows=12, cols=30)

    async def story() -> None:
        world = World()
        screens = [Screen(10, 20), Screen(12, 30), Screen(40, 90), Screen(12, 20), Screen(13, 30, mute=True)]
        links = [world.join(show, screen)[1] for screen in screens]
        for _ in range(5):
            await world.tick()
        film = show.editions[0].at(world.now, 0.0).frame
        assert (links[0].terminal.frame.cells == film.cells[1:11, 5:25]).all()
        assert links[1].terminal.frame == film
        assert (links[2].terminal.frame.cells[14:26, 30:60] == film.cells).all()
        assert (links[4].terminal.frame.cells[:12] == film.cells).all()

    play(story())


def test_too_many_sizes_share_one_that_fits(play: Any, films: Any) -> None:
    """Else a crowd of terminals, each of a size of its own, would cost the work of as many films."""
    show = films.show(rows=12, cols=30)

    async def story() -> None:
        world = World(sizes=8)
        links = [world.join(show, Screen(12 + number, 30 + number))[1] for number in range(60)]
        await world.tick()
        (broadcast,) = world.hub._broadcasts.values()
        assert len(broadcast._channels) == 8
        assert all(len(link.written) == 2 for link in links)
        _, small = world.join(show, Screen(11, 25))
        await world.tick()
        assert len(small.written) == 2

    play(story())


def test_another_film_is_another_broadcast_and_nothing_is_left_behind(play: Any, films: Any) -> None:
    shows = [films.show(name, 4, 6) for name in ("a", "b")]

    async def story() -> None:
        world = World()
        viewer, link = world.join(shows[0], Screen(4, 6))
        world.hub.join(viewer, shows[1], Screen(4, 6))
        await world.tick()
        assert len(world.hub._broadcasts) == 1
        world.hub.leave(viewer)
        world.hub.leave(viewer)
        await world.tick()
        count = len(link.written)
        await world.tick()
        assert len(link.written) == count
        assert not world.hub._broadcasts
        assert len(asyncio.all_tasks()) == 1

    play(story())


def test_what_is_counted(play: Any, films: Any) -> None:
    show = films.show(rows=4, cols=6)

    async def story() -> None:
        world = World()
        viewers = [world.join(show, Screen(4, 6)) for _ in range(3)]
        for _ in range(5):
            await world.tick()
        assert world.metrics.frames_sent == sum(viewer.frames for viewer, _ in viewers) == 18
        sizes = [len(data) for _, link in viewers for data in link.written]
        assert world.metrics.bytes_sent == sum(viewer.bytes for viewer, _ in viewers) == sum(sizes)

    play(story())


def test_a_film_damaged_in_its_middle_stands_still_there(play: Any, films: Any) -> None:
    """Two groups of frames; a byte of the second is wrong."""
    edition = films.edition(films.frames(4, 6, 100))
    file = edition.reel._file
    file.seek(int(edition.reel._entries["offset"][1]) + 40)
    byte = file.read(1)
    file.seek(-1, 1)
    file.write(bytes([byte[0] ^ 1]))
    show = Show("film", (edition,))

    async def story() -> None:
        world = World()
        world.now = 3.3 * 1000
        _, link = world.join(show, Screen(4, 6))
        await world.tick(0.033 * 70)
        assert link.terminal.frame == edition.reel[63].frame
        await world.tick(1.1)
        assert link.terminal.frame == edition.at(world.now, 0.0).frame

    with pytest.warns(GlyphgradWarning, match="damaged at byte"):
        play(story())
