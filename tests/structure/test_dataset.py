from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad.codec import whole
from glyphgrad.errors import ConfigError, DeviceError, OutputError
from glyphgrad.structure import dataset, engines
from glyphgrad.structure.captions import TRIGGER
from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import MANIFEST, METADATA, RECORDS, SHEET, make, read_records, write_dataset
from glyphgrad.structure.decode import decode
from glyphgrad.structure.layouts import FAMILIES
from glyphgrad.structure.tiles import Tiles

SMALL = DatasetConfig(count=24, size=256)
TWO_CORES = 2


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("datasets") / "small"
    assert write_dataset(out, SMALL, workers=1) == SMALL.count
    return out


def test_the_folder_holds_pairs_metadata_manifest_and_sheet(written: Path) -> None:
    records = list(read_records(written))
    pairs = {record["file_name"] for record in records}
    texts = {str(Path(name).with_suffix(".txt")) for name in pairs}
    others = {MANIFEST, RECORDS, SHEET, f"train/{METADATA}", f"validation/{METADATA}"}
    assert set(files(written)) == pairs | texts | others
    for record in records:
        with Image.open(written / record["file_name"]) as picture:
            assert (picture.mode, picture.size) == ("L", (256, 256))
            assert set(np.unique(np.asarray(picture))) <= {0, 255}
        text = (written / record["file_name"]).with_suffix(".txt").read_text()
        assert text == record["text"] + "\n"
        assert text.startswith(f"{TRIGGER}, ")


def test_each_cell_is_a_glyph(written: Path) -> None:
    for record in read_records(written):
        assert (decode(written / record["file_name"]).confidence == 1).all()


def test_the_metadata_is_an_imagefolder_of_hugging_face(written: Path) -> None:
    """Its loader wants, beside the pictures, lines with `file_name` relative to them; other keys become columns."""
    for split in ("train", "validation"):
        lines = [json.loads(line) for line in (written / split / METADATA).read_text().splitlines()]
        assert [line["file_name"] for line in lines] == sorted(path.name for path in (written / split).glob("*.png"))
        assert len({frozenset(line) for line in lines}) == 1
        assert all(
            line["text"] == (written / split / line["file_name"]).with_suffix(".txt").read_text()[:-1] for line in lines
        )


def test_the_manifest_tells_how_it_was_made(written: Path) -> None:
    manifest = json.loads((written / MANIFEST).read_text())
    assert manifest["complete"]
    assert (manifest["count"], manifest["seed"], manifest["families"]) == (24, 0, list(FAMILIES))
    assert manifest["software"] == f"glyphgrad {glyphgrad.__version__}"
    assert manifest["sha256"] == hashlib.sha256((written / RECORDS).read_bytes()).hexdigest()
    record = next(read_records(written))
    assert record["sha256"] == hashlib.sha256((written / record["file_name"]).read_bytes()).hexdigest()


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_the_bytes_are_the_same_whatever_draws(written: Path, tmp_path: Path, engine: str) -> None:
    if engine == "ray":
        pytest.importorskip("ray", reason="the cluster engine is NOT tested: pip install ray")
    code = (
        "from pathlib import Path\n"
        "from glyphgrad.structure.config import DatasetConfig\n"
        "from glyphgrad.structure.dataset import write_dataset\n"
        "if __name__ == '__main__':\n"
        f"    write_dataset(Path({str(tmp_path / 'other')!r}), DatasetConfig(count=24, size=256), {engine!r}, {TWO_CORES})\n"
    )
    (tmp_path / "run.py").write_text(code)
    subprocess.run([sys.executable, tmp_path / "run.py"], check=True, capture_output=True)
    assert files(tmp_path / "other") == files(written)


def test_another_seed_makes_other_maps() -> None:
    assert make(SMALL, 0).png != make(replace(SMALL, seed=1), 0).png


def test_an_ended_run_goes_on(written: Path, tmp_path: Path) -> None:
    out, asked = tmp_path / "out", iter([False] * 10 + [True])
    assert write_dataset(out, SMALL, workers=1, stop=lambda: next(asked)) == 10
    assert not json.loads((out / MANIFEST).read_text())["complete"]
    with (out / RECORDS).open("ab") as records:
        records.write(b'{"file_name": "train/000')  # as a kill within a write leaves it
    (out / "train" / f"{whole.PREFIX}half").write_bytes(b"half a picture")
    drawn = []
    assert write_dataset(out, SMALL, workers=1, on_step=lambda step: drawn.append(step.done)) == 24
    assert drawn == list(range(11, 25))
    assert files(out) == files(written)


def test_a_complete_dataset_is_left_alone_and_a_damaged_one_mended(written: Path) -> None:
    before = files(written)
    drawn = []
    assert write_dataset(written, SMALL, workers=1, on_step=drawn.append) == 24
    assert not drawn
    records = list(read_records(written))
    (written / records[20]["file_name"]).write_bytes(b"")
    (written / records[22]["file_name"]).with_suffix(".txt").unlink()
    assert write_dataset(written, SMALL, workers=1) == 24
    assert files(written) == before


