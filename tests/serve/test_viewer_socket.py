"""The WebSocket with a real client, `websockets`, and with sockets that do what it would not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame as Message
from websockets.frames import Opcode
from websockets.sync.client import ClientConnection, connect

from glyphgrad import Frame
from glyphgrad.codec.terminal import Terminal
from glyphgrad.serve.films import Show
from glyphgrad.serve.viewer_socket import WebScreen

HANDSHAKE = (
    b"GET /-/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Page:
    """What a page does. `head` is the first line of the latest whole frame."""

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        self.head = ""
        self.shown = Terminal(1, 1)

    def hear(self) -> bool:
        """The next message; whether it was a frame."""
        text = self.socket.recv(timeout=5)
        assert isinstance(text, str)
        if text.startswith("{"):
            return False
        if not text.startswith("\x1b"):
            self.head, _, text = text.partition("\n")
            rows, cols = self.head.split()[0].split("x")
            self.shown = Terminal(int(rows), int(cols))
        self.shown.feed(text)
        return True

    def frame(self) -> Frame:
        while not self.hear():
            pass
        return self.shown.frame

    def end(self) -> tuple[int, str]:
        """Code and reason with which it is closed."""
        try:
            while True:
                self.hear()
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")

    def silent(self, seconds: float) -> bool:
        try:
            self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def visit() -> Iterator[Callable[..., Page]]:
    with ExitStack() as opened:

        def start(running: Any, first: str = "play film 100x300", path: str = "/-/live", **options: Any) -> Page:
            address = f"ws://127.0.0.1:{running.port}{path}"
            page = Page(opened.enter_context(connect(address, compression=None, max_queue=None, **options)))
            if first:
                page.socket.send(first)
            return page

        yield start


# --- Frames ---


def test_the_film_is_shown_whole_and_goes_on(serve: Any, films: Any, visit: Any) -> None:
    frames = films.frames(9, 30, 30)
    page = visit(serve("http", films=[Show("film", (films.edition(frames),))]))
    shown = [page.frame() for _ in range(5)]
    assert page.head == "9x30 dark"
    numbers = [[one.frame for one in frames].index(frame) for frame in shown]
    assert all(after != before for before, after in pairwise(numbers))


def test_only_changes_are_sent(serve: Any, films: Any, visit: Any) -> None:
    frames = films.frames(20, 60, 30)
    for timed in frames:
        timed.frame.cells[timed.frame.cells != ord("#")] = ord("x")
    page = visit(serve("http", films=[Show("film", (films.edition(frames, dark=False),))]))
    page.frame()
    assert page.head == "20x60 paper"
    texts = [page.socket.recv(timeout=5) for _ in range(5)]
    assert max(map(len, texts)) < 20 * 60 / 2
    assert '{"viewers": 1}' in texts


def test_all_browsers_share_their_bytes() -> None:
    """Whatever their size: it chooses the edition, and no more."""
    assert WebScreen(10, 20) == WebScreen(90, 300)
    assert len({WebScreen(10, 20), WebScreen(90, 300)}) == 1


def test_a_frame_like_the_one_before_costs_nothing(films: Any) -> None:
    frame = films.frames(4, 6, 1)[0].frame
    assert WebScreen().frame(frame, frame) == b""


def test_what_would_break_the_grid_is_replaced(serve: Any, films: Any, visit: Any) -> None:
    """A wide character, and a combining one."""
    timed = films.frames(1, 6, 1)[0]
    timed.frame.cells[0] = list(map(ord, "a世é\u0301▓b"))
    page = visit(serve("http", films=[Show("film", (films.edition([timed]),))]))
    assert page.frame().lines == ["a?é?▓b"]


def test_the_edition_that_suits_the_window(serve: Any, films: Any, visit: Any) -> None:
    show = Show("film", tuple(films.edition(films.frames(*size, 3)) for size in ((10, 30), (40, 120))))
    page = visit(serve("http", films=[show]), "play film 39x200")
    page.frame()
    assert page.head == "10x30 dark"
    page.socket.send("play film 40x120")
    while page.head == "10x30 dark":
        page.frame()
    assert page.head == "40x120 dark"


# --- Wishes ---


def test_another_film(serve: Any, films: Any, visit: Any, log: Any) -> None:
    running = serve("http", films=[films.show("film", rows=3), films.show("two", rows=5)])
    page = visit(running)
    page.frame()
    page.socket.send("play nothing 24x80")
    page.socket.send("play two 24x80")
    while page.head != "5x80 dark":
        page.frame()
    page.socket.close()
    running.wait(lambda house: not len(house.gate.viewers))
    assert "session protocol=web address=127.0.0.0/24" in log.text
    assert "film=two" in log.text
    assert "ended=left" in log.text


def test_nothing_is_sent_to_who_is_paused(serve: Any, visit: Any) -> None:
    running = serve("http")
    page = visit(running)
    page.frame()
    page.socket.send("pause")
    running.wait(lambda house: not house.hub._watching)
    while not page.silent(0.15):
        pass
    assert page.silent(0.3)
    page.head = ""
    page.socket.send("play film 24x80")
    page.frame()
    assert page.head == "24x80 dark"


@pytest.mark.parametrize("wish", ["play", "play film", "play film 99999x1", "stop", "", "play  1x1", b"pause"])
def test_what_is_no_wish_ends_the_visit(serve: Any, visit: Any, wish: str | bytes) -> None:
    page = visit(serve("http"))
    page.socket.send(wish)
    assert page.end() == (1008, "input")


# --- Limits ---


def test_pages_of_others_are_refused(serve: Any, visit: Any) -> None:
    running = serve("http")
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{running.port}.evil.example", "http://127.0.0.1"):
        with pytest.raises(InvalidStatus) as refused:
            visit(running, origin=origin)
        assert refused.value.response.status_code == 403
    assert running.house.metrics.rejected["origin"] == 4
    visit(running, origin=f"http://127.0.0.1:{running.port}").frame()
    visit(running, origin=f"https://127.0.0.1:{running.port}").frame()  # behind what speaks TLS


def test_other_addresses_are_refused(serve: Any, visit: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        visit(serve("http"), path="/film")
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("size", [70_000, 10_000_000])
def test_a_large_message_ends_the_visit(serve: Any, visit: Any, size: int) -> None:
    running = serve("http")
    page = visit(running)
    with suppress(ConnectionClosed):
        page.socket.send("x" * size)
    assert page.end()[0] in (1006, 1008, 1009)  # 1006: it still wrote when the server had hung up
    running.wait(lambda house: not len(house.gate.viewers))


def test_a_large_message_is_refused_at_its_header(serve: Any) -> None:
    client = serve("http").connect()
    client.send(HANDSHAKE)
    client.until(b"\r\n\r\n")
    client.send(b"\x81\xff" + (70_000).to_bytes(8) + bytes(4))
    assert b"\x88" in (said := client.rest())
    assert (1009).to_bytes(2) in said


def test_many_small_messages_end_the_visit(serve: Any, visit: Any) -> None:
    page = visit(serve("http", input_per_minute=200))
    for _ in range(10):
        page.socket.send("play film 24x80")
    assert page.end() == (1008, "input")


def test_who_has_no_seat_sees_nothing(serve: Any, visit: Any) -> None:
    running = serve("http", viewers=1)
    visit(running).frame()
    client = running.connect()
    client.send(HANDSHAKE)
    client.until(b"\r\n\r\n")
    client.send(2 * Message(Opcode.TEXT, b"play film 24x80").serialize(mask=True))
    assert client.rest() in (b"", b"\x88\x06" + (1013).to_bytes(2) + b"full")
    assert len(running.house.hub._watching) == 1


def test_seats_and_time_are_limited(serve: Any, visit: Any) -> None:
    running = serve("http", viewers=1, session_seconds=0.5)
    first = visit(running)
    first.frame()
    assert visit(running, "").end() == (1013, "full")
    assert first.end() == (1000, "time")
    running.wait(lambda house: not len(house.gate.viewers))
    visit(running).frame()


def test_the_end_of_the_server_is_told(serve: Any, visit: Any) -> None:
    running = serve("http")
    page = visit(running)
    page.frame()
    running.stop()
    assert page.end() == (1001, "shutdown")


def test_a_client_that_has_gone_without_a_word_is_found_out(serve: Any, log: Any) -> None:
    running = serve("http", stall_seconds=0.2)
    client = running.connect()
    client.send(HANDSHAKE)
    client.until(b"\x89\x00")
    running.wait(lambda house: not len(house.gate.viewers))
    assert "ended=stalled" in log.text


def test_a_client_that_answers_stays(serve: Any, visit: Any) -> None:
    running = serve("http", stall_seconds=0.1)
    page, end = visit(running), time.monotonic() + 0.5
    while time.monotonic() < end:
        page.frame()
    assert len(running.house.gate.viewers) == 1


def test_rubbish_breaks_nothing(serve: Any) -> None:
    running, dice = serve("http", viewers_per_address=100), random.Random(1)
    for _ in range(40):
        client = running.connect()
        client.send(HANDSHAKE)
        client.until(b"\r\n\r\n")
        client.send(dice.randbytes(dice.randrange(1, 300)))
        client.close()
    running.wait(lambda house: not len(house.gate.viewers))
    assert not running.house.metrics.rejected["error"]
