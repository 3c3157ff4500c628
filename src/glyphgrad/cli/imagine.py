"""`glyphgrad imagine`: a prompt -> a picture by a diffusion model -> the verdict on it -> its text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import default
from glyphgrad.structure.imagine import ImagineConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphgrad.structure.imagine import Imagined


@click.command
@click.argument("prompt")
@click.option(
    "-o", "--output", "outputs", type=Path, multiple=True,
    help="File to write, by its suffix: .png is the picture, .txt, .utf8, .html, ... are its text.  [standard output]",
)  # fmt: skip
@click.option("--seed", type=int, default=default(ImagineConfig, "seed"), show_default=True)
@click.option(
    "--steps", type=int, default=default(ImagineConfig, "steps"), show_default=True, help="From noise to picture."
)
@click.option(
    "--base", default=default(ImagineConfig, "base"), show_default=True,
    help="Diffusion model: this one, a folder, or one of FLUX's architecture on the Hugging Face hub.",
)  # fmt: skip
@click.option(
    "--lora", default=default(ImagineConfig, "lora"), show_default=True,
    help="A LoRA's file or folder; own, the one made for the base; or none.",
)  # fmt: skip
@click.option("--repair", is_flag=True, help="Join what of the map's floor lies apart.")
@click.option("--quiet", "-q", is_flag=True, help="No bar, and no lines but those on errors.")
def imagine(prompt: str, outputs: tuple[Path, ...], quiet: bool, lora: str, **given: Any) -> None:
    """Draw what PROMPT says as a map of characters, check it, and read it as text.

    Words of the captions of `structure dataset` are known best: a winding maze, a systematic dungeon map
    with thin line walls, a flooded cave system, an archipelago, a walled town, a temple, ...
    """
    from glyphgrad.codec import export

    config = ImagineConfig(prompt, lora=None if lora.lower() == "none" else lora, **given)
    for path in outputs:
        export.encoder_for(path)
        export.check(path)
    from glyphgrad.structure.imagine import Artist

    with _bar(config.steps, quiet) as move:
        imagined = Artist(config.base, config.lora_path).draw(config, move)
    files = [(path, _encoded(path, imagined)) for path in outputs]
    for path, data in files:
        export.write(path, data)
    if not outputs:
        click.echo(imagined.text.encode(), nl=False)  # UTF-8, whatever the locale
    if not quiet:
        for line in _lines(imagined):
            click.echo(line, err=True)
        if outputs:
            click.echo("wrote " + ", ".join(map(str, outputs)), err=True)


def _encoded(path: Path, imagined: Imagined) -> bytes:
    """A picture is what the model drew, unless its text has been changed since."""
    from glyphgrad.codec import export, picture

    if path.suffix.lower() == ".png" and not imagined.repairs:
        return picture.png(imagined.picture)
    return export.encoder_for(path)(imagined.art)


def _lines(imagined: Imagined) -> Iterator[str]:
    """What there is to say of a picture."""
    config, raw, ground = imagined.config, imagined.verdict.raw, imagined.ground
    if config.full_prompt != config.prompt:
        yield f"completed, the trigger first: {config.full_prompt!r}"
    if imagined.unknown:
        yield f"{config.base} does not know {', '.join(map(repr, imagined.unknown))}"
    marks = ", ".join(f"{name} {'yes' if getattr(raw, name) else 'no'}" for name in ("black", "crisp", "grid"))
    verdict = "passed" if raw.passed else f"failed ({imagined.verdict.diagnosis})"
    yield f"{verdict}: {marks}; grey {raw.figures['grey']:.2%}, sure cells {imagined.decoded.sure.mean():.2%}"
    if raw.grid and ground.parts > 1:  # else what is read is no map to walk on
        joined = f"joined, {imagined.repairs} cells changed" if config.repair else "--repair joins them"
        yield f"the floor is in {ground.parts} parts, {ground.apart} of its cells apart from the largest: {joined}"


@contextmanager
def _bar(steps: int, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("loading", total=None)
        yield lambda done, _: bar.update(task, description="drawing", completed=done, total=steps)
