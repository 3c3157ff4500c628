"""What browsers cost the server: WebSocket viewers over loopback, in another process, on another core.

The server, the film and the lateness are those of benchmarks/serve.py. A viewer finds the frame's mark in
the message as one of telnet finds it in the stream, for to both a frame is the same text.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from websockets.frames import Frame, Opcode

from serve import CORES, Server
from viewers import COLS, ROWS, WARM, Viewer, summary

_HANDSHAKE = (
    b"GET /-/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_PATIENCE = 600
"""Seconds until the server takes a viewer who does not answer pings for gone: these do not."""


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    wish = Frame(Opcode.TEXT, f"play film {ROWS}x{COLS}".encode())
    made.sendall(_HANDSHAKE)
    answer = made.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    made.sendall(wish.serialize(mask=True))
    made.setblocking(False)
    return made


def watch(port: int, count: int, seconds: float, told: Connection) -> None:
    """Tells when all are there, and in the end what they saw."""
    os.sched_setaffinity(0, CORES[-1:])
    poll, sockets = select.epoll(), dict[int, tuple[socket.socket, Viewer]]()
    for _ in range(count):
        made = connect(port)
        poll.register(made.fileno(), select.EPOLLIN)
        sockets[made.fileno()] = made, Viewer()
        _read(poll, sockets, 0, float("inf"))
    start = time.time() + WARM
    while time.time() < start:
        _read(poll, sockets, 0.1, float("inf"))
    told.send("ready")
    while time.time() < start + seconds:
        _read(poll, sockets, 0.1, start)
    told.send(summary([viewer for _, viewer in sockets.values()], seconds))


def _read(poll: select.epoll, sockets: dict[int, tuple[socket.socket, Viewer]], wait: float, start: float) -> None:
    for number, _ in poll.poll(wait):
        client, viewer = sockets[number]
        data = client.recv(65536)
        viewer.got(data, len(data), time.time(), start)
        if not data:
            poll.unregister(number)


def crowd(film: Path, count: int, seconds: float) -> dict[str, Any]:
    """Viewers who watch: lateness, CPU, bandwidth, memory."""
    spawn = multiprocessing.get_context("spawn")
    server = Server(film, "http", **{"stall-seconds": _PATIENCE})
    empty = server.memory_kb()
    hears, tells = spawn.Pipe(duplex=False)
    load = spawn.Process(target=watch, args=(server.port, count, seconds, tells))
    load.start()
    hears.recv()
    began, before = time.monotonic(), server.cpu()
    found = hears.recv()
    lasted = time.monotonic() - began
    user, system = ((after - first) / lasted for after, first in zip(server.cpu(), before, strict=True))
    each = (server.memory_kb() - empty) / count
    load.join()
    drops = sum(int(session["drops"]) for session in server.stop())
    told = {"cpu": user + system, "cpu_user": user, "cpu_system": system}
    return found | told | {"resident_kb_each": each, "dropped": drops}
