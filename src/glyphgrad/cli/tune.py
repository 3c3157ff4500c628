"""`glyphgrad tune`: one picture over weights of the objective, for the eye to choose."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import MAX_PIXELS_OPTION, default, device_arguments, device_options
from glyphgrad.errors import ConfigError, GlyphgradWarning
from glyphgrad.fit.config import EFFORTS, FitConfig

if TYPE_CHECKING:
    from glyphgrad.codec.sheet import Tile
    from glyphgrad.core.presets import Preset
    from glyphgrad.core.target import Source
    from glyphgrad.fit.fit import FitResult


def _weights(_: click.Context, parameter: click.Parameter, given: str) -> tuple[float, ...]:
    """0,0.01 -> (0.0, 0.01); what a weight may be the configuration knows."""
    try:
        return tuple(float(weight) for weight in given.split(","))
    except ValueError:
        raise ConfigError(f"{parameter.opts[0]} is {given!r}: give numbers with commas between, as 0,0.01") from None


@click.command
@click.argument("image")
@device_options
@click.option(
    "--diversity-weights", default="0,0.01,0.02,0.04", show_default=True, callback=_weights, help="A row for each."
)
@click.option(
    "--multiscale-weights", default="0,0.25,0.5,1", show_default=True, callback=_weights, help="A column for each."
)
@click.option(
    "--effort", type=click.Choice(EFFORTS), default=default(FitConfig, "effort"), show_default=True,
    help="How long to search.",
)  # fmt: skip
@MAX_PIXELS_OPTION
@click.option("-o", "--output", type=Path, default=Path("tune.png"), show_default=True, help="Picture to write (PNG).")
def tune(
    image: str,
    diversity_weights: tuple[float, ...],
    multiscale_weights: tuple[float, ...],
    effort: str,
    max_pixels: int,
    output: Path,
    **given: Any,
) -> None:
    """Draw IMAGE (- reads standard input) as the original objective sees it, over its two weights.

    The diversity weight rewards the use of many characters, the multiscale weight likeness from a
    little farther away. Choose the result you like best and give `fit --objective seed` its weights.
    """
    from glyphgrad import api
    from glyphgrad.codec import export, sheet

    if output.suffix.lower() != ".png":
        raise ConfigError(f"output {str(output)!r}: the sheet is a picture; give it the suffix .png")
    export.check(output)
    options = device_arguments(given)
    device = api.device_for(options.pop("preset"), options)
    pairs = list(product(diversity_weights, multiscale_weights))
    configs = [api.config_for(_options(effort, *pair)) for pair in pairs]
    source = sys.stdin.buffer.read() if image == "-" else image
    title = f"{'picture' if image == '-' else Path(image).name}, {device.name}"
    rows = sheet.Axis("diversity weight", [f"{weight:g}" for weight in diversity_weights])
    columns = sheet.Axis("multiscale weight", [f"{weight:g}" for weight in multiscale_weights])
    with warnings.catch_warnings():
        warnings.simplefilter("once", GlyphgradWarning)  # every fit would tell the same
        tiles = list(_tiles(source, device, configs, max_pixels))
    export.write(output, sheet.contact_sheet(title, rows, columns, tiles))
    click.echo(f"wrote {output}: {len(rows.values)} x {len(columns.values)} results", err=True)


def _options(effort: str, diversity: float, multiscale: float) -> dict[str, Any]:
    weights = {"diversity_weight": diversity, "multiscale_weight": multiscale}
    return {"solver": "discrete", "objective": "seed", "effort": effort} | weights


def _tiles(source: Source, device: Preset, configs: list[FitConfig], max_pixels: int) -> Iterator[Tile]:
    """A fit a configuration, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    from glyphgrad import api
    from glyphgrad.codec.sheet import Tile
    from glyphgrad.core import target

    picture = target.load(source, device.dark, max_pixels)
    console = Console(stderr=True)
    for config in track(configs, "fit", console=console, transient=True, disable=not console.is_terminal):
        result = api.fit_with(picture, device, config, max_pixels)
        yield Tile(result.art.pixels, _caption(result))


def _caption(result: FitResult) -> str:
    return "mse {mse:.4f}, {unique_glyphs} characters".format(**result.figures)
