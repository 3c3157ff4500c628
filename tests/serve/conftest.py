"""Films to serve, and a server in a thread: real sockets on port 0, ended by the test."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glyphgrad import Colors, Depth, Frame
from glyphgrad.codec.clip import ClipEncoder, ClipReader
from glyphgrad.codec.formats import write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.serve import server
from glyphgrad.serve.config import ServeConfig
from glyphgrad.serve.films import Edition, Library, Show
from glyphgrad.serve.house import House
from glyphgrad.serve.limits import Limits
from glyphgrad.serve.listen import Address, bind


class Films:
    """Makes films."""

    @staticmethod
    def frames(rows: int, cols: int, count: int, lasts: int = 33) -> list[TimedFrame]:
        """Frame k is full of the k-th letter, but for a column that moves."""
        found = []
        for number in range(count):
            cells = np.full((rows, cols), ord("A") + number % 26, dtype=np.uint32)
            cells[:, number % cols] = ord("#")
            found.append(TimedFrame(number * lasts, (number + 1) * lasts, Frame(cells)))
        return found

    @staticmethod
    def edition(frames: list[TimedFrame], **header: Any) -> Edition:
        first = frames[0].frame
        encoder = ClipEncoder(ClipHeader(first.rows, first.cols, **{"dark": True, **header}))
        data = encoder.start() + b"".join(map(encoder.add, frames)) + encoder.finish()
        return Edition(encoder.header, ClipReader(io.BytesIO(data)), frames[-1].end)

    @classmethod
    def show(cls, name: str = "film", rows: int = 24, cols: int = 80, count: int = 30, **header: Any) -> Show:
        return Show(name, (cls.edition(cls.frames(rows, cols, count), **header),))

    @classmethod
    def colored(cls) -> Show:
        """Hashes in almost pure red, on almost pure green."""
        fg, bg = (np.full((24, 80, 3), color, np.uint8) for color in ((250, 0, 5), (0, 250, 0)))
        cells = np.full((24, 80), ord("#"), dtype=np.uint32)
        return Show("film", (cls.edition([TimedFrame(0, 1000, Frame(cells, Colors(Depth.TRUE, fg, bg)))]),))

    @staticmethod
    def write(path: Path, frames: list[TimedFrame], **header: Any) -> Path:
        first = frames[0].frame
        with write_film(path, ClipHeader(first.rows, first.cols, **{"dark": True, **header})) as film:
            for timed in frames:
                film.write(timed)
        return path


class Client:
    """A TCP connection to a server of ours."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.send = self.socket.sendall
        self.close = self.socket.close

    def until(self, found: bytes | Callable[[bytes], bool]) -> bytes:
        """What comes until that is in it. Fails at the connection's end, or after 5 seconds."""
        data, end = b"", time.monotonic() + 5
        while not (found in data if isinstance(found, bytes) else found(data)):
            assert time.monotonic() < end, data[-300:]
            part = self.socket.recv(65536)
            assert part, data[-300:]
            data += part
        return data

    def rest(self) -> bytes:
        """What comes until the end of the connection."""
        data = b""
        try:
            while part := self.socket.recv(65536):
                data += part
        except ConnectionResetError:
            pass
        return data


class Running:
    """A server in a thread. `port` is the first protocol's; `log` what it has logged."""

    def __init__(self, library: Library, config: ServeConfig):
        self._library, self._config = library, config
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.house: House
        self.clients: list[Client] = []
        self.error: BaseException | None = None

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(10)
        if self.error:
            raise self.error
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
            assert not self._thread.is_alive()

    async def _run(self) -> None:
        try:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            sockets = [one for name in self._config.addresses for one in bind(name, Address("127.0.0.1", 0))]
            self.ports = {one.protocol: one.port for one in sockets}
            async with server.serving(self._config, self._library, sockets) as self.house:
                self._ready.set()
                await self._stop.wait()
        except BaseException as error:
            self.error = error
            self._ready.set()
            raise

    @property
    def port(self) -> int:
        return next(iter(self.ports.values()))

    def connect(self) -> Client:
        self.clients.append(Client(self.port))
        return self.clients[-1]

    def wait(self, condition: Callable[[House], bool], seconds: float = 5) -> None:
        """Until something is so in the server. Fails when it never is."""
        until = time.monotonic() + seconds
        while not condition(self.house):
            assert time.monotonic() < until, "what the test waits for never happened"
            time.sleep(0.01)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """serve(protocol="telnet", films=..., proxy=False, **limits): a server that ends with the test."""
    made: list[Running] = []

    def start(protocol: str = "telnet", films: list[Show] | None = None, proxy: bool = False, **limits: Any) -> Running:
        films = films or [Films.show(title="A film")]
        granted = replace(Limits(arrivals=1000, http_arrivals=1000, negotiate_seconds=0.2), **limits)
        config = ServeConfig(**{protocol: "0"}, limits=granted, proxy_protocol=proxy, host_key=tmp_path / "key")
        made.append(Running(Library(films), config).__enter__())
        return made[-1]

    yield start
    for one in made:
        one.stop()
        for client in one.clients:
            client.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def films() -> type[Films]:
    return Films
