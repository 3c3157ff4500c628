"""Workers: results in order whoever made them, and one clear line when one of them dies."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from glyphgrad import PRESETS, FitConfig
from glyphgrad.errors import ConfigError, PictureError, WorkerError
from glyphgrad.fit.crew import Crew, StoppedError
from glyphgrad.fit.means import Means

DEVICE = replace(PRESETS["terminal"], cols=8, rows=3)
MEANS = Means(DEVICE.atlas(), DEVICE.layout_for(4, 3), FitConfig(solver="discrete", effort="fast"))
WORKS = """
import os, signal, time
from glyphgrad.errors import ConfigError

def squared(means, job):
    return job * job, os.getpid()

def heavy(means, job):
    return bytes([job]) * 3_000_000  # more than a pipe holds

def nested(means, job):
    return sum(job)

def refused(means, job):
    raise ConfigError(f"{job} cannot be")

def killed(means, job):
    os.kill(os.getpid(), signal.SIGKILL)

def asleep(means, job):
    time.sleep(600)

def interrupted(means, job):
    return os.getpgid(0) != job
"""
"""What workers are told, in a module that they can import as well: they have the caller's path."""


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "works_of_a_crew.py").write_text(WORKS)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("works_of_a_crew", None)
    return importlib.import_module("works_of_a_crew")


def hired(size: int, means: Means = MEANS) -> Crew:
    crew = Crew(means, size)
    crew.hire()
    return crew


def test_results_come_in_order_whoever_made_them(works: ModuleType) -> None:
    with hired(3) as crew:
        found = list(crew.each(works.squared, range(40)))
        assert list(crew.each(works.heavy, range(9))) == [bytes([job]) * 3_000_000 for job in range(9)]
    assert [square for square, _ in found] == [job * job for job in range(40)]
    makers = {maker for _, maker in found}
    assert len(makers) == 3
    assert os.getpid() not in makers


@pytest.mark.parametrize("hire", [False, True])
def test_one_is_the_caller_and_so_are_those_who_are_not_hired(works: ModuleType, hire: bool) -> None:
    with hired(1) if hire else Crew(MEANS, 3) as crew:
        assert list(crew.each(works.squared, range(3))) == [(job * job, os.getpid()) for job in range(3)]


def test_jobs_may_be_made_by_the_crew_itself(works: ModuleType) -> None:
    """As the pages of a shot are, whose look the crew has helped to learn."""
    with hired(2) as crew:
        jobs = ([square for square, _ in crew.each(works.squared, range(count))] for count in range(12))
        assert list(crew.each(works.nested, jobs)) == [sum(i * i for i in range(count)) for count in range(12)]


def test_jobs_are_taken_as_they_are_needed(works: ModuleType) -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    with hired(2) as crew:
        walk = crew.each(works.squared, endless())
        for _ in range(20):
            next(walk)
        assert taken <= 20 + 2 * 3


def test_what_a_job_raises_is_raised(works: ModuleType) -> None:
    with hired(2) as crew, pytest.raises(ConfigError, match=r"^7 cannot be$"):
        list(crew.each(works.refused, [7]))


def test_what_precedes_an_error_of_the_jobs_is_done(works: ModuleType) -> None:
    def jobs() -> Iterator[int]:
        yield from range(5)
        raise PictureError("damaged")

    found: list[tuple[int, int]] = []
    with hired(2) as crew, pytest.raises(PictureError, match="damaged"):
        found.extend(crew.each(works.squared, jobs()))
    assert [square for square, _ in found] == [0, 1, 4, 9, 16]


def test_a_worker_that_dies_is_told(works: ModuleType) -> None:
    with hired(2) as crew, pytest.raises(WorkerError, match=r"died \(signal 9\).*--workers"):
        list(crew.each(works.killed, range(100)))


def test_who_waits_can_be_stopped(works: ModuleType) -> None:
    asked = iter([False, False, True])
    with hired(2, replace(MEANS, should_stop=lambda: next(asked))) as crew, pytest.raises(StoppedError):
        list(crew.each(works.asleep, range(2)))


def test_ctrl_c_does_not_reach_them(works: ModuleType) -> None:
    """A terminal sends it to the group of processes that it talks to."""
    with hired(2) as crew:
        assert list(crew.each(works.interrupted, [os.getpgid(0)])) == [True]


def test_they_end_with_who_started_them(works: ModuleType, tmp_path: Path) -> None:
    """Even if that is killed: then nobody tells them to."""
    program = (
        f"import os, signal, sys; import {works.__name__} as works\n"
        "from dataclasses import replace; from glyphgrad import PRESETS, FitConfig\n"
        "from glyphgrad.fit.crew import Crew; from glyphgrad.fit.means import Means\n"
        "device = replace(PRESETS['terminal'], cols=8, rows=3)\n"
        "crew = Crew(Means(device.atlas(), device.layout_for(4, 3), FitConfig(solver='discrete')), 2); crew.hire()\n"
        "print(*{maker for _, maker in crew.each(works.squared, range(20))}, flush=True)\n"
        "crew._give(works.asleep, 0); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    own = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run([sys.executable, "-c", program], env=own, cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert ran.returncode == -signal.SIGKILL
    workers = [int(word) for word in ran.stdout.split()]
    assert len(workers) == 2
    while any(map(alive, workers)):  # the test's own limit is the only clock
        os.sched_yield()


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
