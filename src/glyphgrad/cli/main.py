"""`glyphgrad`: arguments -> configuration -> one call of the library."""

from __future__ import annotations

import io
import os
import sys
import warnings
from importlib import import_module

import click

from glyphgrad.cli.options import INTERRUPTED
from glyphgrad.errors import GlyphgradError, GlyphgradWarning
from glyphgrad.version import __version__

COMMANDS = {
    "fit": "fit",
    "animate": "animate",
    "play": "play",
    "serve": "serve",
    "print": "print",
    "convert": "convert",
    "info": "info",
    "score": "score",
    "chars": "chars",
    "presets": "presets",
    "tune": "tune",
    "progress": "steps",
    "structure": "structure",
    "imagine": "imagine",
}
"""Command -> the module that holds it. Each is loaded when it is called: a fit does not wait for a server's imports."""


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"glyphgrad.cli.{COMMANDS[name]}"), name)
        return command


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="glyphgrad")
@click.pass_context
def cli(context: click.Context) -> None:
    """Pictures and films into text, by optimisation: characters that look most like the picture on their device."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows another, not a traceback
    warnings.showwarning = show_warning  # type: ignore[assignment]
    warnings.simplefilter("always", GlyphgradWarning)
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except GlyphgradError as error:
        _fail(f"{error}{_notes(error)}", error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        _fail(f"interrupted{_notes(error.__cause__ or error) or ' before there was anything to write'}", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _drop_output()
        _fail(f"cannot read or write ({error.strerror or error}): is there space, and permission?", 1)
    except MemoryError:
        _fail("not enough memory: make the grid or the charset smaller", 1)


def _notes(error: BaseException) -> str:
    return "".join(f" ({note})" for note in getattr(error, "__notes__", ()))


def _fail(message: str, code: int) -> None:
    click.echo(f"glyphgrad: {' '.join(line.strip() for line in message.splitlines())}", err=True)
    sys.exit(code)


def _drop_output() -> None:
    """Else Python tries again, and complains, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    if issubclass(category, GlyphgradWarning):
        click.echo(f"glyphgrad: warning: {message}", err=True)
