"""What the frozen encoders make of every picture and caption: made once, kept on disk by the sample's index.

Each file tells what it was made from, so that one of another picture, caption or base is made again; and as
both halves of a sample are found by its index, a caption cannot come to the wrong picture however the
samples are shuffled.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glyphgrad.codec.whole import whole_file
from glyphgrad.core.target import load
from glyphgrad.structure.check import Pair
from glyphgrad.structure.lora import base as bases
from glyphgrad.structure.lora.progress import Event, Progress
from glyphgrad.structure.pipeline import text_length

_BATCH = 8
_IN_MEMORY = 2**30
"""Bytes of encodings that are held at once."""

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Samples:
    """B samples as the transformer sees them: `latents` (B, L, C), packed, shifted and scaled; `text` (B, T, J)
    and `pooled` (B, P)."""

    latents: Tensor
    text: Tensor
    pooled: Tensor


class Store:
    """Tensors of one kind by index, in a folder. `marks` tell what each is made from."""

    def __init__(self, folder: Path, kind: str, marks: Sequence[str]):
        self.folder, self.kind, self.marks = folder, kind, marks
        self.held: Tensors | None = None

    def __len__(self) -> int:
        return len(self.marks)

    def path(self, index: int) -> Path:
        return self.folder / f"{index:06}.{self.kind}.safetensors"

    def missing(self, share: slice = slice(None)) -> list[int]:
        """Of some of the indices those that nothing lies at, or something else."""
        return [index for index in range(len(self))[share] if not self._is_there(index)]

    def _is_there(self, index: int) -> bool:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path(index), "pt") as file:
                return (file.metadata() or {}).get("made_from") == self.marks[index]
        except (OSError, SafetensorError):
            return False

    def write(self, index: int, values: Tensors) -> None:
        """Raises OutputError, as when the disk is full; then there is no file."""
        from safetensors.torch import save

        data = save(
            {name: value.contiguous().cpu() for name, value in values.items()}, {"made_from": self.marks[index]}
        )
        with whole_file(self.path(index)) as file:
            file.write(data)

    def read(self, indices: Sequence[int]) -> Tensors:
        """What lies at some indices, stacked."""
        if self.held:
            chosen = torch.as_tensor(indices)
            return {name: values[chosen] for name, values in self.held.items()}
        from safetensors.torch import load_file

        read = [load_file(self.path(index)) for index in indices]
        return {name: torch.stack([one[name] for one in read]) for name in read[0]}

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor of every item, without the item's dimension."""
        return tuple(self.read([0])[name].shape[1:])

    def hold(self) -> None:
        """Keep all in memory, if they are small enough."""
        if len(self) and self.path(0).stat().st_size * len(self) <= _IN_MEMORY:
            self.held = self.read(range(len(self)))


def latents_store(folder: Path, pairs: Sequence[Pair], base_key: str, resolution: int) -> Store:
    marks = [_mark(base_key, str(resolution).encode(), pair.picture.read_bytes()) for pair in pairs]
    return Store(folder, "latents", marks)


def text_store(folder: Path, captions: Sequence[str], base_key: str, kind: str = "text") -> Store:
    return Store(folder, kind, [_mark(base_key, caption.encode()) for caption in captions])


def _mark(base_key: str, *parts: bytes) -> str:
    digest = hashlib.sha256(base_key.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


class Encoder:
    """Fills stores. Of several processes each does its `share` of what is missing."""

    def __init__(
        self,
        base: str,
        device: torch.device,
        share: slice = slice(None),
        tell: Callable[[Event], None] = lambda _: None,
    ):
        self.base, self.device, self.share, self.tell = base, device, share, tell

    def texts(self, stores: Sequence[tuple[Store, Sequence[str]]], dtype: torch.dtype) -> None:
        """Encode the captions that stores lack, with text encoders in `dtype`, which are then let go of."""
        work = [(store, captions, store.missing(self.share)) for store, captions in stores]
        if not any(indices for *_, indices in work):
            return
        pipe = bases.load(self.base, bases.TEXT, dtype).to(self.device)
        done, count = 0, sum(len(indices) for *_, indices in work)
        for store, captions, indices in work:
            for batch in _batches(indices):
                text, pooled, _ = _encoded(pipe, [captions[index] for index in batch], self.device)
                for index, one, other in zip(batch, text, pooled, strict=True):
                    store.write(index, {"text": one, "pooled": other})
                done += len(batch)
                self.tell(Progress("captions", done, count))
        del pipe
        let_go()

    def latents(self, store: Store, pictures: Sequence[Path]) -> None:
        """Encode the pictures that a store lacks, in full precision: an edge is all that there is to learn."""
        indices = store.missing(self.share)
        if not indices:
            return
        pipe = bases.load(self.base, ("vae",), torch.float32).to(self.device)
        for done, index in enumerate(indices, 1):
            store.write(index, {"latents": latents_of(pipe, pixels_of(pictures[index]).to(self.device))})
            self.tell(Progress("pictures", done, len(indices)))
        del pipe
        let_go()


def _batches(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(indices), _BATCH):
        yield indices[start : start + _BATCH]


@torch.no_grad()
def _encoded(pipe: Any, captions: list[str], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    return pipe.encode_prompt(captions, device=device, max_sequence_length=text_length(pipe))


def pixels_of(picture: Path) -> Tensor:
    """(1, 3, H, W) levels from -1 to 1, as a VAE takes them."""
    levels = np.asarray(load(picture, dark=True).convert("RGB"), np.float32)
    return torch.from_numpy(levels / 127.5 - 1).permute(2, 0, 1)[None]


@torch.no_grad()
def latents_of(pipe: Any, pixels: Tensor) -> Tensor:
    """(L, C) The latents of one picture (1, 3, H, W), the mode of their distribution, packed as the pipeline does."""
    vae = pipe.vae
    mode = vae.encode(pixels).latent_dist.mode()
    latents = (mode - (vae.config.shift_factor or 0)) * vae.config.scaling_factor
    batch, channels, height, width = latents.shape
    return pipe._pack_latents(latents, batch, channels, height, width)[0]


def let_go() -> None:
    """Give back the memory of models that nobody refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
