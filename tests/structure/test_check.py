from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad.errors import ConfigError, GlyphgradError, PictureError, TextError
from glyphgrad.structure.check import check
from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import write_dataset


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("good") / "set"
    write_dataset(out, DatasetConfig(count=20, size=256, families=("rooms", "mazes")), workers=1)
    return out


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "set"))


def test_the_pairs_of_both_splits(folder: Path) -> None:
    pairs = check(folder)
    assert {name: len(split) for name, split in pairs.items()} == {"train": 18, "validation": 2}
    pair = pairs["train"][0]
    assert pair.picture.with_suffix(".txt").read_text() == pair.caption + "\n"
    assert check(folder / "train", size=256) == {"train": pairs["train"]}


def spoil(folder: Path, how: str) -> Path:
    picture = folder / "train" / "00003.png"
    levels = np.asarray(Image.open(picture)).copy()
    levels[37, 100] = 77
    text = picture.with_suffix(".txt")
    {
        "caption missing": text.unlink,
        "caption empty": lambda: text.write_text(" \n"),
        "caption not text": lambda: text.write_bytes(b"\xff\xfe\x00"),
        "size": lambda: Image.new("L", (272, 256)).save(picture),
        "grey": lambda: Image.fromarray(levels).save(picture),
        "damaged": lambda: picture.write_bytes(picture.read_bytes()[:300]),
    }[how]()
    return picture


@pytest.mark.parametrize(
    ("how", "kind", "quoted"),
    [
        ("caption missing", TextError, "00003.png' has no caption"),
        ("caption empty", TextError, "00003.txt' is empty"),
        ("caption not text", TextError, "00003.txt' is not UTF-8"),
        ("size", PictureError, "00003.png' is 272 x 256, not 256 x 256"),
        ("grey", PictureError, r"00003.png' is grey \(77\) at pixel \(100, 37\), in row 2 and column 6 of its cells"),
        ("damaged", PictureError, "00003.png'"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, how: str, kind: type[GlyphgradError], quoted: str) -> None:
    spoil(folder, how)
    with pytest.raises(kind, match=quoted):
        check(folder)


def test_a_size_that_is_asked_for(folder: Path) -> None:
    with pytest.raises(PictureError, match="256 x 256, not 1024 x 1024"):
        check(folder, size=1024)


def test_a_size_between_two_cells(tmp_path: Path) -> None:
    Image.new("L", (40, 40)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("a map")
    with pytest.raises(PictureError, match="multiple of the tile, 16"):
        check(tmp_path)
    assert check(tmp_path, tile=8)["train"][0].caption == "a map"


@pytest.mark.parametrize("name", ["none", "."])
def test_a_folder_without_pictures(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="holds no PNG pictures"):
        check(tmp_path / name)
