"""Colours from the command line: fitted, written, scored, filmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad.codec.formats import open_film

SMALL = ("--preset", "terminal", "--size", "16x8", "--fit", "stretch")


@pytest.fixture
def vivid(tmp_path: Path) -> Path:
    """A small picture of soft colours."""
    y, x = np.mgrid[:40, :40] / 40
    path = tmp_path / "vivid.png"
    Image.fromarray(np.rint(255 * np.stack([x, y, 1 - x], axis=-1)).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize("depth", ["16", "256", "true"])
def test_what_fit_tells_of_colours_is_what_score_finds(run: Callable, vivid: Path, depth: str) -> None:
    told = run("fit", vivid, *SMALL, "--color", depth, "--background", "--json", "-o", "art.ansi")
    assert told.code == 0
    figures = json.loads(told.out)
    found = json.loads(run("score", "art.ansi", vivid, *SMALL[:2], *SMALL[4:], "--json").out)
    for name in ("lab2", "lab4", "lab8"):
        assert found[name] == pytest.approx(figures[name])
    assert {"mse", "cor2", "ssim8"} <= found.keys()


def test_colours_can_be_left_out_again(run: Callable, vivid: Path) -> None:
    run("fit", vivid, *SMALL, "-o", "plain.utf8")
    run("fit", vivid, *SMALL, "--color", "none", "--no-background", "-o", "none.utf8")
    assert Path("plain.utf8").read_bytes() == Path("none.utf8").read_bytes()
    assert run("fit", vivid, *SMALL, "--color", "true", "-o", "ink.ansi").code == 0
    assert "48;2" not in Path("ink.ansi").read_text()  # no backgrounds


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--background",), "give color 16, 256 or true"),
        (("--color", "16", "--optimize-contrast"), "leave it out with color 16"),
        (("--color", "true", "--iterations", "9"), "leave it out with color true"),
        (("--color", "16", "--bound"), "leave it out with color 16"),
    ],
)
def test_what_does_not_go_with_colours_is_one_line(
    run: Callable, vivid: Path, options: tuple[str, ...], says: str
) -> None:
    result = run("fit", vivid, *SMALL, *options)
    assert result.code == 2
    assert says in result.err
    assert result.err.count("\n") == 1


def test_diagnostics_show_the_page(run: Callable, vivid: Path) -> None:
    assert run("fit", vivid, *SMALL, "--color", "16", "--diagnostics", "seen", "-o", "x.png").code == 0
    with Image.open("seen/shown.png") as shown:
        assert (shown.size, shown.mode) == ((160, 160), "RGB")
    assert [path.name for path in Path("seen").iterdir()] == ["shown.png"]


def test_a_film_is_made_in_colours(run: Callable, vivid: Path) -> None:
    film = vivid.parent / "film"
    film.mkdir()
    for i in range(3):
        Image.open(vivid).rotate(90 * i).save(film / f"{i}.png")
    assert run("animate", film, *SMALL, "--color", "256", "--background", "-o", "out.glyph").code == 0
    with open_film(Path("out.glyph")) as made:
        frames = [timed.frame for timed in made]
    expected = [
        timed.frame
        for timed in glyphgrad.animate(film, "terminal", cols=16, rows=8, fit="stretch", color="256", background=True)
    ]
    assert frames == expected
    assert all(frame.colors is not None and frame.colors.bg is not None for frame in frames)
