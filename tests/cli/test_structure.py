"""`glyphgrad structure`, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad.cli.structure import structure
from glyphgrad.core.frame import Frame
from glyphgrad.structure.check import check
from glyphgrad.structure.tiles import Tiles

SMALL = ["--count", "6", "--size", "256", "--workers", "1"]
LINES = ["########", "#..+...#", "########"]


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "map.png"
    Image.fromarray(Tiles().render(Frame.from_lines(LINES))).save(path)
    return path


def test_a_dataset_is_written_and_found_good(run: Callable, tmp_path: Path) -> None:
    code, out, err = run("structure", "dataset", "maps", *SMALL, "--families", "rooms, mazes", "--seed", "4")
    assert (code, out, err) == (0, "", "wrote maps: 6 pictures\n")
    assert sum(map(len, check(tmp_path / "maps").values())) == 6
    assert json.loads((tmp_path / "maps" / "manifest.json").read_text())["families"] == ["rooms", "mazes"]
    assert "6 different captions, all good" in run("structure", "check", "maps").out


def test_ctrl_c_leaves_a_dataset_that_goes_on(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from glyphgrad.cli import progress

    monkeypatch.setattr(progress.Interrupt, "__call__", lambda _: (tmp_path / "maps/pictures.jsonl").stat().st_size > 0)
    code, _, err = run("structure", "dataset", "maps", *SMALL)
    assert (code, err) == (130, "glyphgrad: interrupted after 1 of 6 pictures: run again to go on\n")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert run("structure", "dataset", "maps", *SMALL).code == 0


def test_text_comes_back_on_standard_output(run: Callable, drawn: Path) -> None:
    code, out, err = run("structure", "decode", drawn)
    assert (code, out.splitlines()) == (0, LINES)
    assert err == "8 x 3 cells of 16 pixels from (0, 0), 100.00% of them sure\n"
    assert run("structure", "decode", "-", stdin=drawn.read_bytes()).out == out


def test_text_comes_back_in_any_format(run: Callable, drawn: Path, tmp_path: Path) -> None:
    shifted = tmp_path / "shifted.png"
    Image.fromarray(np.roll(np.pad(np.asarray(Image.open(drawn)), 32), 3, 1)).save(shifted)
    code, out, err = run("structure", "decode", shifted, "-o", "a.txt", "-o", "a.utf8", "-o", "a.png")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "wrote a.txt, a.utf8, a.png"
    assert [line.strip() for line in (tmp_path / "a.txt").read_text().split("\n")[2:5]] == LINES
    assert (np.asarray(Image.open(tmp_path / "a.png")) == np.pad(np.asarray(Image.open(drawn)), 32)).all()


def test_a_good_picture_passes(run: Callable, drawn: Path) -> None:
    code, out, _ = run("structure", "verify", drawn)
    assert code == 0
    assert out.startswith(f"{drawn}: passed, on the grid\n")


def test_one_bad_picture_fails_them_all(run: Callable, drawn: Path, tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    Image.fromarray(np.asarray(Image.open(drawn)) // 2 + 60).save(grey)
    code, out, _ = run("structure", "verify", drawn, grey, "--json", "--overlay", "seen")
    good, bad = map(json.loads, out.splitlines())
    assert (code, good["passed"], bad["passed"]) == (1, True, False)
    assert bad["raw"]["black"] is bad["raw"]["crisp"] is False
    assert bad["raw"]["figures"]["grey"] == 1
    assert bad["snapped"]["grid"] is True
    for name in ("map", "grey"):
        with Image.open(tmp_path / "seen" / f"{name}.png") as seen:
            assert (seen.mode, seen.size) == ("RGB", (128, 48))


def test_strict_is_stricter(run: Callable, drawn: Path, tmp_path: Path) -> None:
    levels = np.asarray(Image.open(drawn)).copy()
    levels[24, 24] = 3  # in a cell of floor, beside its dot
    Image.fromarray(levels).save(tmp_path / "almost.png")
    assert run("structure", "verify", tmp_path / "almost.png").code == 0
    assert run("structure", "verify", tmp_path / "almost.png", "--strict").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["dataset", "maps", "--count", "0"], 2, "count is 0"),
        (["dataset", ".", *SMALL], 2, "holds something else"),
        (["dataset", "maps", "--families", "woods"], 2, "'woods'"),
        (["dataset", "maps", "--engine", "dask"], 2, "'dask'"),
        (["check", "."], 1, "map.png' has no caption"),
        (["decode", "none.png"], 1, "'none.png' does not exist"),
        (["decode", "map.png", "-o", "a.xyz"], 2, "'a.xyz'"),
        (["decode", "map.png", "--tile", "9"], 2, "tile is 9"),
        (["verify", "map.png", "--charset", "|│"], 2, "too alike"),
        (["verify", "map.png", "./map.png", "--overlay", "seen"], 2, "two pictures are named 'map'"),
        (["verify", "map.png", "--overlay", "."], 2, "is the picture itself"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Callable, drawn: Path, arguments: list[str], code: int, quoted: str
) -> None:
    before = drawn.read_bytes()
    result = run("structure", *arguments)
    assert result.code == code
    assert result.err.count("\n") == 1
    assert quoted in result.err
    assert drawn.read_bytes() == before


def test_every_command_has_help() -> None:
    assert all(command.help for command in structure.commands.values())
