"""HTTP with real curl, and with sockets that are slow, greedy or lie."""

from __future__ import annotations

import io
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest

from glyphgrad.codec.asciicast import decode_cast
from glyphgrad.codec.clip import ClipReader
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.window import window
from glyphgrad.serve.exposition import exposition
from glyphgrad.serve.metrics import WIDTH, Metrics

BROWSER = ["-A", "Mozilla/5.0", "-H", "Accept: text/html,*/*"]


@pytest.fixture
def curl() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    if not shutil.which("curl"):
        pytest.skip("NO CURL HERE: apt-get install curl to run this test")
    made: list[subprocess.Popen[bytes]] = []

    def start(running: Any, path: str, *options: str) -> subprocess.Popen[bytes]:
        command = [
            "curl",
            "-sN",
            "--path-as-is",
            "--max-time",
            "10",
            *options,
            f"http://127.0.0.1:{running.port}{path}",
        ]
        made.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        return made[-1]

    yield start
    for one in made:
        one.kill()
        one.communicate()


def said(process: subprocess.Popen[bytes]) -> bytes:
    """All of it; the program must have been content."""
    found, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    return found


def code(process: subprocess.Popen[bytes]) -> int:
    """Of a process with `-w %{http_code}`."""
    return int(said(process)[-3:])


def until(process: subprocess.Popen[bytes], found: bytes) -> bytes:
    data = b""
    while found not in data:
        assert process.stdout
        part = process.stdout.read1(65536)  # type: ignore[attr-defined]
        assert part, data[-300:]
        data += part
    return data


def request(path: str, *more: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *more, "", ""]).encode()


# --- A terminal ---


def test_curl_shows_the_film_and_ends_with_a_clean_line(serve: Any, films: Any, curl: Any, log: Any) -> None:
    running = serve("http", films=[films.show(count=1)], session_seconds=0.4)
    shown = said(curl(running, "/"))
    screen = Terminal(24, 80)
    picture, _, words = shown.decode().partition("\r\n")
    screen.feed(picture)
    whole = window(films.frames(24, 80, 1)[0].frame, 23, 80)
    assert screen.frame.lines[:-1] == whole.lines
    assert b"\x1b[?" not in shown
    assert picture.endswith("\x1b[24;1H")
    assert words == "Your time is over. Connect again to watch on.\r\n"
    running.wait(lambda house: not house.metrics.viewers["curl"])
    assert re.search(r"session protocol=curl address=127.0.0.0/24 .* film=film size=80x24 .* ended=time", log.text)


@pytest.mark.parametrize("size", ["", "huge", "80", "99999x24", "-80x24", "\u0663x\u0663"])
def test_a_size_that_is_none_is_told(serve: Any, curl: Any, size: str) -> None:
    told = said(curl(serve("http"), f"/?size={quote(size)}", "-w", "%{http_code}")).decode()
    assert told == f"size is '{size.encode('ascii', 'replace').decode()}': give COLSxROWS, such as size=80x24.\n400"


def test_what_is_said_of_a_size_is_short_and_harmless(serve: Any, curl: Any) -> None:
    told = said(curl(serve("http"), "/?size=%1b%5d0;pwned%07" + 100 * "x"))
    assert told == b"size is ']0;pwnedxxxxxxxxxxxx': give COLSxROWS, such as size=80x24.\n"


def test_curl_may_tell_its_size(serve: Any, films: Any, curl: Any) -> None:
    running = serve("http", films=[films.show(rows=30, cols=90, count=1)])
    screen = Terminal(31, 90)
    screen.feed(until(curl(running, "/film?size=90x31"), b"\x1b[31;1H").decode())
    assert screen.frame.lines[:-1] == films.frames(30, 90, 1)[0].frame.lines


@pytest.mark.parametrize(("query", "sgr"), [("?color=256", b"38;5;196;48;5;46"), ("", None), ("?color=blue", None)])
def test_curl_may_ask_for_colours(serve: Any, films: Any, curl: Any, query: str, sgr: bytes | None) -> None:
    running = serve("http", films=[films.colored()])
    shown = until(curl(running, f"/film{query}"), b"\x1b[24;1H")
    if sgr is None:
        assert b"m" not in shown
    else:
        assert b"\x1b[" + sgr + b"m" + b"#" * 80 in shown
        assert shown.endswith(b"\x1b[m\x1b[24;1H")  # its own again, whenever it goes


