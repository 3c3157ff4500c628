"""ssh: anybody may log in, under any name; the name of a film shows that film. There is nothing else to do.

No shell, no command but `help`, no files, no forwarding of anything; one session a connection.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import MSG_IGNORE

from glyphgrad.errors import OutputError
from glyphgrad.serve.house import House
from glyphgrad.serve.limits import Limits, network_of
from glyphgrad.serve.listen import Handler
from glyphgrad.serve.plain import LINGER
from glyphgrad.serve.refusal import REFUSED
from glyphgrad.serve.screen import COLS, ROWS, Screen
from glyphgrad.serve.session import Session

_MOST_UNSENT = 1 << 16
"""Bytes in the kernel for a client who does not read, from which on frames are dropped. asyncssh itself
takes any number, and its own count of them stays 0 for the first 2 MiB."""
_SEND_BUFFER = 1 << 18
"""Bytes of the kernel's own buffer: it must hold that much and a frame, else they wait where nobody counts them."""
_WINDOW = 8192
"""Bytes that a client may send ahead: it has little to say."""
_KEEPALIVES = 3
_CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"]
"""Without chacha20-poly1305, which OpenSSH would choose: in Python that takes twice the time for every frame."""


def host_key(path: Path) -> asyncssh.SSHKey:
    """The server's key at a path; made there, for its owner's eyes only, when there is none. Raises OutputError."""
    try:
        if path.exists():
            return asyncssh.read_private_key(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = asyncssh.generate_private_key("ssh-ed25519")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.export_private_key())
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise OutputError(
            f"ssh host key {str(path)!r} cannot be read or made ({error}): name another with --host-key"
        ) from None
    return key


def handler(key: asyncssh.SSHKey, limits: Limits) -> Handler:
    """What serves ssh clients, under a host key."""
    asyncssh.set_log_level("CRITICAL")  # it tells what clients call themselves; the session's own line does not
    options = asyncssh.SSHServerConnectionOptions(
        server_factory=_Server,
        server_host_keys=[key],
        server_version="glyphgrad",
        login_timeout=limits.login_seconds,
        keepalive_interval=limits.keepalive_seconds,
        keepalive_count_max=_KEEPALIVES,
        encryption_algs=_CIPHERS,
        compression_algs=None,
        agent_forwarding=False,
        x11_forwarding=False,
        gss_host=None,
    )

    async def serve(client: socket.socket, address: str, house: House) -> None:
        connection = await _log_in(client, network_of(address), house, options)
        if connection:
            try:
                await _sit(connection, address, house)
            finally:
                connection.abort()
                await connection.wait_closed()

    return serve


async def _log_in(
    client: socket.socket, network: str, house: House, options: asyncssh.SSHServerConnectionOptions
) -> asyncssh.SSHServerConnection | None:
    """The connection of a client that has logged in; asyncssh closes it if it does not, and after `login_seconds`."""
    crowd = house.gate.logins
    if crowd.refusal(network):
        house.metrics.rejected["logins"] += 1
        client.close()
        return None
    crowd.enter(network)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    try:
        return await asyncssh.run_server(client, options=options)
    except (asyncssh.Error, OSError, ValueError):  # ValueError: of packets that are none
        house.metrics.rejected["login"] += 1
        return None
    finally:
        crowd.leave(network)


async def _sit(connection: asyncssh.SSHServerConnection, address: str, house: House) -> None:
    """From the login to the end of the connection."""
    network, crowd = network_of(address), house.gate.viewers
    refusal = crowd.refusal(network)
    if refusal:
        house.metrics.rejected[refusal] += 1
        connection.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, REFUSED[refusal])
        return
    crowd.enter(network)
    try:
        server = connection.get_owner()
        assert isinstance(server, _Server)
        async with asyncio.timeout(house.limits.request_seconds):
            channel = await server.requested
        if channel:
            await channel.serve(house, address, server.user)
        async with asyncio.timeout(LINGER):
            await connection.wait_closed()
    except TimeoutError:
        pass
    finally:
        crowd.leave(network)


