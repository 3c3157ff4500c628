"""The base model: a Flux pipeline in a folder or on the Hugging Face hub, loaded a few parts at a time.

The text encoders of FLUX.1-dev fill 10 GB and its transformer 24 GB: who trains needs first the one, then
the other.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from glyphgrad.errors import ConfigError, DeviceError, GlyphgradError, first_line
from glyphgrad.structure.lora.config import FLUX
from glyphgrad.structure.pipeline import load_pipeline, path_of

INDEX = "model_index.json"
TEXT = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")
MODELS = ("text_encoder", "text_encoder_2", "vae", "transformer")
_TOKENIZER = "tokenizer_2/tokenizer_config.json"
PARTS = (*TEXT, "vae", "transformer", "scheduler")

_LICENCE = (
    f"{FLUX} is gated and for non-commercial use: accept its licence on https://huggingface.co/{FLUX}, "
    "then `hf auth login`"
)


def find(base: str) -> Path:
    """The folder that tells what a base is made of: its index and the configuration of every model.

    Of a base on the hub only these few small files are fetched. Raises ConfigError for what is no Flux
    pipeline or lacks a part, DeviceError for a base that cannot be reached.
    """
    folder = Path(path_of(base))
    folder = folder if folder.is_dir() else _from_hub(base)
    index = _read(folder, INDEX, base)
    if index.get("_class_name") != "FluxPipeline":
        raise ConfigError(f"base {base!r} is a {index.get('_class_name')}: give a FluxPipeline, such as {FLUX}")
    for part in PARTS:
        if not any(index.get(part) or ()) or (part in MODELS and not (folder / part).is_dir()):
            what = "text encoder" if part in TEXT else part
            raise ConfigError(f"base {base!r} has no {what} ({part}): give one with all parts, such as {FLUX}")
    return folder


def _from_hub(base: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    wanted = [INDEX, _TOKENIZER, *(f"{part}/config.json" for part in MODELS)]
    try:
        return Path(snapshot_download(base, allow_patterns=wanted))
    except GatedRepoError:
        raise DeviceError(f"base {base!r} is closed to you: {_LICENCE}") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise ConfigError(
            f"base {base!r} is neither a folder nor a model on the hub: give one, such as {FLUX}"
        ) from None
    except (LocalEntryNotFoundError, OSError, RuntimeError):
        told = f"; {_LICENCE}" if base == FLUX else ""
        raise DeviceError(
            f"base {base!r} is no folder, and cannot be fetched from the hub: give a folder or "
            f"connect to the network{told}"
        ) from None


def load(base: str, parts: tuple[str, ...], dtype: Any, **given: Any) -> Any:
    """A FluxPipeline with these parts only, in `dtype`; `given` are parts that are there already.

    Raises DeviceError for a base that is damaged or not wholly there.
    """
    absent = {part: None for part in PARTS if part not in parts}
    try:
        return load_pipeline(base, torch_dtype=dtype, **absent | given)
    except GlyphgradError:
        raise
    except Exception as error:
        raise DeviceError(
            f"base {base!r} cannot be loaded ({first_line(error)}): is it complete, and made for this version of "
            "diffusers?"
        ) from None


def load_transformer(base: str, dtype: Any, quantize: str, device: Any) -> Any:
    """A FluxPipeline with its scheduler and a frozen transformer on a device; "int8" and "nf4" take a CUDA card."""
    if quantize == "none":
        pipe = load(base, ("transformer", "scheduler"), dtype)
        pipe.transformer.to(device)
    else:
        from diffusers import BitsAndBytesConfig
        from diffusers.quantizers import PipelineQuantizationConfig

        nf4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": dtype}
        kind = BitsAndBytesConfig(**nf4 if quantize == "nf4" else {"load_in_8bit": True})
        quantized = PipelineQuantizationConfig(quant_mapping={"transformer": kind})
        pipe = load(base, ("transformer", "scheduler"), dtype, quantization_config=quantized)  # on this process's card
    pipe.transformer.eval()
    return pipe


def settings(folder: Path, part: str) -> dict[str, Any]:
    """The configuration of a model of the base."""
    return _read(folder, f"{part}/config.json", str(folder))


def text_tokens(folder: Path) -> int:
    """Tokens of a caption, as `pipeline.text_length` has them."""
    return min(512, int(_read(folder, _TOKENIZER, str(folder)).get("model_max_length", 512)))


def fingerprint(base: str, folder: Path) -> str:
    """What changes when the base does: the names and sizes of its files, and the text of the small ones."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")) if Path(path_of(base)).is_dir() else []:
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
    for path in [folder / INDEX, *(folder / part / "config.json" for part in MODELS)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(folder: Path, name: str, base: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"base {base!r}: its {name} cannot be read ({told}): give a folder that a Flux pipeline was saved to"
        ) from None
