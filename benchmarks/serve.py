"""`make bench-serve`: what a crowd costs the server, over loopback, real sockets, viewers in another process.

python benchmarks/serve.py [--quick] [--viewers N] [--ssh N] [--seconds S]

The server is pinned to the first core, the viewers to the last. Its CPU time is what the kernel counts,
sending over loopback included, which does the receiving side's work too: a floor for that is measured
by sending as much to as many without a server.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from glyphgrad import Frame
from glyphgrad.codec.formats import write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame
from viewers import COLS, FPS, FRAMES, ROWS, WARM, mark

HERE = Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
_TICK = os.sysconf("SC_CLK_TCK")
_MANY = 100_000
UNLIMITED = {
    "viewers": _MANY, "viewers-per-address": _MANY, "arrivals": _MANY, "logins": _MANY, "logins-per-address": _MANY,
}  # fmt: skip
"""A crowd from one address, which the limits are there to keep out."""


# --- The film ---


def silhouettes() -> Iterator[Frame]:
    """Bright shapes with soft edges that turn, drift and merge: much of a frame stays as it was, edges move."""
    y, x = np.mgrid[:ROWS, :COLS]
    x, y = (x - COLS / 2) / 20, (y - ROWS / 2) / 10
    ramp = np.frombuffer(b" .,:;i1tfLCG08@", dtype=np.uint8).astype(np.uint32)
    for number in range(FRAMES):
        phase = 2 * np.pi * number / FRAMES
        field = np.zeros((ROWS, COLS))
        for turns, far, size in ((3, 0.9, 0.35), (-5, 0.6, 0.2), (4, 1.3, 0.25), (-7, 0.3, 0.15)):
            right, down = far * np.cos(turns * phase + size * 9), 0.7 * far * np.sin(turns * phase)
            field += size / ((x - right) ** 2 + (y - down) ** 2 + 0.02)
        ink = 1 / (1 + np.exp(-14 * (field - 0.8)))
        cells = ramp[np.rint(ink * (len(ramp) - 1)).astype(int)]
        cells[0, :2] = [ord(char) for char in mark(number)]
        yield Frame(cells)


def write_silhouettes(path: Path) -> Path:
    with write_film(path, ClipHeader(ROWS, COLS, dark=True)) as film:
        for number, frame in enumerate(silhouettes()):
            start, end = (round(1000 * one / FPS) for one in (number, number + 1))
            film.write(TimedFrame(start, end, frame))
    return path


# --- The server ---


class Server:
    """`glyphgrad serve` in a process."""

    def __init__(self, film: Path, protocol: str, **limits: float):
        self.port = _free_port()
        granted = [f"--{name}={value}" for name, value in (UNLIMITED | limits).items()]
        key = film.parent / "key"
        command = [sys.executable, "-m", "glyphgrad", "serve", str(film), f"--{protocol}=127.0.0.1:{self.port}"]
        began = time.monotonic()
        self._log = film.parent / "log"
        with self._log.open("w") as log:  # a pipe that nobody reads would stop the server
            self.process = subprocess.Popen([*command, f"--host-key={key}", *granted], stderr=log)
        os.sched_setaffinity(self.process.pid, CORES[:1])
        self.up = _until_up(self.port) - began

    def cpu(self) -> tuple[float, float]:
        """Seconds of user and of system time until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) / _TICK, int(fields[12]) / _TICK

    def memory_kb(self) -> int:
        """Resident."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1])

    def queued_kb(self) -> float:
        """What the kernel holds for those who do not read."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        port = f":{self.port:04X}"
        return sum(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(port) and row[3] == "01") / 1024

    def stop(self) -> list[dict[str, str]]:
        """What it has logged of its sessions."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        lines = self._log.read_text().splitlines()
        return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in lines if " session " in line]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_up(port: int) -> float:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return time.monotonic()
        except ConnectionRefusedError:
            time.sleep(0.01)


@contextmanager
def viewers(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The load, in a process on another core, when its viewers are there."""
    command = [sys.executable, str(HERE / "viewers.py"), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        os.sched_setaffinity(load.pid, CORES[-1:])
        yield load


def line_of(load: subprocess.Popen[str]) -> str:
    assert load.stdout
    return load.stdout.readline().strip()


# --- What is measured ---


def crowd(film: Path, protocol: str, count: int, seconds: float, probes: int = 0) -> dict[str, Any]:
    """A crowd that watches: lateness, CPU, bandwidth, memory.

    With `probes` so many of them are in a process of their own, and only those note how late they are:
    the others are as much work as their server, and would measure themselves. Whom the server sent fewer
    than it sent those is counted in `dropped`.
    """
    server = Server(film, protocol)
    empty = server.memory_kb()
    with ExitStack() as loads:
        load = others = loads.enter_context(
            viewers("watch", protocol, server.port, count - probes, seconds + 12 * bool(probes))
        )
        line_of(others)
        if probes:
            load = loads.enter_context(viewers("watch", protocol, server.port, probes, seconds))
            line_of(load)
        time.sleep(WARM)
        began, before = time.monotonic(), server.cpu()
        time.sleep(seconds)
        user, system = (
            (after - first) / (time.monotonic() - began) for after, first in zip(server.cpu(), before, strict=True)
        )
        each = (server.memory_kb() - empty) / count
        found = json.loads(line_of(load))
        if probes:
            line_of(others)
    sessions = server.stop()
    drops = sum(int(session["drops"]) for session in sessions)
    found["viewers"] = count
    return found | {"cpu_user": user, "cpu_system": system, "kb_each": each, "dropped": drops, "up_s": server.up}


def floor(count: int, seconds: float, size: int) -> float:
    """Share of a core that it takes to send `size` bytes to so many sockets at the film's rate, and no more."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    pairs = []
    for _ in range(count):
        client = socket.create_connection(listener.getsockname())
        pairs.append((client, listener.accept()[0]))
    os.sched_setaffinity(0, CORES[:1])
    before, data, rounds = time.process_time(), bytes(size), max(1, int(FPS * min(seconds, 2)))
    for _ in range(rounds):
        for _, sender in pairs:
            sender.send(data)
    cpu = time.process_time() - before
    os.sched_setaffinity(0, CORES)
    for client, sender in pairs:
        client.close()
        sender.close()
    listener.close()
    return cpu / rounds * FPS


def stalled(film: Path, count: int) -> dict[str, Any]:
    """Viewers who stop reading while ten others watch."""
    server = Server(film, "telnet")
    with viewers("watch", "telnet", server.port, 10, 40) as others:
        line_of(others)
        before = server.memory_kb()
        with viewers("stall", server.port, count, 30) as load:
            line_of(load)
            time.sleep(15)
            resident, queued = (server.memory_kb() - before) / count, server.queued_kb() / count
            alive = json.loads(line_of(load))["alive"]
        found = json.loads(line_of(others))
    sessions = server.stop()
    told = [session["ended"] for session in sessions]
    return {
        "viewers": count,
        "resident_kb_each": resident,
        "kernel_kb_each": queued,
        "dropped_by_the_limit": told.count("stalled"),
        "alive": alive,
        "p99_ms_of_the_others": found["p99_ms"],
        "frames_dropped_of_the_others": sum(
            int(session["drops"]) for session in sessions if session["ended"] != "stalled"
        ),
    }


def come_and_go(film: Path, count: int) -> dict[str, Any]:
    """Memory before and after, once a first crowd has made room for itself."""
    server = Server(film, "telnet")
    with viewers("come", server.port, 6000) as load:
        line_of(load)
    time.sleep(3)
    before = server.memory_kb()
    with viewers("come", server.port, count) as load:
        line_of(load)
    time.sleep(3)
    after = server.memory_kb()
    server.stop()
    return {"connections": count, "before_kb": before, "after_kb": after, "growth": after / before - 1}


@click.command
@click.option("--viewers", "telnet", default=1000, show_default=True, help="telnet viewers.")
@click.option("--ssh", default=200, show_default=True, help="ssh viewers.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each measurement.")
@click.option("--quick", is_flag=True, help="A tenth of everything.")
@click.option("--only", help="One of telnet, ssh, stall, come.")
def main(telnet: int, ssh: int, seconds: float, quick: bool, only: str | None) -> None:
    share = 10 if quick else 1
    with tempfile.TemporaryDirectory() as directory:
        film = write_silhouettes(Path(directory) / "film.glyph")
        measures: dict[str, Callable[[], dict[str, Any]]] = {
            "telnet": lambda: crowd(film, "telnet", telnet // share, seconds, probes=10),
            "ssh": lambda: crowd(film, "ssh", ssh // share, seconds, probes=10),
            "stall": lambda: stalled(film, 200 // share),
            "come": lambda: come_and_go(film, 10_000 // share),
        }
        for name, measure in measures.items():
            if only in (None, name):
                _show(name, measure())
        if only in (None, "telnet"):
            _show("floor", {"cpu_share": floor(telnet // share, seconds, 600)})


def _show(name: str, found: dict[str, Any]) -> None:
    told = "  ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in found.items()
    )
    click.echo(f"{name:7} {told}  (load {os.getloadavg()[0]:.2f})")


if __name__ == "__main__":
    main()
