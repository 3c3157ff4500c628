from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from glyphgrad import Frame
from glyphgrad.codec.formats import write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame


def write(path: Path, count: int = 100) -> Path:
    with write_film(path, ClipHeader(2, 3, "terminal", True, "A title", "glyphgrad 0.1.0")) as film:
        for number in range(count):
            film.write(TimedFrame(40 * number, 40 * number + 40, Frame.from_lines(["ab█", "ba" + "cd"[number % 2]])))
    return path


def test_a_line_a_figure(run: Callable, tmp_path: Path) -> None:
    size = write(tmp_path / "film.glyph").stat().st_size
    code, out, err = run("info", "film.glyph")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "size        3 x 2",
        "frames      100, 25 a second",
        "duration    0:04.000",
        "preset      terminal, light on dark",
        "colours     none",
        "title       A title",
        "made by     glyphgrad 0.1.0",
        f"bytes       {size}, {size / 100:.1f} a frame",
        "key frames  2",
        "characters  5: abcd█",
    ]


@pytest.mark.parametrize("name", ["film.glyph", "film.cast", "frames"])
def test_json(run: Callable, tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name)
    size = sum(file.stat().st_size for file in ([path] if path.is_file() else path.iterdir()))
    code, out, _ = run("info", name, "--json")
    assert code == 0
    assert json.loads(out) == {
        "cols": 3, "rows": 2, "frames": 100, "seconds": 4.0, "fps": 25.0, "preset": "terminal", "dark": True,
        "colors": "none", "background": False,
        "title": "A title", "software": "glyphgrad 0.1.0", "bytes": size, "bytes_per_frame": round(size / 100, 1),
        "keyframes": 2 if name == "film.glyph" else None, "characters": "abcd█",
    }  # fmt: skip


def test_a_film_without_times_and_of_more_than_an_hour(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "film.txt").write_text("a\n\fb\n")
    out = run("info", "film.txt", "--fps", 0.0005).out
    assert "frames      2, 0.001 a second" in out
    assert "duration    1:06:40.000" in out
    assert "preset      none, dark on light" in out
    assert "key frames  the first" in out


def test_an_unfinished_clip_is_told_of_what_it_has(run: Callable, tmp_path: Path) -> None:
    path = write(tmp_path / "film.glyph")
    path.write_bytes(path.read_bytes()[:-100])
    code, out, err = run("info", "film.glyph")
    assert code == 0
    assert "frames      64, 25 a second" in out
    assert err.startswith("glyphgrad: warning: clip 'film.glyph' has no index that can be read")


@pytest.mark.parametrize(
    ("data", "quoted"),
    [
        (None, "film 'film' cannot be read"),
        (b"", "film 'film' is empty (0 bytes)"),
        (b'{"version": 3, "term": {"cols": 1, "rows": 1}}\n', "film 'film' is empty"),
        (b'{"version": 3}\n', "cast 'film' is damaged in line 1"),
        (b"\x89GLYPH\r\n", "clip 'film' is damaged at byte 8: the file ends within a chunk"),
    ],
)
def test_bad_input_is_one_line(run: Callable, tmp_path: Path, data: bytes | None, quoted: str) -> None:
    if data is not None:
        (tmp_path / "film").write_bytes(data)
    code, out, err = run("info", "film")
    assert (code, out) == (1, "")
    assert err.startswith(f"glyphgrad: {quoted}")
    assert err.count("\n") == 1


def test_what_can_be_read_of_a_damaged_clip_is_told(run: Callable, tmp_path: Path) -> None:
    path = write(tmp_path / "film.glyph", 200)
    data = bytearray(path.read_bytes())
    data[data.index(b"GRUP", data.index(b"GRUP") + 1) + 40] ^= 1
    path.write_bytes(data)
    code, out, err = run("info", "film.glyph")
    assert code == 1
    assert "duration    0:08.000" in out
    assert err.startswith("glyphgrad: clip 'film.glyph' is damaged at byte ")
    assert "(frames 64 to 127)" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("rate", "count", "told"),
    [(30, 2, 30), (30, 1, 30), (25, 3, 25), (60, 7, 60), (24000 / 1001, 600, 23.976), (30000 / 1001, 600, 29.97)],
)
def test_the_rate_of_short_films(run: Callable, tmp_path: Path, rate: float, count: int, told: float) -> None:
    """Times are whole milliseconds: two frames of 30 a second end at 67."""
    ends = [round(1000 * number / rate) for number in range(count + 1)]
    with write_film(tmp_path / "film.glyph", ClipHeader(1, 1)) as film:
        for start, end in pairwise(ends):
            film.write(TimedFrame(start, end, Frame.from_lines("a")))
    assert json.loads(run("info", "film.glyph", "--json").out)["fps"] == told


def test_colours_are_told(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.ansi").write_text("\x1b[31ma\x1b[44mb\x1b[38;5;200mc\n")
    assert run("convert", "a.ansi", "a.glyph").code == 0
    assert "colours     256, behind the characters too" in run("info", "a.glyph").out
    assert run("convert", "a.glyph", "b.glyph", "--color", "16").code == 0
    assert json.loads(run("info", "b.glyph", "--json").out)["colors"] == "16"
