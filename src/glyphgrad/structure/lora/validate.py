"""Validation: pictures drawn with the LoRA as it is, and judged as `structure verify` judges them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glyphgrad.codec.export import make_directory, write
from glyphgrad.codec.picture import png
from glyphgrad.structure.lora import base as bases
from glyphgrad.structure.lora.cache import Store
from glyphgrad.structure.lora.config import LoraConfig, verification_prompt
from glyphgrad.structure.lora.progress import Judged
from glyphgrad.structure.pipeline import drawing, guidance_of
from glyphgrad.structure.tiles import Tiles
from glyphgrad.structure.verify import judge

FOLDER, RECORDS = "validation", "validation.jsonl"
PROMPTS = 4
_STEPS = 28


def prompts_of(config: LoraConfig, captions: Sequence[str]) -> list[str]:
    """The verification prompt, captions from all over the validation pictures, and what they are guided away from."""
    chosen = [captions[int(place)] for place in np.linspace(0, len(captions) - 1, PROMPTS - 1)] if captions else []
    return [verification_prompt(config.trigger), *dict.fromkeys(chosen), config.trigger]


@dataclass(frozen=True)
class Validation:
    """Draws the prompts of a store but the last, the trigger alone. `pipe` holds the transformer that is trained, and no text encoders."""

    pipe: Any
    prompts: Store
    config: LoraConfig
    out: Path

    @classmethod
    def of(cls, config: LoraConfig, transformer: Any, prompts: Store, out: Path) -> Validation:
        pipe = bases.load(config.base, ("vae", "scheduler"), torch.float32, transformer=transformer)
        pipe.vae.to(transformer.device)
        pipe.set_progress_bar_config(disable=True)
        return cls(pipe, prompts, config, out)

    def run(self, step: int) -> Judged:
        """Draw, write and judge a picture for each prompt. Raises OutputError."""
        tiles = Tiles(tile=self.config.tile)
        make_directory(self.out / FOLDER)
        reports = []
        for index in range(len(self.prompts) - 1):
            picture = self._draw(index)
            write(path := self.out / FOLDER / f"step-{step:06}-{index}.png", png(picture))
            reports.append(judge(path, tiles))
        judged = Judged(
            step,
            sum(report.passed for report in reports),
            len(reports),
            float(np.mean([report.figures["grey"] for report in reports])),
            float(np.mean([report.figures["cells"] for report in reports])),
        )
        self._record(judged)
        return judged

    @torch.no_grad()
    def _draw(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) The picture of a prompt, of the same noise after every step, decoded in full precision."""
        pipe, side, device = self.pipe, self.config.resolution, self.pipe.transformer.device
        prompt, trigger = (
            {name: values.to(device) for name, values in self.prompts.read([place]).items()}
            for place in (index, len(self.prompts) - 1)
        )
        autocast = torch.autocast(device.type, torch.bfloat16, enabled=self.config.precision == "bf16")
        with autocast, drawing(pipe, self.config.seed + index) as generator:
            packed = pipe(
                prompt_embeds=prompt["text"],
                pooled_prompt_embeds=prompt["pooled"],
                height=side,
                width=side,
                num_inference_steps=_STEPS,
                negative_prompt_embeds=trigger["text"],
                negative_pooled_prompt_embeds=trigger["pooled"],
                **guidance_of(pipe),
                generator=generator,
                output_type="latent",
            ).images
        latents = pipe._unpack_latents(packed.float(), side, side, pipe.vae_scale_factor)
        vae = pipe.vae
        decoded = vae.decode(latents / vae.config.scaling_factor + (vae.config.shift_factor or 0)).sample
        return np.asarray(pipe.image_processor.postprocess(decoded)[0])

    def _record(self, judged: Judged) -> None:
        """Of every step the latest verdict, in order."""
        path = self.out / RECORDS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] < judged.step]
        write(path, "".join(f"{line}\n" for line in [*kept, json.dumps(asdict(judged))]).encode())