def test_the_end_of_the_server_ends_the_stream_in_order(serve: Any, curl: Any, log: Any) -> None:
    running = serve("http")
    process = curl(running, "/")
    until(process, b"\x1b[24;1H")
    running.stop()
    assert said(process).endswith(b"\r\n")
    assert "protocol=curl" in log.text
    assert "ended=shutdown" in log.text


@pytest.mark.parametrize("asks", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_the_end_of_the_server_waits_for_nobody_who_wants_nothing(
    serve: Any, monkeypatch: pytest.MonkeyPatch, asks: bytes
) -> None:
    """A browser keeps a connection or two, in case."""
    monkeypatch.setattr("glyphgrad.serve.web._KEEP_ALIVE", 12)
    monkeypatch.setattr("glyphgrad.serve.house._FAREWELL", 12)
    running = serve("http", request_seconds=3600)
    client = running.connect()
    client.send(asks)
    if asks:
        client.until(b"ok\n")
    running.wait(lambda house: house.idle)
    running.stop()  # fails after 10 seconds, before the house has lost its patience
    assert client.rest() == b""


def test_who_goes_is_noticed(serve: Any, curl: Any, log: Any) -> None:
    running = serve("http")
    process = curl(running, "/")
    until(process, b"\x1b[24;1H")
    assert running.house.metrics.viewers["curl"] == 1
    process.kill()
    running.wait(lambda house: not len(house.gate.viewers))
    assert "ended=left" in log.text


def test_the_frame_of_the_moment(serve: Any, films: Any, curl: Any) -> None:
    shows = [films.show("one", count=1), films.show("two", rows=9, cols=5, count=1)]
    running = serve("http", films=shows)
    assert said(curl(running, "/two?once")).decode() == films.frames(9, 5, 1)[0].frame.text
    assert said(curl(running, "/?once")).decode() == films.frames(24, 80, 1)[0].frame.text


def test_the_list_of_films(serve: Any, films: Any, curl: Any) -> None:
    running = serve("http", films=[films.show("one", title="First"), films.show("another", rows=9, cols=5)])
    assert said(curl(running, "/films")).decode() == "one      80x24  1 s  First\nanother  5x9  1 s  another\n"


def test_who_wants_text_gets_the_stream_and_nobody_else(serve: Any, curl: Any) -> None:
    running = serve("http")
    for agent, accept, streams in (
        ("Wget/1.21", "*/*", True),
        ("HTTPie/3.2", "*/*", True),
        ("x", "text/plain", True),
        ("x", "*/*", False),
        ("Mozilla/5.0", "text/html,text/plain", False),
    ):
        process = curl(running, "/", "-A", agent, "-H", f"Accept: {accept}")
        assert (b"\x1b[24;1H" in until(process, b"\x1b[24;1H" if streams else b"</html>")) == streams


# --- A browser ---


def test_the_page_holds_the_frame_and_allows_only_what_is_ours(serve: Any, films: Any, curl: Any) -> None:
    title = '<script>alert("1")</script>'
    running = serve("http", films=[films.show(count=1, title=title)])
    text = said(curl(running, "/", "-i", *BROWSER, "-H", 'Host: "><script>')).decode()
    head, _, body = text.partition("\r\n\r\n")
    assert "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';" in head
    assert "unsafe" not in head
    assert films.frames(24, 80, 1)[0].frame.text.strip() in body
    assert "<noscript>" in body
    assert "/films/film.cast" in body
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in body
    assert "<script>" not in body
    assert 'style="' not in body
    assert 'curl <span id="host">localhost</span>' in body


def test_what_the_page_needs_is_there(serve: Any, curl: Any) -> None:
    running = serve("http")
    page = said(curl(running, "/film", *BROWSER)).decode()
    needed = re.findall(r'(?:href|src)="(/-/[^"]+)"', page)
    assert len(needed) == 4
    for path in needed:
        assert code(curl(running, path, "-o", "/dev/null", "-w", "%{http_code}")) == 200


def test_a_film_there_is_not(serve: Any, curl: Any) -> None:
    running = serve("http")
    assert b"<h1>Nothing plays here</h1>" in said(curl(running, "/nope", *BROWSER))
    assert said(curl(running, "/nope")) == b"There is no film of this name. See /films.\n"
    assert code(curl(running, "/nope", "-w", "%{http_code}")) == 404


@pytest.mark.parametrize(
    "path",
    ["/films/../../etc/passwd", "/films/%2e%2e%2f%2e%2e%2fetc%2fpasswd.cast", "/../../../etc/passwd", "/films/..cast",
     "/-/../server.py", "/-/..%2fserver.py", "/-/%2fetc%2fpasswd", "/%00", "/films/film.cast%00.glyph", "/-/index.html",
     "/films/film.txt", "/-/live"],
)  # fmt: skip
def test_no_path_leads_out(serve: Any, curl: Any, path: str) -> None:
    assert code(curl(serve("http"), path, "-w", "%{http_code}")) == 404


# --- Files and numbers ---


def test_downloads_are_the_film(serve: Any, films: Any, curl: Any) -> None:
    running = serve("http", films=[films.show(rows=9, cols=5, count=70, title="A film")])
    cast = decode_cast(iter(said(curl(running, "/films/film.cast")).splitlines(keepends=True)), "film")
    clip = ClipReader(io.BytesIO(said(curl(running, "/films/film.glyph"))))
    assert list(cast) == list(clip)
    assert [one.frame for one in clip] == [one.frame for one in films.frames(9, 5, 70)]
    assert cast.header.title == clip.header.title == "A film"


def test_head(serve: Any, curl: Any) -> None:
    running = serve("http")
    for path in ("/", "/film", "/films", "/films/film.cast", "/healthz", "/metrics", "/-/page.js"):
        for agent in ("curl/8", "Mozilla/5.0"):
            found = said(curl(running, path, "-I", "-A", agent))
            assert found.startswith(b"HTTP/1.1 200 ")
            assert found.endswith(b"\r\n\r\n")
    running.wait(lambda house: not house.metrics.sessions.total())


def test_only_reading(serve: Any, curl: Any) -> None:
    running = serve("http")
    assert code(curl(running, "/", "-X", "POST", "-d", "x" * 100_000, "-w", "%{http_code}", "-o", "/dev/null")) == 405


def test_health_and_metrics(serve: Any, curl: Any) -> None:
    running = serve("http")
    assert said(curl(running, "/healthz")) == b"ok\n"
    process = curl(running, "/")
    until(process, b"\x1b[24;1H")
    text = said(curl(running, "/metrics", "-i")).decode()
    assert "content-type: text/plain; version=0.0.4; charset=utf-8" in text
    assert 'glyphgrad_viewers{protocol="curl"} 1\n' in text
    sent = re.search(r"^glyphgrad_frames_sent_total (\d+)$", text, re.M)
    assert sent
    assert int(sent[1]) > 0


def test_the_text_of_the_metrics() -> None:
    metrics = Metrics()
    metrics.sent(5, 1, 99)
    metrics.viewers["web"], metrics.viewers["ssh"] = 2, 1
    metrics.rejected["rate"] = 3
    lines = exposition(metrics).splitlines()
    counts = [line for line in lines if not line.startswith("#")]
    assert len(counts) == WIDTH  # also what has not happened yet
    assert [line for line in counts if not line.endswith(" 0")] == [
        'glyphgrad_viewers{protocol="ssh"} 1',
        'glyphgrad_viewers{protocol="web"} 2',
        'glyphgrad_rejected_total{reason="rate"} 3',
        "glyphgrad_frames_sent_total 5",
        "glyphgrad_frames_dropped_total 1",
        "glyphgrad_bytes_sent_total 99",
    ]
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert named == [line.split()[2] for line in lines if line.startswith("# HELP")]


# --- Limits ---


def test_seats_are_limited(serve: Any, curl: Any) -> None:
    running = serve("http", viewers=1)
    first = curl(running, "/")
    until(first, b"\x1b[24;1H")
    assert said(curl(running, "/", "-w", "%{http_code}")) == b"All seats are taken: come again later.\n503"
    assert b"</html>" in said(curl(running, "/", *BROWSER))
    first.kill()
    running.wait(lambda house: not len(house.gate.viewers))
    until(curl(running, "/"), b"\x1b[24;1H")


def test_connections_of_an_address_are_limited(serve: Any) -> None:
    running = serve("http", viewers_per_address=1)
    first, second, third = (running.connect() for _ in range(3))
    assert third.rest().startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    for client in (first, second):
        client.send(request("/healthz", "Connection: close"))
        assert client.rest().endswith(b"ok\n")
    assert running.house.metrics.rejected["address"] == 1


def test_arrivals_are_limited(serve: Any, curl: Any) -> None:
    running = serve("http", http_arrivals=1, http_arrivals_per_minute=1)
    first = running.connect()
    running.wait(lambda house: house.idle)
    refused = said(curl(running, "/", "-w", "%{http_code}"))
    assert refused == b"Too many connections from your address: come again in a minute.\r\n429"
    first.send(request("/healthz", "Connection: close"))
    assert first.rest().endswith(b"ok\n")
    assert running.house.metrics.rejected["rate"] == 1


def test_a_connection_has_only_so_many_requests(serve: Any) -> None:
    client = serve("http").connect()
    client.send(100 * request("/healthz"))
    assert client.rest().count(b"ok\n") == 20


@pytest.mark.parametrize("begins", [b"", b"GET / HT", request("/healthz")])
def test_who_asks_slowly_is_dropped(serve: Any, begins: bytes) -> None:
    """Also within a second request, and though something comes all the time."""
    running = serve("http", request_seconds=0.3)
    client, end = running.connect(), time.monotonic() + 5
    client.send(begins)
    with suppress(OSError):
        while time.monotonic() < end:
            client.send(b"X")
            time.sleep(0.02)
    assert time.monotonic() < end
    assert running.house.metrics.rejected["slow"] == 1


def test_who_does_not_read_the_answer_is_dropped(serve: Any) -> None:
    running = serve("http", stall_seconds=0.3)
    client = running.connect()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(request("/-/font.ttf"))
    running.wait(lambda house: house.metrics.rejected["slow"] == 1)


def test_a_viewer_who_does_not_read_is_dropped(serve: Any, films: Any, log: Any) -> None:
    running = serve("http", films=[films.show(rows=90, cols=300)], stall_seconds=0.3)
    client = running.connect()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(request("/film?size=300x91", "User-Agent: curl/8"))
    running.wait(lambda house: house.metrics.sessions["curl"] == 1)
    running.wait(lambda house: not len(house.gate.viewers))
    assert "ended=stalled" in log.text


def test_a_header_that_does_not_end_is_refused(serve: Any) -> None:
    client = serve("http").connect()
    client.send(request("/", "X: " + "x" * 70_000).rstrip())
    assert client.rest().startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


@pytest.mark.parametrize(
    "rubbish", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n" * 9, b"SSH-2.0-x\r\n\r\n", bytes(range(256))]
)
def test_what_is_no_request_is_refused(serve: Any, rubbish: bytes) -> None:
    running = serve("http", request_seconds=0.3)
    client = running.connect()
    client.send(rubbish + b"\r\n\r\n")
    client.rest()
    assert not running.house.metrics.rejected["error"]


# --- Who it is ---


def test_a_balancers_word_is_taken(serve: Any, log: Any) -> None:
    running = serve("http", proxy=True, session_seconds=0.2)
    client = running.connect()
    client.send(b"PROXY TCP4 203.0.113.7 127.0.0.1 5 80\r\n" + request("/", "User-Agent: curl/8", "Connection: close"))
    client.rest()
    assert "address=203.0.113.0/24" in log.text


def test_a_headers_word_is_not(serve: Any, log: Any) -> None:
    running = serve("http", session_seconds=0.2)
    client = running.connect()
    told = ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7", "User-Agent: curl/8", "Connection: close"]
    client.send(request("/", *told))
    client.rest()
    assert "address=127.0.0.0/24" in log.text
    assert "203.0" not in log.text
