"""`glyphgrad convert`: from one kind of film or art of characters to another, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import CAST_VERSION_OPTION, FPS, INTERRUPTED, device_arguments, look_options
from glyphgrad.core.presets import DEFAULT_PRESET, PRESETS
from glyphgrad.errors import ClipError, ConfigError
from glyphgrad.version import SOFTWARE

if TYPE_CHECKING:
    from glyphgrad.codec.formats import WriteOptions
    from glyphgrad.core.clip import ClipHeader, TimedFrame
    from glyphgrad.core.presets import Preset


@click.command
@click.argument("source", type=Path)
@click.argument("target", type=Path)
@FPS
@CAST_VERSION_OPTION
@click.option("--pictures", is_flag=True, help="Draw every frame of a directory as a PNG too.")
@click.option("--preset", help=f"Device: {', '.join(PRESETS)}.  [the film's own, else {DEFAULT_PRESET}]")
@look_options
def convert(source: Path, target: Path, fps: float, cast_version: int, pictures: bool, **given: Any) -> int:
    """Write the film or art SOURCE as TARGET, whose suffix names the format.

    Films: .glyph (clip file), .cast (asciicast), .txt (frames parted by form feeds), .gif, .mp4, .webm,
    and a directory of files a frame if there is no suffix. A single frame also: .png, .txt (native),
    .utf8. SOURCE is any of those that hold characters. --preset and the options after it matter to
    pictures; films keep the preset's name.
    """
    from glyphgrad.codec.formats import WriteOptions, open_film

    with open_film(source, fps) as film:
        _check(source, target)
        device = _device(film.header, given)
        options = WriteOptions(device, cast_version, pictures)
        header = replace(film.header, preset=given["preset"] or film.header.preset, dark=device.dark, software=SOFTWARE)
        frames = iter(film)
        first = list(islice(frames, 2))
        if _is_still(target, len(first)):
            return _write_still(target, header, device, first[0])
        return _write_film(target, header, options, chain(first, frames))


def _check(source: Path, target: Path) -> None:
    """Every way to fail that can be known before the work."""
    from glyphgrad.codec import export, formats

    if str(target) == "-":
        raise ConfigError("output '-': give the name of a file, its suffix says what to write")
    if target.exists() and target.samefile(source):
        raise ConfigError(f"output {str(target)!r} is the film itself: name another file")
    if _suffix(target) not in export.ENCODERS:
        formats.opener_for(target)
    if target.suffix and not target.is_dir():
        export.check(target)


def _device(header: ClipHeader, given: dict[str, Any]) -> Preset:
    """The device that --preset names, else the film, with what the other options change."""
    from glyphgrad import api
    from glyphgrad.codec.draw import device_of
    from glyphgrad.core.presets import preset_named

    device = preset_named(given["preset"]) if given["preset"] else device_of(header)
    changes = device_arguments({**given, "preset": device.name})
    return api.device_for(device, {name: value for name, value in changes.items() if name != "preset"})


def _suffix(path: Path) -> str:
    return path.suffix.lower()


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


def _write_still(target: Path, header: ClipHeader, device: Preset, first: TimedFrame) -> int:
    from glyphgrad.codec import export
    from glyphgrad.codec.draw import Drawer

    export.write(target, export.encoder_for(target)(Drawer(device, header).art(first.frame)))
    click.echo(f"wrote {target}", err=True)
    return 0


def _write_film(target: Path, header: ClipHeader, options: WriteOptions, frames: Iterable[TimedFrame]) -> int:
    from glyphgrad.cli.progress import Interrupt
    from glyphgrad.codec.formats import write_film

    with Interrupt() as interrupted, write_film(target, header, options) as film:
        for timed in frames:
            film.write(timed)
            if interrupted():
                break
    click.echo(f"wrote {target}: {film.frames} frame{'s' * (film.frames != 1)}", err=True)
    if interrupted():
        click.echo("glyphgrad: interrupted: the frames until then have been written", err=True)
    return INTERRUPTED if interrupted() else 0
