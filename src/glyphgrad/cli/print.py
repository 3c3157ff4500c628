"""`glyphgrad print`: art, or a picture made into art, on a receipt printer."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import MAX_PIXELS_OPTION, default
from glyphgrad.codec.escpos import DENSITIES, FONT_A, PAPERS, PrintOptions
from glyphgrad.core.presets import DEFAULT_PRESET
from glyphgrad.errors import ConfigError, TextError
from glyphgrad.out.printer import TIMEOUT, Address, paper_of, send

if TYPE_CHECKING:
    from glyphgrad.codec.escpos import Paper
    from glyphgrad.core.art import Art

_COLUMNS = 42
"""Of the preset, and of the printer it is named after."""


@click.command("print")
@click.argument("source", type=Path, metavar="ART|IMAGE")
@click.option("--to", help="Printer: usb:VID:PID, network:HOST[:9100], serial:DEVICE, cups:NAME or file:PATH.")
@click.option(
    "--columns",
    type=click.Choice([str(columns) for columns in PAPERS]),
    help="Of Font A on the paper: 32 on 58 mm, 42 in a TM-T88, 48 in a TM-T20.  [the profile's, else 42]",
)
@click.option("--profile", help="Model, as python-escpos names it: TM-T88V, TM-T20II, POS-5890, ...")
@click.option("--cut", is_flag=True, help="Cut the paper after every copy.")
@click.option(
    "--copies", type=int, default=default(PrintOptions, "copies"), show_default=True, help="How often, 1 to 100."
)
@click.option(
    "--density",
    type=int,
    help=f"How dark, {DENSITIES[0]} to {DENSITIES[1]}: steps of some 5 %.  [as the printer is set]",
)
@click.option("--upside-down", is_flag=True, help="For a reader on the other side of the printer.")
@click.option("--raster", is_flag=True, help="Print a picture of the art: its own font on any printer, but slower.")
@click.option("--download-glyphs", is_flag=True, help="Print text, in the art's own font: at most 94 characters.")
@click.option("--preview", type=Path, help="Picture (.png) of the paper as it will lie there. Needs no printer.")
@click.option(
    "--timeout",
    type=float,
    default=TIMEOUT,
    show_default=True,
    help="Seconds in which the printer has to take the next piece.",
)
@MAX_PIXELS_OPTION
def print(source: Path, to: str | None, preview: Path | None, timeout: float, max_pixels: int, **given: Any) -> None:
    """Print a text, or a picture as text of the paper's width.

    A picture is fitted as `glyphgrad fit --preset epson -s COLUMNS` does it. A printer that is off, out
    of paper or gone before the end is an error.
    """
    from glyphgrad.codec import escpos, export

    if not to and not preview:
        raise click.UsageError("neither --to nor --preview: name a printer, or a picture to draw")
    address = Address.parse(to) if to else None
    paper = _paper(given.pop("profile"), given.pop("columns"))
    options = PrintOptions(**given)
    if preview:
        _check(preview, source)
    art = _art(source, paper, max_pixels)
    job = escpos.encode(art, paper, options)
    if preview:
        from glyphgrad.codec import receipt

        export.write(preview, receipt.encode(escpos.dots_of(art, paper, options.upside_down), paper, options.cut))
        click.echo(f"wrote {preview}", err=True)
    if address:
        printed = send(address, job, timeout)
        end = "printed" if printed else "sent; the printer does not say whether it printed"
        click.echo(f"{to}: {len(job):,} bytes {end}", err=True)


def _paper(profile: str | None, columns: str | None) -> Paper:
    """The profile's paper, of so many columns, if so many fit."""
    if not profile:
        return PAPERS[int(columns) if columns else _COLUMNS]
    paper = paper_of(profile)
    if columns and int(columns) * FONT_A[0] > paper.dots:
        raise ConfigError(f"--columns is {columns}: a {profile} has {paper.columns}")
    return replace(paper, columns=int(columns)) if columns else paper


def _check(preview: Path, source: Path) -> None:
    """Every way for it to fail that can be known before the work."""
    from glyphgrad.codec import export

    if preview.suffix.lower() != ".png":
        raise ConfigError(f"--preview is {str(preview)!r}: it is a picture, name a .png")
    export.check(preview)
    if preview.exists() and source.exists() and preview.samefile(source):
        raise ConfigError(f"--preview {str(preview)!r} is what is to be printed: name another file")


def _art(source: Path, paper: Paper, max_pixels: int) -> Art:
    from glyphgrad import api
    from glyphgrad.core.presets import preset_named

    data = _read(source)
    if _is_picture(data):
        return api.fit(data, DEFAULT_PRESET, cols=paper.columns, max_pixels=max_pixels).art
    return api.read_art(data, preset_named(DEFAULT_PRESET))


def _read(source: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    except OSError as error:
        raise TextError(f"{str(source)!r} cannot be read ({error.strerror}): check the path") from None


def _is_picture(data: bytes) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        Image.open(io.BytesIO(data)).close()
    except UnidentifiedImageError:
        return False
    except Exception:  # damaged, or too large: what fits it says so
        return True
    return True
