"""telnet and nc by hand: real connections to a real server."""

from __future__ import annotations

import re
import socket
import struct
import time
from contextlib import suppress
from typing import Any

import pytest

from glyphgrad.codec.terminal import Terminal
from glyphgrad.serve.films import Show

IAC, DO, WONT, WILL, SB, SE = 255, 253, 252, 251, 250, 240
TTYPE, NAWS, TM = 24, 31, 6
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def answers(rows: int, cols: int, term: bytes = b"xterm") -> bytes:
    """What a telnet client says of its terminal."""
    size = struct.pack(">HH", cols, rows).replace(b"\xff", b"\xff\xff")
    named = bytes([IAC, WILL, TTYPE, IAC, SB, TTYPE, 0]) + term + bytes([IAC, SE])
    return bytes([IAC, WILL, NAWS, IAC, SB, NAWS]) + size + bytes([IAC, SE]) + named


def test_telnet_gets_a_screen_of_its_size_and_has_it_restored(serve: Any, log: Any) -> None:
    client = serve().connect()
    client.send(answers(24, 80))
    shown = client.until(b"\x1b[24;1H")
    assert ENTER in shown
    client.send(b"q")
    assert client.rest().endswith(b"\x1b[?7h\x1b[?25h" + LEAVE)
    (line,) = [record.getMessage() for record in log.records if record.getMessage().startswith("session ")]
    assert re.fullmatch(
        r"session protocol=telnet address=127\.0\.0\.0/24 seconds=\d\.\d+ film=film size=80x24 "
        r"frames=\d+ drops=\d+ bytes=\d+ ended=quit",
        line,
    )


def test_nc_is_never_put_into_another_screen(serve: Any) -> None:
    running = serve()
    client = running.connect()
    shown = client.until(b"\x1b[23;1H")
    client.send(b"q\n")
    shown += client.rest()
    assert b"\x1b[?" not in shown
    running.wait(lambda house: house.metrics.sessions["nc"] == 1 and not house.metrics.viewers["nc"])


def test_the_picture_is_the_films(serve: Any, films: Any) -> None:
    running = serve(films=[films.show(rows=24, cols=80, count=1)])
    client = running.connect()
    client.send(answers(24, 80))
    terminal = Terminal(24, 80)
    terminal.feed(client.until(b"\x1b[24;1H" + b"#" + b"A" * 79).split(ENTER)[1].decode())
    assert terminal.frame == films.frames(24, 80, 1)[0].frame


@pytest.mark.parametrize("end", [b"q", b"Q\x03", b"\x04", bytes([IAC, 244, IAC, DO, TM])])
def test_ways_to_leave(serve: Any, end: bytes) -> None:
    client = serve().connect()
    client.send(answers(24, 80))
    client.until(ENTER)
    client.send(end)
    got = client.rest()
    assert LEAVE in got
    assert (bytes([IAC, WILL, TM]) in got) == (TM in end)


def test_half_a_goodbye_is_one(serve: Any, log: Any) -> None:
    running = serve()
    client = running.connect()
    client.send(answers(24, 80))
    client.until(ENTER)
    client.socket.shutdown(socket.SHUT_WR)
    assert LEAVE in client.rest()
    running.wait(lambda house: not len(house.gate.viewers))
    assert "ended=left" in log.text


def test_the_end_of_the_server_restores_every_screen(serve: Any, log: Any) -> None:
    running = serve()
    clients = [running.connect() for _ in range(3)]
    for client in clients:
        client.send(answers(24, 80))
        client.until(ENTER)
    running.stop()
    assert all(LEAVE in client.rest() for client in clients)
    assert log.text.count("ended=shutdown") == 3


def test_a_session_has_an_end(serve: Any) -> None:
    client = serve(session_seconds=0.3).connect()
    client.send(answers(24, 80))
    assert client.rest().endswith(LEAVE + b"Your time is over. Connect again to watch on.\r\n")


