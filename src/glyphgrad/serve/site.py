"""What is at which address on the web: pages, films as files, numbers.

A film is at `/NAME`, and the first one at `/` too: a page for a browser, a stream for curl. Names of films
and of the page's own files are looked up among those there are; nothing that a client says becomes a path.
"""

from __future__ import annotations

import re
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glyphgrad.core.clip import printable
from glyphgrad.core.colors import Depth
from glyphgrad.serve.curl import FilmStream
from glyphgrad.serve.downloads import Downloads
from glyphgrad.serve.exposition import TYPE, exposition
from glyphgrad.serve.films import Show
from glyphgrad.serve.house import House
from glyphgrad.serve.pages import Pages, frame_text
from glyphgrad.serve.screen import COLS, ROWS, Screen

_SOURCES = "; ".join(f"{kind}-src 'self'" for kind in ("script", "style", "font", "img", "connect"))
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; {_SOURCES}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_REQUESTS = 20
"""Requests of one connection. A page needs five; who wants many more comes again, and arrivals are limited."""
_TERMINALS = ("curl/", "wget/", "httpie/", "xh/")
"""How the User-Agent, in lower case, of what writes to a terminal begins."""
_SIZE = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")
_QUOTED = 20
"""Characters of what a client said that are said back."""
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")
_FAILURES = {
    404: ("Nothing plays here", "There is no film of this name."),
    405: ("Not like this", "Pages here are only read."),
}


def site() -> Starlette:
    """All of it. A request comes with its `client.Client` in its state."""
    pages, downloads = Pages(), Downloads()

    async def film(request: Request) -> Response | FilmStream:
        house, show = _house(request), _show(request)
        if not _for_terminal(request):
            return pages.film(show, list(house.library), house.hub, _host(request))
        if "once" in request.query_params:
            return PlainTextResponse(frame_text(show, house.hub), headers={"Cache-Control": "no-store"})
        if request.method == "HEAD":
            return PlainTextResponse()
        return FilmStream(request.state.client, show, _screen(request))

    async def failure(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title, told = _FAILURES.get(error.status_code, ("This did not work", error.detail))
        if _for_terminal(request):
            told = told if error.status_code == 400 else f"{told} See /films."
            return PlainTextResponse(f"{told}\n", error.status_code, error.headers)
        return pages.failure(error.status_code, title, told)

    routes = [
        Route("/", film),
        Route("/films", _films),
        Route("/films/{file}", downloads.file),
        Route("/healthz", _health),
        Route("/metrics", _metrics),
        Route("/-/{file}", pages.file),
        Route("/{name}", film),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Courtesy)], exception_handlers={HTTPException: failure})


# --- What a client asks for ---


def _house(request: Request) -> House:
    house = request.state.client.house
    assert isinstance(house, House)
    return house


def _show(request: Request) -> Show:
    """The film of the path's name, without one the first. Raises HTTPException."""
    library = _house(request).library
    show = library.get(request.path_params["name"]) if request.path_params else library[0]
    if show is None:
        raise HTTPException(404)
    return show


def _for_terminal(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    agent = request.headers.get("user-agent", "").lower()
    return agent.startswith(_TERMINALS) or ("text/plain" in accepted and "text/html" not in accepted)


def _screen(request: Request) -> Screen:
    """The terminal behind a client, of which its user tells with `?size=COLSxROWS` and `?color=16`, 256 or true.

    Raises HTTPException.
    """
    asked, color = request.query_params.get("size", f"{COLS}x{ROWS}"), request.query_params.get("color")
    size = _SIZE.fullmatch(asked)
    if not size:
        told = printable(asked)[:_QUOTED].encode("ascii", "replace").decode()
        raise HTTPException(400, f"size is '{told}': give COLSxROWS, such as size=80x24.")
    depth = Depth(color) if color in list(Depth) else Depth.NONE
    return Screen(int(size[2]), int(size[1]), mute=True, depth=depth)


def _host(request: Request) -> str:
    """What to type to get here, as the client has it."""
    host = request.headers.get("host", "")
    return host if _HOST.fullmatch(host) else "localhost"


# --- Lists and numbers ---


async def _films(request: Request) -> Response:
    """A line for each film: its name, sizes, seconds and title."""
    shows = list(_house(request).library)
    width = max(len(show.name) for show in shows)
    return PlainTextResponse("".join(_line(show, width) for show in shows))


def _line(show: Show, width: int) -> str:
    sizes = ",".join(edition.header.size for edition in show.editions)
    return f"{show.name:{width}}  {sizes}  {show.editions[0].duration / 1000:.0f} s  {show.title}\n"


async def _health(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def _metrics(request: Request) -> Response:
    return Response(
        exposition(_house(request).metrics.of_all()), headers={"Cache-Control": "no-store"}, media_type=TYPE
    )


class _Courtesy:
    """What every answer has, and the client's time while it gets it."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["state"]["client"]

        async def courteous(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({**_HEADERS, "Date": formatdate(usegmt=True)})
                if client.requests >= _REQUESTS:
                    headers["Connection"] = "close"
            await send(message)

        client.answering(True)
        try:
            await self._app(scope, receive, courteous)
        finally:
            client.answering(False)
