"""A client of the web, over whatever it speaks: how long it may take, and its seat."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from glyphgrad.serve.house import House
from glyphgrad.serve.limits import network_of
from glyphgrad.serve.plain import TcpLink


class Client:
    """Who is at the other end of a connection, whatever is spoken there. `closed` is done when it has hung up;
    `requests` counts.

    It has `request_seconds` to ask for something, and `stall_seconds` to take a part of the answer. Once it
    is `watching` it is the hub's to judge.
    """

    def __init__(self, house: House, address: str, client: socket.socket):
        self.house, self.address, self._socket = house, address, client
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.link: TcpLink
        self._answering = self._watching = False
        self._deadline: asyncio.TimerHandle | None = None
        self.requests = 0

    def connected(self, transport: asyncio.Transport, hang_up: Callable[[], None]) -> None:
        """`hang_up` ends the connection once what it asked for is answered."""
        self.link = TcpLink(transport, self._socket)
        self._hang_up = hang_up
        self.house.idle[self] = self._part
        self._settle()

    def _part(self) -> None:
        if not self._watching:  # its session ends by itself
            self._hang_up()

    def gone(self) -> None:
        self.house.idle.pop(self, None)
        if not self.closed.done():
            self.closed.set_result(None)
        self._settle()

    def answering(self, begun: bool) -> None:
        """It is getting an answer, or has got it whole."""
        self.requests += begun
        self._answering = begun
        self._settle()

    def blocked(self, blocked: bool) -> None:
        """What was written waits for it, or does no longer."""
        self.link.blocked = blocked
        self._settle()

    def watching(self, watches: bool = True) -> None:
        self._watching = watches
        self._settle()

    def _settle(self) -> None:
        """Give it the time that is right for what it does now."""
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None
        if self.closed.done() or self._watching or (self._answering and not self.link.blocked):
            return
        limits = self.house.limits
        seconds = limits.stall_seconds if self.link.blocked else limits.request_seconds
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        self.house.metrics.rejected["slow"] += 1
        self.link.abort()

    @contextmanager
    def seat(self) -> Iterator[str | None]:
        """A viewer's seat while it watches; or why there is none: see `refusal.REFUSED`."""
        network, crowd = network_of(self.address), self.house.gate.viewers
        refusal = crowd.refusal(network)
        if refusal:
            self.house.metrics.rejected[refusal] += 1
            yield refusal
            return
        crowd.enter(network)
        self.watching()
        try:
            yield None
        finally:
            crowd.leave(network)
            self.watching(False)