def _send_nothing_idle(connection: asyncssh.SSHServerConnection) -> None:
    """Leave out the empty packet that asyncssh sends before each one, at half the cost of a frame.

    It hides what CBC ciphers would give away (RFC 4251, section 9.3.1); _CIPHERS has none.
    """
    send = connection.send_packet

    def send_packet(kind: int, *parts: bytes, handler: Any = None) -> None:
        if kind != MSG_IGNORE:
            send(kind, *parts, handler=handler)

    connection.send_packet = send_packet  # type: ignore[method-assign, assignment]


class _Server(asyncssh.SSHServer):
    """One connection: anybody is let in, and gets one session. `requested` is that session, None if it never comes."""

    user = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        _send_nothing_idle(conn)
        self.requested: asyncio.Future[_Channel | None] = asyncio.get_running_loop().create_future()
        self._sessions = 0

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.requested.done():
            self.requested.set_result(None)

    def begin_auth(self, username: str) -> bool:
        self.user = username
        return False

    def session_requested(self) -> Any:
        self._sessions += 1
        if self._sessions > 1:
            return False
        channel = self._connection.create_server_channel(encoding=None, window=_WINDOW, max_pktsize=_WINDOW)
        return channel, _Channel(self._connection, self.requested)


class _Channel(asyncssh.SSHServerSession[bytes]):
    """What a client asks of its session, and what it tells. It is a `hub.Link` too."""

    def __init__(self, connection: asyncssh.SSHServerConnection, requested: asyncio.Future[_Channel | None]):
        self._connection, self._requested = connection, requested
        self._socket = connection.get_extra_info("socket")
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._session: Session | None = None
        self._help = False

    async def serve(self, house: House, address: str, user: str) -> None:
        channel = self._channel
        if channel is None:
            return
        if self._help:
            names = ", ".join(show.name for show in house.library)
            self.write(f"Log in as a film to see it: {names}.\r\n".encode())
            self.close()
            return
        cols, rows, *_ = channel.get_terminal_size()
        self._session = Session(house, self, "ssh", address)
        colorterm = str(channel.get_environment().get("COLORTERM", ""))  # of clients that are told to send it
        screen = Screen.of_terminal(rows or ROWS, cols or COLS, channel.get_terminal_type(), colorterm)
        await self._session.run(screen, user)

    # --- What the client asks and tells ---

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._channel = None
        self._tell_end("left")

    def pty_requested(self, *_: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._help = command.strip() == "help"
        return self._help

    def subsystem_requested(self, subsystem: str) -> bool:  # noqa: ARG002
        return False

    def session_started(self) -> None:
        if not self._requested.done():
            self._requested.set_result(self)

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002
        if self._session and self._session.spend(len(data)):
            self._session.type(data)

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:  # noqa: ARG002
        if self._session:
            self._session.resize(height or ROWS, width or COLS)

    def eof_received(self) -> bool:
        self._tell_end("left")
        return True  # the farewell can still be sent

    def break_received(self, msec: int) -> bool:  # noqa: ARG002
        self._tell_end("quit")
        return True

    def signal_received(self, signal: str) -> None:  # noqa: ARG002
        self._tell_end("quit")

    def _tell_end(self, reason: str) -> None:
        if self._session:
            self._session.end(reason)

    # --- hub.Link ---

    def ready(self) -> bool:
        """Two counts: what the client's window does not let through, and what the network has not taken."""
        if self._channel is None or self._channel.get_write_buffer_size():
            return False
        try:
            unsent = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        except (OSError, ValueError):
            return False
        return int.from_bytes(unsent, sys.byteorder) < _MOST_UNSENT

    def offer(self, data: bytes) -> bool:
        ready = self.ready()
        if ready:
            self.write(data)
        return ready

    def write(self, data: bytes) -> None:
        with suppress(OSError):
            if self._channel:
                self._channel.write(data)

    def close(self) -> None:
        with suppress(OSError):
            if self._channel:
                self._channel.exit(0)

    def abort(self) -> None:
        self._connection.abort()
