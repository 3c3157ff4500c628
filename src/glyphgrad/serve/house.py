"""The house: what every session of a process shares, and what ends them all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING

from glyphgrad.serve.films import Library
from glyphgrad.serve.hub import Hub
from glyphgrad.serve.limits import Clock, Gate, Limits
from glyphgrad.serve.metrics import Metrics

if TYPE_CHECKING:
    from glyphgrad.serve.session import Session

_LOG = logging.getLogger("glyphgrad.serve")

_FAREWELL = 3.0
"""Seconds that sessions have to end when the server does, and again to hang up."""


class House:
    """Films, limits and counters, and the sessions that are there.

    `epoch` is when the films began, in seconds since 1970; `wall` answers such seconds, `clock` seconds
    that never go back. `metrics` are its own where several processes count.
    """

    def __init__(
        self,
        library: Library,
        limits: Limits | None = None,
        epoch: float = 0.0,
        wall: Clock = time.time,
        clock: Clock = time.monotonic,
        metrics: Metrics | None = None,
    ):
        self.library, self.limits, self.clock = library, limits or Limits(), clock
        self.metrics = metrics or Metrics()
        self.gate = Gate(self.limits, clock)
        self.hub = Hub(self.limits, self.metrics, wall, clock, epoch)
        self.idle: dict[object, Callable[[], None]] = {}
        """Connections that may be held without a session -> what ends each when the server does."""
        self._closing = False
        self._clients: set[asyncio.Task[None]] = set()
        self._sessions: set[Session] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def spawn(self, visit: Coroutine[None, None, None]) -> None:
        """Serve a client in a task of its own: what goes wrong there is logged and touches nobody else."""
        task = asyncio.create_task(visit)
        self._clients.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._clients.discard(task)
        error = None if task.cancelled() else task.exception()
        if error:
            self.metrics.rejected["error"] += 1
            _LOG.error("a client's task failed", exc_info=error)

    def enter(self, session: Session) -> None:
        self._sessions.add(session)
        self._empty.clear()
        self.metrics.sessions[session.protocol] += 1
        self.metrics.viewers[session.protocol] += 1
        if self._closing:
            session.end("shutdown")

    def leave(self, session: Session) -> None:
        self._sessions.discard(session)
        self.metrics.viewers[session.protocol] -= 1
        if not self._sessions:
            self._empty.set()

    async def close(self) -> None:
        """End every session, which restores its screen, and wait for that, but not long."""
        self._closing = True
        for session in self._sessions:
            session.end("shutdown")
        for part in list(self.idle.values()):
            part()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._empty.wait()
        if self._clients:
            await asyncio.wait(self._clients, timeout=_FAREWELL)
        for task in self._clients:
            task.cancel()
