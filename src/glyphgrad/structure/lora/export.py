"""The trained LoRA as files that others read: diffusers' own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from glyphgrad.codec.export import write
from glyphgrad.structure.lora.cache import Tensors

ADAPTER = "lora_adapter_metadata"
"""The key of a file's metadata under which diffusers looks for rank and alpha."""


def lora_tensors(transformer: Any, dtype: torch.dtype) -> Tensors:
    """The LoRA of a transformer under diffusers' names, on the CPU."""
    from peft import get_peft_model_state_dict

    found = get_peft_model_state_dict(transformer)
    return {f"transformer.{name}": value.detach().to("cpu", dtype).contiguous() for name, value in found.items()}


def adapter_metadata(transformer: Any) -> dict[str, str]:
    """Rank, alpha and layers, without which a reader takes alpha for the rank: the LoRA would act too strongly."""
    from diffusers.training_utils import _collate_lora_metadata

    (adapter,) = _collate_lora_metadata({"transformer": transformer}).values()
    values = {f"transformer.{name}": _plain(value) for name, value in adapter.items()}
    return {"format": "pt", ADAPTER: json.dumps(values, indent=1, sort_keys=True)}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value


def write_lora(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """The same bytes for the same weights. Raises OutputError."""
    from safetensors.torch import save

    write(path, _ordered(save(tensors, metadata)))


def _ordered(file: bytes) -> bytes:
    """A safetensors file with its metadata in order, which the library leaves to chance.

    The format: the header's length in 8 bytes, the header, JSON padded with blanks to a multiple of 8, the data.
    """
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[start:]
