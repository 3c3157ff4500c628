"""ostris/ai-toolkit: one YAML file."""

from __future__ import annotations

import json
from shlex import quote
from typing import Any

import numpy as np

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.trainers.job import Job, Trainer, script

NAME = "structure_lora"


def files(job: Job) -> dict[str, str]:
    return {
        "config.yaml": yaml(config(job)),
        "train.sh": script(
            'cd "${AI_TOOLKIT:?set AI_TOOLKIT to your clone of ostris/ai-toolkit}"',
            f"python run.py {quote(str(job.out / 'config.yaml'))}",
        ),
    }


def config(job: Job) -> dict[str, Any]:
    own = job.config
    if own.warmup:
        raise ConfigError(f"warmup is {own.warmup}: ai-toolkit is told of none, give 0")
    process = {
        "type": "sd_trainer",
        "training_folder": str(job.out / "output"),
        "device": "cuda:0",
        "trigger_word": own.trigger,
        "network": {"type": "lora", "linear": own.rank, "linear_alpha": own.alpha},
        "save": {"dtype": "bf16", "save_every": 250, "max_step_saves_to_keep": 4},
        "datasets": [
            {
                "folder_path": str(job.pictures),
                "caption_ext": "txt",
                "caption_dropout_rate": 0.0,
                "shuffle_tokens": False,
                "cache_latents_to_disk": True,
                "num_repeats": 1,
                "resolution": [own.resolution],  # a second, equal one would double the set
            }
        ],
        "train": {
            "batch_size": own.batch,
            "steps": own.steps,
            "gradient_accumulation": own.accumulate,  # steps; `gradient_accumulation_steps` counts micro-steps
            "train_unet": True,
            "train_text_encoder": False,
            "gradient_checkpointing": own.checkpointing is not False,
            "noise_scheduler": "flowmatch",
            "timestep_type": "flux_shift",
            "optimizer": own.optimizer,
            "optimizer_params": {"weight_decay": own.weight_decay},
            "lr": own.lr,
            "lr_scheduler": own.schedule,
            "max_grad_norm": own.clip,
            "dtype": own.precision,
            "ema_config": {"use_ema": own.ema > 0, "ema_decay": own.ema},
        },
        "model": {
            "name_or_path": own.base,
            "is_flux": True,
            "quantize": own.quantize != "none",
            "low_vram": own.quantize != "none",
        },
        "sample": {
            "sampler": "flowmatch",
            "sample_every": 250,
            "width": own.resolution,
            "height": own.resolution,
            "prompts": [job.prompt],
            "seed": own.seed,
            "guidance_scale": 3.5,
            "sample_steps": 28,
        },
    }
    return {"job": "extension", "config": {"name": NAME, "process": [process]}}


def yaml(value: Any, depth: int = 0) -> str:
    """Mappings, lists of mappings, and scalars or lists of scalars, as YAML."""
    lines = []
    for key, item in value.items():
        start = "  " * depth + f"{key}:"
        if isinstance(item, dict):
            lines.append(f"{start}\n{yaml(item, depth + 1)}")
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{start}\n" + "".join(_entry(one, depth + 1) for one in item))
        else:
            lines.append(f"{start} {_scalar(item)}\n")
    return "".join(lines)


def _entry(value: dict[str, Any], depth: int) -> str:
    """A mapping in a list: a dash before its first line."""
    inner = yaml(value, depth + 1)
    margin = "  " * depth
    return f"{margin}- {inner.removeprefix(margin + '  ')}"


def _scalar(value: Any) -> str:
    """As JSON, which YAML holds; but to YAML 1.1 a number such as 1e-05 is a word."""
    if isinstance(value, float):
        return np.format_float_positional(value, trim="0")
    return json.dumps(value, ensure_ascii=False)


def _needs(_: Job) -> str:
    return (
        "- a clone of https://github.com/ostris/ai-toolkit, installed by its own instructions; `AI_TOOLKIT` is its folder\n"
        "- a card of 24 GB: the base lies there in 8 bits (`quantize` is qfloat8, not NF4)\n"
        "- `hf auth login`, with the licence of the base accepted\n"
        "- the noise levels are spread as at sampling (`flux_shift`): `time_mean`, `time_std` and `shift` are not used"
    )


TRAINER = Trainer(
    "ai-toolkit", files, "train.sh", adds_trigger=True, needs=_needs,
    result=lambda _: f"output/{NAME}/{NAME}.safetensors",
)  # fmt: skip