def test_five_hundred_maps_have_five_hundred_captions_and_no_twins() -> None:
    """At 512 pixels, where maps are four times as likely to be alike as at 1024."""
    config, seen = DatasetConfig(size=512), set()
    records = [dataset._new(config, index, make(config, index), seen).record for index in range(config.count)]
    captions = [record["text"] for record in records]
    assert len(set(captions)) == len({record["fingerprint"] for record in records}) == 500
    said = " ".join(captions)
    assert all(phrase in said for phrase in ("systematic dungeon map", "infinite", "corridor", "white on black"))
    splits = Counter((record["file_name"].split("/")[0], record["family"]) for record in records)
    assert all(5 <= splits["validation", family] <= 6 for family in FAMILIES)


def test_the_seed_decides_which_tenth_of_each_family_is_for_validation() -> None:
    config = DatasetConfig(count=100, families=("rooms", "mazes"))
    chosen = [index for index in range(100) if config.split(index) == "validation"]
    assert Counter(map(config.family, chosen)) == {"rooms": 5, "mazes": 5}
    assert not set(chosen) & {index for index in range(100) if replace(config, seed=1).split(index) == "validation"}


def test_a_twin_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    first = make(SMALL, 0)
    again = dataset._new(SMALL, 0, first, dataset._keys(first.record))
    assert again.record["seed"] == [0, 0, 1]
    monkeypatch.setattr(dataset, "make", lambda *_: first)
    with pytest.raises(ConfigError, match="no new map of family 'caves' after 0 pictures"):
        dataset._new(SMALL, 0, first, dataset._keys(first.record))


def test_other_tiles_sizes_families_and_charsets() -> None:
    config = DatasetConfig(count=4, size=640, tile=32, families=("mazes", "rooms"), charset="#.+<>")
    for index in range(4):
        made = make(config, index)
        assert made.record["family"] == config.families[index % 2]
        pixels = np.asarray(Image.open(io.BytesIO(made.png)))
        assert pixels.shape == (640, 640)
        decoded = decode(pixels, Tiles("#.+<>", 32))
        assert (decoded.confidence == 1).all()


def test_what_the_charset_has_no_sign_for_is_not_in_a_caption() -> None:
    config = {"count": 1, "size": 512, "families": ("rooms",)}
    with_doors, without = (make(DatasetConfig(**config, charset=chars), 0).record["text"] for chars in ("#.+", "#."))
    assert " doors, " in with_doors
    assert "door" not in without
    assert "treasure" not in with_doors + without
    assert " rooms, " in without


def test_a_foreign_folder_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds something else"):
        write_dataset(tmp_path, SMALL)
    assert files(tmp_path) == {"notes.txt": b"mine"}
    with pytest.raises(ConfigError, match="is a file"):
        write_dataset(tmp_path / "notes.txt", SMALL)


def test_another_dataset_is_refused(written: Path) -> None:
    with pytest.raises(ConfigError, match="holds a dataset of seed 0"):
        write_dataset(written, replace(SMALL, seed=3))
    manifest = (written / MANIFEST).read_bytes()
    (written / MANIFEST).write_text("[]")
    with pytest.raises(ConfigError, match=r"manifest\.json is not one of ours"):
        write_dataset(written, SMALL)
    (written / MANIFEST).write_bytes(manifest)


def test_a_full_disk_leaves_whole_pairs_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, written = tmp_path / "out", 0

    def fills_up(handle: int, mode: str) -> object:
        nonlocal written
        written += 1
        if written > 9:
            raise OSError(28, "No space left on device")
        return real(handle, mode)

    real = whole.os.fdopen
    monkeypatch.setattr(whole.os, "fdopen", fills_up)
    with pytest.raises(OutputError, match="No space left"):
        write_dataset(out, SMALL, workers=1)
    monkeypatch.undo()
    left = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in left if path.name.startswith(whole.PREFIX)]
    assert all(path.stat().st_size for path in left)
    assert len(list(read_records(out))) == 4
    assert write_dataset(out, SMALL, workers=1) == 24


@pytest.mark.parametrize(
    ("change", "quoted"),
    [
        ({"count": 0}, "count is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"size": 1000}, "size is 1000: give a multiple of 16"),
        ({"size": 128}, "size is 128"),
        ({"tile": 10}, "tile is 10"),
        ({"families": ("caves", "woods")}, "'caves,woods'"),
        ({"families": ("caves", "caves")}, "name each once"),
        ({"charset": "|│"}, "too alike"),
        ({"charset": "#."}, "no character for the water of islands: add '≈'"),
    ],
)
def test_bad_configurations_are_refused(change: dict[str, object], quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        DatasetConfig(**change)


def test_engines_that_are_not_there_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="engine is 'dask'"):
        write_dataset(tmp_path / "out", SMALL, "dask")
    with pytest.raises(ConfigError, match="workers is 0"):
        write_dataset(tmp_path / "out", SMALL, workers=0)
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DeviceError, match=r"pip install 'glyphgrad\[cluster\]'"):
        write_dataset(tmp_path / "out", SMALL, "ray")
    assert not (tmp_path / "out").exists()


def test_shards_come_back_in_order_and_few_are_in_flight() -> None:
    waiting, most = set(), 0

    def submit(part: range) -> range:
        nonlocal most
        waiting.add(part)
        most = max(most, len(waiting))
        return part

    def result(part: range) -> list[int]:
        waiting.remove(part)
        return list(part)

    assert list(engines._in_order(submit, result, range(5, 300), 2)) == list(range(5, 300))
    assert most < 8
