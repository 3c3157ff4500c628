"""`make bench-serve`: what a crowd costs the server, over loopback, real sockets, viewers in another process.

python benchmarks/serve.py [--quick] [--viewers N] [--seconds S] [--only PART] [--steer]

The server is pinned to the first core, the viewers to the last. Its CPU time is what the kernel counts,
sending over loopback included, which does the receiving side's work too: what that comes to is measured
by sending as much to as many without a server, and with viewers who need not be woken.
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
from machine import about
from tables import Cell, table
from viewers import COLS, FPS, FRAMES, ROWS, WARM, mark

HERE = Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
_TICK = os.sysconf("SC_CLK_TCK")
_MANY = 100_000
UNLIMITED = {
    "viewers": _MANY, "viewers-per-address": _MANY, "arrivals": _MANY, "http-arrivals": _MANY, "logins": _MANY,
    "logins-per-address": _MANY,
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


def crowd(film: Path, protocol: str, count: int, seconds: float, probes: int = 0, nap: float = 0) -> dict[str, Any]:
    """A crowd that watches: lateness, CPU, bandwidth, memory.

    With `probes` so many of them are in a process of their own, and only those note how late they are:
    the others are as much work as their server, and would measure themselves. Whom the server sent fewer
    than it sent those is counted in `dropped`. `nap`: see viewers.py.
    """
    server = Server(film, protocol)
    empty = server.memory_kb()
    with ExitStack() as loads:
        rest = loads.enter_context(viewers("watch", protocol, server.port, count - probes, seconds + 12, nap))
        line_of(rest)
        load = loads.enter_context(viewers("watch", protocol, server.port, probes, seconds, nap)) if probes else rest
        if probes:
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
            line_of(rest)
    sessions = server.stop()
    drops = sum(int(session["drops"]) for session in sessions)
    found["viewers"] = count
    told = {"cpu": user + system, "cpu_user": user, "cpu_system": system}
    return found | told | {"resident_kb_each": each, "dropped": drops, "up_s": server.up}


def bare(count: int, seconds: float, size: int, nap: float = 0) -> dict[str, float]:
    """What it takes to send `size` bytes to so many sockets at the film's rate, and to do nothing else."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        load = stack.enter_context(viewers("drain", listener.getsockname()[1], count, nap))
        sockets = [stack.enter_context(listener.accept()[0]) for _ in range(count)]
        for one in sockets:
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(1)
        os.sched_setaffinity(0, CORES[:1])
        began, before = time.monotonic(), os.times()
        _send(sockets, bytes(size), began, round(FPS * seconds))
        lasted, after = time.monotonic() - began, os.times()
        os.sched_setaffinity(0, CORES)
        for one in sockets:
            one.close()
        line_of(load), line_of(load)
    user, system = (after.user - before.user) / lasted, (after.system - before.system) / lasted
    return {"viewers": count, "cpu": user + system, "cpu_user": user, "cpu_system": system}


def _send(sockets: list[socket.socket], data: bytes, began: float, rounds: int) -> None:
    sends = [one.send for one in sockets]
    for number in range(rounds):
        time.sleep(max(0.0, began + number / FPS - time.monotonic()))
        for send in sends:
            send(data)


@contextmanager
def steered() -> Iterator[None]:
    """The receiving half of loopback on the last core, as if it were another machine's; needs root."""
    path = Path("/sys/class/net/lo/queues/rx-0/rps_cpus")
    before = path.read_text()
    path.write_text(f"{1 << CORES[-1]:x}")
    try:
        yield
    finally:
        path.write_text(before)


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


# --- The report ---

