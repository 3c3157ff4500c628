"""Imagine: a prompt -> a picture by a diffusion model -> the verdict on it -> its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.art import Art
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ConfigError
from glyphgrad.structure.captions import STYLES, TRIGGER, completed
from glyphgrad.structure.decode import Decoded, decode
from glyphgrad.structure.pipeline import TINY, TINY_LORA, drawing, guidance_of, path_of, text_length
from glyphgrad.structure.tiles import Tiles
from glyphgrad.structure.tiny.words import WALLS
from glyphgrad.structure.verify import Verdict, verify
from glyphgrad.structure.walk import Ground, ground, repaired

if TYPE_CHECKING:
    from diffusers import FluxPipeline

OWN = "own"
"""Stands for the LoRA that was made for a base, if there is one."""

_MOST_STEPS = 1000


@dataclass(frozen=True)
class ImagineConfig:
    """What decides a picture. `lora` is a file or a folder, or None for the base alone. Raises ConfigError."""

    prompt: str
    seed: int = 0
    steps: int = 60
    base: str = TINY
    lora: str | Path | None = OWN
    repair: bool = False

    def __post_init__(self) -> None:
        if not self.prompt.replace(TRIGGER, "").strip(" ,"):
            raise ConfigError(f"prompt is {self.prompt!r}: say what to draw, such as 'a winding maze'")
        if not 1 <= self.steps <= _MOST_STEPS:
            raise ConfigError(f"steps is {self.steps}: give 1 to {_MOST_STEPS}")
        if not 0 <= self.seed < 2**63:
            raise ConfigError(f"seed is {self.seed}: give 0 or more, below 2**63")

    @property
    def full_prompt(self) -> str:
        """The prompt as the captions are on which LoRAs are trained; what it lacks the seed decides."""
        return completed(self.prompt, np.random.default_rng(self.seed), WALLS if self.base == TINY else STYLES)

    @property
    def lora_path(self) -> Path | None:
        if self.lora == OWN:
            return TINY_LORA if self.base == TINY else None
        return None if self.lora is None else Path(self.lora)


@dataclass(frozen=True, eq=False)
class Imagined:
    """A picture (H, W, 3) as the model drew it, what it was judged to be, and the text read from it.

    `frame` is that text, of one piece if it was to be repaired: then `repairs` cells of it were changed.
    `unknown` are the words of the prompt that the model has never seen.
    """

    config: ImagineConfig
    picture: NDArray[np.uint8]
    verdict: Verdict
    decoded: Decoded
    frame: Frame
    ground: Ground
    repairs: int
    unknown: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.frame.text

    @property
    def art(self) -> Art:
        """The text as the tiles draw it, white on black."""
        return Tiles().art(self.frame)


class Artist:
    """A pipeline with its LoRA, loaded once for any number of pictures."""

    def __init__(self, base: str = TINY, lora: Path | None = TINY_LORA):
        """Raises ConfigError and DeviceError for a base or a LoRA that cannot be used."""
        import torch

        from glyphgrad.structure.adapter import add_adapter
        from glyphgrad.structure.lora import base as bases
        from glyphgrad.structure.lora.needs import hush

        hush()
        folder = path_of(base)
        bases.find(folder)
        self.pipe: FluxPipeline = bases.load(folder, bases.PARTS, _dtype(base))
        if lora is not None:
            add_adapter(self.pipe, lora)
            if self.pipe.transformer.dtype == torch.float32:  # in 16 bits the sum would lose what the LoRA learned
                self.pipe.fuse_lora()
                self.pipe.unload_lora_weights()
        self.pipe.set_progress_bar_config(disable=True)

    def draw(self, config: ImagineConfig, on_step: Callable[[int, int], None] = lambda *_: None) -> Imagined:
        """A picture, judged and read. `on_step` is told the steps done, and all of them."""
        return _read(config, self.picture(config, on_step), self.unknown(config.prompt))

    def picture(
        self, config: ImagineConfig, on_step: Callable[[int, int], None] = lambda *_: None
    ) -> NDArray[np.uint8]:
        """(H, W, 3) The picture alone."""

        def told(_: Any, step: int, __: Any, kept: dict[str, Any]) -> dict[str, Any]:
            on_step(step + 1, config.steps)
            return kept

        with drawing(self.pipe, config.seed) as generator:
            (image,) = self.pipe(
                config.full_prompt,
                height=self.size,
                width=self.size,
                num_inference_steps=config.steps,
                negative_prompt=TRIGGER,  # heard by true guidance alone
                **guidance_of(self.pipe),
                max_sequence_length=text_length(self.pipe),
                generator=generator,
                callback_on_step_end=told,
            ).images
        return np.asarray(image.convert("RGB"))

    @property
    def size(self) -> int:
        """Pixels across and down of the pictures that the base was made for."""
        return int(self.pipe.vae.config.sample_size)

    def unknown(self, prompt: str) -> tuple[str, ...]:
        """The words that the tokenizer of the T5 encoder has no token for."""
        tokenizer = self.pipe.tokenizer_2
        words = dict.fromkeys(prompt.replace(",", " ").split())
        return tuple(word for word in words if tokenizer.unk_token_id in tokenizer(word).input_ids)


def imagine(prompt: str, *, on_step: Callable[[int, int], None] = lambda *_: None, **options: Any) -> Imagined:
    """Draw what a prompt says and read it as text; `options` are fields of ImagineConfig.

    Raises ConfigError for options that cannot be, and for a base or a LoRA that cannot be used;
    DeviceError for a base that is not there.

        >>> print(glyphgrad.imagine("a winding maze", seed=7).text)
    """
    config = ImagineConfig(prompt, **options)
    return Artist(config.base, config.lora_path).draw(config, on_step)


def _read(config: ImagineConfig, picture: NDArray[np.uint8], unknown: tuple[str, ...]) -> Imagined:
    verdict, decoded = verify(picture), decode(picture)
    frame, repairs = repaired(decoded.frame) if config.repair else (decoded.frame, 0)
    return Imagined(config, picture, verdict, decoded, frame, ground(decoded.frame), repairs, unknown)


def _dtype(base: str) -> Any:
    """FLUX fills a card in 16 bits; the small one is quicker in 32 on most CPUs."""
    import torch

    return torch.float32 if base == TINY or not torch.cuda.is_available() else torch.bfloat16
