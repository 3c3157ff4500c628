"""What a person gets wrong, by the command line: one line that names it, and nothing half-written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glyphgrad.structure.lora import memory, needs
from glyphgrad.structure.lora.config import LoraConfig

Train = Callable[..., str]


@pytest.fixture
def refused(run: Callable[..., Any], tmp_path: Path) -> Train:
    """What `structure train` says in a single line, having made no folder; its exit code must be `code`."""

    def call(code: int, **options: Any) -> str:
        given = [word for name, value in options.items() for word in (f"--{name}", value)]
        ended = run("structure", "train", "--out", tmp_path / "out", *given)
        assert ended.code == code, ended
        assert not (tmp_path / "out").exists()
        (line,) = ended.err.splitlines()
        assert line.startswith("glyphgrad: ")
        return line

    return call


@pytest.fixture
def broken(dataset: Path, tmp_path: Path) -> Path:
    """A copy of the dataset, to be broken."""
    return Path(shutil.copytree(dataset, tmp_path / "broken"))


@pytest.fixture
def other(base: Path, tmp_path: Path) -> Path:
    """A copy of the base, to be broken."""
    return Path(shutil.copytree(base, tmp_path / "other"))


def test_a_caption_that_is_missing(refused: Train, broken: Path, base: Path) -> None:
    caption = sorted((broken / "train").glob("*.txt"))[3]
    caption.unlink()
    said = refused(1, dataset=broken, base=base, resolution=256)
    assert caption.with_suffix(".png").name in said
    assert "has no caption" in said


def test_a_grey_pixel(refused: Train, broken: Path, base: Path) -> None:
    path = sorted((broken / "train").glob("*.png"))[2]
    with Image.open(path) as picture:
        levels = np.array(picture)
    levels[100, 50] = 90
    Image.fromarray(levels).save(path)
    said = refused(1, dataset=broken, base=base, resolution=256)
    assert path.name in said
    assert "is grey (90) at pixel (50, 100), in row 6 and column 3 of its cells" in said


def test_a_picture_of_another_size(refused: Train, broken: Path, base: Path) -> None:
    path = sorted((broken / "train").glob("*.png"))[2]
    with Image.open(path) as picture:
        picture.crop((0, 0, 240, 240)).save(path)
    assert f"{path.name}' is 240 x 240, not 256 x 256" in refused(1, dataset=broken, base=base, resolution=256)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rank": 0}, "rank is 0: give a whole number, 1 to 1024"),
        ({"lr": 7}, "lr is 7"),
        ({"targets": "heads"}, "targets is 'heads': choose one of attention, blocks, all-linear"),
        ({"save-every": -1}, "save_every is -1"),
        ({"processes": 0}, "processes is 0"),
        ({"config": "none.toml"}, "configuration 'none.toml' cannot be read"),
        ({"quantize": "nf4"}, "quantize is 'nf4': that takes a CUDA card"),
        ({"resolution": 80}, "not 80 x 80"),
    ],
)
def test_options(refused: Train, dataset: Path, base: Path, options: dict[str, Any], told: str) -> None:
    code = 1 if {"quantize", "resolution"} & options.keys() else 2
    assert told in refused(code, **{"dataset": dataset, "base": base, "resolution": 256, **options})


def test_a_base_without_a_text_encoder(refused: Train, dataset: Path, other: Path) -> None:
    index = json.loads((other / "model_index.json").read_text())
    index["text_encoder_2"] = [None, None]
    (other / "model_index.json").write_text(json.dumps(index))
    said = refused(2, dataset=dataset, base=other, resolution=256)
    assert "has no text encoder (text_encoder_2): give one with all parts" in said


def test_a_base_whose_text_encoder_was_lost(refused: Train, dataset: Path, other: Path) -> None:
    (other / "text_encoder_2" / "config.json").unlink()
    assert "its text_encoder_2/config.json cannot be read" in refused(2, dataset=dataset, base=other, resolution=256)
    shutil.rmtree(other / "text_encoder_2")
    assert "has no text encoder (text_encoder_2)" in refused(2, dataset=dataset, base=other, resolution=256)


def test_a_base_of_another_kind(refused: Train, dataset: Path, other: Path) -> None:
    index = json.loads((other / "model_index.json").read_text())
    (other / "model_index.json").write_text(json.dumps({**index, "_class_name": "StableDiffusionPipeline"}))
    assert "is a StableDiffusionPipeline: give a FluxPipeline" in refused(
        2, dataset=dataset, base=other, resolution=256
    )


def test_a_folder_that_is_no_base(refused: Train, dataset: Path, tmp_path: Path) -> None:
    assert "its model_index.json cannot be read" in refused(2, dataset=dataset, base=tmp_path, resolution=256)


def test_a_base_whose_weights_are_damaged(run: Callable[..., Any], dataset: Path, other: Path, tmp_path: Path) -> None:
    path = next((other / "transformer").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-100])
    out = tmp_path / "out"
    ended = run("structure", "train", "--dataset", dataset, "--base", other, "--resolution", 256, "--out", out)
    assert ended.code == 1
    assert "cannot be loaded" in ended.err.splitlines()[-1]
    assert "is it complete" in ended.err.splitlines()[-1]
    assert not list(out.rglob(".glyphgrad-*"))


def test_a_configuration_that_makes_no_model(refused: Train, dataset: Path, other: Path) -> None:
    path = other / "transformer" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_layers": "two"}))
    assert "its configurations make no Flux models" in refused(2, dataset=dataset, base=other, resolution=256)


def test_flux_itself_without_a_network(refused: Train, dataset: Path) -> None:
    said = refused(1, dataset=dataset, resolution=256)
    assert said.startswith("glyphgrad: base 'black-forest-labs/FLUX.1-dev' is no folder, and cannot be fetched")
    assert "gated and for non-commercial use: accept its licence" in said


def test_flux_itself_without_its_licence(refused: Train, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError

    def closed(*_: Any, **__: Any) -> None:
        raise GatedRepoError.__new__(GatedRepoError)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", closed)
    assert "is closed to you: black-forest-labs/FLUX.1-dev is gated" in refused(1, dataset=dataset, resolution=256)


def test_a_base_that_nobody_knows(refused: Train, dataset: Path) -> None:
    assert "is neither a folder nor a model on the hub" in refused(
        2, dataset=dataset, base="no such base", resolution=256
    )


def test_too_little_memory(refused: Train, dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 2**29)
    said = refused(1, dataset=dataset, base=base, resolution=256)
    assert "of memory at least, and 0.5 GB are free" in said


def test_a_library_that_is_missing(refused: Train, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = needs.importlib.util.find_spec
    monkeypatch.setattr(needs.importlib.util, "find_spec", lambda name: None if name == "peft" else find(name))
    assert "training needs peft: pip install 'glyphgrad[lora]'" in refused(1, dataset=dataset)


def test_captions_without_the_trigger_are_said(
    run: Callable[..., Any], dataset: Path, base: Path, tmp_path: Path
) -> None:
    given = ["--resolution", 256, "--steps", 1, "--trigger", "zzz", "--out", tmp_path / "out"]
    ended = run("structure", "train", "--dataset", dataset, "--base", base, *given)
    assert ended.code == 0, ended
    assert "captions lack the trigger 'zzz': it is put first" in ended.err


def test_every_option_is_in_the_help(run: Callable[..., Any]) -> None:
    for command in ("train", "config"):
        said = run("structure", command, "--help").out
        for name in LoraConfig.__dataclass_fields__:
            assert f"--{name.replace('_', '-')}" in said
