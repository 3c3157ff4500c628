"""`glyphgrad serve` as a process, stopped as a service manager stops it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest

from glyphgrad.codec.film import recording
from glyphgrad.codec.terminal import Terminal
from glyphgrad.serve.limits import Limits, option_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    made: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "glyphgrad", "serve", *arguments, "--host-key", str(tmp_path / "key")]
        made.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path))
        return made[-1]

    yield start
    for one in made:
        one.kill()
        one.communicate()


def ports(process: subprocess.Popen[str]) -> dict[str, int]:
    """What the server says to type, until it says how to end it."""
    assert process.stderr
    told = "".join(iter(process.stderr.readline, "Ctrl-C ends it\n"))
    return {
        name: int(port) for name, port in re.findall(r"(telnet|ssh|http)(?: localhost| -p|://localhost:) ?(\d+)", told)
    }


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def rest(client: socket.socket) -> bytes:
    data = b""
    try:
        while part := client.recv(65536):
            data += part
    except ConnectionResetError:  # how nc is made to end
        pass
    return data


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_is_served_and_ends_in_order(server: Any, number: int) -> None:
    process = server("demo", "--telnet", "127.0.0.1:0", "--negotiate-seconds", "0.1")
    with connect(ports(process)["telnet"]) as client:
        data = b""
        while b"\x1b[22;1H" not in data:
            data += client.recv(65536)
        process.send_signal(number)
        assert rest(client).endswith(b"\r\n")
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "ended=shutdown" in told


def test_it_is_up_within_a_second(server: Any) -> None:
    """Of CPU time, which other work on the machine does not lengthen."""
    process = server("demo", "--telnet", "127.0.0.1:0", "--ssh", "127.0.0.1:0")
    assert set(ports(process)) == {"telnet", "ssh"}
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") < 1.5


def test_workers_share_a_port(server: Any) -> None:
    both = ["--telnet", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    process = server("demo", *both, "--workers", "2", "--negotiate-seconds", "0.1")
    found = ports(process)
    clients = [connect(found["telnet"]) for _ in range(8)]
    for client in clients:
        data = b""
        while b"\x1b[22;1H" not in data:
            data += client.recv(65536)
    for _ in range(4):  # whichever of them answers
        with urlopen(f"http://127.0.0.1:{found['http']}/metrics", timeout=5) as answer:
            assert 'glyphgrad_viewers{protocol="nc"} 8' in answer.read().decode()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    process.send_signal(signal.SIGTERM)
    assert all(rest(client).endswith(b"\r\n") for client in clients)
    for client in clients:
        client.close()
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert told.count("ended=shutdown") == 8


def test_when_a_worker_dies_all_do(server: Any) -> None:
    """Half a server is worse than none: whoever watches over it starts it again."""
    process = server("demo", "--telnet", "127.0.0.1:0", "--workers", "2")
    with connect(ports(process)["telnet"]) as client:
        client.recv(1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]
        os.kill(int(workers[0]), signal.SIGKILL)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "a worker process ended by itself" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no film is named"),
        (["missing.glyph"], "'missing.glyph' cannot be read"),
        (["demo", "--telnet", "x"], "address is 'x'"),
        (["demo", "--viewers", "0"], "--viewers is 0"),
        (["demo", "--workers", "0"], "--workers is 0"),
        (["demo", "--epoch", "soon"], "epoch is 'soon'"),
        (["demo", "--config", "none.toml"], "'none.toml' cannot be read"),
    ],
)
def test_mistakes_are_one_line(run: Any, arguments: list[str], told: str) -> None:
    done = run("serve", *arguments)
    assert done.code in (1, 2)
    assert told in done.err
    assert done.err.count("\n") == 1


def test_every_limit_is_an_option(run: Any) -> None:
    help = " ".join(run("serve", "--help").out.split())
    for name in vars(Limits()):
        assert option_of(name) in help


def test_serving_loads_no_torch() -> None:
    code = (
        "import sys, pkgutil, importlib, glyphgrad.serve\n"
        "for one in pkgutil.iter_modules(glyphgrad.serve.__path__, 'glyphgrad.serve.'): importlib.import_module(one.name)\n"
        "print([name for name in ('torch', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- Fitted while it is served ---


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A bar that moves down, at five pictures a second."""
    with recording(tmp_path / "a film.gif", fps=5, hold=0.2) as record:
        for step in range(20):
            picture = np.zeros((40, 40), np.uint8)
            picture[2 * step : 2 * step + 8] = 255
            record(picture)
    return tmp_path / "a film.gif"


def test_a_video_is_fitted_while_it_is_served(server: Any, video: Path) -> None:
    process = server("--live", str(video), "-s", "12x6", "--telnet", "127.0.0.1:0", "--negotiate-seconds", "0.1")
    with connect(ports(process)["telnet"]) as client:
        terminal, received = Terminal(23, 80), b""
        shown = set[str]()
        while len(shown) < 4:
            received = client.recv(65536)
            terminal.feed(received.decode(errors="ignore"))  # what telnet negotiates
            shown.add(terminal.frame.text)
        process.send_signal(signal.SIGTERM)
        rest(client)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "film=a-film" in told
    assert max(len(text.strip()) for text in shown) >= 12  # a row of the bar


def test_a_video_that_is_not_there_is_told(server: Any) -> None:
    process = server("--live", "nowhere.mp4", "--telnet", "127.0.0.1:0")
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told == "glyphgrad: film 'nowhere.mp4' does not exist: check the path\n"


def test_live_films_want_one_process(server: Any, video: Path) -> None:
    process = server("--live", str(video), "--workers", "2", "--telnet", "127.0.0.1:0")
    _, told = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "--workers 2" in told
