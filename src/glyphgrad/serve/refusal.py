"""Clients that are not let in: what they are told, each in what it speaks, and how they are sent away."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from http import HTTPStatus

from glyphgrad.serve.house import House
from glyphgrad.serve.limits import Crowd, network_of

REFUSED = {
    "full": "All seats are taken: come again later.",
    "address": "Too many viewers from your address.",
    "rate": "Too many connections from your address: come again in a minute.",
}
"""Why somebody is not let in -> what is said."""
STATUS = {"full": 503, "address": 429, "rate": 429}
"""The same for HTTP: Service Unavailable, Too Many Requests."""

_LINGER = 1.0
"""Seconds that a client has to read it and hang up."""
_PART = 4096


async def turn_away(client: socket.socket, address: str, protocol: str, reason: str, house: House) -> None:
    """Tell a client why it is not let in, and hang up."""
    house.metrics.rejected[reason] += 1
    with suppress(OSError):
        client.send(_spoken(protocol, reason))
        client.shutdown(socket.SHUT_WR)
    await _linger(client, network_of(address), house.gate.leaving)
    client.close()


def _spoken(protocol: str, reason: str) -> bytes:
    """In ssh it is not the time for words yet."""
    words = f"{REFUSED[reason]}\r\n"
    if protocol == "http":
        status = HTTPStatus(STATUS[reason])
        head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(words)}\r\n"
        return f"{head}Retry-After: 60\r\nConnection: close\r\n\r\n{words}".encode("ascii")
    return b"" if protocol == "ssh" else words.encode("ascii")


async def _linger(client: socket.socket, network: str, leaving: Crowd) -> None:
    """Wait until it hangs up too: a socket closed before it is read is reset, and what was said may be lost.

    Who floods the server is not waited for.
    """
    if leaving.refusal(network):
        return
    leaving.enter(network)
    try:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER):
                while await asyncio.get_running_loop().sock_recv(client, _PART):
                    pass
    finally:
        leaving.leave(network)