NAP = 0.005
WANTED = {
    ("telnet", "median_ms"): "at most 15", ("telnet", "p99_ms"): "at most 60", ("telnet", "starved"): "0",
    ("telnet", "cpu"): "at most 0.25", ("telnet", "kb_s"): "at most 25", ("telnet", "up_s"): "at most 1",
    ("ssh", "p99_ms"): "at most 100", ("stall", "resident_kb_each"): "at most 100",
    ("stall", "frames_dropped_of_the_others"): "0", ("come", "growth"): "at most 0.05",
}  # fmt: skip
"""Part and figure -> what issue 6 wants of it."""
ABOUT = {
    "telnet": "telnet viewers of an 80 x 30 film at 30 frames a second, asleep until a frame comes",
    "telnet-polling": "the same, but they look every 5 ms: the server wakes nobody, as with viewers elsewhere",
    "bare": "no server: as many bytes in a bare Python loop of sends; receivers asleep",
    "bare-polling": "the same; receivers look every 5 ms",
    "telnet-steered": "`--steer`: the receiving half of loopback on the other core; viewers asleep",
    "bare-steered": "the same without a server",
    "ssh": "ssh viewers",
    "web": "browsers: WebSocket viewers",
    "stall": "telnet viewers who stop reading, while ten others watch",
    "come": "connections that come and go, after a first 6,000",
}


def measures(film: Path, telnet: int, seconds: float, share: int, steer: bool) -> dict[str, Callable[[], Any]]:
    def on_steered(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        with steered():
            return measure()

    def web() -> dict[str, Any]:
        import serve_web

        return serve_web.crowd(film, 500 // share, seconds)

    found: dict[str, Callable[[], Any]] = {
        "telnet": lambda: crowd(film, "telnet", telnet, seconds, probes=10),
        "bare": lambda: bare(telnet, seconds, _BARE),
        "telnet-polling": lambda: crowd(film, "telnet", telnet, seconds, probes=10, nap=NAP),
        "bare-polling": lambda: bare(telnet, seconds, _BARE, NAP),
        "ssh": lambda: crowd(film, "ssh", 200 // share, seconds, probes=10),
        "web": web,
        "stall": lambda: stalled(film, 200 // share),
        "come": lambda: come_and_go(film, 10_000 // share),
    }
    if steer:
        found["telnet-steered"] = lambda: on_steered(found["telnet"])
        found["bare-steered"] = lambda: on_steered(found["bare"])
    return found


_BARE = 660
"""Bytes of a change of the film, in the mean."""


@click.command
@click.option("--viewers", default=1000, show_default=True, help="telnet viewers.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each measurement.")
@click.option("--quick", is_flag=True, help="A tenth of everything.")
@click.option("--steer", is_flag=True, help="Also with loopback's receiving half on the other core (needs root).")
@click.option("--only", multiple=True, type=click.Choice(list(ABOUT)))
def main(viewers: int, seconds: float, quick: bool, steer: bool, only: tuple[str, ...]) -> None:
    share = 10 if quick else 1
    report = "# Serving\n\n" + about(" ".join(["python benchmarks/serve.py", *sys.argv[1:]]))
    report += f"- niceness {os.nice(0)}, load of the machine before: {os.getloadavg()[0]:.1f}\n"
    report += "- over loopback, real sockets; the server on the first core, its viewers on the last. `cpu` is a share\n"
    report += "  of a core as the kernel counts it, with what the kernel does for the receivers meanwhile\n\n"
    with tempfile.TemporaryDirectory() as directory:
        film = write_silhouettes(Path(directory) / "film.glyph")
        for name, measure in measures(film, viewers // share, seconds, share, steer).items():
            if not only or name in only:
                section = _section(name, measure())
                click.echo(section)
                report += section
    if not only and not quick:
        (HERE / "serve.md").write_text(report.rstrip() + "\n")


def _section(name: str, found: dict[str, Any]) -> str:
    rows: list[list[Cell]] = [[key, value, WANTED.get((name, key), "")] for key, value in found.items()]
    load = f"load of the machine after it: {os.getloadavg()[0]:.1f}"
    return f"## {name}\n\n{ABOUT[name]}; {load}\n\n{table(['figure', 'measured', 'wanted'], rows)}\n"


if __name__ == "__main__":
    main()
