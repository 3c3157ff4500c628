from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from glyphgrad.codec import whole
from glyphgrad.errors import OutputError
from glyphgrad.structure.captions import with_trigger
from glyphgrad.structure.check import Pair, check
from glyphgrad.structure.config import TRAIN
from glyphgrad.structure.lora.cache import Encoder, Store, latents_store, pixels_of, text_store
from glyphgrad.structure.pipeline import load_pipeline, text_length

CPU = torch.device("cpu")


@pytest.fixture
def pairs(dataset: Path) -> list[Pair]:
    return check(dataset)[TRAIN][:3]


def filled(base: Path, pairs: list[Pair], folder: Path) -> tuple[Store, Store]:
    folder.mkdir(exist_ok=True)
    captions = [pair.caption for pair in pairs]
    latents, texts = latents_store(folder, pairs, "key", 256), text_store(folder, captions, "key")
    encoder = Encoder(str(base), CPU)
    encoder.texts([(texts, captions)], torch.float32)
    encoder.latents(latents, [pair.picture for pair in pairs])
    return latents, texts


def test_latents_are_those_that_the_pipeline_decodes(flux: Path, pairs: list[Pair], tmp_path: Path) -> None:
    """Against the pipeline's own way back: unpacked, unscaled, unshifted they are what the VAE gave."""
    latents, _ = filled(flux, pairs, tmp_path)
    pipe = load_pipeline(str(flux))
    packed = latents.read([1])["latents"]
    assert packed.shape == (1, 16 * 16, 16)
    unpacked = pipe._unpack_latents(packed, 256, 256, pipe.vae_scale_factor)
    with torch.no_grad():
        expected = pipe.vae.encode(pixels_of(pairs[1].picture)).latent_dist.mode()
    back = unpacked / pipe.vae.config.scaling_factor + pipe.vae.config.shift_factor
    assert torch.allclose(back, expected, atol=1e-5)  # float32


def test_pixels_are_black_at_minus_one_and_white_at_one(pairs: list[Pair]) -> None:
    pixels = pixels_of(pairs[0].picture)
    assert pixels.shape == (1, 3, 256, 256)
    assert set(np.unique(pixels.numpy())) == {-1.0, 1.0}


def test_texts_are_those_of_the_pipeline_by_index(flux: Path, pairs: list[Pair], tmp_path: Path) -> None:
    _, texts = filled(flux, pairs, tmp_path)
    pipe = load_pipeline(str(flux))
    for index in (2, 0):  # in any order
        with torch.no_grad():
            text, pooled, _ = pipe.encode_prompt(pairs[index].caption, max_sequence_length=text_length(pipe))
        read = texts.read([index])
        assert torch.allclose(read["text"], text, atol=1e-5)  # float32, of another batch
        assert torch.allclose(read["pooled"], pooled, atol=1e-5)
    assert not torch.equal(texts.read([0])["text"], texts.read([1])["text"])


def test_what_is_held_is_what_was_written(base: Path, pairs: list[Pair], tmp_path: Path) -> None:
    latents, _ = filled(base, pairs, tmp_path)
    read = latents.read([2, 0])["latents"]
    latents.hold()
    shutil.rmtree(tmp_path)
    assert torch.equal(latents.read([2, 0])["latents"], read)


def test_what_was_made_from_something_else_is_made_again(base: Path, pairs: list[Pair], tmp_path: Path) -> None:
    latents, texts = filled(base, pairs, tmp_path)
    captions = [pair.caption for pair in pairs]
    assert latents.missing() == texts.missing() == []
    assert text_store(tmp_path, [captions[0], "another", captions[2]], "key").missing() == [1]
    assert text_store(tmp_path, captions, "another base").missing() == [0, 1, 2]
    assert latents_store(tmp_path, pairs[::-1], "key", 256).missing() == [0, 2]  # the middle one is where it was
    texts.path(1).write_bytes(texts.path(1).read_bytes()[:-9])
    assert texts.missing() == [1]


def test_a_disk_that_fills_up_is_told_in_a_line(
    base: Path, pairs: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int, *__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole.os, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        filled(base, pairs, tmp_path)
    assert not list(tmp_path.iterdir())


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
sys.argv[0] = "glyphgrad"
from glyphgrad.cli.main import main
main()
"""


def test_a_file_that_may_not_grow_while_caching(base: Path, dataset: Path, tmp_path: Path) -> None:
    """The real thing: the system refuses the write in the middle of a file."""
    command = [
        "structure",
        "train",
        "--base",
        base,
        "--dataset",
        dataset,
        "--out",
        tmp_path / "out",
        "--resolution",
        256,
    ]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, command)], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("needs about")]
    assert line.startswith("glyphgrad: output '")
    assert "File too large" in line
    assert not list((tmp_path / "out" / "cache").iterdir())


def test_a_trigger_is_put_before_a_caption_that_lacks_it() -> None:
    assert with_trigger("a cave", "xyz") == "xyz, a cave"
    assert with_trigger("a cave, xyz", "xyz") == "a cave, xyz"
