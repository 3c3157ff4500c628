"""The server: sockets bound, films opened, clients served, until it is told to stop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, MutableSequence, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain
from multiprocessing.connection import wait

from glyphgrad.errors import GlyphgradError
from glyphgrad.serve import plain
from glyphgrad.serve.config import PORTS, ServeConfig
from glyphgrad.serve.films import Library, Show
from glyphgrad.serve.house import House
from glyphgrad.serve.listen import Address, Handler, Listener, accept, bind, inherited
from glyphgrad.serve.live import LiveEdition
from glyphgrad.serve.metrics import WIDTH, Metrics, shared_table

Told = Callable[[Sequence[Listener]], None]
"""Called once, when clients can connect."""


def run(config: ServeConfig, on_ready: Told, prepare: Callable[[], None], live: Sequence[Show] = ()) -> None:
    """Serve until SIGTERM or SIGINT; then every screen is restored. Raises GlyphgradError.

    `prepare`, a function of a module, is called in every process first: there it sets up its logging. `live`
    are the films of `config.live`, as LiveEditions, which one process alone can serve.
    """
    prepare()
    clips = Library.open(config.clips, config.fps) if config.clips or not live else ()
    library = Library([*clips, *live])
    shares = listeners(config)
    if len(shares) == 1:
        asyncio.run(_serve_until_told(config, library, shares[0], on_ready))
    else:
        _run_workers(config, shares, on_ready, prepare)


def listeners(config: ServeConfig) -> list[list[Listener]]:
    """For every worker its sockets: those that systemd hands over, which all share, or new ones."""
    given = inherited(tuple(PORTS), dict(os.environ), os.getpid())
    if given:
        return [given] * config.workers
    first = _bound(config, {})
    ports = {protocol: next(one.port for one in first if one.protocol == protocol) for protocol in config.addresses}
    return [first, *(_bound(config, ports) for _ in range(config.workers - 1))]


def _bound(config: ServeConfig, ports: dict[str, int]) -> list[Listener]:
    found = []
    for protocol, text in config.addresses.items():
        host, port = Address.parse(text)
        found += bind(protocol, Address(host, ports.get(protocol, port)), share=config.workers > 1)
    return found


# --- One process ---


@asynccontextmanager
async def serving(
    config: ServeConfig, library: Library, sockets: Sequence[Listener], metrics: Metrics | None = None
) -> AsyncIterator[House]:
    """The house while it is open. In the end nobody new is let in, and every session is ended."""
    house = House(library, config.limits, config.epoch, metrics=metrics)
    handlers = _handlers(config, {one.protocol for one in sockets})
    tasks = [asyncio.create_task(accept(one, house, handlers[one.protocol], config.proxy_protocol)) for one in sockets]
    try:
        yield house
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in sockets:
            one.socket.close()
        await house.close()


def _handlers(config: ServeConfig, protocols: set[str]) -> dict[str, Handler]:
    found: dict[str, Handler] = {"telnet": plain.serve}
    if "ssh" in protocols:
        from glyphgrad.serve import ssh  # half a second

        found["ssh"] = ssh.handler(ssh.host_key(config.host_key), config.limits)
    if "http" in protocols:
        from glyphgrad.serve import web  # likewise

        found["http"] = web.handler(config.limits)
    return found


async def _serve_until_told(
    config: ServeConfig,
    library: Library,
    sockets: Sequence[Listener],
    on_ready: Told,
    metrics: Metrics | None = None,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for edition in chain.from_iterable(show.editions for show in library):
        if isinstance(edition, LiveEdition):
            edition.follow()
    async with serving(config, library, sockets, metrics):
        on_ready(sockets)
        await stop.wait()


# --- Several ---


def _run_workers(
    config: ServeConfig, shares: Sequence[list[Listener]], on_ready: Told, prepare: Callable[[], None]
) -> None:
    """A process for each share of the sockets. When one ends, all do."""
    spawn = multiprocessing.get_context("spawn")
    config = replace(config, limits=config.limits.share(config.workers))
    counts = spawn.RawArray("q", WIDTH * config.workers)
    workers = [
        spawn.Process(target=_work, args=(config, sockets, prepare, counts, number))
        for number, sockets in enumerate(shares)
    ]
    told = False

    def stop(*_: object) -> None:
        nonlocal told
        told = True
        for worker in workers:
            worker.terminate()

    for worker in workers:
        worker.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    on_ready(shares[0])
    for one in chain.from_iterable(shares):
        one.socket.close()
    wait([worker.sentinel for worker in workers])
    failed = not told
    stop()
    for worker in workers:
        worker.join()
    if failed:
        raise GlyphgradError("a worker process ended by itself, and the others with it: see the lines above")


def _work(
    config: ServeConfig,
    sockets: list[Listener],
    prepare: Callable[[], None],
    counts: MutableSequence[int],
    number: int,
) -> None:
    prepare()
    library = Library.open(config.clips, config.fps)
    metrics = Metrics(shared_table(counts, config.workers), number)
    asyncio.run(_serve_until_told(config, library, sockets, lambda _: None, metrics))
