"""Colours from one command to the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad import Depth
from glyphgrad.codec.ansi import decode_ansi
from glyphgrad.core.colors import palette

OLD = b"\x1b[0;31m\xb0\xb1\xb2\xdb\x1b[1;44mA\tB\x1b[0m\r\n\x1b[38;5;208mC\x1b[0mD\r\n\xfe"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", ["b.ansi", "b.ans", "b.glyph", "b.cast", "b", "b.png"])
def test_an_ansi_text_is_the_same_picture_whatever_it_was_meanwhile(run: Callable, tmp_path: Path, name: str) -> None:
    text = (
        "\x1b[31mred\x1b[44m on\tblue \x1b[0mé\r\n\x1b[7mturned\x1b[0m\n"
        if name != "b.ans"
        else "\x1b[31;104mé█\x1b[0m\n"
    )
    (tmp_path / "a.ansi").write_bytes(text.encode())
    assert run("convert", "a.ansi", "a.png").code == 0
    assert run("convert", "a.ansi", name).code == 0
    if name != "b.png":
        assert run("convert", name, "b.png").code == 0
    seen, wanted = pixels(tmp_path / "b.png"), pixels(tmp_path / "a.png")
    np.testing.assert_array_equal(seen, wanted)
    assert len({tuple(color) for row in wanted.tolist() for color in row}) > 2


def test_white_paper_stays_white(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ab\n")
    assert run("convert", "a.txt", "a.ansi", "--light-mode").code == 0
    assert run("convert", "a.ansi", "a.png").code == 0
    assert pixels(tmp_path / "a.png").max() == 255
    assert np.median(pixels(tmp_path / "a.png")) == 255


@pytest.mark.parametrize("depth", ["16", "256", "none"])
def test_convert_reduces_colours(run: Callable, tmp_path: Path, depth: str) -> None:
    (tmp_path / "a.ansi").write_text("\x1b[38;2;250;0;5;48;2;0;0;120mab\n")
    assert run("convert", "a.ansi", "b.ansi", "--color", depth).code == 0
    colors = decode_ansi((tmp_path / "b.ansi").read_bytes()).frame.colors
    if depth == "none":
        assert colors is None
    else:
        assert colors is not None
        assert colors.depth == depth
        assert {*map(tuple, colors.fg[0].tolist())} <= {*map(tuple, palette(Depth(depth)).tolist())}


@pytest.mark.parametrize(("name", "medium"), [("b.discord", "a Discord message"), ("b.escpos", "a receipt")])
def test_what_has_no_colours_says_so(run: Callable, tmp_path: Path, name: str, medium: str) -> None:
    (tmp_path / "a.ansi").write_text("\x1b[31;107mred\n")
    code, _, err = run("convert", "a.ansi", name, "--preset", "epson")
    assert code == 0
    assert f"{medium} has no colours: the art's are left out" in err


def test_a_receipt_of_a_coloured_text_is_printed_without(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.ans").write_bytes(OLD)
    code, _, err = run("print", "a.ans", "--columns", 48, "--preview", "paper.png")
    assert code != 0 or "a receipt has no colours" in err  # 80 columns do not fit
    (tmp_path / "b.ansi").write_text("\x1b[31mred\n")
    code, _, err = run("print", "b.ansi", "--preview", "paper.png")
    assert (code, err.count("a receipt has no colours")) == (0, 1)


@pytest.mark.parametrize(
    ("term", "depth"), [("xterm-256color", Depth.C256), ("linux", Depth.C16), ("dumb", Depth.NONE)]
)
def test_fit_shows_the_colours_that_the_terminal_has(
    run: Callable, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str, depth: Depth
) -> None:
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    options = ["--preset", "terminal", "-s", "12x", "--color", "true", "--background", "--show", "-o", "a.ansi"]
    shown = run("fit", picture, *options).out.encode()
    art = decode_ansi((tmp_path / "a.ansi").read_bytes())
    assert art.frame.colors is not None
    assert decode_ansi(shown).frame == art.frame.at(Depth.C16 if depth == Depth.NONE else depth)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("fit", picture, *options).out == art.frame.text


def test_score_reads_a_coloured_text_as_the_fit_made_it(run: Callable, picture: Path) -> None:
    options = ["--preset", "terminal", "-s", "12x", "--color", "256", "--background", "-o", "a.ansi", "--json"]
    fitted = json.loads(run("fit", picture, *options).out)
    scored = json.loads(run("score", "a.ansi", picture, "--preset", "terminal", "--json").out)
    assert {name for name in scored if name.startswith("lab")} == {"lab2", "lab4", "lab8"}
    for name in ("lab2", "lab4", "lab8"):
        assert scored[name] == pytest.approx(fitted[name], abs=1e-3)  # of CIELAB, in rounding


def test_the_steps_of_a_fit_are_in_its_colours(run: Callable, picture: Path, tmp_path: Path) -> None:
    options = ["--preset", "terminal", "-s", "12x", "--color", "16", "--background", "--row-gap", "3", "-o", "a.png"]
    assert run("fit", picture, *options, "--save-steps", "--progress-gif", "steps.gif").code == 0
    last = sorted((tmp_path / "steps").glob("i_iter_*.png"))[-1]
    np.testing.assert_array_equal(pixels(last), pixels(tmp_path / "a.png"))
