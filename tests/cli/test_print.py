from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad.codec.escpos import PAPERS, PrintOptions, encode
from glyphgrad.codec.picture import png


def test_a_text_is_printed_as_it_is(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_bytes(b"\xdba\n b\n")
    assert run("print", "art.txt", "--to", "file:job.bin", "--cut", "--copies", 2) == (
        0,
        "",
        "file:job.bin: 45 bytes sent; the printer does not say whether it printed\n",
    )
    job = (tmp_path / "job.bin").read_bytes()
    assert job.endswith(b"\x1b{\0" + 2 * b"\xdba\n b\n\x1dVB\0" + b"\x1b@")


def test_a_text_with_colours_is_printed_without(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_bytes(b"\x1b[31mred\x1b[0m\r\n")
    assert run("print", "art.txt", "--to", "file:job.bin").code == 0
    assert b"\x1b{\0red\n\x1bJ" in (tmp_path / "job.bin").read_bytes()


def test_a_picture_is_fitted_to_the_paper(run: Callable, tmp_path: Path, picture: Path) -> None:
    assert run("print", picture, "--to", "file:job.bin", "--columns", 32, "--raster").code == 0
    art = glyphgrad.fit(picture, cols=32).art
    assert (tmp_path / "job.bin").read_bytes() == encode(art, PAPERS[32], PrintOptions(raster=True))


def test_a_profile_has_its_own_paper(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_text("a" * 48)
    assert run("print", "art.txt", "--to", "file:job.bin", "--profile", "TM-T20II").code == 0
    assert b"\x1dP\xcb\xcb" in (tmp_path / "job.bin").read_bytes()


def test_a_preview_needs_no_printer(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_text("art")
    assert run("print", "-", "--columns", 32, "--preview", "paper.png", stdin=b"art") == (0, "", "wrote paper.png\n")
    with Image.open(tmp_path / "paper.png") as paper:
        assert paper.mode == "RGB"


def test_a_printer_that_answers_has_printed(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_text("art")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                for _ in range(2):
                    line.recv(3)
                    line.sendall(b"\x12")
                while not line.recv(4096).endswith(b"\x1dr\x01"):
                    pass
                line.sendall(b"\0")

        thread = threading.Thread(target=serve)
        thread.start()
        to = f"network:127.0.0.1:{listener.getsockname()[1]}"
        result = run("print", "art.txt", "--to", to)
        thread.join()
    assert result == (0, "", f"{to}: 32 bytes printed\n")


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["art.txt"], 2, "neither --to nor --preview"),
        (["none.txt", "--to", "file:b"], 1, "'none.txt' cannot be read (No such file"),
        (["art.txt", "--to", "fax:1"], 2, "printer is 'fax:1': give usb:VID:PID"),
        (["art.txt", "--to", "file:none/b"], 1, "printer 'file:none/b' cannot be printed on"),
        (["art.txt", "--to", "file:b", "--columns", 40], 2, "'40' is not one of '32', '42', '48'"),
        (["art.txt", "--to", "file:b", "--profile", "fax"], 2, "profile is 'fax'"),
        (
            ["art.txt", "--to", "file:b", "--profile", "TM-T88V", "--columns", 48],
            2,
            "--columns is 48: a TM-T88V has 42",
        ),
        (["art.txt", "--to", "file:b", "--density", 9], 2, "density is 9"),
        (["art.txt", "--to", "file:b", "--copies", 0], 2, "copies is 0"),
        (["art.txt", "--to", "file:b", "--timeout", 0], 2, "timeout is 0"),
        (["wide.txt", "--to", "file:b"], 2, "art is 60 columns wide, the paper 42"),
        (["low.txt", "--to", "file:b"], 2, "characters '☺' cannot be printed as text"),
        (["art.txt", "--preview", "a.jpg"], 2, "--preview is 'a.jpg': it is a picture, name a .png"),
        (["art.txt", "--preview", "none/a.png"], 1, "output 'none/a.png' cannot be written"),
        (["empty.txt", "--to", "file:b"], 1, "the text is empty"),
        (["cut.png", "--to", "file:b"], 1, "cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_prints_nothing(
    run: Callable, tmp_path: Path, arguments: list[object], code: int, quoted: str
) -> None:
    for name, text in (("art", "art"), ("wide", "a" * 60), ("low", "☺"), ("empty", "")):
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "cut.png").write_bytes(png(np.arange(1600, dtype=np.uint16).astype(np.uint8).reshape(40, 40) ** 2)[:90])
    before = sorted(tmp_path.iterdir())
    found, out, err = run("print", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("glyphgrad: ")
    assert err.count("\n") == 1
    assert quoted in err
    assert sorted(tmp_path.iterdir()) == before
