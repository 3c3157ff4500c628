from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.config import LoraConfig, as_toml, read_toml


def test_defaults_are_those_of_the_kit() -> None:
    config = LoraConfig()
    assert (config.rank, config.alpha, config.lr, config.steps, config.batch) == (64, 32, 4e-4, 3000, 1)
    assert (config.optimizer, config.precision, config.resolution) == ("adamw8bit", "bf16", 1024)
    assert config.trigger == "ascii_structure_style"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rank", 0),
        ("rank", 1.5),
        ("alpha", 0.0),
        ("alpha", float("nan")),
        ("lr", 2.0),
        ("optimizer", "sgd"),
        ("precision", "fp16"),
        ("quantize", "int4"),
        ("targets", "everything"),
        ("schedule", "linear"),
        ("steps", 0),
        ("batch", 0),
        ("resolution", 1000),
        ("tile", 12),
        ("ema", 1.0),
        ("shift", 0.0),
        ("trigger", " "),
        ("base", ""),
        ("seed", -1),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=name if name != "tile" else "cells of 12"):
        replace(LoraConfig(), **{name: value})


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    config = LoraConfig(base='a "b" \\ c', rank=7, checkpointing=True, shift=1.5, lr=1e-5)
    (tmp_path / "lora.toml").write_text(as_toml(config), encoding="utf-8")
    assert LoraConfig(**read_toml(tmp_path / "lora.toml")) == config


@pytest.mark.parametrize(
    ("text", "told"),
    [("rnak = 3", "rnak"), ("rank = '3'", "rank"), ("rank = true", "rank"), ("rank = ", "cannot be read")],
)
def test_a_file_that_is_wrong_is_told_by_name(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "lora.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_toml(tmp_path / "lora.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_toml(tmp_path / "none.toml")
