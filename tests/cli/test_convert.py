from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad import Frame
from glyphgrad.codec.formats import FilmWriter, open_film, write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame

HEADER = ClipHeader(3, 8, "terminal", True, "A title", "another 1.0")
NAMES = ["film.glyph", "film.cast", "film.txt", "frames"]


def film(count: int = 90) -> list[TimedFrame]:
    cells = np.random.default_rng(2).choice([32, 46, 35, 0x2588], (count, 3, 8))
    starts = [round(1000 * number / 30) for number in range(count + 1)]
    return [TimedFrame(starts[k], starts[k + 1], Frame(cells[k].astype(np.uint32))) for k in range(count)]


def write(path: Path, frames: list[TimedFrame]) -> Path:
    with write_film(path, HEADER) as writer:
        for timed in frames:
            writer.write(timed)
    return path


def read(path: Path) -> tuple[ClipHeader, list[TimedFrame]]:
    with open_film(path) as found:
        return found.header, list(found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_cells_and_times_survive_any_way(run: Callable, tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "a").mkdir()
    source = write(tmp_path / "a" / name, film())
    code, out, err = run("convert", source, target)
    assert (code, out, err) == (0, "", f"wrote {target}: 90 frames\n")
    header, frames = read(tmp_path / target)
    assert frames == film()
    if "film.txt" not in (name, target):
        assert (header.preset, header.dark, header.title) == ("terminal", True, "A title")
        assert header.software == f"glyphgrad {glyphgrad.__version__}"


def test_options(run: Callable, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", film(3))
    assert run("convert", "a.txt", "b.cast", "--fps", 10, "--cast-version", 2, "--preset", "discord").code == 0
    header, frames = read(tmp_path / "b.cast")
    assert (header.preset, header.dark) == ("discord", False)
    assert [one.start for one in frames] == [0, 100, 200]
    assert (tmp_path / "b.cast").read_text().startswith('{"version": 2')
    assert run("convert", "b.cast", "frames", "--pictures").code == 0
    with Image.open(tmp_path / "frames" / "0002.png") as picture:
        assert picture.size == (96, 72)
        assert picture.getpixel((95, 0)) in (0, 255)


@pytest.mark.parametrize(("options", "dark", "size"), [([], True, (80, 60)), (["--preset", "epson"], False, (96, 84))])
def test_a_film_is_drawn_for_its_device_or_for_another(
    run: Callable, tmp_path: Path, options: list[str], dark: bool, size: tuple[int, int]
) -> None:
    blank = Frame.from_lines([" " * 8] * 3)
    write(tmp_path / "a.glyph", [TimedFrame(0, 100, blank), TimedFrame(100, 200, blank)])
    assert run("convert", "a.glyph", "a.gif", *options).code == 0
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.size == size
        assert picture.convert("L").getextrema() == ((0, 0) if dark else (255, 255))


@pytest.mark.parametrize("start", ["art.txt", "art.glyph"])
def test_a_still_becomes_a_picture_or_text(run: Callable, tmp_path: Path, start: str) -> None:
    (tmp_path / "art.txt").write_bytes(b"\xdba\n b\n")
    assert run("convert", "art.txt", "art.glyph").code == 0
    code, _, err = run("convert", start, "art.png", "--preset", "terminal")
    assert (code, err) == (0, "wrote art.png\n")
    with Image.open(tmp_path / "art.png") as picture:
        assert picture.size == (20, 40)
        assert (np.asarray(picture)[:20, :10] > 200).all()  # a full block, light on dark
    assert run("convert", start, "art.utf8").code == 0
    assert (tmp_path / "art.utf8").read_text() == "█a\n b\n"
    assert run("convert", "art.utf8", "again.txt").code == 0
    assert (tmp_path / "again.txt").read_bytes() == b"\xdba\n b\n"


def test_a_cell_of_another_size(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "art.txt").write_bytes(b"ab\n")
    assert run("convert", "art.txt", "art.png", "--preset", "terminal", "--char-width", 7, "--light-mode").code == 0
    with Image.open(tmp_path / "art.png") as picture:
        assert picture.size == (14, 20)
        assert picture.getpixel((0, 0)) == 255


def test_ctrl_c_leaves_a_film_of_what_was_done(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.glyph", film())
    plain = FilmWriter.write

    def interrupted(self: FilmWriter, timed: TimedFrame) -> None:
        plain(self, timed)
        if self.frames == 20:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FilmWriter, "write", interrupted)
    code, _, err = run("convert", "a.glyph", "b.glyph")
    assert code == 130
    assert "wrote b.glyph: 20 frames" in err
    assert read(tmp_path / "b.glyph")[1] == film()[:20]


def test_a_damaged_film_is_converted_up_to_the_damage(run: Callable, tmp_path: Path) -> None:
    path = write(tmp_path / "a.cast", film())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:31], b"junk\n", *lines[31:]]))
    code, out, err = run("convert", "a.cast", "b.glyph")
    assert (code, out) == (1, "")
    assert err.startswith("glyphgrad: cast 'a.cast' is damaged in line 32: no event")
    assert read(tmp_path / "b.glyph")[1] == film()[:29]  # the one before the damage has no end


