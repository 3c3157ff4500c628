"""Every bad input: one line that quotes the value, the right exit code, and nothing lost that was there."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EARLIER = ["output.png", "output.txt", "output.utf8.txt"]
TINY = ["-s", "4x2", "--iterations", "3", "--device", "cpu"]


@pytest.fixture
def refused(run: Callable, tmp_path: Path) -> Callable[..., str]:
    """Runs a command that must fail; checks all that such failures share, and gives the line it said."""

    def call(*args: object, code: int, quoting: str, stdin: bytes = b"") -> str:
        for name in EARLIER:
            (tmp_path / name).write_bytes(b"what an earlier run wrote")
        before = {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
        result = run(*args, stdin=stdin)
        assert result.code == code, result
        assert result.out == ""
        assert result.err.startswith("glyphgrad: ")
        assert result.err.endswith("\n")
        assert result.err.count("\n") == 1
        assert quoting in result.err
        assert {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before
        return str(result.err)

    return call


def png_claiming(width: int, height: int) -> bytes:
    """The header of a PNG of that size, and no pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + data + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


# --- Pictures ---


def test_a_missing_file(refused: Callable) -> None:
    refused("fit", "none.png", *TINY, code=1, quoting="'none.png' does not exist")


def test_a_missing_file_whose_name_has_two_spaces(refused: Callable) -> None:
    refused("fit", "my  photo.png", *TINY, code=1, quoting="'my  photo.png'")


def test_a_directory(refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "holidays").mkdir()
    refused("fit", "holidays", *TINY, code=1, quoting="'holidays' is a directory")


