"""What commands that write films share: what is checked before, and what is told and answered after."""

from __future__ import annotations

from pathlib import Path

import click

from glyphgrad.cli.options import INTERRUPTED
from glyphgrad.errors import ConfigError


def check(source: Path, output: Path, suffix: str | None = None) -> None:
    """Every way to fail that can be known before the work. `suffix` is the output's, if its name does not tell."""
    from glyphgrad.codec import export, formats

    if str(output) == "-":
        raise ConfigError("output '-': give the name of a file, its suffix says what to write")
    if output.exists() and source.exists() and output.samefile(source):
        raise ConfigError(f"output {str(output)!r} is the film itself: name another file")
    if suffix is None or suffix not in export.ENCODERS:
        formats.opener_for(output)
    if output.suffix and not output.is_dir():
        export.check(output)


def written(output: Path, frames: int, interrupted: bool, quiet: bool = False) -> int:
    """Tell of a film that is there; the exit code."""
    if not quiet:
        click.echo(f"wrote {output}: {frames} frame{'s' * (frames != 1)}", err=True)
    if interrupted:
        click.echo("glyphgrad: interrupted: the frames until then have been written", err=True)
    return INTERRUPTED if interrupted else 0
