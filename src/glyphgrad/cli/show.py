"""Art on a terminal, on its own paper, so that nobody sees a negative."""

from __future__ import annotations

import os
import shutil
import sys

import click

from glyphgrad.codec.ansi import encode_ansi
from glyphgrad.core.art import Art
from glyphgrad.core.colors import Depth
from glyphgrad.core.depth import depth_of_output


def show(art: Art) -> None:
    """Print to standard output, with colours as far as the terminal has them (and NO_COLOR is not set)."""
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and art.frame.cols > width:
        click.echo(f"glyphgrad: the art is {art.frame.cols} columns wide, this terminal {width}", err=True)
    depth = depth_of_output(os.environ, sys.stdout.isatty())
    click.echo(art.text.encode() if depth == Depth.NONE else encode_ansi(art, depth), nl=False)
