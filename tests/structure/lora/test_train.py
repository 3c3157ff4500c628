"""Whole runs: what they leave, that they go on where they were killed, and that they may be split."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from glyphgrad.errors import ConfigError, DeviceError, OutputError
from glyphgrad.structure.adapter import FILE
from glyphgrad.structure.lora import export, kohya, loop, optimizer, validate
from glyphgrad.structure.lora.checkpoint import FILE as CHECKPOINT
from glyphgrad.structure.lora.config import LoraConfig, as_toml
from glyphgrad.structure.lora.progress import Event, Judged, Note, Progress
from glyphgrad.structure.lora.train import CURVE, LOSSES, MANIFEST, Watch, train
from glyphgrad.structure.pipeline import load_pipeline

SIDE = 256
SMALL = LoraConfig(
    rank=4,
    alpha=2,
    lr=1e-2,
    optimizer="adamw",
    steps=6,
    batch=2,
    resolution=SIDE,
    precision="fp32",
    checkpointing=False,
)
"""Six quick steps, in full precision; alpha is half of the rank, as in what is shipped."""


def weights(out: Path) -> dict[str, Tensor]:
    return load_file(out / FILE)


def same(one: Path, other: Path) -> bool:
    """Whether two runs have the very same weights."""
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def config(base: Path) -> LoraConfig:
    return replace(SMALL, base=str(base), targets="all-linear")


@pytest.fixture(scope="module")
def trained(config: LoraConfig, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """An unbroken run, and what it told."""
    out, told = tmp_path_factory.mktemp("trained") / "out", list[Event]()
    watch = Watch(save_every=4, validate_every=3, kohya=True)
    assert train(dataset, out, config, watch, told.append) == config.steps
    return out, told


def test_the_folder_holds_what_is_promised(trained: tuple[Path, list[Event]], config: LoraConfig) -> None:
    out, _ = trained
    names = {path.name for path in out.iterdir()}
    expected = {
        FILE,
        kohya.FILE,
        CHECKPOINT,
        CURVE,
        LOSSES,
        MANIFEST,
        "cache",
        validate.FOLDER,
        validate.RECORDS,
    }
    assert names == expected
    manifest = json.loads((out / MANIFEST).read_text())
    assert (manifest["complete"], manifest["done"], manifest["rank"]) == (True, config.steps, 4)
    assert len((out / LOSSES).read_text().splitlines()) == config.steps + 1
    with Image.open(out / CURVE) as picture:
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 10  # dots, a line, words


def test_what_is_told(trained: tuple[Path, list[Event]], config: LoraConfig) -> None:
    _, told = trained
    assert isinstance(told[0], Note)  # the memory, before anything is loaded
    assert "of memory" in told[0].text
    steps = [event.done for event in told if isinstance(event, Progress) and event.phase == "steps"]
    assert steps == list(range(1, config.steps + 1))
    assert [event.step for event in told if isinstance(event, Judged)] == [3, 6]


def test_validation_pictures_are_judged(trained: tuple[Path, list[Event]]) -> None:
    out, told = trained
    records = [json.loads(line) for line in (out / validate.RECORDS).read_text().splitlines()]
    judged = [event for event in told if isinstance(event, Judged)]
    assert [record["step"] for record in records] == [3, 6]
    assert all(record["grey"] == event.grey for record, event in zip(records, judged, strict=True))
    pictures = sorted((out / validate.FOLDER).iterdir())
    assert len(pictures) == 2 * records[0]["count"]
    with Image.open(pictures[0]) as picture:
        assert picture.size == (SIDE, SIDE)


@pytest.mark.parametrize("kind", ["base", "flux"])
def test_in_bfloat16_too(
    kind: str, config: LoraConfig, dataset: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As on a card: the base in 16 bits, the LoRA in 32, small text encoders in 32, checkpointed."""
    own = replace(
        config, base=str(request.getfixturevalue(kind)), precision="bf16", targets="blocks", checkpointing=True
    )
    told: list[Event] = []
    assert train(dataset, tmp_path / "out", replace(own, steps=2), Watch(validate_every=2), told.append) == 2
    assert any(isinstance(event, Judged) for event in told)
    assert {value.dtype for value in weights(tmp_path / "out").values()} == {torch.bfloat16}
    load_pipeline(own.base).load_lora_weights(tmp_path / "out")


