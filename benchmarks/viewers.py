"""The load of benchmarks/serve.py: many viewers in one process, who note how late every frame is. One JSON line.

python benchmarks/viewers.py watch PROTOCOL PORT VIEWERS SECONDS [NAP] | stall PORT VIEWERS SECONDS
    | come PORT CONNECTIONS | drain PORT VIEWERS [NAP]

NAP seconds lie between two looks of telnet viewers at all their sockets. With 0 they sleep until something
comes, and over loopback it is the sender who has to wake them, which no viewer on another machine asks of it.

A frame tells which it is by two characters at the top left, which change with every frame: see `mark`.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import statistics
import struct
import sys
import time
from functools import partial
from typing import Any

ROWS, COLS, FPS, FRAMES = 30, 80, 30, 600
"""Of the film. It lasts 20 seconds, and nothing is later than that."""
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
_AT = b"\x1b[1;1H"
_ANSWERS = (
    b"\xff\xfb\x1f\xff\xfa\x1f" + struct.pack(">HH", COLS, ROWS) + b"\xff\xf0\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0"
)
"""A telnet client's: NAWS and TTYPE."""
WARM = 6.0
"""Seconds after the last viewer has come in which nothing is noted."""

_TOGETHER = 20
"""ssh viewers who log in at the same time: one after the other each would wait for a frame at every step."""


