from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import glyphgrad

NAMES = ["mse", "cor2", "ssim2", "cor4", "ssim4", "cor8", "ssim8"]
HIEROGLYPH = "\U00013000"  # in none of the bundled fonts


@pytest.fixture
def art(tmp_path: Path) -> Path:
    path = tmp_path / "art.txt"
    path.write_bytes(b"\xdb\xb1 .\n" * 2)
    return path


def test_the_figures_are_the_librarys(run: Callable, art: Path, picture: Path) -> None:
    code, out, err = run("score", art, picture, "--json", "--preset", "discord", "--fit", "cover")
    assert (code, err) == (0, "")
    assert json.loads(out) == glyphgrad.score(art, picture, "discord", fit="cover")


def test_without_json_there_is_a_line_a_figure(run: Callable, art: Path, picture: Path) -> None:
    lines = [line.split() for line in run("score", art, picture).out.splitlines()]
    expected = glyphgrad.score(art, picture)
    assert [name for name, _ in lines] == NAMES
    assert all(float(value) == pytest.approx(expected[name], abs=5e-5) for name, value in lines)  # four decimals


@pytest.mark.parametrize("missing", [0, 1])
def test_either_comes_from_standard_input(run: Callable, art: Path, picture: Path, missing: int) -> None:
    paths = [art, picture]
    data = paths[missing].read_bytes()
    expected = run("score", *paths).out
    paths[missing] = Path("-")
    assert run("score", *paths, stdin=data).out == expected


def test_the_font_matters(run: Callable, art: Path, picture: Path) -> None:
    assert run("score", art, picture, "--preset", "epson").out != run("score", art, picture, "--preset", "terminal").out


@pytest.mark.parametrize(
    ("content", "code", "quoted"),
    [(b"", 1, "empty"), (None, 1, "art.txt'"), (f"{HIEROGLYPH} no glyph".encode(), 2, repr(HIEROGLYPH))],
)
def test_a_text_that_cannot_be_scored_is_refused(
    run: Callable, art: Path, picture: Path, content: bytes | None, code: int, quoted: str
) -> None:
    art.unlink()
    if content is not None:
        art.write_bytes(content)
    result = run("score", art, picture)
    assert (result.code, result.out) == (code, "")
    assert quoted in result.err.splitlines()[-1]


def test_both_from_standard_input_is_refused(run: Callable) -> None:
    code, _, err = run("score", "-", "-")
    assert code == 2
    assert err.count("\n") == 1
    assert "'-'" in err
