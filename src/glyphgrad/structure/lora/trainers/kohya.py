"""kohya-ss/sd-scripts: a dataset in TOML, and a command line."""

from __future__ import annotations

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.config import FLUX, toml_value
from glyphgrad.structure.lora.trainers.job import Job, Trainer, command, script

NAME = "structure_lora"
_OPTIMIZERS = {"adamw8bit": "AdamW8bit", "adamw": "AdamW"}
_PRECISIONS = {"bf16": "bf16", "fp32": "no"}


def files(job: Job) -> dict[str, str]:
    return {"dataset.toml": dataset(job), "prompts.txt": _prompts(job), "train.sh": train(job)}


def dataset(job: Job) -> str:
    """No bucket, no flip, no crop, no colour: a glyph that is moved or turned is none."""
    config = job.config
    return (
        "[general]\n"
        'caption_extension = ".txt"\n'
        "shuffle_caption = false\n"
        "\n[[datasets]]\n"
        f"resolution = {config.resolution}\n"
        f"batch_size = {config.batch}\n"
        "enable_bucket = false\n"
        "\n[[datasets.subsets]]\n"
        f"image_dir = {toml_value(str(job.pictures))}\n"
        "num_repeats = 1\n"
        "flip_aug = false\n"
        "color_aug = false\n"
        "random_crop = false\n"
    )


def _prompts(job: Job) -> str:
    size = job.config.resolution
    return f"{job.prompt} --w {size} --h {size} --s 28 --g 3.5 --d {job.config.seed}\n"


def train(job: Job) -> str:
    config = job.config
    if config.base != FLUX and not config.base.endswith(".safetensors"):
        raise ConfigError(f"base is {config.base!r}: kohya reads FLUX from one .safetensors file, or give {FLUX}")
    base = "$MODELS/flux1-dev.safetensors" if config.base == FLUX else config.base
    options: dict[str, object] = {
        "pretrained_model_name_or_path": base,
        "clip_l": "$MODELS/clip_l.safetensors",
        "t5xxl": "$MODELS/t5xxl_fp16.safetensors",
        "ae": "$MODELS/ae.safetensors",
        "dataset_config": job.out / "dataset.toml",
        "output_dir": job.out / "output",
        "output_name": NAME,
        "save_model_as": "safetensors",
        "save_precision": "bf16",
        "save_every_n_steps": 250,
        "network_module": "networks.lora_flux",
        "network_dim": config.rank,
        "network_alpha": config.alpha,
        "network_train_unet_only": True,
        "optimizer_type": _OPTIMIZERS[config.optimizer],
        "optimizer_args": f"weight_decay={config.weight_decay:g}",
        "learning_rate": config.lr,
        "lr_scheduler": job.schedule,
        "lr_warmup_steps": config.warmup or None,
        "max_grad_norm": config.clip,
        "mixed_precision": _PRECISIONS[config.precision],
        "fp8_base": config.quantize != "none" or None,
        "sdpa": True,
        "gradient_checkpointing": config.checkpointing is not False or None,
        "gradient_accumulation_steps": config.accumulate,
        "cache_latents_to_disk": True,
        "cache_text_encoder_outputs": True,
        "cache_text_encoder_outputs_to_disk": True,
        "timestep_sampling": "shift",
        "sigmoid_scale": config.time_std,
        "discrete_flow_shift": job.shift,
        "model_prediction_type": "raw",
        "guidance_scale": config.guidance,
        "max_train_steps": config.steps,
        "seed": config.seed,
        "sample_prompts": job.out / "prompts.txt",
        "sample_every_n_steps": 250,
    }
    launch = ["accelerate launch --mixed_precision", _PRECISIONS[config.precision]]
    program = [*launch, "--num_cpu_threads_per_process 1", "flux_train_network.py"]
    return script(
        ': "${MODELS:?set MODELS to the folder of flux1-dev, clip_l, t5xxl_fp16 and ae .safetensors}"',
        'cd "${SD_SCRIPTS:?set SD_SCRIPTS to your clone of kohya-ss/sd-scripts}"',
        command(program, options),
    )


def _needs(_: Job) -> str:
    return (
        "- a clone of https://github.com/kohya-ss/sd-scripts, installed by its own instructions (kohya_ss is its GUI); "
        "`SD_SCRIPTS` is its folder\n"
        "- four files in the folder `MODELS`: `flux1-dev.safetensors` and `ae.safetensors` of FLUX.1-dev, "
        "`clip_l.safetensors` and `t5xxl_fp16.safetensors` of https://huggingface.co/comfyanonymous/flux_text_encoders\n"
        "- a card of 24 GB: the base lies in 8 bits (`--fp8_base`, sd-scripts knows no NF4)\n"
        "- it keeps no average of the weights (`ema` is not used)"
    )


TRAINER = Trainer(
    "kohya", files, "train.sh", adds_trigger=False, needs=_needs,
    result=lambda _: f"output/{NAME}.safetensors",
)  # fmt: skip
