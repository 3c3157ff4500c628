"""Art on a terminal, on its own paper, so that nobody sees a negative."""

from __future__ import annotations

import click
from rich.console import Console
from rich.text import Text

from glyphgrad.core.art import Art

_PAPER = "color(16) on color(231)"
_SCREEN = "color(231) on color(16)"


def show(art: Art) -> None:
    """Print to standard output, with colours where the terminal has them (and NO_COLOR is not set)."""
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal and art.frame.cols > console.width:
        click.echo(f"glyphgrad: the art is {art.frame.cols} columns wide, this terminal {console.width}", err=True)
    for line in art.frame.lines:
        console.print(Text(line, style=_SCREEN if art.dark else _PAPER), no_wrap=True, crop=False)
