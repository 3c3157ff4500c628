"""What a trained LoRA is written as."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open

from glyphgrad.structure.lora.export import write_lora


def test_the_same_weights_are_the_same_bytes_and_read_back(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).view(2, 3), "a": torch.ones(5, dtype=torch.bfloat16)}
    metadata = {f"key {number}": f'"of\nseveral" lines, ä, {number}' for number in range(8)}
    for name in ("one", "two"):
        write_lora(tmp_path / name, tensors, metadata)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with safe_open(tmp_path / "one", "pt") as file:
        assert file.metadata() == metadata
        for name, tensor in tensors.items():
            assert torch.equal(file.get_tensor(name), tensor)
