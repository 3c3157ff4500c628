"""SimpleTuner: a configuration and a list of data backends, both in JSON."""

from __future__ import annotations

import json
from shlex import quote
from typing import Any

from glyphgrad.structure.lora.config import FLUX
from glyphgrad.structure.lora.trainers.job import Job, Trainer, script

_OPTIMIZERS = {"adamw8bit": "bnb-adamw8bit", "adamw": "bnb-adamw"}
_PRECISIONS = {"bf16": "bf16", "fp32": "no"}
_QUANTIZED = {"auto": "int8-quanto", "int8": "int8-quanto", "nf4": "nf4-bnb", "none": "no_change"}
_TARGETS = {"attention": "all", "blocks": "all+ffs", "all-linear": "all+ffs"}
"""`flux_lora_target`; it has no name for the layers outside of the blocks."""


def files(job: Job) -> dict[str, str]:
    return {
        "config.json": _json(config(job)),
        "multidatabackend.json": _json(backends(job)),
        "train.sh": script(
            'cd "${SIMPLETUNER:?set SIMPLETUNER to your clone of bghira/SimpleTuner}"',
            f"mkdir -p config/{_ENVIRONMENT}",
            f"cp {quote(f'{job.out}/config.json')} {quote(f'{job.out}/multidatabackend.json')} config/{_ENVIRONMENT}/",
            f"ENV={_ENVIRONMENT} ./train.sh",
        ),
    }


_ENVIRONMENT = "structure"


def config(job: Job) -> dict[str, Any]:
    own = job.config
    flavour = {"model_flavour": "dev"} if own.base == FLUX else {}
    return {
        "model_type": "lora",
        "model_family": "flux",
        **flavour,
        "pretrained_model_name_or_path": own.base,
        "lora_type": "standard",
        "lora_rank": own.rank,
        "lora_alpha": own.alpha,
        "flux_lora_target": _TARGETS[own.targets],
        "optimizer": _OPTIMIZERS[own.optimizer],
        "learning_rate": own.lr,
        "lr_scheduler": job.schedule,
        "lr_warmup_steps": own.warmup,
        "max_grad_norm": own.clip,
        "mixed_precision": _PRECISIONS[own.precision],
        "base_model_precision": _QUANTIZED[own.quantize],
        "gradient_checkpointing": own.checkpointing is not False,
        "train_batch_size": own.batch,
        "gradient_accumulation_steps": own.accumulate,
        "max_train_steps": own.steps,
        "num_train_epochs": 0,
        "flow_schedule_shift": job.shift,
        "flux_guidance_value": own.guidance,
        "use_ema": own.ema > 0,
        "ema_decay": own.ema,
        "seed": own.seed,
        "caption_dropout_probability": 0.0,
        "resolution": own.resolution,
        "resolution_type": "pixel_area",
        "data_backend_config": f"config/{_ENVIRONMENT}/multidatabackend.json",
        "output_dir": str(job.out / "output"),
        "checkpointing_steps": 250,
        "validation_prompt": job.prompt,
        "validation_resolution": f"{own.resolution}x{own.resolution}",
        "validation_steps": 250,
        "validation_guidance": 3.5,
        "validation_num_inference_steps": 28,
        "validation_seed": own.seed,
        "report_to": "none",
    }


def backends(job: Job) -> list[dict[str, Any]]:
    """The pictures, each once and as they are, and a place for the encodings of their captions."""
    size = job.config.resolution
    return [
        {
            "id": "structures",
            "type": "local",
            "instance_data_dir": str(job.pictures),
            "caption_strategy": "textfile",
            "resolution": size,
            "resolution_type": "pixel_area",
            "minimum_image_size": size,
            "crop": False,
            "repeats": 0,
            "metadata_backend": "discovery",
            "cache_dir_vae": str(job.out / "cache" / "vae"),
        },
        {
            "id": "texts",
            "type": "local",
            "dataset_type": "text_embeds",
            "default": True,
            "cache_dir": str(job.out / "cache" / "text"),
        },
    ]


def _json(values: object) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _needs(job: Job) -> str:
    quantized = _QUANTIZED[job.config.quantize]
    return (
        "- a clone of https://github.com/bghira/SimpleTuner, installed by its own instructions; `SIMPLETUNER` is its folder\n"
        f"- a card of 24 GB (the base lies there as `{quantized}`), and about 50 GB of main memory to quantise it\n"
        "- `hf auth login`, with the licence of the base accepted"
    )


TRAINER = Trainer(
    "simpletuner", files, "train.sh", adds_trigger=False, needs=_needs,
    result=lambda _: "output/pytorch_lora_weights.safetensors",
)  # fmt: skip
