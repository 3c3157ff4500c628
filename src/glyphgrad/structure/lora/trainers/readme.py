"""The README beside a trainer's files."""

from __future__ import annotations

from shlex import quote

from glyphgrad.structure.lora.config import FLUX
from glyphgrad.structure.lora.trainers.job import Job, Trainer

_LICENCE = f"""
## The licence of the base

{FLUX} is gated: accept its licence on https://huggingface.co/{FLUX} first.
That licence is **non-commercial**, and a LoRA of the model is a derivative of it: say so wherever you publish one.
"""


def text(trainer: Trainer, job: Job) -> str:
    config = job.config
    licence = _LICENCE if config.base == FLUX else ""
    return f"""# A LoRA for structures, with {trainer.name}

Rank {config.rank}, alpha {config.alpha:g}, learning rate {config.lr:g}, {config.steps:,} steps of \
{config.batch * config.accumulate} picture(s) of {config.resolution} pixels, on {config.base}.
Pictures and captions: `{job.pictures}`. Captions call the style up by the word `{config.trigger}`.

## Run

    sh {quote(str(job.out / trainer.script))}

## What it needs

{trainer.needs(job)}
{licence}
## Verify

Draw some pictures with `{job.out / trainer.result(job)}` and the prompt

    {job.prompt}

in PNG format, {config.resolution} x {config.resolution} pixels, neither scaled nor cropped, and judge them:

    glyphgrad structure verify PICTURE.png
    glyphgrad structure decode PICTURE.png

The first tells whether the background is black, the lines are white without grey and the walls lie on the grid of
{config.tile} x {config.tile} pixels; the second reads the picture as text.
"""
