"""HTTP: uvicorn's protocol on the sockets that `listen.accept` has let in, and what such a client may cost.

There is no uvicorn server: addresses, refusals, the PROXY header, workers and the end are those of every
other protocol. `X-Forwarded-For` is not believed. What is served is in `site`; a WebSocket goes to
`viewer_socket`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from glyphgrad.serve.client import Client
from glyphgrad.serve.house import House
from glyphgrad.serve.limits import Crowd, Limits, network_of
from glyphgrad.serve.listen import Handler, hold_little
from glyphgrad.serve.refusal import turn_away
from glyphgrad.serve.site import site
from glyphgrad.serve.viewer_socket import ViewerSocket

_HEADER = 16384
"""Bytes of a request's header at most."""
_KEEP_ALIVE = 2
"""Seconds in which a client may ask for more. A browser needs no longer for a page."""


def handler(limits: Limits) -> Handler:
    """What serves HTTP clients."""
    logging.getLogger("websockets").setLevel(logging.WARNING)  # it tells of every connection
    config = Config(
        site(),
        ws=ViewerSocket,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        h11_max_incomplete_event_size=_HEADER,
    )
    config.load()
    crowd = Crowd(2 * limits.viewers, 2 * limits.viewers_per_address)  # as many again as watch load a page

    async def serve(client: socket.socket, address: str, house: House) -> None:
        network = network_of(address)
        refusal = crowd.refusal(network)
        if refusal:
            await turn_away(client, address, "http", refusal, house)
            return
        crowd.enter(network)
        visitor = Client(house, address, client)
        try:
            hold_little(client)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.connect_accepted_socket(lambda: _Http(config, visitor), client)
            try:
                await visitor.closed
            finally:
                transport.abort()
        finally:
            crowd.leave(network)

    return serve


class _Http(H11Protocol):
    """uvicorn's HTTP/1.1. What it calls finds the client in `scope["state"]["client"]`."""

    def __init__(self, config: Config, client: Client):
        state: dict[str, Any] = {"client": client}
        super().__init__(config, ServerState(), state)
        self._visitor = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._visitor.connected(transport, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._visitor.gone()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._visitor.blocked(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._visitor.blocked(False)
