"""A LoraConfig as the files and the command line of a trainer: kohya's sd-scripts, SimpleTuner, ai-toolkit, ours."""

from __future__ import annotations

from pathlib import Path

from glyphgrad.codec.export import write
from glyphgrad.errors import ConfigError
from glyphgrad.structure.check import check
from glyphgrad.structure.config import TRAIN
from glyphgrad.structure.folder import check_claim, claim, dump
from glyphgrad.structure.lora.config import FLUX, TRAINERS, LoraConfig
from glyphgrad.structure.lora.trainers import ai_toolkit, kohya, ours, readme, simpletuner
from glyphgrad.structure.lora.trainers.job import Job, Trainer
from glyphgrad.structure.pipeline import TINY

BY_NAME: dict[str, Trainer] = dict(
    zip(TRAINERS, (kohya.TRAINER, simpletuner.TRAINER, ai_toolkit.TRAINER, ours.TRAINER), strict=True)
)

MANIFEST, FORMAT = "glyphgrad.json", 1


def write_config(trainer: str, config: LoraConfig, dataset: Path, out: Path) -> list[Path]:
    """Write what a trainer needs to train on a dataset into a folder; returns the files.

    Raises ConfigError for a trainer that is unknown or cannot do what the configuration says, and for a folder
    that holds anything else; PictureError and TextError for what is wrong with the dataset; OutputError.
    """
    if trainer not in TRAINERS:
        raise ConfigError(f"trainer is {trainer!r}: choose one of {', '.join(TRAINERS)}")
    if trainer != "glyphgrad" and config.base == TINY:
        raise ConfigError(f"base {TINY} is trained by `structure train` alone: give {trainer} {FLUX}")
    if trainer != "glyphgrad" and (config.caption_dropout or config.tag_dropout):
        raise ConfigError(f"{trainer} keeps what is encoded of a caption: give caption_dropout and tag_dropout 0")
    claimed = {"format": FORMAT, "trainer": trainer}
    check_claim(out, MANIFEST, "configuration", claimed)
    pairs = check(dataset, config.resolution, config.tile)[TRAIN]
    chosen, job = BY_NAME[trainer], Job(config, pairs[0].picture.parent.resolve(), dataset.resolve(), out.resolve())
    _check_trigger(chosen, config, [pair.caption for pair in pairs])
    texts = {**chosen.files(job), "README.md": readme.text(chosen, job)}
    claim(out, MANIFEST, "configuration", claimed)
    for name, text in texts.items():
        write(out / name, text.encode())
    (out / chosen.script).chmod(0o755)
    dump(out / MANIFEST, {**claimed, "complete": True})
    return [out / name for name in texts]


def _check_trigger(trainer: Trainer, config: LoraConfig, captions: list[str]) -> None:
    without = sum(config.trigger not in caption for caption in captions)
    if without and not trainer.adds_trigger:
        raise ConfigError(
            f"{without} of {len(captions)} captions lack the trigger {config.trigger!r}, which {trainer.name} adds to "
            "none: put it into them, or give --trigger a word that they hold"
        )
