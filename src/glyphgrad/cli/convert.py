"""`glyphgrad convert`: from one kind of film or art of characters to another, cell by cell."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli import films
from glyphgrad.cli.discord import DISCORD, Posting, discord_options
from glyphgrad.cli.label import label_of, label_options
from glyphgrad.cli.options import CAST_VERSION_OPTION, FPS, device_arguments, look_options
from glyphgrad.core.colors import Depth
from glyphgrad.core.presets import DEFAULT_PRESET, PRESETS
from glyphgrad.errors import ClipError, GlyphgradWarning
from glyphgrad.version import SOFTWARE

if TYPE_CHECKING:
    from glyphgrad.codec.formats import WriteOptions
    from glyphgrad.codec.label import Label
    from glyphgrad.core.art import Art
    from glyphgrad.core.clip import ClipHeader, Film, TimedFrame
    from glyphgrad.core.presets import Preset

_TERMINAL = "terminal"
_LONGEST_STILL = 1 << 25
"""Bytes of a text with ANSI sequences."""


@click.command
@click.argument("source", type=Path)
@click.argument("target", type=Path)
@FPS
@CAST_VERSION_OPTION
@click.option("--keep-going", is_flag=True, help="Use what can be read of a damaged film; a warning, no error.")
@click.option("--pictures", is_flag=True, help="Draw every frame of a directory as a PNG too.")
@click.option(
    "--color",
    type=click.Choice([depth.value for depth in Depth]),
    help="At most so many colours, each the nearest.  [all]",
)
@click.option("--preset", help=f"Device: {', '.join(PRESETS)}.  [the film's own, else {DEFAULT_PRESET}]")
@look_options
@label_options
@discord_options
def convert(
    source: Path,
    target: Path,
    fps: float,
    cast_version: int,
    keep_going: bool,
    pictures: bool,
    color: str | None,
    **given: Any,
) -> int:
    """Write the film or art SOURCE as TARGET, whose suffix names the format.

    Films: .glyph (clip file), .cast (asciicast), .txt (frames parted by form feeds), .gif, .mp4, .webm,
    and a directory of files a frame if there is no suffix. A single frame also: .png, .txt (native),
    .utf8, .html, .svg (paths), .text.svg, .ansi, .ans (with a SAUCE record), .escpos (for a receipt
    printer), .discord; and "discord" prints a message to paste. SOURCE is any of those that hold
    characters, and .ans and other texts with ANSI sequences. --preset and the options after it matter
    to pictures; films keep the preset's name.
    """
    from glyphgrad.codec.demo import bundled
    from glyphgrad.codec.formats import WriteOptions

    source = bundled(source)
    posting = Posting.of(given)
    with _opened(source, fps) as film:
        films.check(source, target, _suffix(target))
        device = _device(film.header, given)
        options = WriteOptions(device, cast_version, pictures)
        header = replace(film.header, preset=given["preset"] or film.header.preset, dark=device.dark, software=SOFTWARE)
        frames = _forgiving(film) if keep_going else iter(film)
        if color is not None:
            frames = (replace(one, frame=one.frame.at(Depth(color))) for one in frames)
        first = list(islice(frames, 2))
        if _is_still(target, len(first)):
            return _write_still(target, _still(header, device, first[0]), label_of(given, header.title), posting)
        if posting:
            raise ClipError("--webhook posts one frame, and TARGET as well: name a format of art, as discord or .png")
        return _write_film(target, header, options, chain(first, frames))


def _opened(source: Path, fps: float) -> Film:
    """The film in a file or a directory; of an ANSI text its one frame, for a terminal."""
    from glyphgrad.codec.ansi import decode_ansi, is_ansi
    from glyphgrad.codec.formats import open_film
    from glyphgrad.core.clip import ClipHeader, Film, check_codes, printable, timed

    data = source.read_bytes() if source.is_file() and source.stat().st_size <= _LONGEST_STILL else b""
    if not is_ansi(data):
        return open_film(source, fps)
    frame, dark, sauce = decode_ansi(data)
    check_codes(frame.cells)
    header = ClipHeader(frame.rows, frame.cols, _TERMINAL, dark, printable(sauce.label.title) if sauce else "")
    return Film(header, timed([(0.0, frame), (1.0, None)]))


def _forgiving(film: Film) -> Iterator[TimedFrame]:
    """The frames until the film fails, with a warning; a film of none still fails."""
    begun = False
    try:
        for timed in film:
            begun = True
            yield timed
    except ClipError as error:
        if not begun:
            raise
        warnings.warn(str(error), GlyphgradWarning, stacklevel=2)


def _device(header: ClipHeader, given: dict[str, Any]) -> Preset:
    """The device that --preset names, else the film, with what the other options change."""
    from glyphgrad import api
    from glyphgrad.codec.draw import device_of
    from glyphgrad.core.presets import preset_named

    device = preset_named(given["preset"]) if given["preset"] else device_of(header)
    changes = device_arguments({**given, "preset": device.name})
    return api.device_for(device, {name: value for name, value in changes.items() if name != "preset"})


def _suffix(path: Path) -> str:
    return ".discord" if path == DISCORD else path.suffix.lower()


def _is_still(target: Path, frames: int) -> bool:
    """Whether a single frame is written in a format of art. Raises ClipError for more in one that holds no film."""
    from glyphgrad.codec import export, formats

    if target.is_dir() or _suffix(target) not in export.ENCODERS:
        return False
    if frames > 1 and _suffix(target) not in formats.OPENERS:
        raise ClipError(
            f"output {str(target)!r} holds one frame, the film more: use one of {', '.join(formats.OPENERS)}"
        )
    return frames == 1


def _still(header: ClipHeader, device: Preset, first: TimedFrame) -> Art:
    from glyphgrad.codec.draw import Drawer
    from glyphgrad.codec.missing import with_boxes

    return with_boxes(Drawer(device, header).art(first.frame))


def _write_still(target: Path, art: Art, label: Label, posting: Posting | None) -> int:
    from glyphgrad.codec import export

    if target == DISCORD:
        click.echo(export.ENCODERS[".discord"](art))
    else:
        export.write(target, export.encoder_for(target, label)(art))
        click.echo(f"wrote {target}", err=True)
    if posting:
        posting.post(art)
    return 0


def _write_film(target: Path, header: ClipHeader, options: WriteOptions, frames: Iterable[TimedFrame]) -> int:
    from glyphgrad.cli.progress import Interrupt
    from glyphgrad.codec.formats import write_film

    with Interrupt() as interrupted, write_film(target, header, options) as film:
        for timed in frames:
            film.write(timed)
            if interrupted():
                break
    return films.written(target, film.frames, interrupted())
