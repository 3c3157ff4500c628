"""Options that several commands share: the device an art is made for.

An option that is not given stays out of the call, so that defaults live in the presets and the
configuration alone; the help reads them from there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from glyphgrad.codec import defaults
from glyphgrad.core.charset import ENCODINGS
from glyphgrad.core.layout import FITS
from glyphgrad.core.presets import DEFAULT_PRESET, PRESETS
from glyphgrad.core.target import MAX_PIXELS
from glyphgrad.errors import ConfigError

Command = Callable[..., Any]

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def default(kind: type, name: str) -> Any:
    """The default of a field of a configuration dataclass."""
    return next(field.default for field in dataclasses.fields(kind) if field.name == name)


def device_options(command: Command) -> Command:
    """--preset and what overrides it; they arrive as keyword arguments of the same names."""
    return with_options([_PRESET, *_CELL, *_CHARACTERS, *_LOOK], command)


def look_options(command: Command) -> Command:
    """What overrides a preset in drawing characters that are there already."""
    return with_options(_CELL + _LOOK, command)


def with_options(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    """A command with some options, the first of which its help shows first."""
    for option in reversed(options):
        command = option(command)
    return command


_PRESET = click.option("--preset", default=DEFAULT_PRESET, show_default=True, help=f"Device: {', '.join(PRESETS)}.")

_CELL = [
    click.option("--char-width", type=int, help="Width of a cell in pixels.  [preset]"),
    click.option("--char-height", type=int, help="Height of a cell in pixels.  [preset]"),
    click.option("--row-gap", type=int, help="Pixels between rows.  [preset]"),
]

_CHARACTERS = [
    click.option("--encoding", type=click.Choice(list(ENCODINGS)), help="Characters to choose from.  [preset]"),
    click.option("--charset", "chars", help="Characters to choose from, one by one; overrides --encoding."),
    click.option("--ban-chars", "ban", help="Characters never used.  [preset: `\\ for epson and discord]"),
    click.option("--ban-blocks", is_flag=True, help="Never use ░▒▓█▄▌▐▀■."),
]

_LOOK = [
    click.option("--font", "--printer-font", "font", type=Path, help="Font file: TTF, OTF, OTB or PCF.  [preset]"),
    click.option(
        "--font-size", "--printer-font-size", "font_size", type=float,
        help="Pixels.  [the size whose advance is the cell's width]",
    ),
    click.option(
        "--y-offset", "--printer-y-offset", "y_offset", type=int,
        help="Pixels from the cell's top to the font's ascender line.  [centred]",
    ),
    click.option("--fallback-font", type=Path, help="Font of the characters the first one lacks.  [preset]"),
    click.option("--fallback-font-size", "fallback_size", type=float, help="Pixels.  [as --font-size]"),
    click.option(
        "--dark-mode/--light-mode", "dark", default=None, help="Light text on black, or dark on white.  [preset]"
    ),
]  # fmt: skip

FIT = click.option(
    "--fit",
    "fit",
    type=click.Choice(FITS),
    help="Show all of the picture, fill all of the grid, or pull the one into the other.  [preset]",
)

FPS = click.option(
    "--fps",
    type=float,
    default=defaults.FPS,
    show_default=True,
    help="Frames a second of a film that holds no times: a text, a directory without film.json.",
)

CAST_VERSION_OPTION = click.option(
    "--cast-version",
    type=int,
    default=defaults.CAST_VERSION,
    show_default=True,
    help="Of a .cast; asciinema 2 plays 2 only.",
)

MAX_PIXELS_OPTION = click.option(
    "--max-pixels", type=int, default=MAX_PIXELS, show_default=True, help="Refuse larger pictures before decoding."
)


def device_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments of the library from those of a command: what was not given is left out.

    --char-width and --char-height become `cell`, --size and --grid-* become `cols` and `rows`.
    """
    options = {name: value for name, value in given.items() if value is not None and value is not False}
    if given.get("dark") is False:
        options["dark"] = False
    preset = PRESETS.get(options.get("preset", DEFAULT_PRESET), PRESETS[DEFAULT_PRESET])
    width, height = options.pop("char_width", preset.cell[0]), options.pop("char_height", preset.cell[1])
    if (width, height) != preset.cell:
        for name, pixels in (("char-width", width), ("char-height", height)):
            if not 1 <= pixels <= 512:
                raise ConfigError(f"--{name} is {pixels}: give 1 to 512 pixels")
        options["cell"] = (width, height)
    return options


def grid(size: str | None, width: int | None, height: int | None) -> dict[str, int]:
    """cols and rows from --size COLSxROWS (either may be missing) and --grid-width, --grid-height."""
    cols, rows = width, height
    if size is not None:
        match = re.fullmatch(r"(-?\d{0,9})(?:[xX](-?\d{0,9}))?", size.strip())
        if not match or not (match[1] or match[2]):
            raise ConfigError(f"--size is {size!r}: give COLSxROWS (80x40), COLS (80) or xROWS (x40)")
        cols = int(match[1]) if match[1] else cols
        rows = int(match[2]) if match[2] else rows
    for name, number in (("cols", cols), ("rows", rows), ("--grid-width", width), ("--grid-height", height)):
        if number is not None and number < 1:
            raise ConfigError(f"{name} is {number}: give at least 1")
    for flag, given, meant in (("--grid-width", width, cols), ("--grid-height", height, rows)):
        if given is not None and given != meant:
            raise ConfigError(f"--size {size} and {flag} {given} contradict each other: give one of them")
    return {name: number for name, number in (("cols", cols), ("rows", rows)) if number is not None}
