"""Debian's own telnet, nc and ssh, each in a pseudo-terminal of 40 x 100, against a real server."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from glyphgrad.codec.terminal import Terminal

ROWS, COLS = 40, 100
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
PACKAGES = {"telnet": "telnet", "nc": "netcat-openbsd", "ssh": "openssh-client"}


def _at_a_terminal() -> None:
    """The child has a terminal of its own, and hears Ctrl-C even where whoever runs the tests does not."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """A program in a terminal. `until` answers what it has written since the last time."""

    def __init__(self, *command: str):
        self._terminal, inside = pty.openpty()
        self.resize(ROWS, COLS)
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True,
            preexec_fn=_at_a_terminal,
        )  # fmt: skip
        os.close(inside)

    def resize(self, rows: int, cols: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def until(self, found: bytes) -> bytes:
        data, end = b"", time.monotonic() + 10
        while found not in data:
            assert time.monotonic() < end, data[-300:]
            data += self._read(0.1)
        return data

    def rest(self) -> bytes:
        """What it writes until it ends."""
        data, end = b"", time.monotonic() + 10
        while self.process.poll() is None:
            assert time.monotonic() < end, data[-300:]
            data += self._read(0.05)
        while part := self._read(0):
            data += part
        return data

    def _read(self, seconds: float) -> bytes:
        try:
            return os.read(self._terminal, 65536) if select.select([self._terminal], [], [], seconds)[0] else b""
        except OSError:  # the program has ended
            time.sleep(seconds)
            return b""

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    made: list[Program] = []

    def start(*command: str) -> Program:
        if not shutil.which(command[0]):
            pytest.skip(f"NO {command[0].upper()} HERE: apt-get install {PACKAGES[command[0]]} to run this test")
        made.append(Program(*command))
        return made[-1]

    yield start
    for one in made:
        one.close()


def ssh(port: int, *more: str) -> list[str]:
    told = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
    options = [part for one in told for part in ("-o", one)]
    return ["ssh", "-F", "/dev/null", *options, "-p", str(port), *more]


@pytest.mark.parametrize("protocol", ["telnet", "ssh"])
def test_a_terminal_shows_the_film_follows_resizes_and_is_restored(
    serve: Any, films: Any, program: Any, protocol: str
) -> None:
    running = serve(protocol, films=[films.show(rows=10, cols=30, count=1)])
    if protocol == "telnet":
        client = program("telnet", "127.0.0.1", str(running.port))
    else:
        client = program(*ssh(running.port, "127.0.0.1"))
    screen = Terminal(ROWS, COLS)
    screen.feed((client.until(ENTER) + client.until(b"\x1b[40;1H" + b" " * COLS)).split(ENTER)[1].decode())
    assert (screen.frame.cells[15:25, 35:65] == films.frames(10, 30, 1)[0].frame.cells).all()
    client.resize(12, 34)
    shown = client.until(b"\x1b[12;1H" + b" " * 34).split(b"\x1b[2J")[-1]
    assert b"\x1b[13;1H" not in shown
    client.type(b"q")  # at once, without Enter
    assert LEAVE in client.rest()
    running.wait(lambda house: not len(house.gate.viewers))


def test_telnets_ctrl_c_leaves(serve: Any, program: Any) -> None:
    client = program("telnet", "127.0.0.1", str(serve().port))
    client.until(ENTER)
    client.type(b"\x03")
    assert LEAVE in client.rest()


@pytest.mark.parametrize("protocol", ["telnet", "ssh"])
def test_the_end_of_the_server_restores_the_terminal(serve: Any, program: Any, protocol: str) -> None:
    running = serve(protocol)
    if protocol == "telnet":
        client = program("telnet", "127.0.0.1", str(running.port))
    else:
        client = program(*ssh(running.port, "127.0.0.1"))
    client.until(ENTER)
    running.stop()
    assert LEAVE in client.rest()


def test_ctrl_c_in_nc_leaves_a_terminal_in_order(serve: Any, program: Any) -> None:
    running = serve()
    client = program("nc", "127.0.0.1", str(running.port))
    shown = client.until(b"\x1b[23;1H")
    client.type(b"\x03")
    shown += client.rest()
    assert b"\x1b[?" not in shown
    running.wait(lambda house: not len(house.gate.viewers))


@pytest.mark.parametrize(("option", "end"), [("-v", b"q\n"), ("-N", b"q\n"), ("-N", b"\x04")])
def test_ways_out_of_nc(serve: Any, program: Any, option: str, end: bytes) -> None:
    """nc, told no more than the end, would wait for one more key."""
    running = serve()
    client = program("nc", option, "127.0.0.1", str(running.port))
    client.until(b"\x1b[23;1H")
    client.type(end)
    assert b"\x1b[24;1H\r" in client.rest()
    running.wait(lambda house: not len(house.gate.viewers))


def test_ssh_without_a_terminal(serve: Any, program: Any) -> None:
    running = serve("ssh")
    client = program(*ssh(running.port, "-T", "127.0.0.1"))
    shown = client.until(b"\x1b[23;1H")
    assert b"\x1b[?" not in shown
    client.type(b"q\n")
    client.rest()


def test_ssh_help_and_nothing_else(serve: Any, program: Any) -> None:
    running = serve("ssh", request_seconds=0.5)
    assert b"to see it: film" in program(*ssh(running.port, "127.0.0.1", "help")).rest()
    for more in (
        ["127.0.0.1", "id"],
        ["-N", "127.0.0.1"],
        ["-A", "127.0.0.1", "cat /etc/passwd"],
        ["-s", "127.0.0.1", "sftp"],
    ):
        refused = program(*ssh(running.port, *more))
        said = refused.rest()
        assert refused.process.returncode != 0
        assert b"root:" not in said
    forward = program(*ssh(running.port, "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "-N", "127.0.0.1"))
    assert b"remote port forwarding failed" in forward.rest()


def test_ssh_takes_any_name(serve: Any, films: Any, program: Any) -> None:
    running = serve("ssh", films=[films.show("one"), films.show("two")])
    client = program(*ssh(running.port, "-l", "two", "127.0.0.1"))
    client.until(ENTER)
    running.wait(lambda house: len(house.hub._watching) == 1)
    other = program(*ssh(running.port, "-l", "nobody", "127.0.0.1"))
    other.until(b"q quits")
