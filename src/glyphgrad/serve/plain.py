"""telnet, nc, and whatever else opens a TCP connection and shows what comes.

The first second tells them apart: who answers an option speaks telnet and gets a screen of its size. All
others are mute: their terminal is never put into a state that only the server could undo.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import replace

from glyphgrad.serve.house import House
from glyphgrad.serve.limits import network_of
from glyphgrad.serve.listen import hold_little
from glyphgrad.serve.refusal import turn_away
from glyphgrad.serve.screen import COLS, ROWS, Screen
from glyphgrad.serve.session import Session
from glyphgrad.serve.telnet import Charset, Event, Interrupt, Negotiates, Size, Telnet, TerminalType, Text

LINGER = 1.0
"""Seconds for what was written last to leave."""
_PARTING = 0.3
"""Seconds for the same, to a client that is cut off after it."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close is a reset."""


async def serve(client: socket.socket, address: str, house: House) -> None:
    """Show films to a TCP client until it leaves: a `listen.Handler`."""
    network, crowd = network_of(address), house.gate.viewers
    refusal = crowd.refusal(network)
    if refusal:
        await turn_away(client, address, "telnet", refusal, house)
        return
    crowd.enter(network)
    try:
        hold_little(client)
        loop = asyncio.get_running_loop()
        _, connection = await loop.connect_accepted_socket(lambda: _Connection(house, address, client), client)
        await connection.run()
        await connection.closed
    finally:
        crowd.leave(network)


class TcpLink:
    """A `hub.Link` over an asyncio transport and its socket. Nothing waits in the transport unless it is `blocked`."""

    __slots__ = ("_client", "_transport", "blocked", "cuts_off", "write")

    def __init__(self, transport: asyncio.Transport, client: socket.socket):
        transport.set_write_buffer_limits(high=0)
        self._transport, self._client = transport, client
        self.blocked = self.cuts_off = False
        self.write = transport.write

    def ready(self) -> bool:
        return not self.blocked

    def offer(self, data: bytes) -> bool:
        """Past the transport and its checks; it gets what the kernel does not take."""
        if self.blocked:
            return False
        try:
            sent = self._client.send(data)
        except OSError:  # it takes nothing; or the client is gone, as the transport shall find out
            sent = 0
        if sent < len(data):
            self.write(data[sent:])
        return True

    def close(self) -> None:
        """With `cuts_off` by a reset: nc, told a mere end, goes on waiting for something to send."""
        loop = asyncio.get_running_loop()
        if self.cuts_off:
            loop.call_later(_PARTING, self._cut_off)
        else:
            self._transport.close()
            loop.call_later(LINGER, self._transport.abort)

    def _cut_off(self) -> None:
        with suppress(OSError):  # gone already
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()


class _Connection(asyncio.Protocol):
    """Bytes of a client -> what its session is told."""

    def __init__(self, house: House, address: str, client: socket.socket):
        self._house, self._address, self._client = house, address, client
        self._telnet = Telnet(house.limits.subnegotiation_bytes, house.limits.option_commands)
        self._settled = asyncio.Event()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._speaks = self._watches = False
        self._term = self._charset = ""
        self._size: Size | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link = TcpLink(transport, self._client)
        self._session = Session(self._house, self._link, "nc", self._address)
        self._link.write(self._telnet.greeting)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        self._session.end("left")
        self.closed.set_result(None)

    def eof_received(self) -> bool:
        self._link.cuts_off = False
        self._session.end("left")
        return True  # the farewell can still be sent

    def pause_writing(self) -> None:
        self._link.blocked = True

    def resume_writing(self) -> None:
        self._link.blocked = False

    def data_received(self, data: bytes) -> None:
        if not self._session.spend(len(data)):
            return
        for event in self._telnet.feed(data):
            self._obey(event)
        answers = self._telnet.answers()
        if answers:
            self._link.write(answers)
        if self._telnet.settled:
            self._settled.set()

    def _obey(self, event: Event) -> None:
        match event:
            case Text(data):
                self._session.type(data)
            case Size(rows, cols):
                self._size = Size(rows or ROWS, cols or COLS)
                if self._watches:
                    self._session.resize(self._size.rows, self._size.cols)
            case TerminalType(name):
                self._term = name
            case Charset(name):
                self._charset = name
            case Interrupt():
                self._session.end("quit")
            case Negotiates():
                self._speaks = True

    async def run(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._house.limits.negotiate_seconds):
                await self._settled.wait()
        if self._speaks:
            self._session.protocol = "telnet"
        self._link.cuts_off = not self._speaks
        self._watches = True
        await self._session.run(self._screen())

    def _screen(self) -> Screen:
        size = self._size or Size(ROWS, COLS)
        term = self._term or ("unnamed" if self._speaks else None)
        screen = Screen.of_terminal(size.rows, size.cols, term)
        return replace(screen, charset=self._charset) if self._charset else screen
