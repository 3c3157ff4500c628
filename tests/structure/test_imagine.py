"""The bundled model draws offline, its base fails as a base should, and what cannot be done is said in a line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import glyphgrad
from glyphgrad.structure.adapter import add_adapter
from glyphgrad.structure.captions import TRIGGER
from glyphgrad.structure.imagine import Artist, ImagineConfig
from glyphgrad.structure.pipeline import TINY, TINY_LORA, load_pipeline, path_of
from glyphgrad.structure.tiles import Tiles

LORA = TINY_LORA / "pytorch_lora_weights.safetensors"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks the network here fails at once."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))


@pytest.fixture(scope="module")
def artist() -> Artist:
    return Artist()


@pytest.mark.parametrize("prompt", ["a winding maze", "a labyrinth with rooms"])
def test_a_picture_passes_and_its_text_is_what_it_shows(artist: Artist, prompt: str) -> None:
    """Not every picture does: benchmarks/structure.md."""
    imagined = artist.draw(ImagineConfig(prompt, seed=3))
    assert imagined.picture.shape == (512, 512, 3)
    assert imagined.verdict.passed
    drawn = Tiles().render(imagined.frame)
    # a pixel in 500: verify lets 1 % of the inked cells be no glyphs, and half of a cell may then differ
    assert ((imagined.picture[:, :, 0] >= 128) != (drawn >= 128)).mean() < 0.002


def test_the_same_seed_draws_the_same_and_another_one_does_not(artist: Artist) -> None:
    one, same, other = (artist.draw(ImagineConfig("a cave", seed=seed, steps=2)).picture for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert (one != other).mean() > 0.02


def test_the_lora_is_a_part_of_the_weights(artist: Artist) -> None:
    """A step then costs half as much, and is the same but for rounding."""
    adapted = load_pipeline(TINY, torch_dtype=torch.float32)
    add_adapter(adapted, TINY_LORA)
    layers = {name: layer for name, layer in adapted.transformer.named_modules() if hasattr(layer, "lora_A")}
    fused = dict(artist.pipe.transformer.named_parameters())
    assert len(layers) > 20
    assert not any("lora" in name for name in fused)
    for name, layer in layers.items():
        added = layer.get_delta_weight(*layer.active_adapters)
        assert added.abs().max() > 1e-3
        assert torch.allclose(fused[f"{name}.weight"], layer.weight + added, atol=1e-5)


def test_steps_are_told(artist: Artist) -> None:
    told: list[tuple[int, int]] = []
    artist.draw(ImagineConfig("a town", steps=3), lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_prompt_is_completed_as_captions_are() -> None:
    whole = f"{TRIGGER}, a maze, thin line walls, bare floor, white on black"
    assert ImagineConfig(whole).full_prompt == whole
    found = {ImagineConfig("a walled town, dotted floor", seed=seed).full_prompt for seed in range(30)}
    ways = ["solid block walls", "thin line walls", "walls of hash signs"]
    assert found == {f"{TRIGGER}, a walled town, dotted floor, {walls}, white on black" for walls in ways}
    assert "wall" not in ImagineConfig("an archipelago").full_prompt
    elsewhere = {ImagineConfig("a town", seed=seed, base="elsewhere").full_prompt for seed in range(30)}
    assert any("double line walls" in prompt for prompt in elsewhere)


def test_words_that_the_model_has_never_seen(artist: Artist) -> None:
    assert artist.unknown(f"{TRIGGER}, a Winding maze, with zeppelins, 16% floor") == ("zeppelins",)


def test_the_base_alone_draws_softly() -> None:
    raw = glyphgrad.imagine("a winding maze", lora=None, steps=8).verdict.raw
    assert (raw.black, raw.crisp, raw.grid) == (False, False, False)
    assert raw.figures["bright_mode"] > raw.figures["dark_mode"] + 64  # soft, but not nothing


def test_a_command_line_from_prompt_to_files(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("imagine", "a cave", "-o", "a.png", "-o", "a.utf8", "-o", "a.html", "--steps", 4)
    assert (code, out) == (0, "")
    assert f"completed, the trigger first: '{TRIGGER}, a cave, " in err
    assert err.endswith("wrote a.png, a.utf8, a.html\n")
    with Image.open("a.png") as picture:
        assert picture.size == (512, 512)
    assert [len(line) for line in Path("a.utf8").read_text(encoding="utf-8").splitlines()] == [32] * 32


def test_where_one_can_walk_is_not_said_of_what_is_no_map(run: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = run("imagine", "a cave", "--lora", "none", "--steps", 4, "-o", "a.png")
    assert code == 0
    assert "grid no" in err
    assert "floor is in" not in err


def test_it_is_drawn_by_one_thread_of_the_process(artist: Artist) -> None:
    usual, seen = torch.get_num_threads(), set[int]()
    torch.set_num_threads(2)
    try:
        artist.draw(ImagineConfig("a cave", steps=2), lambda *_: seen.add(torch.get_num_threads()))
        assert (seen, torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(usual)


def test_without_a_file_the_text_goes_to_standard_output(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("imagine", f"{TRIGGER}, a maze", "--steps", 4, "-q")
    assert (code, len(out.splitlines()), err) == (0, 32, "")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([""], "prompt is ''"),
        ([f"{TRIGGER}, "], "say what to draw"),
        (["a maze", "--steps", "0"], "steps is 0: give 1 to 1000"),
        (["a maze", "--seed", "-1"], "seed is -1"),
        (["a maze", "-o", "a.doc"], "its suffix names no format"),
        (["a maze", "--lora", "nowhere"], "lora 'nowhere' is not there"),
        (["a maze", "--base", "cut"], "base 'cut' has no text encoder (text_encoder_2)"),
        (["a maze", "--lora", "damaged.safetensors"], "'damaged.safetensors' is damaged or no LoRA"),
        (["a maze", "--lora", "wide.safetensors"], "'wide.safetensors' is for another architecture"),
        (["a maze", "--lora", "named.safetensors"], "'named.safetensors' is for another architecture"),
        (["a maze", "--lora", "rank.safetensors"], "'rank.safetensors' tells of rank 64, but its layer"),
        (["a maze", "--lora", "empty.safetensors"], "'empty.safetensors' holds no layers of a LoRA"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    args: list[str], says: str, run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    _write_bad_things(tmp_path)
    code, out, err = run("imagine", *args)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def _write_bad_things(folder: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    shutil.copytree(path_of(TINY), folder / "cut")
    index = json.loads((folder / "cut" / "model_index.json").read_text())
    (folder / "cut" / "model_index.json").write_text(json.dumps({**index, "text_encoder_2": [None, None]}))
    (folder / "damaged.safetensors").write_bytes(LORA.read_bytes()[:5000])
    with safe_open(LORA, "pt") as file:
        metadata = file.metadata()
    good = load_file(LORA)
    downs = [name for name in good if name.endswith("lora_A.weight")]
    save_file({name: value.repeat(1, 2) for name, value in good.items()}, folder / "wide.safetensors")
    renamed = {
        name.replace("single_transformer_blocks.3", "single_transformer_blocks.37"): v for name, v in good.items()
    }
    save_file(renamed, folder / "named.safetensors", metadata)
    halves = {name: good[name][:32] if name in downs else good[name][:, :32] for name in good}
    save_file({name: value.contiguous() for name, value in halves.items()}, folder / "rank.safetensors", metadata)
    save_file({}, folder / "empty.safetensors")
