"""`glyphgrad`: arguments -> configuration -> one call of the library."""

from __future__ import annotations

import os
import sys
import warnings

import click

from glyphgrad import __version__
from glyphgrad.cli.chars import chars
from glyphgrad.cli.fit import fit
from glyphgrad.cli.presets import presets
from glyphgrad.cli.score import score
from glyphgrad.errors import GlyphgradError, GlyphgradWarning

_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="glyphgrad")
def cli() -> None:
    """Pictures into text, by optimisation: characters that look most like the picture on their device."""


for command in (fit, chars, presets, score):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    warnings.showwarning = _show_warning
    warnings.simplefilter("always", GlyphgradWarning)
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except GlyphgradError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted before there was anything to write", _INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at its end
        sys.exit(1)
    except MemoryError:
        _fail("not enough memory: make the grid or the charset smaller", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"glyphgrad: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    if issubclass(category, GlyphgradWarning):
        click.echo(f"glyphgrad: warning: {message}", err=True)