@pytest.mark.parametrize(("term", "found"), [(b"ansi", b"\xb0"), (b"xterm", "░".encode()), (b"dumb", b".")])
def test_charsets(serve: Any, films: Any, term: bytes, found: bytes) -> None:
    frames = films.frames(24, 80, 1)
    frames[0].frame.cells[:] = ord("░")
    client = serve(films=[Show("film", (films.edition(frames),))]).connect()
    client.send(answers(24, 80, term))
    client.until(found * 80)


@pytest.mark.parametrize(
    ("term", "sgr"),
    [(b"xterm-256color", b"38;5;196;48;5;46"), (b"ansi", b"31;42"), (b"xterm-kitty", b"38;2;250;0;5;48;2;0;250;0")],
)
def test_colours_are_the_nearest_that_the_terminal_has(serve: Any, films: Any, term: bytes, sgr: bytes) -> None:
    client = serve(films=[films.colored()]).connect()
    client.send(answers(24, 80, term))
    client.until(b"\x1b[1;1H\x1b[" + sgr + b"m" + b"#" * 80)


def test_nc_gets_none(serve: Any, films: Any) -> None:
    client = serve(films=[films.colored()]).connect()
    assert b"m" not in client.until(b"#" * 80)


def test_a_resize_is_followed(serve: Any) -> None:
    running = serve()
    client = running.connect()
    client.send(answers(24, 80))
    client.until(b"\x1b[24;1H")
    client.send(answers(12, 40))
    client.until(b"\x1b[2J")
    assert b"\x1b[13;1H" not in client.until(b"\x1b[12;1H")


def test_films_are_chosen_by_key(serve: Any, films: Any) -> None:
    shows = [films.show("one", title="The first"), films.show("two", title="The second")]
    running = serve(films=shows)
    client = running.connect()
    client.send(answers(24, 80))
    menu = client.until(b"q quits")
    assert b"> 1  one  The first" in menu
    assert b"2  two  The second" in menu
    client.send(b"\x1b")
    client.send(b"[B")
    client.until(b"> 2  two  The second")
    client.send(b"\r")
    running.wait(lambda house: {edition for edition, _ in house.hub._watching.values()} == set(shows[1].editions))
    client.send(b"1")
    running.wait(lambda house: {edition for edition, _ in house.hub._watching.values()} == set(shows[0].editions))
    client.send(b"m")
    client.until(b"q quits")
    assert not running.house.hub._watching


# --- Attacks ---


@pytest.mark.parametrize(("rows", "cols", "size"), [(65535, 65535, "300x100"), (0, 0, "80x24"), (1, 1, "20x10")])
def test_terminals_of_any_size(serve: Any, log: Any, rows: int, cols: int, size: str) -> None:
    client = serve().connect()
    client.send(answers(rows, cols))
    client.until(ENTER)
    client.send(b"q")
    client.rest()
    assert f"size={size} " in log.text


def test_a_storm_of_resizes_costs_five_a_second(serve: Any) -> None:
    running = serve(input_per_minute=1_000_000)
    client = running.connect()
    client.send(answers(24, 80))
    client.until(ENTER)
    began = time.monotonic()
    for number in range(2000):
        client.send(answers(20 + number % 20, 80))
    client.send(answers(33, 80))
    data = client.until(b"\x1b[33;1H")
    took = time.monotonic() - began
    assert data.count(b"\x1b[2J") <= 5 * took + 2


@pytest.mark.parametrize(
    "flood",
    [
        bytes([IAC, DO, TM]) * 100_000,
        bytes([IAC, SB, TTYPE]) + b"\xff\xff" * 200_000,
        b"x" * 300_000,
        bytes(range(256)) * 1500,
    ],
)
def test_floods_end_in_a_closed_connection(serve: Any, log: Any, flood: bytes) -> None:
    running = serve()
    client, other = running.connect(), running.connect()
    other.send(answers(24, 80))
    other.until(ENTER)
    with suppress(OSError):
        client.send(flood)
    client.rest()
    running.wait(lambda _: "ended=input" in log.text)
    other.until(b"\x1b[")  # the others still see the film


