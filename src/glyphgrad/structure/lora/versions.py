"""Versions of a caption with less in it: what a model that has seen them can draw of a few words, and of none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glyphgrad.structure.lora.config import LoraConfig

VERSIONS = 4
"""Of each caption, where there are to be any: as many times the disk and the encoding."""
_STREAM = 4
"""Of random numbers."""
_KEPT = 2
"""Tags that stay: the trigger, and what the thing is."""


def versions(captions: Sequence[str], config: LoraConfig) -> list[str]:
    """VERSIONS of each caption, one after the other; or the captions as they are, if nothing is to be left out.

    A version is the trigger alone in `config.caption_dropout` of the cases. Else it lacks some of its tags
    (what lies between ", ") beyond the first two, at a rate that is itself drawn, and `config.tag_dropout` in
    the mean. A model needs the first to be guided away from what it would draw of no prompt (Ho and Salimans,
    "Classifier-Free Diffusion Guidance", 2022).
    """
    if not config.caption_dropout and not config.tag_dropout:
        return list(captions)
    rng = np.random.default_rng([config.seed, _STREAM])
    return [_version(caption, config, rng) for caption in captions for _ in range(VERSIONS)]


def _version(caption: str, config: LoraConfig, rng: np.random.Generator) -> str:
    if rng.random() < config.caption_dropout:
        return config.trigger
    tags, rate = caption.split(", "), rng.uniform(0, 2 * config.tag_dropout)
    return ", ".join(tags[:_KEPT] + [tag for tag in tags[_KEPT:] if rng.random() >= rate])


def version_of(seed: int, step: int, slot: int, count: int) -> int:
    """Which of `count` versions of its caption the sample in a slot of a step is seen with."""
    return int(np.random.default_rng([seed, _STREAM, step, slot]).integers(count)) if count > 1 else 0
