"""Train a LoRA on a dataset: check, estimate, encode, learn, judge, save."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glyphgrad.codec.export import make_directory, write
from glyphgrad.codec.picture import png
from glyphgrad.errors import ConfigError, DeviceError
from glyphgrad.structure.adapter import FILE
from glyphgrad.structure.captions import with_trigger
from glyphgrad.structure.check import Pair, check
from glyphgrad.structure.config import TRAIN, VALIDATION
from glyphgrad.structure.folder import claim, drop_strays, dump
from glyphgrad.structure.lora import base as bases
from glyphgrad.structure.lora import checkpoint, export, kohya, memory, needs
from glyphgrad.structure.lora.cache import Encoder, Store, latents_store, text_store
from glyphgrad.structure.lora.checkpoint import State
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.curve import as_csv, curve
from glyphgrad.structure.lora.loop import Trainer
from glyphgrad.structure.lora.loss import shift_logit
from glyphgrad.structure.lora.optimizer import optimizer_for, rate
from glyphgrad.structure.lora.progress import Event, Note, Progress
from glyphgrad.structure.lora.validate import Validation, prompts_of
from glyphgrad.structure.lora.versions import versions
from glyphgrad.structure.lora.weights import Average, Weights, add_lora
from glyphgrad.structure.lora.world import World
from glyphgrad.version import SOFTWARE

MANIFEST, CACHE, CURVE, LOSSES = "training.json", "cache", "loss.png", "losses.csv"
FORMAT = 1
_FREE = {"steps", "checkpointing"}
"""What may change when a run goes on: with a constant rate more steps are the same steps, and more."""
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_SMALL = 100_000_000
"""Weights of text encoders below which there is no reason to round them."""
_SHOWN = 50
"""Steps over which the loss that is told is averaged."""


@dataclass(frozen=True)
class Watch:
    """How a run is watched. `save_every` and `validate_every` are in steps, 0 for never before the end.

    `processes` is how many must train together, None for whatever the launcher started.
    """

    save_every: int = 250
    validate_every: int = 0
    kohya: bool = False
    processes: int | None = None

    def __post_init__(self) -> None:
        for name in ("save_every", "validate_every"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}: give a number of steps, 0 for never")
        if self.processes is not None and self.processes < 1:
            raise ConfigError(f"processes is {self.processes}: give at least 1")


def train(
    dataset: Path,
    out: Path,
    config: LoraConfig,
    watch: Watch | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train, or go on with, a LoRA in a folder; returns the steps done, fewer than asked for if `stop` said so.

    Raises DeviceError for libraries, memory or a base that are not there, ConfigError for a base that is no
    Flux pipeline or a folder that holds anything else, PictureError and TextError for what is wrong with the
    dataset, OutputError.
    """
    watch = watch or Watch()
    needs.check()
    pairs = check(dataset, config.resolution, config.tile)
    folder = bases.find(config.base)
    world = World(watch.processes)
    tell = on_event if world.is_main else _silent
    sizes = memory.sizes_of(folder, config)
    config = _fitted(_settled(config, out), sizes, world, tell)
    job = _Job(config, watch, out, bases.fingerprint(config.base, folder), sizes, world, tell)
    stores = job.encoded(pairs)
    trainer, state = job.built(stores)
    finished = trainer.run(state, stop, job.after(state, trainer, stores))
    job.save(state, trainer.transformer, finished)
    return state.step


def _silent(_: Event) -> None:
    """Only one of several processes tells anything."""


def _settled(config: LoraConfig, out: Path) -> LoraConfig:
    """What an earlier run in the folder has decided: to go on with another base would be another training."""
    try:
        there = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return replace(config, quantize=there["quantize"]) if config.quantize == "auto" else config
    except (OSError, ValueError, KeyError, TypeError):
        return config  # whatever else is in the folder, `claim` tells


def _fitted(config: LoraConfig, sizes: memory.Sizes, world: World, tell: Callable[[Event], None]) -> LoraConfig:
    """The configuration as it fits into memory, said before anything is loaded. Raises DeviceError."""
    free = world.least(memory.free_memory(world.device))
    config, needed = memory.decided(config, sizes, world.device, free)
    how = [f"base in {config.quantize}"] if config.quantize != "none" else []
    how += ["checkpointed"] if config.checkpointing else []
    told = f"needs about {needed}; {memory.said(free)} are free on {world.device}"
    tell(Note(", ".join([told, *how])))
    return config


@dataclass(frozen=True)
class _Stores:
    """The encodings of a dataset, and those of what is drawn to validate."""

    latents: Store
    texts: Store
    prompts: Store


