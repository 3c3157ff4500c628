"""A webhook on this machine; what it gets, and that nobody else gets its URL."""

from __future__ import annotations

import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from glyphgrad.errors import ConfigError, OutputError
from glyphgrad.out.webhook import Webhook

SECRET = "s3cr3t-token"


class Server(ThreadingHTTPServer):
    """Answers with `answers` in turn, (status, body); keeps what it got in `got`: (headers, body)."""

    def __init__(self, answers: list[tuple[int, bytes]]):
        self.answers, self.got = answers, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/api/webhooks/1/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.got.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        status, body = self.server.answers.pop(0)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def discord() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*answers: tuple[int, bytes]) -> Server:
        servers.append(Server(list(answers)))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,)).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def refused(webhook: Webhook, **given: Any) -> str:
    """The message of the error that a post must end with, which has no secret, nor has its traceback."""
    with pytest.raises(OutputError) as caught:
        webhook.post("art", **given)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None  # a logger may show more than a traceback does
    return str(caught.value)


def parts_of(headers: Any, body: bytes) -> dict[str, Any]:
    """Name -> part of a multipart form, as the standard library reads it."""
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
    return {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}


@pytest.mark.parametrize("status", [200, 204])
def test_a_text_is_posted(discord: Callable[..., Server], status: int) -> None:
    server = discord((status, b""))
    Webhook(server.url).post("```\n█ @everyone\n```")
    headers, body = server.got[0]
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("glyphgrad/")
    assert json.loads(body) == {"content": "```\n█ @everyone\n```", "allowed_mentions": {"parse": []}}


def test_a_picture_goes_with_the_text(discord: Callable[..., Server]) -> None:
    server = discord((200, b"{}"))
    picture = bytes(range(256)) * 3
    Webhook(server.url).post("art", picture)
    parts = parts_of(*server.got[0])
    assert json.loads(parts["payload_json"].get_content())["content"] == "art"
    assert parts["files[0]"].get_filename() == "art.png"
    assert parts["files[0]"].get_content() == picture


def test_too_much_is_posted_again_after_a_while(discord: Callable[..., Server]) -> None:
    server = discord((429, b'{"retry_after": 0.25}'), (429, b"no JSON"), (204, b""))
    waited: list[float] = []
    Webhook(server.url).post("art", sleep=waited.append)
    assert waited == [0.25, 1.0]
    assert len(server.got) == 3


def test_a_while_that_is_too_long(discord: Callable[..., Server]) -> None:
    server = discord((429, b'{"retry_after": 40}'), (429, b'{"retry_after": 40}'))
    waited: list[float] = []
    assert "asks to wait for 40 seconds" in refused(Webhook(server.url), sleep=waited.append)
    assert waited == [40]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, b'{"message": "Cannot send an empty message"}', "(400: Cannot send an empty message): try again"),
        (404, b'{"message": "Unknown Webhook"}', "(404: Unknown Webhook): is the webhook still there?"),
        (404, b"<html>", "(404: it does not say why)"),
        (500, f'{{"message": "no /api/webhooks/1/{SECRET}"}}'.encode(), "(500: it does not say why)"),
        (302, b"", "(302: it does not say why)"),
    ],
)
def test_a_refusal(discord: Callable[..., Server], status: int, body: bytes, message: str) -> None:
    assert message in refused(Webhook(discord((status, body)).url))


def test_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/{SECRET}"
        assert "cannot be reached (no answer" in refused(Webhook(url), timeout=0.2)


def test_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "(Connection refused)" in refused(Webhook(f"http://127.0.0.1:{port}/{SECRET}"))


def test_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(4096)
                line.sendall(f"SSH-2.0-{SECRET}\r\n".encode())

        thread = threading.Thread(target=serve)
        thread.start()
        assert "(BadStatusLine)" in refused(Webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/{SECRET}"))
        thread.join()


@pytest.mark.parametrize("url", ["", SECRET, f"http://discord.com/{SECRET}", f"https://[{SECRET}", f"ftp://a/{SECRET}"])
def test_a_url_that_is_none_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigError, match="URL is not one") as caught:
        Webhook(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_it_is_not_shown_either() -> None:
    assert SECRET not in repr(Webhook(f"https://discord.com/api/webhooks/1/{SECRET}"))
