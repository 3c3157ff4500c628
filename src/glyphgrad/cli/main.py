"""`glyphgrad`: arguments -> configuration -> one call of the library."""

from __future__ import annotations

import io
import os
import sys
import warnings

import click

from glyphgrad.version import __version__
from glyphgrad.cli.animate import animate
from glyphgrad.cli.chars import chars
from glyphgrad.cli.convert import convert
from glyphgrad.cli.fit import fit
from glyphgrad.cli.info import info
from glyphgrad.cli.options import INTERRUPTED
from glyphgrad.cli.play import play
from glyphgrad.cli.presets import presets
from glyphgrad.cli.score import score
from glyphgrad.cli.serve import serve
from glyphgrad.cli.steps import progress
from glyphgrad.cli.structure import structure
from glyphgrad.cli.tune import tune
from glyphgrad.errors import GlyphgradError, GlyphgradWarning


@click.group(
    invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="glyphgrad")
@click.pass_context
def cli(context: click.Context) -> None:
    """Pictures into text, by optimisation: characters that look most like the picture on their device."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


for command in (fit, animate, chars, presets, score, progress, tune, convert, info, play, serve, structure):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows another, not a traceback
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    warnings.simplefilter("always", GlyphgradWarning)
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except GlyphgradError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted before there was anything to write", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _drop_output()
        _fail(f"cannot read or write ({error.strerror or error}): is there space, and permission?", 1)
    except MemoryError:
        _fail("not enough memory: make the grid or the charset smaller", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"glyphgrad: {' '.join(line.strip() for line in message.splitlines())}", err=True)
    sys.exit(code)


def _drop_output() -> None:
    """Else Python tries again, and complains, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    if issubclass(category, GlyphgradWarning):
        click.echo(f"glyphgrad: warning: {message}", err=True)