def test_the_loss_of_one_picture_falls(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    """It learns: one picture, at one level of noise, again and again."""
    single = tmp_path / "one"
    single.mkdir()
    picture = sorted((dataset / "train").glob("*.png"))[0]
    for path in (picture, picture.with_suffix(".txt")):
        (single / path.name).write_bytes(path.read_bytes())
    own = replace(config, steps=40, time_std=0.0, rank=16, alpha=16)
    train(single, tmp_path / "out", own)
    losses = np.loadtxt(tmp_path / "out" / LOSSES, delimiter=",", skiprows=1)[:, 1]
    assert losses[-5:].mean() < 0.7 * losses[:5].mean()


def velocity(transformer: Any) -> Tensor:
    """What a transformer answers to some fixed question."""
    generator, own = torch.Generator().manual_seed(3), transformer.config
    with torch.no_grad():
        return transformer(
            hidden_states=torch.randn(1, 16, own.in_channels, generator=generator),
            timestep=torch.tensor([0.5]),
            pooled_projections=torch.randn(1, own.pooled_projection_dim, generator=generator),
            encoder_hidden_states=torch.randn(1, 8, own.joint_attention_dim, generator=generator),
            txt_ids=torch.zeros(8, 3),
            img_ids=torch.zeros(16, 3),
            guidance=torch.ones(1) if own.guidance_embeds else None,
            return_dict=False,
        )[0]


@pytest.mark.parametrize("kind", ["base", "flux"])
def test_diffusers_loads_it_with_the_strength_it_was_trained_with(
    kind: str, config: LoraConfig, dataset: Path, tmp_path: Path, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The alpha trap: without rank and alpha in the file a reader takes alpha for the rank, and doubles it all."""
    folder, answers = request.getfixturevalue(kind), list[Tensor]()
    targets = "all-linear" if kind == "base" else "blocks"
    run = loop.Trainer.run

    def asked(self: loop.Trainer, state: Any, *rest: Any) -> bool:
        finished = run(self, state, *rest)
        answers.append(velocity(self.transformer))
        return finished

    monkeypatch.setattr(loop.Trainer, "run", asked)
    train(dataset, tmp_path / "out", replace(config, base=str(folder), targets=targets, ema=0.0))
    pipe = load_pipeline(str(folder))
    bare = velocity(pipe.transformer)
    pipe.load_lora_weights(tmp_path / "out")
    reach = float((answers[0] - bare).abs().max())
    assert reach > 0.01
    # float32; a strength that is twice as large would differ by about as much as the LoRA changes
    assert float((velocity(pipe.transformer) - answers[0]).abs().max()) < 1e-4 * reach
    with safe_open(tmp_path / "out" / FILE, "pt") as file:
        told = json.loads(file.metadata()[export.ADAPTER])
    assert (told["transformer.r"], told["transformer.lora_alpha"]) == (4, 2)


def test_without_the_metadata_it_would_be_twice_as_strong(trained: tuple[Path, list[Event]], base: Path) -> None:
    """What the test above would miss otherwise: diffusers does fall into the trap."""
    out, _ = trained
    answers = []
    for given in (out, weights(out)):
        pipe = load_pipeline(str(base))
        bare = velocity(pipe.transformer)
        pipe.load_lora_weights(given if isinstance(given, Path) else dict(given))
        answers.append(float((velocity(pipe.transformer) - bare).norm()))
    assert answers[1] > 1.5 * answers[0]


def test_the_same_run_makes_the_same_weights_and_another_seed_others(
    trained: tuple[Path, list[Event]], config: LoraConfig, dataset: Path, tmp_path: Path
) -> None:
    train(dataset, tmp_path / "again", config)
    assert same(trained[0], tmp_path / "again")
    train(dataset, tmp_path / "other", replace(config, seed=1))
    assert not same(trained[0], tmp_path / "other")


def test_more_steps_are_the_same_steps_and_more(
    trained: tuple[Path, list[Event]], config: LoraConfig, dataset: Path, tmp_path: Path
) -> None:
    train(dataset, tmp_path / "out", replace(config, steps=2))
    assert train(dataset, tmp_path / "out", config) == config.steps
    assert same(trained[0], tmp_path / "out")


def test_accumulated_batches_are_one_batch(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    train(dataset, tmp_path / "one", replace(config, batch=4))
    train(dataset, tmp_path / "two", replace(config, batch=2, accumulate=2))
    assert near(tmp_path / "one", tmp_path / "two")


def near(one: Path, other: Path) -> bool:
    """Whether two runs have the same weights but for the order of their sums.

    Adam divides by the root of the mean square: a slope near 0 that float32 rounds otherwise may turn its sign, and
    a step is then lr to either side. So not each weight is compared, but the distance of all, by what they moved.
    """
    first, second = (torch.cat([value.flatten() for value in weights(out).values()]) for out in (one, other))
    return float((first - second).norm() / first.norm()) < 1e-3


def test_a_stop_is_saved_and_gone_on_from(
    trained: tuple[Path, list[Event]], config: LoraConfig, dataset: Path, tmp_path: Path
) -> None:
    asked = iter([False, False, True])
    assert train(dataset, tmp_path / "out", config, stop=lambda: next(asked)) == 2
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert (manifest["complete"], manifest["done"]) == (False, 2)
    events = list[Event]()
    assert train(dataset, tmp_path / "out", config, on_event=events.append) == config.steps
    assert Note(f"goes on after step 2 of {config.steps}") in events
    assert same(trained[0], tmp_path / "out")


def test_with_captions_left_out_it_is_gone_on_from_too(
    trained: tuple[Path, list[Event]], config: LoraConfig, dataset: Path, tmp_path: Path
) -> None:
    own, asked = replace(config, caption_dropout=0.3, tag_dropout=0.4), iter([False, False, True])
    train(dataset, tmp_path / "whole", own)
    assert train(dataset, tmp_path / "cut", own, stop=lambda: next(asked)) == 2
    assert train(dataset, tmp_path / "cut", own) == own.steps
    assert same(tmp_path / "whole", tmp_path / "cut")
    assert not same(tmp_path / "whole", trained[0])


def command(config: LoraConfig, dataset: Path, out: Path, *more: str) -> list[str]:
    (out.parent / "lora.toml").write_text(as_toml(config), encoding="utf-8")
    told = ["structure", "train", "--config", out.parent / "lora.toml", "--dataset", dataset, "--out", out, *more]
    return ["-m", "glyphgrad", *map(str, told)]


def test_a_run_that_is_killed_goes_on_to_the_same_weights(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    """kill -9 at any moment after the first checkpoint; one is written at every step, so in the middle of one too."""
    own = replace(config, steps=400)
    arguments = command(own, dataset, tmp_path / "out", "--save-every", "1", "--quiet")
    killed = subprocess.Popen([sys.executable, *arguments])
    while not (tmp_path / "out" / CHECKPOINT).exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    saved = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)
    steps = len(saved["losses"]) + 3
    assert steps < 400
    train(dataset, tmp_path / "out", replace(own, steps=steps))
    train(dataset, tmp_path / "whole", replace(own, steps=steps))
    assert same(tmp_path / "out", tmp_path / "whole")
    assert (tmp_path / "out" / LOSSES).read_text() == (tmp_path / "whole" / LOSSES).read_text()
    assert not list((tmp_path / "out").rglob(".glyphgrad-*"))


def test_states_in_8_bits_are_gone_on_from_too(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    own = replace(config, optimizer="adamw8bit", rank=64)  # bitsandbytes keeps small vectors in 32 bits
    train(dataset, tmp_path / "out", replace(own, steps=3))
    saved = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)
    assert saved["optimizer"]["state"][0]["__bnb_optimizer_quant_state__"]["state1"].dtype == torch.uint8
    for out in ("out", "whole"):
        train(dataset, tmp_path / out, own)
    assert same(tmp_path / "out", tmp_path / "whole")


def test_two_processes_are_one_with_twice_the_batch(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    arguments = command(config, dataset, tmp_path / "two", "--processes", "2", "--validate-every", "6")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launch, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("wrote ") == 1  # one of them speaks
    train(dataset, tmp_path / "one", replace(config, batch=4))
    assert near(tmp_path / "one", tmp_path / "two")
    losses = [np.loadtxt(tmp_path / name / LOSSES, delimiter=",", skiprows=1)[:, 1] for name in ("one", "two")]
    assert np.allclose(*losses, rtol=1e-3)  # as the weights


def test_fewer_processes_than_asked_for(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(
        DeviceError, match=r"1 process\(es\) train together, but --processes says 2: start with `torchrun"
    ):
        train(dataset, tmp_path / "out", config, Watch(processes=2))
    assert not (tmp_path / "out").exists()


def test_a_launcher_that_starts_strangers(
    config: LoraConfig, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(DeviceError, match="the launcher says 2"):
        train(dataset, tmp_path / "out", config)


def test_a_folder_of_another_run_is_refused(
    trained: tuple[Path, list[Event]], config: LoraConfig, dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="holds a training of rank 4: name another folder"):
        train(dataset, trained[0], replace(config, rank=8))
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="holds something else"):
        train(dataset, tmp_path, config)
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.tex"}


def test_with_a_cosine_more_steps_are_other_steps(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    own = replace(config, schedule="cosine", steps=2)
    train(dataset, tmp_path / "out", own)
    with pytest.raises(ConfigError, match="of steps 2"):
        train(dataset, tmp_path / "out", replace(own, steps=4))


def test_a_damaged_checkpoint(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    own = replace(config, steps=1)
    train(dataset, tmp_path / "out", own)
    path = tmp_path / "out" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ConfigError, match="delete it to begin again"):
        train(dataset, tmp_path / "out", own)


def test_a_loss_that_is_no_number(config: LoraConfig, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lower lr, which is 1"):
        train(dataset, tmp_path / "out", replace(config, lr=1.0, alpha=1e5, steps=50))


def test_a_missing_bitsandbytes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizer, "has_bitsandbytes", lambda: False)
    with pytest.warns(UserWarning, match="no bitsandbytes: AdamW keeps its states in 32 bits"):
        made = optimizer.optimizer_for(LoraConfig(), torch.nn.Parameter(torch.zeros(3)))
    assert isinstance(made, torch.optim.AdamW)


@pytest.mark.parametrize(("step", "share"), [(0, 1 / 3), (1, 2 / 3), (2, 1.0), (6, 0.5), (10, 0.0)])
def test_the_rate_warms_up_and_follows_the_cosine(step: int, share: float) -> None:
    own = LoraConfig(lr=0.1, warmup=2, steps=10, schedule="cosine")
    assert optimizer.rate(own, step) == pytest.approx(0.1 * share)
    if step >= 2:
        assert optimizer.rate(replace(own, schedule="constant"), step) == 0.1


def test_every_epoch_goes_through_all_in_another_order() -> None:
    first, second = loop.order(0, 0, 50), loop.order(0, 1, 50)
    assert sorted(first) == sorted(second) == list(range(50))
    assert list(first) != list(second)


@pytest.mark.parametrize("name", [FILE, CHECKPOINT])
def test_a_disk_that_is_full_leaves_what_was_there(
    name: str, config: LoraConfig, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    train(dataset, out, replace(config, steps=1))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    real = os.replace

    def full(source: str, target: Path) -> None:
        if Path(target).name == name:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        train(dataset, out, replace(config, steps=2))
    assert (out / name).read_bytes() == before[out / name]
    assert not list(out.rglob(".glyphgrad-*"))
