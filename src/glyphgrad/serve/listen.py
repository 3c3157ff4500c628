"""Sockets: where to listen, what systemd hands over, and the loop that accepts."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from glyphgrad.errors import ConfigError, OutputError
from glyphgrad.serve import proxy
from glyphgrad.serve.house import House
from glyphgrad.serve.refusal import turn_away

LOCALHOST = "localhost"

_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25)
_UNSENT = 16384
"""Bytes the kernel takes for a client who does not read. By default it takes megabytes: a minute of film."""
_BACKLOG = 1024
_FIRST_FD = 3
_PAUSE = 0.1
"""Seconds without accepting when the system has no more descriptors."""


class Address(NamedTuple):
    """Where to listen; an empty host means every address of the machine."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """[HOST:]PORT; an IPv6 address stands in brackets. Raises ConfigError."""
        match = re.fullmatch(r"(?:(?P<host>[^:\[\]]*|\[[0-9A-Fa-f:.%]+\]):)?(?P<port>\d{1,5})", text.strip())
        if not match or int(match["port"]) > 65535:
            raise ConfigError(f"address is {text!r}: give [HOST:]PORT, such as 2323, 0.0.0.0:2323 or [::]:2323")
        return cls(LOCALHOST if match["host"] is None else match["host"].strip("[]"), int(match["port"]))


@dataclass(frozen=True)
class Listener:
    """A listening socket and what is spoken there: "telnet", "ssh" or "http"."""

    protocol: str
    socket: socket.socket

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])


def bind(protocol: str, address: Address, share: bool = False) -> list[Listener]:
    """Listen at an address: a name such as localhost may have an IPv4 and an IPv6 one, which get the same port.

    `share`: other processes may listen there too, and the kernel shares the clients out. Raises OutputError.
    """
    try:
        found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listeners: list[Listener] = []
        for family, *_, where in dict.fromkeys(found):
            port = listeners[0].port if listeners else address.port
            made = _bound(family, (where[0], port), share)
            if made:
                listeners.append(Listener(protocol, made))
    except OSError as error:
        told = f"{address.host or '*'}:{address.port}"
        raise OutputError(
            f"cannot listen for {protocol} at {told!r} ({error.strerror or error}): choose another port with --{protocol}"
        ) from None
    return listeners


def _bound(family: int, where: tuple[str | int, ...], share: bool) -> socket.socket | None:
    """None where the machine has no such addresses, as without IPv6."""
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(where)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        if family == socket.AF_INET6 and error.errno == 99:  # EADDRNOTAVAIL: ::1 of a machine without IPv6
            return None
        raise
    return made


def inherited(protocols: tuple[str, ...], environment: dict[str, str], pid: int) -> list[Listener]:
    """The sockets that systemd hands over (sd_listen_fds(3)); FileDescriptorName= tells what is spoken there.

    One whose name is none of `protocols` speaks the first of them, for units that name none.
    """
    if environment.get("LISTEN_PID") != str(pid):
        return []
    count = int(environment.get("LISTEN_FDS", "0"))
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    listeners = []
    for number in range(count):
        name = names[number] if number < len(names) else ""
        made = socket.socket(fileno=_FIRST_FD + number)
        listeners.append(Listener(name if name in protocols else protocols[0], made))
    return listeners


# --- Accepting ---

Handler = Callable[[socket.socket, str, House], Coroutine[None, None, None]]
"""Serves a client: its socket, which the handler closes, and its address."""


async def accept(listener: Listener, house: House, handle: Handler, proxied: bool) -> None:
    """Accept clients until cancelled, and refuse those who come too often.

    `proxied`: a balancer connects, and tells the client's address in a PROXY header.
    """
    loop = asyncio.get_running_loop()
    listener.socket.setblocking(False)
    while True:
        try:
            client, peer = await loop.sock_accept(listener.socket)
        except OSError:
            await asyncio.sleep(_PAUSE)
            continue
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        house.spawn(_received(client, peer[0], listener.protocol, house, handle, proxied))


async def _received(
    client: socket.socket, address: str, protocol: str, house: House, handle: Handler, proxied: bool
) -> None:
    try:
        if proxied:
            async with asyncio.timeout(house.limits.login_seconds):
                address = await _address_behind(client) or address
    except (TimeoutError, OSError, proxy.ProxyError):
        house.metrics.rejected["broken"] += 1
        client.close()
        return
    if house.gate.arrive(address, protocol):
        await handle(client, address, house)
    else:
        await turn_away(client, address, protocol, "rate", house)


async def _address_behind(client: socket.socket) -> str | None:
    head = b""
    while missing := proxy.missing(head):
        data = await asyncio.get_running_loop().sock_recv(client, missing)
        if not data:
            raise proxy.ProxyError("no header")
        head += data
    return proxy.address_of(head)


def hold_little(client: socket.socket) -> None:
    """Let the kernel refuse what a slow client has no use for yet, so that a frame can be dropped instead."""
    with suppress(OSError):  # not on this system: it holds more then
        client.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _UNSENT)
