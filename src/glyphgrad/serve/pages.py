"""The page that plays a film, and the files it is made of.

What it needs is of this host, and nothing stands in line: the policy of `site` allows nothing else. The
frame of the moment is in the HTML, so that there is a picture before, and without, the script.
"""

from __future__ import annotations

import hashlib
from html import escape
from importlib.resources import files
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from glyphgrad.core.presets import DEJAVU_SANS_MONO, PRESETS
from glyphgrad.errors import ClipError
from glyphgrad.serve.downloads import parts
from glyphgrad.serve.films import Show
from glyphgrad.serve.hub import Hub
from glyphgrad.serve.screen import Screen

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "ttf": "font/ttf"}
_SUFFIXES = (".html", ".css", ".js", ".svg")
_FONT = "font.ttf"
_DAY, _FOREVER = "public, max-age=86400", "public, max-age=31536000, immutable"
"""For how long a browser keeps a file; one whose address tells its content never changes."""


def frame_text(show: Show, hub: Hub) -> str:
    """The frame of the moment, of the largest edition, as lines; none where the film is damaged."""
    try:
        shown = show.largest.at(hub.wall(), hub.epoch)
    except ClipError:
        return ""
    return Screen().encode(shown.frame.text).decode()


class Pages:
    """Fills in the templates, and answers requests for `{file}`, a file of the page's own."""

    def __init__(self) -> None:
        page = files("glyphgrad.serve") / "page"
        found = {file.name: file.read_bytes() for file in page.iterdir() if file.name.endswith(_SUFFIXES)}
        self._page, self._failure = (Template(found.pop(name).decode()) for name in ("index.html", "failure.html"))
        self._files = found | {_FONT: DEJAVU_SANS_MONO.read_bytes()}
        self._links = {
            name.replace(".", "_"): f"/-/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"
            for name, data in self._files.items()
        }

    async def file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in self._files:
            raise HTTPException(404)
        data = self._files[name]
        lasts = _FOREVER if "v" in request.query_params else _DAY
        headers = {"Content-Length": str(len(data)), "Cache-Control": lasts}
        return StreamingResponse(parts(data), headers=headers, media_type=_TYPES[name.rpartition(".")[2]])

    def film(self, show: Show, shows: list[Show], hub: Hub, host: str) -> Response:
        header = show.largest.header
        words = {
            "title": show.title,
            "name": show.name,
            "paper": "dark" if header.dark else "paper",
            "host": host,
            "frame": frame_text(show, hub),
        }
        items = "".join(_item(one, one is show) for one in shows)
        return self._filled(self._page, words, films=items)

    def failure(self, status: int, title: str, told: str) -> Response:
        return self._filled(self._failure, {"title": title, "told": told}, status)

    def _filled(self, template: Template, words: dict[str, str], status: int = 200, **markup: str) -> Response:
        """`words` are escaped, `markup` is not."""
        escaped = {name: escape(word) for name, word in words.items()}
        text = template.substitute(escaped | markup | self._links)
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def _item(show: Show, current: bool) -> str:
    """A film in the list, with what the page has to know of it."""
    header = show.largest.header
    device = PRESETS.get(header.preset or "", PRESETS["terminal"])
    tall = (device.cell[1] + device.row_gap) / device.cell[0]
    here = ' aria-current="page"' if current else ""
    return (
        f'<li><a href="/{escape(show.name)}"{here} data-name="{escape(show.name)}" data-tall="{tall:g}"'
        f' data-cols="{header.cols}" data-rows="{header.rows}">{escape(show.title)}</a></li>'
    )
