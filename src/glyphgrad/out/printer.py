"""Bytes to a receipt printer, over the connectors of python-escpos; and what it knows of printers.

A printer that tells its state is asked before the job, and after it whether the job came through. Every
step may take `timeout` seconds: who is stuck in a write that never ends is left behind in a thread.
"""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from glyphgrad.codec.escpos import PAPERS, Paper
from glyphgrad.errors import ConfigError, DeviceError

TIMEOUT = 20.0
"""Seconds in which a printer has to take the next piece of a job: longer than it prints one."""

_LONGEST = 3600
"""Seconds that may be asked for: what is meant to be endless is a hang."""

_PIECE = 1024
"""Bytes: a second at 9600 baud."""

_PATIENCE = 1.0
"""Seconds within which a printer that tells its state does so."""

_STATUS, _OFFLINE = b"\x10\x04\x01", 0x08
_PAPER, _PAPER_END = b"\x10\x04\x04", 0x60
"""DLE EOT: answered at once, also by a printer that cannot print; and the bits that tell why it cannot."""

_FIXED, _FIXED_BITS = 0x93, 0x12
"""Bits of an answer to DLE EOT that are always the same: what lacks them is no printer's."""

_MARGIN = 0.5
"""Seconds after which a connector that has a timeout of its own is not waited for."""

_DONE = b"\x1dr\x01"
"""GS r: answered in its turn, after everything sent before it."""

_FORMS = "usb:VID:PID, network:HOST[:PORT], serial:DEVICE, cups:NAME or file:PATH"
_PATTERNS = {
    "usb": r"(?P<vendor>[0-9a-fA-F]{1,4}):(?P<product>[0-9a-fA-F]{1,4})",
    "network": r"(?P<host>[^\s:]+)(?::(?P<port>\d{1,5}))?",
    "serial": r"(?P<device>.+)",
    "cups": r"(?P<name>[^\s/-][^\s/]*)",
    "file": r"(?P<path>.+)",
}


