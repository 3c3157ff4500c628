"""Printers, on a socket of this machine: each a function of the connection, in a thread of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import usb.core
import usb.util

from glyphgrad.errors import ConfigError, DeviceError
from glyphgrad.out.printer import Address, paper_of, send

JOB = bytes(range(32, 127)) * 40  # some pieces


class Server:
    """Accepts one connection and hands it to `serve`; `got` is what came."""

    def __init__(self, serve: Callable[[Server, socket.socket], None]):
        self.got = b""
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.address = Address.parse(f"network:127.0.0.1:{self._listener.getsockname()[1]}")
        self._thread = threading.Thread(target=self._run, args=(serve,))
        self._thread.start()

    def _run(self, serve: Callable[[Server, socket.socket], None]) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # who hangs up on what it has not read resets the line
            serve(self, connection)

    def end(self) -> None:
        self.released.set()
        self._thread.join(5)
        assert not self._thread.is_alive()
        self._listener.close()


@pytest.fixture
def printer() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(serve: Callable[[Server, socket.socket], None]) -> Server:
        servers.append(Server(serve))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def talking(status: int = 0x12, paper: int = 0x12, done: bool = True) -> Callable[[Server, socket.socket], None]:
    """A printer that answers DLE EOT at once and GS r in its turn."""

    def serve(server: Server, line: socket.socket) -> None:
        while data := line.recv(4096):
            answers = {b"\x10\x04\x01": bytes([status]), b"\x10\x04\x04": bytes([paper])}
            if data in answers:
                line.sendall(answers[data])
                continue
            server.got += data
            if server.got.endswith(b"\x1dr\x01") and done:
                server.got = server.got.removesuffix(b"\x1dr\x01")
                line.sendall(b"\0")

    return serve


def listening(server: Server, line: socket.socket) -> None:
    """`nc -l`: takes everything, says nothing."""
    while data := line.recv(4096):
        server.got += data


def test_a_printer_that_tells_its_state_has_printed(printer: Callable[..., Server]) -> None:
    server = printer(talking())
    assert send(server.address, JOB, 2)
    assert server.got == JOB


def test_a_printer_that_only_listens_has_the_job(printer: Callable[..., Server]) -> None:
    server = printer(listening)
    assert not send(server.address, JOB, 0.4)
    server.end()
    assert server.got == b"\x10\x04\x01" + JOB


@pytest.mark.parametrize(
    ("status", "paper", "message"),
    [(0x1A, 0x12, "is off line"), (0x12, 0x72, "is out of paper"), (0x1A, 0x72, "is out of paper")],
)
def test_a_printer_that_cannot_print_gets_no_job(
    printer: Callable[..., Server], status: int, paper: int, message: str
) -> None:
    server = printer(talking(status, paper))
    with pytest.raises(DeviceError, match=message):
        send(server.address, JOB, 2)
    assert server.got == b""


def test_paper_that_is_near_its_end_still_prints(printer: Callable[..., Server]) -> None:
    assert send(printer(talking(paper=0x1E)).address, JOB, 2)


def test_an_echo_is_no_printer(printer: Callable[..., Server]) -> None:
    def echo(_: Server, line: socket.socket) -> None:
        while data := line.recv(4096):
            line.sendall(data)

    assert not send(printer(echo).address, JOB, 2)


def test_a_printer_that_does_not_finish(printer: Callable[..., Server]) -> None:
    with pytest.raises(DeviceError, match=r"has not finished after 0.3 seconds"):
        send(printer(talking(done=False)).address, JOB, 0.3)


def test_a_printer_that_stalls(printer: Callable[..., Server]) -> None:
    server = printer(lambda server, _: server.released.wait(5))
    begin = time.monotonic()
    with pytest.raises(DeviceError, match=r"has taken nothing for 0.3 seconds"):
        send(server.address, JOB * 2000, 0.3)
    assert time.monotonic() - begin < 3  # the timeout, the question before the job, and a slow machine


@pytest.mark.parametrize("says", [talking(), listening])
def test_a_printer_that_goes_away(printer: Callable[..., Server], says: Callable) -> None:
    def serve(_: Server, line: socket.socket) -> None:
        line.recv(3)
        if says is not listening:
            line.sendall(b"\x12")
            line.recv(3)
            line.sendall(b"\x12")
        line.recv(1000)

    with pytest.raises(DeviceError, match=r"cannot be printed on \(.*is it on, and connected"):
        send(printer(serve).address, JOB * 20, 0.4)


def test_a_printer_that_hangs_up_first(printer: Callable[..., Server]) -> None:
    def serve(server: Server, line: socket.socket) -> None:
        while not server.got.endswith(JOB):
            server.got += line.recv(4096)

    with pytest.raises(DeviceError, match="closed the line before the end"):
        send(printer(serve).address, JOB, 0.4)


def test_a_printer_that_is_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DeviceError, match=f"'network:127.0.0.1:{port}' cannot be printed on .*refused"):
        send(Address.parse(f"network:127.0.0.1:{port}"), JOB, 1)


def test_a_file(tmp_path: Path) -> None:
    assert not send(Address.parse(f"file:{tmp_path / 'job.bin'}"), JOB, 2)
    assert (tmp_path / "job.bin").read_bytes() == JOB
    with pytest.raises(DeviceError, match="No such file"):
        send(Address.parse(f"file:{tmp_path / 'none' / 'job.bin'}"), JOB, 2)


def test_a_device_that_takes_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lp0")  # opening it for writing waits for a reader, as a printer's may
    with pytest.raises(DeviceError, match=r"has taken nothing for 0.2 seconds"):
        send(Address.parse(f"file:{tmp_path / 'lp0'}"), JOB, 0.2)
    os.close(os.open(tmp_path / "lp0", os.O_RDONLY | os.O_NONBLOCK))  # lets go the thread left behind


def test_a_serial_line() -> None:
    ours, theirs = os.openpty()
    got = b""

    def serve() -> None:
        nonlocal got
        while not got.endswith(b"\x1dr\x01"):
            data = os.read(ours, 4096)
            if data in (b"\x10\x04\x01", b"\x10\x04\x04"):
                os.write(ours, b"\x12")
            else:
                got += data
        os.write(ours, b"\0")

    thread = threading.Thread(target=serve)
    thread.start()
    assert send(Address.parse(f"serial:{os.ttyname(theirs)}"), JOB, 2)
    thread.join(5)
    os.close(ours)
    os.close(theirs)
    assert got == JOB + b"\x1dr\x01"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("cat > job", None),
        ("echo 'lp: The printer or class does not exist.' >&2; exit 1", "was refused .*does not exist.*lpstat"),
        ("sleep 1", "has taken nothing for 0.4 seconds"),
    ],
)
def test_cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str | None) -> None:
    lp = tmp_path / "lp"
    lp.write_text(f'#!/bin/sh\ncd {tmp_path}\necho "$@" > arguments\nexec 3>&-\n{script}\n')
    lp.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if message:
        with pytest.raises(DeviceError, match=message):
            send(Address.parse("cups:bar"), JOB, 0.4)
    else:
        assert not send(Address.parse("cups:bar"), JOB, 5)
        assert (tmp_path / "job").read_bytes() == JOB
        assert (tmp_path / "arguments").read_text() == "-d bar -t glyphgrad -o raw\n"


def test_no_cups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="needs the command `lp`"):
        send(Address.parse("cups:bar"), JOB, 1)


class UsbPrinter:
    """What pyusb shows of a printer whose endpoints are 0x84 and 0x03, and which answers as `talking` does."""

    backend = SimpleNamespace(__module__="usb.backend.libusb1")

    def __init__(self, done: bool = True):
        self.got, self._answers, self._done = b"", [], done

    def is_kernel_driver_active(self, _: int) -> bool:
        return False

    def set_configuration(self) -> None: ...
    def reset(self) -> None: ...

    def __getitem__(self, _: int) -> dict[tuple[int, int], list[SimpleNamespace]]:
        return {(0, 0): [SimpleNamespace(bEndpointAddress=number) for number in (0x84, 0x03)]}

    def write(self, endpoint: int, data: bytes, timeout: int) -> None:
        assert (endpoint, timeout) == (0x03, 500)  # milliseconds
        if data[:2] == b"\x10\x04":
            self._answers.append(b"\x12")
        elif data == b"\x1dr\x01":
            self._answers += [b"\0"] * self._done
        else:
            self.got += data

    def read(self, endpoint: int, _: int, timeout: int) -> bytes:
        assert endpoint == 0x84
        assert timeout <= 500
        if not self._answers:
            raise usb.core.USBTimeoutError("Operation timed out")
        return self._answers.pop(0)


@pytest.mark.parametrize("done", [True, False])
def test_a_printer_on_the_bus(monkeypatch: pytest.MonkeyPatch, done: bool) -> None:
    device = UsbPrinter(done)
    asked = {}
    monkeypatch.setattr(usb.core, "find", lambda **given: asked.update(given) or device)
    monkeypatch.setattr(usb.util, "dispose_resources", lambda _: None)
    if done:
        assert send(Address.parse("usb:04b8:0202"), JOB, 0.5)
    else:
        with pytest.raises(DeviceError, match="has not finished"):
            send(Address.parse("usb:04b8:0202"), JOB, 0.5)
    assert asked == {"idVendor": 0x04B8, "idProduct": 0x0202}
    assert device.got == JOB


def test_a_printer_that_is_not_on_the_bus() -> None:
    with pytest.raises(DeviceError, match="'usb:04b8:0202' cannot be printed on"):
        send(Address.parse("usb:04b8:0202"), JOB, 1)


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("usb:04b8:0202", "usb", {"vendor": "04b8", "product": "0202"}),
        ("network:bar", "network", {"host": "bar"}),
        ("network:10.0.0.7:9101", "network", {"host": "10.0.0.7", "port": "9101"}),
        ("serial:/dev/ttyS0", "serial", {"device": "/dev/ttyS0"}),
        ("file:a:b", "file", {"path": "a:b"}),
    ],
)
def test_addresses(text: str, kind: str, parts: dict[str, str]) -> None:
    assert Address.parse(text) == Address(text, kind, parts)


@pytest.mark.parametrize(
    "text", ["", "fax:1", "usb:04b8", "usb:xyz:0202", "network:", "network:a:0", "network:a:70000", "cups:-x", "file:"]
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match=f"printer is '{text}': give usb:VID:PID"):
        Address.parse(text)


def test_a_timeout_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="timeout is 0"):
        send(Address.parse("file:a"), JOB, 0)


def test_profiles() -> None:
    tm, small = paper_of("TM-T88V"), paper_of("POS-5890")
    assert (tm.columns, tm.dots, tm.dpi, tm.code_page, tm.cutter) == (42, 512, 180, 0, "partial")
    assert (small.columns, small.dots, small.dpi, small.cutter) == (32, 384, 203, "none")
    with pytest.raises(ConfigError, match=r"profile is 'fax': choose one of .*TM-T88V"):
        paper_of("fax")
    with pytest.raises(ConfigError, match="has no code page 437"):
        paper_of("AF-240")


def test_the_library_leaves_nothing_in_the_temporary_files(tmp_path: Path) -> None:
    code = "from glyphgrad.out.printer import paper_of; paper_of('simple')"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert not os.listdir(tmp_path)