def test_a_text_named_png(refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear picture,\n")
    refused("fit", "letter.png", *TINY, code=1, quoting="'letter.png' is not a picture")


def test_a_truncated_jpeg(refused: Callable, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "half.jpg").write_bytes(photo.read_bytes()[:20_000])
    refused("fit", "half.jpg", *TINY, code=1, quoting="'half.jpg' cannot be read")


def test_a_file_of_no_bytes(refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    refused("fit", "empty.jpg", *TINY, code=1, quoting="'empty.jpg' is empty")


def test_nothing_on_standard_input(refused: Callable) -> None:
    refused("fit", "-", *TINY, code=1, quoting="standard input is not a picture")


def test_a_picture_over_the_limit(refused: Callable, picture: Path) -> None:
    said = refused("fit", picture.name, *TINY, "--max-pixels", "2303", code=1, quoting="'picture.png' is 48 x 48")
    assert "--max-pixels" in said


def test_a_decompression_bomb_is_not_decoded(refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png_claiming(30_000, 30_000))  # decoding it would need its pixels
    refused("fit", "bomb.png", *TINY, code=1, quoting="'bomb.png' is 30000 x 30000")


# --- Options: usage, exit code 2 ---


@pytest.mark.parametrize(
    ("options", "quoted"),
    [
        (["--charset", ""], "''"),
        (["--charset", "ab", "--ban-chars", "b"], "'b': only 'a'"),
        (["--charset", "a\nb"], r"'\n'"),
        (["--charset", "a漢"], "'漢'"),
        (["--charset", "█░", "--ban-blocks"], "'█░'"),
        (["--encoding", "latin1"], "'latin1'"),
        (["--preset", "fax"], "'fax'"),
        (["--fit", "squeeze"], "'squeeze'"),
        (["-s", "0x4"], "cols is 0"),
        (["-s", "4x-1"], "rows is -1"),
        (["-s", "big"], "'big'"),
        (["-s", "x"], "'x'"),
        (["-s", "9" * 5000], "'9999"),
        (["-s", "999999x999999"], "999999x999999"),
        (["--grid-width", "0"], "--grid-width is 0"),
        (["--grid-height", "-2"], "--grid-height is -2"),
        (["--char-width", "0"], "--char-width is 0"),
        (["--char-height", "-24"], "--char-height is -24"),
        (["--row-gap", "-1"], "row_gap is -1"),
        (["--preset", "terminal", "-s", "20", "--row-gap", "-20"], "row_gap is -20"),
        (["--font-size", "0"], "font size is 0"),
        (["--font-size", "nan"], "font size is nan"),
        (["--iterations", "0"], "iterations is 0"),
        (["--iterations", "-5"], "iterations is -5"),
        (["--iterations", "many"], "'many'"),
        (["--iterations", "2.5"], "'2.5'"),
        (["--lr", "0"], "lr is 0"),
        (["--temp-start", "0"], "temp_start is 0"),
        (["--temp-end", "-0.1"], "temp_end is -0.1"),
        (["--save-temp", "nan"], "save_temp is nan"),
        (["--diversity-weight", "-0.01"], "diversity_weight is -0.01"),
        (["--multiscale-weight", "-1"], "multiscale_weight is -1"),
        (["--multiscale-kernel", "1"], "multiscale_kernel is 1"),
        (["--multiscale-kernel", "1000"], "kernel is 1000"),
        (["--warmup", "3"], "warmup is 3"),
        (["--warmup", "-1"], "warmup is -1"),
        (["--save-interval", "0"], "save_interval is 0"),
        (["--threads", "0"], "threads is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--device", "abacus"], "'abacus'"),
        (["-o", "art.jpg"], "'art.jpg'"),
        (["-o", "art"], "'art'"),
        (["-o", "-", "--json"], "--json"),
        (["--colour"], "--colour"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_an_option_that_cannot_be(refused: Callable, picture: Path, options: list[str], quoted: str) -> None:
    refused("fit", picture.name, *TINY, *options, code=2, quoting=quoted)


@pytest.mark.parametrize(
    ("options", "quoted"),
    [
        (["--grid-width", "9" * 400], "cols is 9999"),
        (["--grid-width", "0", "--grid-height", "4"], "cols is 0"),
        (["--grid-height", "-2"], "rows is -2"),
    ],
)
def test_a_grid_that_cannot_be(refused: Callable, picture: Path, options: list[str], quoted: str) -> None:
    refused("fit", picture.name, *options, code=2, quoting=quoted)


def test_a_missing_picture_and_an_unknown_command(refused: Callable) -> None:
    refused("fit", code=2, quoting="IMAGE")
    refused("fry", "photo.jpg", code=2, quoting="'fry'")


# --- The rest: exit code 1 ---


@pytest.mark.parametrize(
    "output",
    ["missing/art.png", "picture.png/art.png", "holidays.png", "a" * 300 + ".png"],
)
@pytest.mark.parametrize("option", ["-o", "--output-text", "--output-utf8"])
def test_an_unwritable_output(refused: Callable, picture: Path, tmp_path: Path, option: str, output: str) -> None:
    (tmp_path / "holidays.png").mkdir()
    refused("fit", picture.name, *TINY, option, output, code=1, quoting=repr(output))


def test_one_unwritable_output_of_two(refused: Callable, picture: Path) -> None:
    refused("fit", picture.name, *TINY, "-o", "output.png", "-o", "missing/a.txt", code=1, quoting="'missing/a.txt'")


def test_an_unwritable_steps_directory(refused: Callable, picture: Path) -> None:
    options = ["--save-steps", "--steps-dir", "output.txt"]
    refused("fit", picture.name, *TINY, *options, code=1, quoting="'output.txt'")


@pytest.mark.parametrize("font", ["none.ttf", "picture.png", "holidays", "a" * 300 + ".ttf"])
def test_a_font_that_is_not_one(refused: Callable, picture: Path, tmp_path: Path, font: str) -> None:
    (tmp_path / "holidays").mkdir()
    refused("fit", picture.name, *TINY, "--font", font, code=1, quoting=repr(font))


def test_a_strike_that_a_bitmap_font_lacks(refused: Callable, picture: Path) -> None:
    refused("fit", picture.name, *TINY, "--font-size", "23", code=1, quoting="no strike of 23 pixels")


def test_a_device_that_is_not_there(refused: Callable, picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused("fit", picture.name, *TINY, "--device", "cuda", code=1, quoting="'cuda' is not there")


# --- Pictures that simply work ---


def odd_pictures() -> dict[str, Image.Image]:
    ramp = Image.fromarray(np.arange(0, 256, dtype=np.uint8).reshape(16, 16))
    return {
        "one-pixel.png": Image.new("RGB", (1, 1), "red"),
        "one-row.png": Image.new("L", (500, 1), 90),
        "cmyk.jpg": ramp.convert("RGB").convert("CMYK"),
        "sixteen-bit.png": Image.fromarray(np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)),
        "palette.png": ramp.convert("P"),
        "alpha.png": Image.merge("LA", (ramp, ramp)),
        "one-bit.png": ramp.convert("1"),
        "float.tiff": Image.fromarray(np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)),
    }


@pytest.mark.parametrize("name", odd_pictures())
@pytest.mark.parametrize("preset", ["epson", "terminal"])
def test_odd_pictures_simply_work(run: Callable, tmp_path: Path, name: str, preset: str) -> None:
    odd_pictures()[name].save(tmp_path / name)
    code, out, err = run("fit", name, *TINY, "--preset", preset, "-q")
    assert (code, out, err) == (0, "", "")
    assert (tmp_path / "output.png").exists()


@pytest.mark.parametrize(("preset", "paper"), [("epson", 255), ("terminal", 0)])
def test_what_is_transparent_is_paper(run: Callable, tmp_path: Path, preset: str, paper: int) -> None:
    Image.new("RGBA", (8, 8), (128, 128, 128, 0)).save(tmp_path / "glass.png")
    options = ["--preset", preset, "--charset", " #@", "-s", "3x2", "--iterations", "100", "--lr", "0.1"]
    assert run("fit", "glass.png", *options, "--device", "cpu").code == 0
    with Image.open(tmp_path / "output.png") as art:
        assert art.getextrema() == (paper, paper)


def test_a_rotated_photo_is_shown_upright(run: Callable, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it
    Image.new("L", (400, 100)).save(tmp_path / "lying.jpg", exif=exif)
    result = run("fit", "lying.jpg", "-s", "8", "--iterations", "1", "--preset", "terminal", "--json")
    assert '"grid": {"cols": 8, "rows": 16}' in result.out


def test_of_an_animation_the_first_frame_is_taken_and_a_line_says_so(run: Callable, tmp_path: Path) -> None:
    frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    code, out, err = run("fit", "film.gif", *TINY, "-q")
    assert (code, out) == (0, "")
    assert err == "glyphgrad: warning: 'film.gif' holds 2 frames: taking the first\n"


def test_a_character_no_font_has_is_left_out_with_one_warning(run: Callable, picture: Path) -> None:
    code, out, err = run("fit", picture, *TINY, "-q", "--charset", "ab\U00013000")
    assert (code, out) == (0, "")
    assert err.count("\n") == 1
    assert repr("\U00013000") in err


# --- As a process ---


def test_a_failure_is_one_line_and_no_traceback_in_a_process_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glyphgrad", "fit", "none.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "glyphgrad: picture 'none.png' does not exist: check the path\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "glyphgrad", "presets"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run([sys.executable, "-m", "glyphgrad", "presets"], stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, b"")