def test_options_without_end_are_not_answered_without_end(serve: Any) -> None:
    client = serve(input_per_minute=100_000).connect()
    client.send(bytes([IAC, DO, TM]) * 1000 + answers(24, 80) + b"q")
    assert client.rest().count(bytes([IAC, WILL, TM])) == 64


def test_one_address_has_so_many_viewers(serve: Any) -> None:
    running = serve(viewers_per_address=8)
    clients = [running.connect() for _ in range(100)]
    refused = [client for client in clients if b"Too many viewers" in client.socket.recv(100)]
    assert len(refused) == 92
    assert all(client.rest() == b"" for client in refused)
    assert running.house.metrics.rejected["address"] == 92
    clients[0].close()
    running.wait(lambda house: len(house.gate.viewers) < 8 or clients[0] in refused)


def test_one_address_opens_so_many_connections(serve: Any) -> None:
    running = serve(arrivals=10, viewers_per_address=100)
    clients = [running.connect() for _ in range(100)]
    running.wait(lambda house: house.metrics.rejected["rate"] >= 89)
    assert sum(client.socket.recv(1) == b"\xff" for client in clients) in (10, 11)
    assert clients[-1].rest() == b"oo many connections from your address: come again in a minute.\r\n"


def test_a_full_house(serve: Any) -> None:
    running = serve(viewers=1)
    first, second = running.connect(), running.connect()
    first.until(b"\xff")
    assert second.rest().startswith(b"All seats are taken")


def test_what_a_client_calls_itself_reaches_no_log(serve: Any, log: Any) -> None:
    running = serve()
    client = running.connect()
    client.send(answers(24, 80, b"\x1b[2J\x1b]0;pwned\x07\nsession protocol=forged"))
    client.until(ENTER)
    client.send(b"\x1b]0;pwned\x07\x9b31mq")
    client.rest()
    running.wait(lambda _: "ended=quit" in log.text)
    assert "pwned" not in log.text
    assert "forged" not in log.text
    assert log.text.isprintable() or all(char.isprintable() or char == "\n" for char in log.text)


def test_who_stops_reading_costs_little_and_nobody_else_a_frame(serve: Any, films: Any) -> None:
    """The film's frames are all different: 57 KB a second. The kernel holds what `listen` lets it, and a frame."""
    running = serve(films=[films.show(rows=24, cols=80)], stall_seconds=1.5)
    stalled = running.connect()
    stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    other = running.connect()
    for client in (stalled, other):
        client.send(answers(24, 80))
    other.until(ENTER)
    running.wait(lambda house: house.metrics.frames_dropped > 10, seconds=10)
    viewers = running.house.hub._watching
    assert min(viewer.drops for viewer in list(viewers)) == 0
    for _ in range(100):
        other.socket.recv(65536)
        if len(viewers) == 1:
            break
    running.wait(lambda house: len(house.hub._watching) == 1)


def test_the_proxys_client_is_the_one_who_counts(serve: Any, log: Any) -> None:
    running = serve(proxy=True, viewers_per_address=1)
    for address in ("192.0.2.1", "198.51.100.7", "2001:db8:1::5"):
        client = running.connect()
        family = b"TCP6" if ":" in address else b"TCP4"
        client.send(
            b"PROXY %s %s %s 5000 23\r\n" % (family, address.encode(), address.encode()) + answers(24, 80) + b"q"
        )
        assert LEAVE in client.rest()
    for shown in ("192.0.2.0/24", "198.51.100.0/24", "2001:db8:1::/48"):
        assert f"address={shown} " in log.text


def test_without_its_header_a_proxy_is_refused(serve: Any) -> None:
    running = serve(proxy=True, login_seconds=0.3)
    forged, silent = running.connect(), running.connect()
    forged.send(b"GET / HTTP/1.1\r\n\r\n")
    assert forged.rest() == b""
    assert silent.rest() == b""
    assert running.house.metrics.rejected["broken"] == 2


def test_a_header_is_nothing_without_the_option(serve: Any, log: Any) -> None:
    client = serve().connect()
    client.send(b"PROXY TCP4 192.0.2.1 192.0.2.1 5000 23\r\nq")
    client.rest()
    assert "192.0.2" not in log.text
