"""The forms in which `fit` and `convert` let art out, besides text and pictures."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad.codec.sauce import split_sauce

WAYS = {
    "a.html": b"<!doctype html>",
    "a.svg": b"<svg ",
    "a.text.svg": b"<svg ",
    "a.ans": b"\x1b[0;5;30;47m",
    "a.ansi": b"\x1b[38;5;16;48;5;231m",
    "a.discord": b"```\n",
    "a.escpos": b"\x1b@\x1dP",
}
URL = "/api/webhooks/1/s3cr3t"


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """The URL of a webhook on this machine, and what it gets."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(404 if self.path.endswith("gone") else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.delenv("GLYPHGRAD_DISCORD_WEBHOOK", raising=False)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}{URL}", got
        server.shutdown()


def test_every_way_out_of_a_fit_and_of_a_text(run: Callable, tmp_path: Path, picture: Path) -> None:
    options = [option for name in [*WAYS, "a.utf8"] for option in ("-o", name)]
    assert run("fit", picture, *options, "--title", "T", "--date", "2026-01-02").code == 0
    made = {name: (tmp_path / name).read_bytes() for name in WAYS}
    assert [name for name, start in WAYS.items() if not made[name].startswith(start)] == []
    for name in WAYS:
        assert run("convert", "a.utf8", f"b{name}", "--title", "T", "--date", "2026-01-02") == (
            0,
            "",
            f"wrote b{name}\n",
        )
        assert (tmp_path / f"b{name}").read_bytes() == made[name]


def test_what_was_written_is_read_back(run: Callable, tmp_path: Path, picture: Path) -> None:
    names = ["a.utf8", "a.ans", "a.ansi"]
    options = [option for name in names for option in ("-o", name)]
    assert run("fit", picture, "-s", "20x9", "--preset", "discord", *options).code == 0
    for name in names:
        assert run("convert", name, f"{name}.png", "--preset", "discord").code == 0
        assert run("convert", name, f"{name}.utf8").code == 0
    assert len({(tmp_path / f"{name}.png").read_bytes() for name in names}) == 1
    assert {(tmp_path / f"{name}.utf8").read_bytes() for name in names} == {(tmp_path / "a.utf8").read_bytes()}


def test_an_old_file_becomes_a_picture(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "old.ans").write_bytes(b"\x1b[0;31m\xdb\x1b[1;33mA\r\n\x1b[78C\xdbZ")
    assert run("convert", "old.ans", "new.png").code == 0
    with Image.open(tmp_path / "new.png") as picture:
        assert picture.size == (800, 40)  # the terminal's cells, light on dark
        pixels = np.asarray(picture).astype(int)
    # ink of 96 % and more of dark red, then of bold, hence bright, yellow; the block's edge is smoothed
    assert np.abs(pixels[:20, :10] - [170, 0, 0]).max() < 8
    assert np.abs(pixels[20:, 780:790] - [255, 255, 85]).max() < 12


