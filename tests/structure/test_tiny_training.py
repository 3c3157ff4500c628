"""Training of glyphgrad-tiny's base: a run that was ended goes on as if it had not been."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import write_dataset
from glyphgrad.structure.tiny import patches, text, train, words
from glyphgrad.structure.tiny.build import Size


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "maps"
    write_dataset(folder, DatasetConfig(count=9, size=256, charset=words.CHARS), workers=1)
    return folder


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_STEPS", 30)
    monkeypatch.setattr(text, "_STEPS", 3)
    monkeypatch.setattr(train, "_SAVE_EVERY", 2)


@pytest.mark.usefixtures("_quick")
def test_a_run_that_was_ended_goes_on(maps: Path, tmp_path: Path) -> None:
    full = train.base_run(steps=4)
    learning = replace(full.learning, batch=2, schedule="constant", warmup=0)
    run = train.BaseRun(Size(heads=1, head=20, single=1, hidden=16), learning)
    told: list[tuple[str, int, int]] = []

    def ended(phase: str, done: int, count: int, _: float) -> None:
        told.append((phase, done, count))
        if (phase, done) == ("base", 3):
            raise KeyboardInterrupt

    whole = train.train_base(maps, tmp_path / "whole", run, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        train.train_base(maps, tmp_path / "cut", run, ended)
    gone_on = train.train_base(maps, tmp_path / "cut", run, lambda *_: None)
    assert gone_on == whole
    assert len(whole) == 4
    assert {"vae", "soft pictures", "text", "base"} == {phase for phase, *_ in told}
    one, other = (
        load_file(tmp_path / name / "base" / "transformer" / "diffusion_pytorch_model.safetensors")
        for name in ("whole", "cut")
    )
    assert all(torch.equal(one[name].float(), other[name].float()) for name in one)
    assert one["proj_out.weight"].dtype == torch.float8_e4m3fn
    train.train_base(maps, tmp_path / "cut", run, lambda *_: None)  # a LoRA goes on only with the base it began with
    files = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole" / "base").rglob("*.json")]
    assert len(files) > 6
    for file in files:
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "cut" / file).read_bytes()
