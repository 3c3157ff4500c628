from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

HIEROGLYPH = "\U00013000"  # in none of the bundled fonts


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_the_atlas_is_drawn_and_described(run: Callable, tmp_path: Path) -> None:
    code, out, err = run("chars", "--preset", "terminal")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "95 glyphs in cells of 10 x 20 pixels"
    assert "DejaVuSansMono.ttf at 16.61 px" in out
    assert "wrote chars.png" in out
    assert size_of(tmp_path / "chars.png") == (16 * 21, 6 * 41)  # twice as large, a border each, 16 a row


@pytest.mark.parametrize("name", ["sheet.png", "output.png", "SHEET.PNG"])
def test_the_picture_goes_where_it_is_sent(run: Callable, tmp_path: Path, name: str) -> None:
    assert run("chars", "--charset", "ab", "-o", name).code == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["sheet.jpg", "-", "sheet"])
def test_an_atlas_is_a_png(run: Callable, tmp_path: Path, name: str) -> None:
    code, out, err = run("chars", "-o", name)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert repr(name) in err
    assert not list(tmp_path.iterdir())


def test_glyphs_that_overflow_their_cell_are_warned_of(run: Callable) -> None:
    code, _, err = run("chars", "--preset", "discord", "--charset", "i.W", "--font-size", "30")
    assert code == 0
    assert "warning: 1 glyphs leave their cell and are cut: W" in err
    assert "--font-size" in err


def test_glyphs_shifted_out_of_sight_are_warned_of(run: Callable) -> None:
    assert "are cut: ab" in run("chars", "--charset", "ab", "--y-offset", "500").err


def test_the_fallback_font_is_told(run: Callable) -> None:
    assert "drawn by the fallback font: ♞" in run("chars", "--preset", "discord", "--charset", "ab♞").out


def test_a_character_no_font_has_is_left_out_with_one_warning(run: Callable) -> None:
    code, out, err = run("chars", "--charset", "ab" + HIEROGLYPH)
    assert code == 0
    assert out.startswith("2 glyphs")
    assert err.count("warning") == err.count("\n") == 1
    assert repr(HIEROGLYPH) in err


def test_test_chars_does_the_same_and_makes_no_art(run: Callable, tmp_path: Path, picture: Path) -> None:
    assert run("fit", picture, "--test-chars", "--preset", "terminal").out.startswith("95 glyphs")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chars.png", "picture.png"]
    assert size_of(tmp_path / "chars.png") == (16 * 21, 6 * 41)
    assert run("fit", picture, "--test-chars", "-o", "sheet.png").code == 0
    assert (tmp_path / "sheet.png").exists()


def test_test_chars_leaves_the_art_of_an_earlier_run(run: Callable, tmp_path: Path, picture: Path) -> None:
    (tmp_path / "output.png").write_bytes(b"art")
    run("fit", picture, "--test-chars")
    assert (tmp_path / "output.png").read_bytes() == b"art"
