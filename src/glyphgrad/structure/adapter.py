"""A LoRA from a file onto a pipeline: looked through first, so that what is wrong with it is said in a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyphgrad.errors import ConfigError, first_line

if TYPE_CHECKING:
    from diffusers import FluxPipeline

FILE = "pytorch_lora_weights.safetensors"
"""The name that diffusers looks for in a folder."""

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def add_adapter(pipe: FluxPipeline, path: Path) -> None:
    """Load a LoRA, a file or a folder that holds FILE, in diffusers' names or another trainer's.

    Raises ConfigError for a file that is not there or damaged, and for a LoRA of another architecture or
    whose rank is not what it says.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        told = f"holds no {FILE}" if path.is_dir() else "is not there"
        raise ConfigError(f"lora {str(path)!r} {told}: give a .safetensors file, or a folder that holds {FILE}")
    weights, metadata = _read(pipe, file)
    _check(pipe.transformer, file, weights, metadata)
    try:
        pipe.load_lora_weights(str(file.parent), weight_name=file.name)
    except Exception as error:
        raise ConfigError(
            f"lora {str(file)!r} does not fit the base ({first_line(error)}): give one made for it"
        ) from None


def _read(pipe: FluxPipeline, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors in diffusers' names, and what the file tells of rank and alpha."""
    try:
        found = pipe.lora_state_dict(str(file.parent), weight_name=file.name, return_lora_metadata=True)
    except Exception as error:
        raise ConfigError(
            f"lora {str(file)!r} is damaged or no LoRA ({first_line(error)}): get it again, or train one with "
            "`glyphgrad structure train`"
        ) from None
    return found[0], found[-1] or {}


def _check(transformer: Any, file: Path, weights: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Every layer must be one of the transformer, of its shape, and of the rank that the file tells."""
    layers = {name.removesuffix(_DOWN) for name in weights if name.endswith(_DOWN)}
    if not layers:
        raise ConfigError(f"lora {str(file)!r} holds no layers of a LoRA: give one for FLUX's architecture")
    modules = dict(transformer.named_modules())
    told = metadata.get("transformer.r", metadata.get("r"))
    for layer in sorted(layers):
        name = layer.removeprefix("transformer.")
        down, up = weights[layer + _DOWN], weights.get(layer + _UP, weights[layer + _DOWN][:0])
        have = up.shape[0], down.shape[1]
        want = getattr(modules.get(name), "weight", None)
        if want is None or have != tuple(want.shape):
            shape = f"of {want.shape[1]} x {want.shape[0]}" if want is not None else "not there"
            raise ConfigError(
                f"lora {str(file)!r} is for another architecture: its layer {name} is {shape} in this base; "
                "give one made for it"
            )
        if up.shape[1] != down.shape[0] or (told and down.shape[0] != told):
            raise ConfigError(
                f"lora {str(file)!r} tells of rank {told or down.shape[0]}, but its layer {name} has rank "
                f"{down.shape[0]} and {up.shape[1]}: it is damaged, get it again"
            )