@dataclass(frozen=True)
class _Job:
    """What the stages of a run share."""

    config: LoraConfig
    watch: Watch
    out: Path
    base_key: str
    sizes: memory.Sizes
    world: World
    tell: Callable[[Event], None]

    @property
    def dtype(self) -> torch.dtype:
        return _DTYPES[self.config.precision]

    def manifest(self, stores: _Stores) -> dict[str, Any]:
        """What must stay the same for a run to go on in its folder."""
        free = _FREE if self.config.schedule == "constant" else _FREE - {"steps"}
        values = {name: value for name, value in asdict(self.config).items() if name not in free}
        digest = hashlib.sha256("".join([*stores.latents.marks, *stores.texts.marks]).encode()).hexdigest()
        return {"format": FORMAT, **values, "dataset": digest, "processes": self.world.size}

    def encoded(self, pairs: dict[str, list[Pair]]) -> _Stores:
        """The stores of a dataset, filled; the folder is claimed first."""
        config, cache = self.config, self.out / CACHE
        captions = versions([with_trigger(pair.caption, config.trigger) for pair in pairs[TRAIN]], config)
        prompts = prompts_of(config, [pair.caption for pair in pairs.get(VALIDATION, [])])
        stores = _Stores(
            latents_store(cache, pairs[TRAIN], self.base_key, config.resolution),
            text_store(cache, captions, self.base_key),
            text_store(cache, prompts, self.base_key, "prompt"),
        )
        if self.world.is_main:
            claim(self.out, MANIFEST, "training", self.manifest(stores))
            make_directory(cache)
            drop_strays(self.out)
        self.world.wait()
        self._say_triggers(pairs[TRAIN])
        encoder = Encoder(config.base, self.world.device, self.world.share, self.tell)
        dtype = torch.float32 if self.sizes.texts < _SMALL else self.dtype
        encoder.texts([(stores.texts, captions), (stores.prompts, prompts)], dtype)
        encoder.latents(stores.latents, [pair.picture for pair in pairs[TRAIN]])
        self.world.wait()
        self._check_filled(stores)
        return stores

    def _say_triggers(self, pairs: list[Pair]) -> None:
        without = sum(self.config.trigger not in pair.caption for pair in pairs)
        if without:
            self.tell(
                Note(f"{without} of {len(pairs)} captions lack the trigger {self.config.trigger!r}: it is put first")
            )

    def _check_filled(self, stores: _Stores) -> None:
        for store in (stores.latents, stores.texts, stores.prompts):
            if missing := store.missing():
                raise DeviceError(
                    f"encoding {str(store.path(missing[0]))!r} of another process is not here: "
                    "give all machines one folder on a disk that they share"
                )
            store.hold()

    def built(self, stores: _Stores) -> tuple[Trainer, State]:
        """The transformer with its LoRA, and the state it goes on from."""
        config, device = self.config, self.world.device
        pipe = bases.load_transformer(config.base, self.dtype, config.quantize, device)
        transformer = pipe.transformer
        if config.checkpointing:
            transformer.enable_gradient_checkpointing()
        weights = Weights(add_lora(transformer, config))
        average = Average(weights.values, config.ema) if config.ema else None
        state = State(weights, average, optimizer_for(config, weights.values))
        checkpoint.resume(self.out, state)
        if state.step:
            self.tell(Note(f"goes on after step {state.step} of {config.steps}"))
        tokens = stores.latents.shape("latents")[0]
        side = math.isqrt(tokens)
        trainer = Trainer(
            config,
            transformer,
            stores.latents,
            stores.texts,
            pipe._prepare_latent_image_ids(1, side, side, device, self.dtype),
            shift_logit(pipe.scheduler, tokens, config.shift),
            self.world,
        )
        return trainer, state

    def after(self, state: State, trainer: Trainer, stores: _Stores) -> Callable[[], None]:
        """What is done after every step: tell, and now and then save and draw."""
        every, config = self.watch.validate_every, self.config
        validation: Validation | None = None
        if every and self.world.is_main:
            validation = Validation.of(config, trainer.transformer, stores.prompts, self.out)

        def done() -> None:
            step, last = state.step, state.step == config.steps
            self.tell(Progress("steps", step, config.steps, _mean(state.losses[-_SHOWN:]), rate(config, step - 1)))
            if _due(step, self.watch.save_every) and not last:
                self.save(state, trainer.transformer, False)
            if every and (_due(step, every) or last):
                if validation:
                    with state.weights.holding(state.shown):
                        self.tell(validation.run(step))
                self.world.wait()

        return done

    def save(self, state: State, transformer: Any, finished: bool) -> None:
        """The checkpoint, the LoRA as it is, and the curve of the loss; by one process."""
        if not self.world.is_main:
            return
        checkpoint.save(self.out, state)
        with state.weights.holding(state.shown):
            tensors, metadata = export.lora_tensors(transformer, self.dtype), export.adapter_metadata(transformer)
        export.write_lora(self.out / FILE, tensors, metadata)
        if self.watch.kohya:
            named = kohya.kohya_tensors(tensors, kohya.outputs_of(transformer), self.config)
            export.write_lora(self.out / kohya.FILE, named, kohya.kohya_metadata(self.config))
        write(self.out / LOSSES, as_csv(state.losses).encode())
        if state.losses:
            title = f"{self.config.base}, rank {self.config.rank}, alpha {self.config.alpha:g}"
            write(self.out / CURVE, png(np.asarray(curve(state.losses, title))))
        values = json.loads((self.out / MANIFEST).read_text(encoding="utf-8"))
        dump(self.out / MANIFEST, {**values, "complete": finished, "done": state.step, "software": SOFTWARE})


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _mean(losses: list[float]) -> float:
    return sum(losses) / len(losses)
