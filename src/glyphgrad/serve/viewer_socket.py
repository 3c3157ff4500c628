"""A browser's WebSocket, `PATH`: frames for it, wishes from it.

To the page go frames, which are `codec.paint`'s text, with colours only as `38;2;r;g;b`, `48;2;r;g;b`, `39`
and `49`; a whole one begins with a line such as `30x80 dark`, rows and columns. What begins with `{` is JSON: `{"viewers": 3}`. From the page come
`play NAME 40x120`, with the rows and columns that can be made out on its screen, and `pause`, after which
nothing is sent. A page whose visit is over is told by the reason of the close frame why.

ASGI is not in between: it cannot tell whether a client is ready for a frame, and would pack each frame
anew for every viewer. A message to browsers is the same for all of them, so `WebScreen` makes it once.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from websockets.frames import Frame as Message
from websockets.frames import Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from glyphgrad.codec.paint import paint
from glyphgrad.codec.sgr import TerminalLook
from glyphgrad.core.colors import Depth
from glyphgrad.core.frame import Frame
from glyphgrad.serve.client import Client
from glyphgrad.serve.plain import LINGER
from glyphgrad.serve.screen import COLS, ROWS, Screen
from glyphgrad.serve.session import Session

PATH = "/-/live"

_LOOK = TerminalLook("39", "49")
"""The page's own ink and paper."""
_MOST = 65536
"""Bytes of a message from a client."""
_NEWS = 5.0
"""Seconds between two looks at how many watch."""
_PLAY = re.compile(r"play ([^ ]{1,200}) (\d{1,4})x(\d{1,4})")
_CODES = {"shutdown": 1001, "input": 1008, "full": 1013, "address": 1013}
"""Why a visit is over -> the code that says so (RFC 6455, section 7.4); 1000 for all others."""


@dataclass(frozen=True)
class WebScreen(Screen):
    """A browser shows any frame whole, as large as it can: the size only chooses the edition, so all see the same bytes."""

    rows: int = field(default=ROWS, compare=False)
    cols: int = field(default=COLS, compare=False)

    def enter(self) -> bytes:
        return b""

    def leave(self, words: str = "") -> bytes:  # noqa: ARG002 - the reason of the close frame tells the page
        return b""

    def shown(self, frame: Frame, dark: bool = True) -> Frame:  # noqa: ARG002
        return Frame(frame.cells, replace(frame.colors, depth=Depth.TRUE)) if frame.colors else frame

    def frame(self, before: Frame | None, after: Frame, dark: bool = True) -> bytes:
        text = paint(before, after, _LOOK)
        if before is None:
            text = f"{after.rows}x{after.cols} {'dark' if dark else 'paper'}\n{text}"
        return _message(self.encode(text)) if text else b""


def _message(text: bytes) -> bytes:
    """A text message as it goes over the wire; a server's is not masked."""
    return Message(Opcode.TEXT, text).serialize(mask=False)


class WebSession(Session):
    """A browser's visit. The page has a list of films of its own, and can hold the film and let it go on."""

    def play(self, name: str, rows: int, cols: int) -> None:
        """Show a film, the edition that suits `rows` x `cols` cells; one there is not is no reason to stop."""
        show = self.house.library.get(name)
        if show:
            self.show(show, WebScreen(*self.house.limits.clamp(rows, cols)))

    async def visit(self, show: object) -> None:  # noqa: ARG002 - what it shows is the page's to say
        while self.ended is None:
            await self.note()


class ViewerSocket(asyncio.Protocol):
    """A connection that uvicorn hands over once a client has asked for a WebSocket. It is a `hub.Link` too."""

    def __init__(self, config: object, server_state: object, app_state: dict[str, Any]):  # noqa: ARG002
        self._client: Client = app_state["client"]
        self._house, self._link = self._client.house, self._client.link
        self.ready, self.offer = self._link.ready, self._link.offer
        self.write, self.abort = self._link.write, self._link.abort
        self._socket = ServerProtocol(max_size=_MOST)
        self._session = WebSession(self._house, self, "web", self._client.address)
        self._plays, self._answers = False, True
        self._viewers = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    # --- The connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: ARG002
        self._client.watching()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        self._quiet()
        self._session.end("left")
        self._client.gone()

    def pause_writing(self) -> None:
        self._client.blocked(True)

    def resume_writing(self) -> None:
        self._client.blocked(False)

    def data_received(self, data: bytes) -> None:
        spent = self._socket.state is State.CONNECTING or self._session.spend(len(data))
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif spent and self._session.ended is None and isinstance(event, Message):
                self._obey(event)
        self._flush()

    def _flush(self) -> None:
        for data in self._socket.data_to_send():
            if data:
                self.write(data)
            else:
                self._quiet()
                self._link.close()

    def _answer(self, request: Request) -> None:
        response = self._refusal(request) or self._socket.accept(request)
        self._socket.send_response(response)
        if response.status_code == 101:
            self._house.spawn(self._watch())

    def _refusal(self, request: Request) -> Response | None:
        """What a page that is not ours gets, which has a browser ask in its visitor's name."""
        if request.path != PATH:
            return self._socket.reject(404, f"There is a WebSocket at {PATH} only.\n")
        origins = request.headers.get_all("Origin")
        host = request.headers.get("Host", "")
        ours = {f"http://{host}".lower(), f"https://{host}".lower()}
        if not ours.issuperset(map(str.lower, origins)):
            self._house.metrics.rejected["origin"] += 1
            return self._socket.reject(403, "This page belongs to another host.\n")
        return None

    # --- The visit ---

    async def _watch(self) -> None:
        with self._client.seat() as refusal:
            if refusal:
                self._session.end(refusal)
                self.close()
                return
            self._ping()
            await self._session.run(WebScreen())

    def _obey(self, event: Message) -> None:
        if event.opcode is Opcode.PONG:
            self._answers = True
        elif event.opcode is Opcode.TEXT and event.fin:
            self._wish(bytes(event.data).decode("utf-8", "replace"))
        elif event.opcode not in (Opcode.PING, Opcode.CLOSE):
            self._session.end("input")

    def _wish(self, text: str) -> None:
        match = _PLAY.fullmatch(text)
        self._plays = bool(match)
        if match:
            self._session.play(match[1], int(match[2]), int(match[3]))
            self._tell_news()
        elif text == "pause":
            self._session.hold()
        else:
            self._session.end("input")

    def _tell_news(self) -> None:
        """How many watch, if that has changed."""
        count = self._house.metrics.of_all().viewers.total()
        if self._plays and count != self._viewers and self.offer(_message(json.dumps({"viewers": count}).encode())):
            self._viewers = count
        self._later(_NEWS, self._tell_news)

    def _ping(self) -> None:
        """A client that is paused, and gone without a word, is found out by its silence."""
        if not self._answers:
            self._session.end("stalled")
            return
        self._answers = False
        self._socket.send_ping(b"")
        self._flush()
        self._later(self._house.limits.stall_seconds, self._ping)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call that in so many seconds, and not when it was to be called before."""
        if call.__name__ in self._timers:
            self._timers[call.__name__].cancel()
        self._timers[call.__name__] = asyncio.get_running_loop().call_later(seconds, call)

    def _quiet(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    # --- hub.Link, as far as it is not the TCP connection's ---

    def close(self) -> None:
        """Say why, and hang up when the client has understood, or has not for a while."""
        self._quiet()
        reason = self._session.ended or ""
        if self._socket.state is State.OPEN:
            self._socket.send_close(_CODES.get(reason, 1000), reason)
            self._flush()
        self._later(LINGER, self.abort)