def test_a_clip_damaged_in_its_middle_is_converted(run: Callable, tmp_path: Path) -> None:
    path = write(tmp_path / "a.glyph", film(200))
    data = bytearray(path.read_bytes())
    data[data.index(b"GRUP", data.index(b"GRUP") + 1) + 40] ^= 1
    path.write_bytes(data)
    code, _, err = run("convert", "a.glyph", "b.cast")
    assert code == 1
    assert err.startswith("glyphgrad: clip 'a.glyph' is damaged at byte ")
    assert err.endswith("('b.cast' holds the 137 frames there were)\n")  # the second group of 64 is one
    assert err.count("\n") == 1
    kept = read(tmp_path / "b.cast")[1]
    assert kept[:64] == film(200)[:64]
    assert kept[65:] == film(200)[128:]
    code, _, err = run("convert", "a.glyph", "c.cast", "--keep-going")
    assert code == 0
    assert err.startswith("glyphgrad: warning: clip 'a.glyph' is damaged")
    assert read(tmp_path / "c.cast")[1] == kept


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["none.glyph", "b.glyph"], 1, "film 'none.glyph' cannot be read (No such file"),
        (["a.glyph", "b.foo"], 2, "output 'b.foo': its suffix names no format of film"),
        (["a.glyph", "b.png"], 1, "output 'b.png' holds one frame, the film more: use one of .glyph"),
        (["a.glyph", "missing/b.glyph"], 1, "output 'missing/b.glyph' cannot be written"),
        (["a.glyph", "a.glyph"], 2, "output 'a.glyph' is the film itself"),
        (["a.glyph", "-"], 2, "output '-'"),
        (["a.glyph", "b.cast", "--cast-version", "1"], 2, "asciicast version is 1"),
        (["a.glyph", "b.cast", "--fps", "0"], 2, "fps is 0"),
        (["a.glyph", "b.cast", "--preset", "fax"], 2, "preset is 'fax'"),
        (["a.glyph", "a.txt/frames"], 1, "a.txt/frames"),
        (["noise", "b.glyph"], 1, "film 'noise' holds no characters"),
        (["empty.cast", "b.glyph"], 1, "film 'b.glyph' would be empty"),
        (["newer.glyph", "b.cast"], 1, "clip 'newer.glyph' is of version 9"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    run: Callable, tmp_path: Path, arguments: list[str], code: int, quoted: str
) -> None:
    from glyphgrad.codec.chunks import MAGIC, chunk

    write(tmp_path / "a.glyph", film(3))
    write(tmp_path / "a.txt", film(3))
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    (tmp_path / "empty.cast").write_bytes(b'{"version": 2, "width": 1, "height": 1}\n')
    (tmp_path / "newer.glyph").write_bytes(MAGIC + chunk(b"HEAD", b"\x09\0"))
    before = sorted(tmp_path.iterdir())
    found, out, err = run("convert", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("glyphgrad: ")
    assert err.count("\n") == 1
    assert quoted in err
    assert sorted(tmp_path.iterdir()) == before
