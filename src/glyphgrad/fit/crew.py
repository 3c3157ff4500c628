"""Processes that do parts of a fit. How many there are changes nothing in what comes out, to the last byte.

Each is an interpreter of its own that is spoken to through its pipes: nothing is forked, so neither threads nor
locks of the caller are copied, and the caller's main module is not run again, as `multiprocessing` does where
it cannot fork. All that one of them holds is the means of the fit. Ctrl-C does not reach them: they end when
they are told to, or when who started them has ended, however that came about.
"""

from __future__ import annotations

import os
import pickle
import select
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from queue import SimpleQueue
from subprocess import DEVNULL, PIPE, Popen
from threading import Thread
from typing import Any, TypeVar, cast

from glyphgrad.errors import PictureError, WorkerError
from glyphgrad.fit.means import Means

MOST = 4
"""Workers that are started unless more are asked for: what only one process can do holds up more of them."""
_AHEAD = 3
"""Jobs that each worker has been given: it shall never wait for the next one."""
_LOOK = 0.1
"""Seconds after which who waits for a worker looks whether to stop."""
_SIZE = 8
"""Bytes of the length that precedes every message."""
_PROGRAM = "from glyphgrad.fit.crew import work_for_caller; work_for_caller()"

A = TypeVar("A")
B = TypeVar("B")


def usual_workers() -> int:
    """A worker for every core that this process may use, at most `MOST`."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, MOST)


class StoppedError(Exception):
    """What is waited for is not wanted any more: the means' `should_stop` has answered True."""


class Crew:
    """`size` workers beside the caller for fits by some means; of one the caller does the work itself.

    None is started before `hire`, and until then the caller does it all: for a short film that is quicker.
    Use it in a `with`. Raises WorkerError.
    """

    def __init__(self, means: Means, size: int) -> None:
        self._means, self._size = means, size
        self._workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        while self._workers:
            self._workers.pop().end()

    def hire(self) -> None:
        """Start the workers, if there shall be any and they have not been."""
        while 1 < self._size > len(self._workers):
            self._workers.append(_Worker(self._means))

    def each(self, work: Callable[[Means, A], B], jobs: Iterable[A]) -> Iterator[B]:
        """`work`, a function of a module, of the means and every job, in order; jobs are taken some ahead.

        Results are shared by pickling. A PictureError of the jobs is raised after the results of those that
        precede it. Raises what the work raises, WorkerError if a worker dies, and StoppedError.
        """
        given, ahead, broken = iter(jobs), deque[_Owed](), None
        more = True
        while more or ahead:
            while more and len(ahead) < max(1, _AHEAD * len(self._workers)):
                try:
                    ahead.append(self._give(work, next(given)))
                except StopIteration:
                    more = False
                except PictureError as error:  # what precedes it is still to come
                    more, broken = False, error
            if ahead:
                yield cast(B, ahead.popleft().result())
        if broken:
            raise broken

    def _give(self, work: Callable[[Means, A], B], job: A) -> _Owed:
        if not self._workers:
            return _Owed(None, [work(self._means, job)])
        return min(self._workers, key=lambda worker: len(worker.owes)).give(work, job)


class _Owed:
    """The result of a job, once it is there."""

    def __init__(self, worker: _Worker | None, found: list[Any]) -> None:
        self._worker, self.found = worker, found

    def result(self) -> Any:
        while not self.found:
            assert self._worker is not None  # who has none has its result
            self._worker.receive()
        found = self.found.pop()
        if isinstance(found, _Failed):
            raise found.error
        return found


class _Failed:
    """What a job has raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Worker:
    """A process; `owes` are the results it has not delivered, the oldest first, which is their order."""

    def __init__(self, means: Means) -> None:
        apart: dict[str, Any] = {"process_group": 0} if sys.platform != "win32" else {"creationflags": 0x200}
        path = os.pathsep.join(filter(None, sys.path))  # that of this process, whatever it has made of it
        command, own = [sys.executable, "-P", "-c", _PROGRAM], os.environ | {"PYTHONPATH": path}
        try:
            self._process = Popen(command, bufsize=0, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=own, **apart)
        except OSError as error:
            raise WorkerError(f"no worker process can be started ({error.strerror}): try --workers 1") from None
        self._to, self._from = cast(FileIO, self._process.stdin), cast(FileIO, self._process.stdout)
        self._should_stop = means.should_stop or (lambda: False)
        self.owes = deque[_Owed]()
        self._tell(replace(means, should_stop=None, on_sweep=None, crew=None))

    def give(self, work: Callable[[Means, A], B], job: A) -> _Owed:
        self._tell((work, job))
        self.owes.append(_Owed(self, []))
        return self.owes[-1]

    def receive(self) -> None:
        """Wait for the oldest result that is owed."""
        while not self._ready():
            if self._should_stop():
                raise StoppedError
        try:
            found = _read(self._from)
        except EOFError:
            raise self._died() from None
        self.owes.popleft().found.append(found)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            with suppress(OSError):
                pipe.close()

    def _ready(self) -> bool:
        if sys.platform == "win32":  # where pipes cannot be asked: whoever waits, waits
            return True
        return bool(select.select([self._from], [], [], _LOOK)[0])

    def _tell(self, message: object) -> None:
        try:
            _write(self._to, message)
        except OSError:
            raise self._died() from None

    def _died(self) -> WorkerError:
        code = self._process.wait()
        return WorkerError(
            f"a worker process has died ({f'signal {-code}' if code < 0 else f'exit code {code}'}), perhaps for want of "
            "memory: try fewer --workers"
        )


# --- Messages: their length, then a pickle ---


def _write(file: FileIO, message: object) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    for part in (len(data).to_bytes(_SIZE, "little"), data):
        left = memoryview(part)
        while left:
            left = left[file.write(left) :]


def _read(file: FileIO) -> Any:
    """The next message. Raises EOFError."""
    return pickle.loads(_taken(file, int.from_bytes(_taken(file, _SIZE), "little")))


def _taken(file: FileIO, size: int) -> bytearray:
    data = bytearray(size)
    left = memoryview(data)
    while left:
        count = file.readinto(left)
        if not count:
            raise EOFError
        left = left[count:]
    return data


# --- In the worker ---


def work_for_caller() -> None:
    """What a worker does: reads means, then jobs, and answers each, until its standard input ends.

    It reads ahead, and a result that nobody has taken yet keeps it from nothing.
    """
    jobs, results = FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is written to standard output, it is no result
    given, found = SimpleQueue[Any](), SimpleQueue[Any]()
    means: Means = _read(jobs)
    Thread(target=_read_all, args=(jobs, given), daemon=True).start()
    Thread(target=_write_all, args=(results, found), daemon=True).start()
    with means.few_threads():
        while True:
            found.put(_result(means, *given.get()))


def _result(means: Means, work: Callable[[Means, A], B], job: A) -> B | _Failed:
    try:
        return work(means, job)
    except Exception as error:
        return _Failed(error)


def _read_all(jobs: FileIO, given: SimpleQueue[Any]) -> None:
    try:
        while True:
            given.put(_read(jobs))
    finally:  # nobody is there to work for: not even what is begun is of use
        os._exit(0)


def _write_all(results: FileIO, found: SimpleQueue[Any]) -> None:
    try:
        while True:
            _write(results, found.get())
    finally:
        os._exit(0)