@dataclass(frozen=True)
class Address:
    """Where a printer is: `kind` of connector and what it needs, as written in `text`."""

    text: str
    kind: str
    parts: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises ConfigError."""
        kind, _, rest = text.partition(":")
        match = re.fullmatch(_PATTERNS.get(kind, r"(?!)"), rest)
        parts = {name: value for name, value in match.groupdict().items() if value} if match else {}
        if not match or int(parts.get("port", 1)) not in range(1, 65536):
            raise ConfigError(f"printer is {text!r}: give {_FORMS}")
        return cls(text, kind, parts)


def send(address: Address, job: bytes, timeout: float = TIMEOUT) -> bool:
    """Print a job; whether the printer said that it did. Raises DeviceError, ConfigError.

    A queue, a file and printers that only listen say nothing: there the job has been handed over.
    """
    if not 0 < timeout <= _LONGEST:
        raise ConfigError(f"timeout is {timeout:g}: give more than 0, at most {_LONGEST} seconds")
    steps = _queue(address, job, timeout) if address.kind == "cups" else _device(address, job, timeout)
    try:
        *_, said = _supervised(steps, timeout)
    except TimeoutError:
        raise _error(address, f"has taken nothing for {timeout:g} seconds: is it on, and ready to print?") from None
    return said


def paper_of(profile: str) -> Paper:
    """The paper of a printer that python-escpos knows by that name. Raises ConfigError naming those there are."""
    profiles: dict[str, Any] = _escpos("capabilities").CAPABILITIES["profiles"]
    if profile not in profiles:
        raise ConfigError(f"profile is {profile!r}: choose one of {', '.join(sorted(profiles))}")
    known = profiles[profile]
    columns, media = known["fonts"]["0"]["columns"], known["media"]
    near = PAPERS[min(PAPERS, key=lambda count: abs(count - columns))]
    dots, dpi = media["width"].get("pixels"), media.get("dpi")
    pages = [int(number) for number, name in known["codePages"].items() if name == "CP437"]
    if not pages:
        raise ConfigError(f"profile is {profile!r}: this printer has no code page 437, choose another")
    features = known["features"]
    cutter = "partial" if features.get("paperPartCut") else "full" if features.get("paperFullCut") else "none"
    return Paper(
        columns,
        dots if isinstance(dots, int) else near.dots,
        dpi if isinstance(dpi, int) else near.dpi,
        pages[0],
        cutter,
    )


# --- What is said to a printer ---


def _device(address: Address, job: bytes, timeout: float) -> Iterator[bool]:
    """Print over a connector, a step at a time; in the end, whether it was confirmed."""
    printer = None
    try:
        printer = _connector(address, timeout)
        yield False
        tells = _is_ready(address, printer, min(_PATIENCE, timeout))
        for start in range(0, len(job), _PIECE):
            printer._raw(job[start : start + _PIECE])
            yield False
        _finish(address, printer, tells, timeout)
        printer.close()
        yield tells
    except (DeviceError, TimeoutError):
        raise
    except Exception as error:  # of python-escpos, pyusb, pyserial and the system: each has its own
        raise _error(address, f"cannot be printed on ({_reason(error)}): is it on, and connected?") from None
    finally:
        if printer:
            _hang_up(address, printer)


def _is_ready(address: Address, printer: Any, patience: float) -> bool:
    """Whether the printer tells its state. Raises DeviceError if that keeps it from printing."""
    status = _ask(address, printer, _STATUS, patience)
    if status is None or status & _FIXED != _FIXED_BITS:
        return False
    paper = _ask(address, printer, _PAPER, patience) or 0
    if paper & _PAPER_END:
        raise _error(address, "is out of paper: put in a roll, then print again")
    if status & _OFFLINE:
        raise _error(address, "is off line: close its cover and clear its error, then print again")
    return True


def _finish(address: Address, printer: Any, tells: bool, timeout: float) -> None:
    """Wait for the end of the job, as far as that can be known. Raises DeviceError, OSError."""
    if not tells:
        _ask(address, printer, b"", min(_PATIENCE, timeout) / 4)  # a line that was cut shows only now
    elif _ask(address, printer, _DONE, timeout) is None:
        raise _error(address, f"has not finished after {timeout:g} seconds: see what came out of it")


def _hang_up(address: Address, printer: Any) -> None:
    """Close what is still open, without waiting for bytes that nobody takes."""
    with contextlib.suppress(Exception):
        if address.kind == "serial" and printer._device:
            printer._device.reset_output_buffer()
        printer.close()


def _ask(address: Address, printer: Any, request: bytes, patience: float) -> int | None:
    """The byte that a printer answers; None if it says nothing. Raises OSError if the line is cut."""
    if address.kind not in _READERS:
        return None
    if request:
        printer._raw(request)
    answer = _READERS[address.kind](printer, patience)
    return answer[0] if answer else None


def _read_network(printer: Any, patience: float) -> bytes:
    printer.device.settimeout(patience)
    try:
        answer: bytes = printer.device.recv(1)
    except TimeoutError:
        return b""
    finally:
        printer.device.settimeout(printer.timeout)
    if not answer:
        raise ConnectionError("it closed the line before the end")
    return answer


def _read_serial(printer: Any, patience: float) -> bytes:
    printer.device.timeout = patience
    return bytes(printer.device.read(1))


def _read_usb(printer: Any, patience: float) -> bytes:
    try:
        return bytes(printer.device.read(printer.in_ep, 64, round(1000 * patience)))
    except OSError:  # silence, or no way back at all
        return b""


_READERS: dict[str, Callable[[Any, float], bytes]] = {
    "network": _read_network,
    "serial": _read_serial,
    "usb": _read_usb,
}
"""By kind of connector: read what the printer says within some seconds, nothing if it says nothing."""


def _queue(address: Address, job: bytes, timeout: float) -> Iterator[bool]:
    """Hand a job to CUPS by its own command, untouched by its filters."""
    command = ["lp", "-d", address.parts["name"], "-t", "glyphgrad", "-o", "raw"]
    try:
        done = subprocess.run(command, input=job, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    except OSError:
        raise _error(address, "needs the command `lp`: install the CUPS client, or print over network:HOST") from None
    if done.returncode:
        raise _error(
            address, f"was refused ({_last_line(done.stderr.decode(errors='replace'))}): `lpstat -e` names queues"
        )
    yield False


# --- Connectors ---


def _connector(address: Address, timeout: float) -> Any:
    """An open connector of python-escpos."""
    kinds, parts = _escpos("printer"), address.parts
    if address.kind == "network":
        place = parts["host"], int(parts.get("port", 9100))
        printer = kinds.Network(*place, timeout)
        printer.device = socket.create_connection(place, timeout)  # its own `open` leaves a socket behind when it fails
        return printer
    if address.kind == "usb":
        printer = kinds.Usb(int(parts["vendor"], 16), int(parts["product"], 16), timeout=round(1000 * timeout))
    elif address.kind == "serial":
        printer = kinds.Serial(parts["device"], timeout=timeout)
    else:
        printer = kinds.File(parts["path"])
    printer.open()
    if address.kind == "usb":
        _find_endpoints(printer)
    return printer


def _find_endpoints(printer: Any) -> None:
    """Which way is in and which is out: printers number them as they like."""
    for endpoint in printer.device[0][(0, 0)]:
        number = endpoint.bEndpointAddress
        setattr(printer, "in_ep" if number & 0x80 else "out_ep", number)


def _escpos(module: str) -> Any:
    """A module of python-escpos, whose import makes a temporary directory and leaves it."""
    with tempfile.TemporaryDirectory() as scratch:
        before, tempfile.tempdir = tempfile.tempdir, scratch
        try:
            return import_module(f"escpos.{module}")
        finally:
            tempfile.tempdir = before


def _supervised(steps: Iterator[bool], timeout: float) -> Iterator[bool]:
    """Some steps, taken in a thread of their own. Raises TimeoutError when one takes longer than `timeout`."""
    done: queue.SimpleQueue[bool | BaseException | None] = queue.SimpleQueue()

    def walk() -> None:
        try:
            for step in steps:
                done.put(step)
            done.put(None)
        except BaseException as error:
            done.put(error)

    threading.Thread(target=walk, daemon=True).start()
    while True:
        try:
            step = done.get(timeout=timeout + _MARGIN)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(step, BaseException):
            raise step
        if step is None:
            return
        yield step


def _error(address: Address, what: str) -> DeviceError:
    return DeviceError(f"printer {address.text!r} {what}")


def _reason(error: Exception) -> str:
    return _last_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2].rstrip(".)") or "no reason given"
