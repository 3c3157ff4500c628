"""curl and its kin: a film as an answer that does not end, on a terminal that only ever scrolls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from glyphgrad.serve.client import Client
from glyphgrad.serve.films import Show
from glyphgrad.serve.refusal import REFUSED, STATUS
from glyphgrad.serve.screen import Screen
from glyphgrad.serve.session import Session


class FilmStream:
    """An ASGI response: the film on `screen`, until the client leaves or its time is over."""

    def __init__(self, client: Client, show: Show, screen: Screen):
        self._client, self._show, self._screen = client, show, screen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._client.seat() as refusal:
            if refusal:
                await PlainTextResponse(f"{REFUSED[refusal]}\n", STATUS[refusal])(scope, receive, send)
            else:
                await self._stream(receive, send)

    async def _stream(self, receive: Receive, send: Send) -> None:
        link = _Slot(self._client)
        session = Session(self._client.house, link, "curl", self._client.address)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        visit = asyncio.create_task(session.run(self._screen, self._show.name))
        watch = asyncio.create_task(_until_gone(receive, session))
        try:
            async for data in link:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            session.end("left")
            watch.cancel()
            await visit


async def _until_gone(receive: Receive, session: Session) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    session.end("left")


class _Slot:
    """A `hub.Link` with room for one frame, which whoever iterates over it takes out."""

    def __init__(self, client: Client):
        self._link = client.link
        self._waits = b""
        self._closed = False
        self._changed = asyncio.Event()

    def ready(self) -> bool:
        return not self._waits and self._link.ready()

    def offer(self, data: bytes) -> bool:
        ready = self.ready()
        if ready:
            self.write(data)
        return ready

    def write(self, data: bytes) -> None:
        self._waits += data
        self._changed.set()

    def close(self) -> None:
        self._closed = True
        self._changed.set()

    def abort(self) -> None:
        self.close()
        self._link.abort()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._waits or not self._closed:
            await self._changed.wait()
            self._changed.clear()
            data, self._waits = self._waits, b""
            if data:
                yield data