def test_the_title_of_an_ans_file_goes_on(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert run("convert", "a.txt", "a.ans", "--title", "A moon", "--author", "me").code == 0
    assert run("convert", "a.ans", "b.ans").code == 0
    sauce = split_sauce((tmp_path / "b.ans").read_bytes())[1]
    assert sauce is not None
    assert sauce.label.title == "A moon"
    assert sauce.label.date is not None


def test_characters_that_no_font_has_are_drawn_as_boxes_and_written_as_they_are(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\x1b[31ma\t漢字\r\n")
    code, _, err = run("convert", "a.txt", "a.png")
    assert code == 0
    assert err.startswith("glyphgrad: warning: no font has '字漢'")
    assert run("convert", "a.txt", "a.utf8").code == 0
    assert (tmp_path / "a.utf8").read_text() == "a       漢 字 \n"


def test_discord_prints_the_message(run: Callable, tmp_path: Path, picture: Path) -> None:
    code, out, _ = run("fit", picture, "-s", "9x4", "--preset", "discord", "-o", "discord", "-o", "a.utf8")
    assert code == 0
    assert out == f"```\n{(tmp_path / 'a.utf8').read_text()}```\n"
    assert run("convert", "a.utf8", "discord") == (0, out, "")


def test_a_message_that_is_too_long_writes_nothing(run: Callable, tmp_path: Path, picture: Path) -> None:
    code, out, err = run("fit", picture, "-s", "80x40", "--charset", " #", "-o", "a.utf8", "-o", "a.discord")
    assert (code, out) == (1, "")
    assert "3,247 characters in a Discord code block, 2,000 are allowed: 62x31 fits" in err
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_a_fit_is_posted(run: Callable, tmp_path: Path, picture: Path, posts: tuple[str, list[bytes]]) -> None:
    url, got = posts
    size = ["-s", "9x4", "--preset", "discord"]
    assert run("fit", picture, *size, "--webhook", url) == (0, "", "posted to Discord\n")
    message = json.loads(got[0])["content"]
    assert message.startswith("```\n")
    assert len(message) == 8 + 4 * 10 - 1
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_a_text_is_posted_with_its_picture_to_where_the_environment_says(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, posts: tuple[str, list[bytes]]
) -> None:
    url, got = posts
    monkeypatch.setenv("GLYPHGRAD_DISCORD_WEBHOOK", url)
    (tmp_path / "a.txt").write_text("art")
    assert run("convert", "a.txt", "a.png") == (0, "", "wrote a.png\n")
    assert got == []  # only who asks for it posts
    assert run("convert", "a.txt", "a.png", "--webhook-picture", "--webhook") == (
        0,
        "",
        "wrote a.png\nposted to Discord\n",
    )
    assert (tmp_path / "a.png").read_bytes() in got[0]


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["--webhook"], 2, "--webhook has no URL, and GLYPHGRAD_DISCORD_WEBHOOK is not set"),
        (["--webhook-picture"], 2, "--webhook-picture without --webhook"),
        (["--webhook", f"htp://discord.com{URL}"], 2, "the webhook's URL is not one"),
        (["--webhook", "URL/gone"], 1, "Discord refuses the message (404"),
        (["--webhook", f"http://127.0.0.1:1{URL}"], 1, "Discord cannot be reached (Connection refused)"),
    ],
)
def test_a_post_that_fails_is_one_line_without_the_url(
    run: Callable, tmp_path: Path, posts: tuple[str, list[bytes]], arguments: list[str], code: int, quoted: str
) -> None:
    (tmp_path / "a.txt").write_text("art")
    found, out, err = run("convert", "a.txt", "a.utf8", *(part.replace("URL", posts[0]) for part in arguments))
    assert (found, out) == (code, "")
    assert quoted in err
    assert "s3cr3t" not in err
    assert err.removeprefix("wrote a.utf8\n").count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["a.txt", "a.ans"], 1, "characters '→' cannot be in an .ans file: write .ansi"),
        (["a.txt", "a.escpos"], 2, "characters '→' cannot be printed as text"),
        (["film.txt", "discord"], 1, "output 'discord' holds one frame"),
        (["film.txt", "a.html"], 1, "output 'a.html' holds one frame"),
        (["film.txt", "a.cast", "--webhook", "https://discord.com/x"], 1, "--webhook posts one frame"),
        (["blank.ans", "a.png"], 1, "the text is empty"),
        (["a.txt", "a.html", "--date", "yesterday"], 2, "'yesterday'"),
    ],
)
def test_bad_input(run: Callable, tmp_path: Path, arguments: list[str], code: int, quoted: str) -> None:
    (tmp_path / "a.txt").write_text("→")
    (tmp_path / "film.txt").write_text("a\n\fb\n")
    (tmp_path / "blank.ans").write_text("\x1b[1m")
    before = sorted(tmp_path.iterdir())
    found, out, err = run("convert", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("glyphgrad: ")
    assert err.count("\n") == 1
    assert quoted in err
    assert sorted(tmp_path.iterdir()) == before
