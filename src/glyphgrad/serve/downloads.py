"""Films as files to take home: each is made when somebody first asks for it, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from glyphgrad.codec.asciicast import CastEncoder
from glyphgrad.codec.clip import ClipEncoder
from glyphgrad.codec.formats import Encoder
from glyphgrad.core.clip import ClipHeader
from glyphgrad.errors import ClipError
from glyphgrad.serve.films import AnyEdition

_KINDS: dict[str, tuple[Callable[[ClipHeader], Encoder], str]] = {
    "cast": (CastEncoder, "application/x-asciicast"),
    "glyph": (ClipEncoder, "application/octet-stream"),
}
"""Suffix -> what encodes such a file, and its media type."""

_PART = 65536


class Downloads:
    """Answers requests for `{file}`, NAME.cast or NAME.glyph: the film's largest edition."""

    def __init__(self) -> None:
        self._made: dict[tuple[AnyEdition, str], asyncio.Task[bytes]] = {}

    async def file(self, request: Request) -> Response:
        name, _, suffix = request.path_params["file"].rpartition(".")
        show = request.state.client.house.library.get(name)
        if show is None or suffix not in _KINDS:
            raise HTTPException(404)
        edition = show.largest
        if not edition.complete:
            raise HTTPException(404)
        try:
            data = await self._file(edition, suffix)
        except ClipError:
            raise HTTPException(404) from None
        headers = {
            "Content-Length": str(len(data)),
            "Content-Disposition": f'attachment; filename="{name}.{suffix}"',
            "Cache-Control": "public, max-age=3600",
        }
        return StreamingResponse(parts(data), headers=headers, media_type=_KINDS[suffix][1])

    async def _file(self, edition: AnyEdition, suffix: str) -> bytes:
        key = edition, suffix
        if key not in self._made:
            self._made[key] = asyncio.create_task(_encoded(edition, _KINDS[suffix][0](edition.header)))
        return await asyncio.shield(self._made[key])


async def _encoded(edition: AnyEdition, encoder: Encoder) -> bytes:
    """The whole film; after every frame it is the turn of those who watch."""
    data = [encoder.start()]
    for timed in edition.reel:
        data.append(encoder.add(timed))
        await asyncio.sleep(0)
    return b"".join([*data, encoder.finish()])


async def parts(data: bytes) -> AsyncIterator[bytes]:
    """The data as it is sent to a client who may be slow: it has to take a part within `stall_seconds`."""
    for start in range(0, len(data), _PART):
        yield data[start : start + _PART]