def mark(number: int) -> str:
    """The characters of a frame: both differ from those of the frame before."""
    return _DIGITS[number % 64] + _DIGITS[(number + number // 64) % 64]


_DUE = {mark(number).encode(): number / FPS for number in range(FRAMES)}
"""The mark of a frame -> the second of the film in which it is due."""


class Viewer:
    """What one viewer has got since `start`. The last frame of a part that arrives is the one it shows."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.bytes = 0

    def got(self, data: bytes | bytearray, size: int, now: float, start: float) -> None:
        if now < start:
            return
        self.bytes += size
        at = data.rfind(_AT, 0, size - 1) + len(_AT)
        if at >= len(_AT):
            self.late.append((now - _DUE[bytes(data[at : at + 2])]) % (FRAMES / FPS))


def summary(viewers: list[Viewer], seconds: float) -> dict[str, float]:
    """Milliseconds, frames and bytes. A starved viewer got fewer than nine of ten frames."""
    late = sorted(1000 * one for viewer in viewers for one in viewer.late)
    wanted = seconds * FPS
    return {
        "viewers": len(viewers),
        "median_ms": statistics.median(late),
        "p99_ms": late[int(0.99 * len(late))],
        "worst_ms": late[-1],
        "frames_share": len(late) / (wanted * len(viewers)),
        "starved": sum(len(viewer.late) < 0.9 * wanted for viewer in viewers),
        "kb_s": sum(viewer.bytes for viewer in viewers) / len(viewers) / seconds / 1000,
    }


# --- telnet ---


def connect(port: int, buffer: int = 0) -> socket.socket:
    """A telnet viewer; `buffer` bytes are what its own kernel takes before it reads, 0 for the usual."""
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.connect(("127.0.0.1", port))
    made.sendall(_ANSWERS)
    made.setblocking(False)
    return made


def watch_telnet(port: int, count: int, seconds: float, nap: float = 0) -> list[Viewer]:
    """One loop over epoll and one buffer: the load shall not be what is measured."""
    poll, viewers = select.epoll(), list[Viewer]()
    sockets: dict[int, tuple[socket.socket, Viewer]] = {}
    start = end = time.time() + 3600
    buffer = bytearray(1 << 16)
    while time.time() < end:
        if len(viewers) < count:
            viewers.append(Viewer())
            made = connect(port)
            poll.register(made.fileno(), select.EPOLLIN)
            sockets[made.fileno()] = made, viewers[-1]
            if len(viewers) == count:
                start, end = time.time() + WARM, time.time() + WARM + seconds
                tell_ready()
        if nap and len(viewers) == count:
            time.sleep(nap)
        for number, _ in poll.poll(0 if nap or len(viewers) < count else 0.1, count):
            client, viewer = sockets[number]
            size = client.recv_into(buffer)
            viewer.got(buffer, size, time.time(), start)
            if not size:
                poll.unregister(number)
    return viewers


def tell_ready() -> None:
    """The bench counts the server's seconds from here."""
    print("ready", flush=True)


# --- ssh ---


async def watch_ssh(port: int, count: int, seconds: float) -> list[Viewer]:
    import asyncssh

    start = time.time() + 3600

    class Client(asyncssh.SSHClientSession[bytes]):
        def __init__(self, viewer: Viewer):
            self._viewer = viewer

        def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002
            self._viewer.got(data, len(data), time.time(), start)

    async def come(viewer: Viewer) -> asyncssh.SSHClientConnection:
        connection = await asyncssh.connect(
            "127.0.0.1", port, known_hosts=None, encryption_algs=["aes128-gcm@openssh.com"], client_keys=None, config=[],
            agent_path=None,
        )  # fmt: skip
        await connection.create_session(
            partial(Client, viewer), encoding=None, term_type="xterm", term_size=(COLS, ROWS)
        )
        return connection

    viewers = [Viewer() for _ in range(count)]
    connections = []
    for first in range(0, count, _TOGETHER):
        connections += await asyncio.gather(*map(come, viewers[first : first + _TOGETHER]))
    start = time.time() + WARM
    tell_ready()
    await asyncio.sleep(WARM + seconds)
    for connection in connections:
        connection.abort()
    return viewers


# --- Others ---


def drain(port: int, count: int, nap: float = 0) -> dict[str, float]:
    """Viewers of anything, who read until its end and do no more."""
    poll, sockets, buffer = select.epoll(), dict[int, socket.socket](), bytearray(1 << 16)
    for _ in range(count):
        made = connect(port)
        poll.register(made.fileno(), select.EPOLLIN)
        sockets[made.fileno()] = made
    tell_ready()
    while sockets:
        time.sleep(nap)
        for number, _ in poll.poll(0 if nap else 0.1, count):
            try:
                size = sockets[number].recv_into(buffer)
            except ConnectionResetError:  # of a sender who has not read what they said of their terminals
                size = 0
            if not size:
                poll.unregister(number)
                sockets.pop(number).close()
    return {"viewers": count}


def stall(port: int, count: int, seconds: float) -> dict[str, float]:
    """Viewers who never read. How many are still connected in the end."""
    sockets = [connect(port, 16384) for _ in range(count)]
    tell_ready()
    time.sleep(seconds)
    alive = 0
    for one in sockets:
        try:
            while data := one.recv(1 << 20):
                pass
            alive += data != b""
        except BlockingIOError:
            alive += 1
        except OSError:
            pass
    return {"alive": alive}


def come_and_go(port: int, count: int) -> dict[str, float]:
    """Viewers who see a frame and go, forty at a time."""
    for _ in range(count // 40):
        sockets = [connect(port) for _ in range(40)]
        for one in sockets:
            one.setblocking(True)
            while _AT not in one.recv(65536):
                pass
            one.close()
    return {"connections": count // 40 * 40}


def main(kind: str, *given: str) -> dict[str, Any]:
    if kind == "watch":
        protocol, port, count, seconds = given[0], int(given[1]), int(given[2]), float(given[3])
        if protocol == "ssh":
            return summary(asyncio.run(watch_ssh(port, count, seconds)), seconds)
        return summary(watch_telnet(port, count, seconds, *map(float, given[4:])), seconds)
    if kind == "stall":
        return stall(int(given[0]), int(given[1]), float(given[2]))
    if kind == "drain":
        return drain(int(given[0]), int(given[1]), *map(float, given[2:]))
    return come_and_go(int(given[0]), int(given[1]))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
