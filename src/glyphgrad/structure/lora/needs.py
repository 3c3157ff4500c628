"""What training needs that not every installation has: told before anything is begun, loaded without chatter."""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings

from glyphgrad.errors import DeviceError

LIBRARIES = ("diffusers", "transformers", "peft", "accelerate", "safetensors", "sentencepiece")
_TALKERS = ("diffusers", "transformers", "huggingface_hub", "peft", "accelerate", "bitsandbytes", "torch.distributed")


def check() -> None:
    """Raises DeviceError naming the extra, if a library of it is not there; the others are told to be quiet."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise DeviceError(f"training needs {', '.join(missing)}: pip install 'glyphgrad[lora]'")
    hush()


def hush() -> None:
    """Warnings, bars and logs of the libraries are not ours: what matters of them we say ourselves."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in _TALKERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    for name in (*_TALKERS, "torch"):
        warnings.filterwarnings("ignore", module=rf"{name.partition('.')[0]}(\.|$)")
