"""Training of glyphgrad-tiny's base, from nothing: what a base model knows of maps, softly.

It sees every picture of a dataset off the grid, blurred and grey, and never a glyph where it ought to be:
what the LoRA is to cure.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor

from glyphgrad.codec.export import make_directory, write
from glyphgrad.structure.config import TRAIN
from glyphgrad.structure.dataset import Record, read_records
from glyphgrad.structure.lora import checkpoint
from glyphgrad.structure.lora.cache import Samples, latents_of
from glyphgrad.structure.lora.checkpoint import State
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.loop import descend, sample_at
from glyphgrad.structure.lora.loss import draw_noise, shift_logit, velocity_error
from glyphgrad.structure.lora.needs import hush
from glyphgrad.structure.lora.optimizer import optimizer_for
from glyphgrad.structure.lora.weights import Average, Weights
from glyphgrad.structure.pipeline import TINY
from glyphgrad.structure.tiles import Tiles
from glyphgrad.structure.tiny.build import Size, untrained
from glyphgrad.structure.tiny.patches import train_vae
from glyphgrad.structure.tiny.soft import softened_map
from glyphgrad.structure.tiny.text import encoded, train_text
from glyphgrad.structure.tiny.words import CHARS, spoken

_PROMPTS = 2
"""Its stream of random numbers."""
_PATCHES = 216
"""Pictures whose cells the VAE learns from."""
_SAVE_EVERY = 100

Tell = Callable[[str, int, int, float], None]
"""Told of a phase, its steps done, all of them, and the loss."""


@dataclass(frozen=True)
class BaseRun:
    """How the base is trained. Of `learning` only what any training has is used: there is no LoRA in it."""

    size: Size
    learning: LoraConfig


def base_run(steps: int = 4500, seed: int = 0) -> BaseRun:
    """What is shipped."""
    learning = LoraConfig(
        base=TINY, lr=1.5e-3, optimizer="adamw", schedule="cosine", warmup=100, steps=steps, batch=8, ema=0.999,
        caption_dropout=0.1, time_mean=0.1, time_std=1.4, resolution=512, seed=seed,
    )  # fmt: skip
    return BaseRun(Size(), learning)


def train_base(maps: Path, out: Path, run: BaseRun, tell: Tell) -> list[float]:
    """Train a base on the dataset in `maps`, or go on where a run was ended; `out` / "base" is the pipeline.

    Returns the loss of every step.
    """
    hush()
    make_directory(out)
    records = [record for record in read_records(maps) if record["file_name"].startswith(TRAIN)]
    pipe = untrained(run.size, run.learning.seed)
    latents = _soft_latents(pipe, maps, records, out, run.learning.seed, tell)
    losses = _train(pipe, records, latents, out, run.learning, tell)
    store(pipe, out / "base")
    return losses


def _soft_latents(pipe: Any, maps: Path, records: list[Record], out: Path, seed: int, tell: Tell) -> Tensor:
    """(N, tokens, channels) of every picture, softened; the VAE is trained first. Both are kept in `out`."""
    kept, vae = out / "soft.safetensors", out / "vae.safetensors"
    if kept.exists() and vae.exists():
        pipe.vae.load_state_dict(load_file(vae))
        return load_file(kept)["latents"]
    paths = [maps / record["file_name"] for record in records]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        few = pool.map(partial(softened_map, seed), range(_PATCHES), paths[:_PATCHES])
        cells = np.concatenate([_cells(levels) for levels in few])
        train_vae(pipe.vae, Tiles(CHARS), cells, seed, lambda step, loss: tell("vae", step, 0, loss))
        latents = []
        for number, levels in enumerate(
            pool.map(partial(softened_map, seed), range(len(paths)), paths, chunksize=8), 1
        ):
            latents.append(latents_of(pipe, _pixels(levels)).half())
            tell("soft pictures", number, len(paths), 0.0)
    stacked = torch.stack(latents)
    write(vae, save(pipe.vae.state_dict()))
    write(kept, save({"latents": stacked}))
    return stacked


def _cells(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, pixels) The levels of every cell."""
    rows, cols = (side // 16 for side in levels.shape)
    return levels.reshape(rows, 16, cols, 16).transpose(0, 2, 1, 3).reshape(-1, 256)


def _pixels(levels: NDArray[np.uint8]) -> Tensor:
    """(1, 1, H, W) from -1 to 1"""
    return torch.from_numpy(levels.astype(np.float32) / 127.5 - 1)[None, None]


def _train(pipe: Any, records: list[Record], latents: Tensor, out: Path, config: LoraConfig, tell: Tell) -> list[float]:
    """Train transformer and text encoders; the pipeline ends up with the average of its weights."""
    models = (pipe.transformer, pipe.text_encoder, pipe.text_encoder_2)
    if not (out / checkpoint.FILE).exists():
        train_text(pipe, records, config.seed, lambda step, loss: tell("text", step, 0, loss))
    weights = Weights([weight for model in models for weight in model.parameters()])
    state = State(weights, Average(weights.values, config.ema), optimizer_for(config, weights.values))
    checkpoint.resume(out, state)
    side = int(len(latents[0]) ** 0.5)
    logit = shift_logit(pipe.scheduler, len(latents[0]), None)
    places = pipe._prepare_latent_image_ids(1, side, side, "cpu", torch.float32)
    while state.step < config.steps:
        first = state.step * config.batch
        chosen = [sample_at(config.seed, first + slot, len(records)) for slot in range(config.batch)]
        weights.shared.zero_()
        with torch.autocast("cpu", torch.bfloat16):
            samples = _samples(pipe, [records[index] for index in chosen], latents[chosen].float(), state.step, config)
            noise = draw_noise(
                config.seed,
                state.step,
                range(config.batch),
                latents.shape[1:],
                config.time_mean + logit,
                config.time_std,
            )
            loss = velocity_error(pipe.transformer, samples, noise, places, config.guidance).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        descend(state, config)
        state.losses.append(loss.item())
        tell("base", state.step, config.steps, float(np.mean(state.losses[-50:])))
        if state.step % _SAVE_EVERY == 0:
            checkpoint.save(out, state)
    assert state.shown is not None
    weights.values.data.copy_(state.shown)
    return state.losses


def _samples(pipe: Any, records: list[Record], latents: Tensor, step: int, config: LoraConfig) -> Samples:
    """With fewer words in a prompt now than then, and none but the trigger at times."""
    rng = np.random.default_rng([config.seed, _PROMPTS, step])
    prompts = [spoken(record["text"], record["family"], rng) for record in records]
    prompts = [config.trigger if rng.random() < config.caption_dropout else prompt for prompt in prompts]
    return Samples(latents, *encoded(pipe, prompts))


def store(pipe: Any, folder: Path) -> None:
    """Write a pipeline with the transformer's matrices in 8 bits, and the rest of it in 16, as float8 and bfloat16."""
    for weight in pipe.transformer.parameters():
        weight.data = weight.data.to(torch.float8_e4m3fn if weight.ndim > 1 else torch.bfloat16)
    for tokenizer in (pipe.tokenizer, pipe.tokenizer_2):  # they remember how they were last asked
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
    pipe.save_pretrained(folder)
