"""`glyphgrad score`: how close any text, from any tool, comes to a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from glyphgrad.cli.options import FIT, MAX_PIXELS_OPTION, device_arguments, device_options


@click.command
@click.argument("art", type=Path)
@click.argument("image")
@device_options
@FIT
@MAX_PIXELS_OPTION
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def score(art: Path, image: str, as_json: bool, **given: Any) -> None:
    """Draw the text ART with a device's font and compare it with the picture IMAGE (- reads either).

    mse is the mean squared error of ink in [0, 1]. cor2, cor4 and cor8 are the correlations after
    Gaussian blurs of 2, 4 and 8 pixels, ssim2, ssim4 and ssim8 the structural similarities once the
    text has been given its best gain and offset: 1 is best. Of a text in colours there are lab2, lab4 and
    lab8, too: the mean CIELAB difference after blurs of light, 0 at best.
    """
    import glyphgrad

    if str(art) == "-" and image == "-":
        raise click.UsageError("ART and IMAGE are both '-': only one can come from standard input")
    text = sys.stdin.buffer.read() if str(art) == "-" else art
    picture = sys.stdin.buffer.read() if image == "-" else image
    figures = glyphgrad.score(text, picture, **device_arguments(given))
    if as_json:
        click.echo(json.dumps(figures))
    else:
        for name, value in figures.items():
            click.echo(f"{name:6} {value:.4f}")
