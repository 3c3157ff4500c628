"""`glyphgrad structure`: maps for a diffusion model to learn, and the way back from its pictures to text."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.lora import config, train
from glyphgrad.cli.options import INTERRUPTED, default
from glyphgrad.errors import ConfigError
from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.engines import ENGINES
from glyphgrad.structure.layouts import FAMILIES
from glyphgrad.structure.tiles import CHARSET, SIZES

if TYPE_CHECKING:
    from glyphgrad.structure.verify import Verdict

_TILE = click.option(
    "--tile", type=int, default=default(DatasetConfig, "tile"), show_default=True,
    help=f"Pixels across a cell: {', '.join(map(str, SIZES))}.",
)  # fmt: skip
_CHARSET = click.option("--charset", default=CHARSET, help="Characters of the cells.  [the structural ones]")


@click.group
def structure() -> None:
    """Maps of characters on an exact grid: make them, check pictures of them, read them as text; train a LoRA on them."""


structure.add_command(config)
structure.add_command(train)


@structure.command
@click.argument("out", type=Path)
@click.option("--count", type=int, default=default(DatasetConfig, "count"), show_default=True, help="Pictures.")
@click.option("--seed", type=int, default=default(DatasetConfig, "seed"), show_default=True)
@click.option(
    "--size", type=int, default=default(DatasetConfig, "size"), show_default=True,
    help="Pixels across and down, a multiple of --tile.",
)  # fmt: skip
@_TILE
@click.option("--families", default=",".join(FAMILIES), show_default=True, help="Kinds of maps, with commas between.")
@_CHARSET
@click.option("--engine", default=ENGINES[0], show_default=True, help=f"Where to draw: {', '.join(ENGINES)}.")
@click.option("--workers", type=int, help="Processes.  [as many as there are cores]")
@click.option("--quiet", "-q", is_flag=True, help="No bar.")
def dataset(out: Path, families: str, engine: str, workers: int | None, quiet: bool, **given: Any) -> int:
    """Write pictures of maps with captions into the folder OUT, or go on where an earlier run was ended."""
    from glyphgrad.cli.progress import Interrupt
    from glyphgrad.structure.dataset import write_dataset

    config = DatasetConfig(families=tuple(name.strip() for name in families.split(",")), **given)
    with _Bar(quiet) as bar, Interrupt() as interrupted:
        done = write_dataset(out, config, engine, workers, bar.move, interrupted)
    if done < config.count:
        click.echo(f"glyphgrad: interrupted after {done} of {config.count} pictures: run again to go on", err=True)
        return INTERRUPTED
    click.echo(f"wrote {out}: {done} pictures", err=True)
    return 0


class _Bar:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, quiet: bool):
        self.bar: Any = None
        if sys.stderr.isatty() and not quiet:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)

    def __enter__(self) -> _Bar:
        if self.bar:
            self.bar.start()
            self.task = self.bar.add_task("pictures", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    @property
    def move(self) -> Callable[[Any], None] | None:
        return self._move if self.bar else None

    def _move(self, progress: Any) -> None:
        self.bar.update(self.task, completed=progress.done, total=progress.count)


@structure.command
@click.argument("folder", type=Path)
@click.option("--size", type=int, help="Pixels that the pictures must have across and down.  [those of the first]")
@_TILE
def check(folder: Path, size: int | None, tile: int) -> None:
    """Look through the pictures and captions in FOLDER: all there, of one size, and only black and white?"""
    from glyphgrad.structure.check import check

    pairs = check(folder, size, tile)
    captions = {pair.caption for split in pairs.values() for pair in split}
    counts = ", ".join(f"{len(split)} in {name}" for name, split in pairs.items())
    click.echo(f"{folder}: {counts}, {len(captions)} different captions, all good")


@structure.command
@click.argument("picture", type=Path)
@click.option(
    "-o", "--output", "outputs", type=Path, multiple=True,
    help="File to write, by its suffix: .txt, .utf8, .png.  [standard output]",
)  # fmt: skip
@_TILE
@_CHARSET
def decode(picture: Path, outputs: tuple[Path, ...], tile: int, charset: str) -> None:
    """Read the text that PICTURE (- reads standard input) shows, white on black, a glyph a cell."""
    from glyphgrad.codec import export
    from glyphgrad.structure.decode import decode
    from glyphgrad.structure.tiles import Tiles

    tiles = Tiles(charset, tile)
    for path in outputs:
        export.encoder_for(path)
        export.check(path)
    decoded = decode(_source(picture), tiles)
    for path in outputs:
        export.write(path, export.encoder_for(path)(tiles.art(decoded.frame)))
    if not outputs:
        click.echo(decoded.text.encode(), nl=False)  # UTF-8, whatever the locale
    place = decoded.place
    click.echo(
        f"{decoded.frame.cols} x {decoded.frame.rows} cells of {place.period:.5g} pixels from ({place.x:g}, {place.y:g}), "
        f"{decoded.sure.mean():.2%} of them sure",
        err=True,
    )
    if outputs:
        click.echo("wrote " + ", ".join(map(str, outputs)), err=True)


@structure.command
@click.argument("pictures", type=Path, nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Only 0 and 255 will do. Pictures out of a VAE never pass this.")
@click.option("--overlay", type=Path, help="Folder for pictures with the grid drawn in and bad cells marked.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of lines.")
@_TILE
@_CHARSET
def verify(
    pictures: tuple[Path, ...], strict: bool, overlay: Path | None, as_json: bool, tile: int, charset: str
) -> int:
    """Judge PICTURES: background black, lines crisp white, every cell a glyph on the grid.

    `raw` is the picture as it is and decides; `snapped` is laid on the grid that was found and cut at
    half brightness. The exit code is 1 if any picture fails.
    """
    from glyphgrad.structure.tiles import Tiles
    from glyphgrad.structure.verify import verify

    tiles = Tiles(charset, tile)
    if overlay:
        _check_overlays(pictures, overlay)
    passed = True
    for path in pictures:
        verdict = verify(source := _source(path), tiles, strict)
        passed &= verdict.passed
        click.echo(_as_json(path, verdict) if as_json else _as_lines(path, verdict))
        if overlay:
            _write_overlay(overlay / f"{path.stem}.png", source, verdict, tiles)
    return 0 if passed else 1


def _source(path: Path) -> Path | bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path


def _check_overlays(pictures: tuple[Path, ...], folder: Path) -> None:
    from glyphgrad.codec import export

    stems = [path.stem for path in pictures]
    if len(set(stems)) < len(stems):
        twin = next(stem for stem in stems if stems.count(stem) > 1)
        raise ConfigError(f"two pictures are named {twin!r}: their overlays would be one file, verify them apart")
    export.make_directory(folder)


def _write_overlay(path: Path, picture: Path | bytes, verdict: Verdict, tiles: Any) -> None:
    from glyphgrad.codec import export
    from glyphgrad.codec.picture import png
    from glyphgrad.structure.verify import overlay

    if isinstance(picture, Path) and path.exists() and path.samefile(picture):
        raise ConfigError(f"overlay {str(path)!r} is the picture itself: name another folder")
    export.write(path, png(overlay(picture, verdict, tiles)))


def _as_json(path: Path, verdict: Verdict) -> str:
    found = {
        "picture": str(path),
        "passed": verdict.passed,
        "diagnosis": verdict.diagnosis,
        "place": asdict(verdict.place),
        "raw": asdict(verdict.raw),
        "snapped": asdict(verdict.snapped),
    }
    return json.dumps(found)


def _as_lines(path: Path, verdict: Verdict) -> str:
    lines = [f"{path}: {'passed' if verdict.passed else 'failed'}, {verdict.diagnosis}"]
    for name in ("raw", "snapped"):
        report = getattr(verdict, name)
        marks = "  ".join(f"{kind} {'yes' if getattr(report, kind) else 'no '}" for kind in ("black", "crisp", "grid"))
        figures = report.figures
        lines.append(
            f"  {name:8} {marks}  background {figures['background']}, foreground {figures['foreground']}, "
            f"grey {figures['grey']:.2%}, glyphs {figures['cells']:.2%}"
        )
    return "\n".join(lines)
