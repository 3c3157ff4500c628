"""Engines: where pictures are drawn. Items go out in shards and come back in order, a few shards ahead."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

from glyphgrad.errors import ConfigError, DeviceError

ENGINES = ("local", "ray")

_SHARD = 8
"""Items sent out together: enough to pay for the sending, few enough to keep memory low."""
_AHEAD = 3
"""Shards in flight for each worker."""

Config = TypeVar("Config")
Result = TypeVar("Result")
Work = Callable[[Config, int], Result]


def check(engine: str, workers: int | None) -> None:
    """Raises ConfigError and DeviceError for an engine that `run` would refuse."""
    if engine not in ENGINES:
        raise ConfigError(f"engine is {engine!r}: choose one of {', '.join(ENGINES)}")
    if workers is not None and workers < 1:
        raise ConfigError(f"workers is {workers}: give at least 1")
    if engine == "ray" and importlib.util.find_spec("ray") is None:
        raise DeviceError("engine 'ray' needs the library of that name: pip install 'glyphgrad[cluster]'")


def run(
    engine: str, work: Work[Config, Result], config: Config, items: range, workers: int | None = None
) -> Generator[Result, None, None]:
    """`work(config, item)` of every item, in order, by an engine that has been checked."""
    return {"local": _local, "ray": _ray}[engine](work, config, items, workers)


def shard(work: Work[Config, Result], config: Config, items: range) -> list[Result]:
    return [work(config, item) for item in items]


def _local(
    work: Work[Config, Result], config: Config, items: range, workers: int | None
) -> Generator[Result, None, None]:
    """In so many processes; with one, or little to do, in this one."""
    count = min(workers or os.cpu_count() or 1, -(-len(items) // _SHARD))
    if count <= 1:
        yield from (work(config, item) for item in items)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _live_by_the_parent)
    try:
        yield from _in_order(lambda part: pool.submit(shard, work, config, part), Future.result, items, count)
    except BrokenProcessPool:
        raise DeviceError(
            "a worker process ended before its time: is there enough memory? Run again to go on"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _live_by_the_parent() -> None:
    """Of a worker: Ctrl-C is the parent's business, and when that has been killed there is nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _ray(
    work: Work[Config, Result], config: Config, items: range, workers: int | None
) -> Generator[Result, None, None]:
    """On the Ray cluster that RAY_ADDRESS names, else on one that is started here for the while."""
    ray: Any = importlib.import_module("ray")
    ours = not ray.is_initialized()
    if ours:
        ray.init(
            num_cpus=None if os.environ.get("RAY_ADDRESS") else workers, include_dashboard=False, log_to_driver=False
        )
    try:
        remote = ray.remote(shard)
        count = workers or int(ray.cluster_resources().get("CPU", 1))
        yield from _in_order(lambda part: remote.remote(work, config, part), ray.get, items, count)
    finally:
        if ours:
            ray.shutdown()


def _in_order(
    submit: Callable[[range], Any], result: Callable[[Any], list[Result]], items: range, workers: int
) -> Iterator[Result]:
    """The results of all shards in order, never more than a few of them in flight."""
    waiting: deque[Any] = deque()
    for start in range(0, len(items), _SHARD):
        waiting.append(submit(items[start : start + _SHARD]))
        if len(waiting) > _AHEAD * workers:
            yield from result(waiting.popleft())
    while waiting:
        yield from result(waiting.popleft())
