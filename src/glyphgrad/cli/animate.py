"""`glyphgrad animate`: a film becomes a film of characters."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli import films
from glyphgrad.cli.fitting import fit_arguments, fit_options, option_of
from glyphgrad.cli.options import CAST_VERSION_OPTION
from glyphgrad.errors import ConfigError
from glyphgrad.fit.config import FilmConfig

if TYPE_CHECKING:
    from glyphgrad.codec.formats import FilmWriter
    from glyphgrad.codec.soundtrack import Sound
    from glyphgrad.core.clip import Film

_PRESET = "terminal"
_FILM = ("stability", "temporal_weight", "look_ahead", "workers")


@click.command(context_settings={"default_map": {"preset": _PRESET}})
@click.argument("source", metavar="INPUT")
@click.option(
    "-o",
    "--output",
    type=Path,
    required=True,
    help="File to write: .glyph (clip file), .cast (asciicast), .txt (frames parted by form feeds), .gif, .mp4, "
    ".webm, or a directory (no suffix) of 0000.txt, enc_0000.txt and 0000.png a frame.",
)
@click.option("--fps", type=float, help="Frames a second.  [the film's own times; 30 of pictures]")
@click.option("--start", type=float, default=0.0, show_default=True, help="Seconds of the film to leave out.")
@click.option("--duration", type=float, help="Seconds of the film to take.  [all]")
@click.option("--every", type=int, default=1, show_default=True, help="Take every N-th frame.")
@option_of(FilmConfig, "stability", "Cost of changing a character where the picture does not; 0: none.", float)
@option_of(
    FilmConfig, "look_ahead", "Pictures looked at before the tones of a shot are chosen; all a shot begins with."
)
@click.option(
    "--temporal-weight",
    "--animation-temporal-weight",
    "temporal_weight",
    type=float,
    help=f"How strongly a picture's alignment is tied to the one before.  [default: {FilmConfig.temporal_weight}]",
)
@option_of(FilmConfig, "workers", "Processes; what comes out is the same.  [as many as there are cores, at most 4]")
@click.option("--keep-going", is_flag=True, help="Use what can be read of a damaged film; a warning, no error.")
@click.option("--resume", is_flag=True, help="Go on with a directory of frames.")
@click.option("--pictures/--no-pictures", default=True, help="Draw every frame of a directory as a PNG, too.")
@click.option("--audio/--no-audio", default=True, help="Carry the film's sound over into .mp4 and .webm.")
@CAST_VERSION_OPTION
@fit_options
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
def animate(source: str, output: Path, **given: Any) -> int:
    """Turn the film INPUT into a film of characters.

    INPUT is any video, an animated GIF, WebP or PNG, a directory of pictures, a text file naming pictures
    one a line, or - for a stream on standard input. Ctrl-C leaves a film of the frames until then.
    """
    from glyphgrad import api
    from glyphgrad.cli.progress import Interrupt, film_bar
    from glyphgrad.codec.formats import WriteOptions, write_film
    from glyphgrad.core import video

    films.check(Path(source), output)
    _check_resume(source, output, given["resume"])
    names = ("fps", "start", "duration", "every", "keep_going")
    reading = {name: given.pop(name) for name in names}
    writing = {name: given.pop(name) for name in ("cast_version", "pictures", "resume")}
    audio, quiet = given.pop("audio"), given.pop("quiet")
    film_config = FilmConfig(**{name: value for name in _FILM if (value := given.pop(name)) is not None})
    options = {"diversity_weight": 0.0} | fit_arguments(given)
    device, config = api.device_for(options.pop("preset"), options), api.config_for(options)
    reading |= {"gray": config.luma_only, "dark": device.dark}
    opened = partial(video.frames, sys.stdin.buffer if source == "-" else source, **reading)
    sound = _sound(source, reading) if audio else None
    with Interrupt() as interrupted:
        fitted = partial(api.animate_with, opened, device, config, film_config, _title(source), should_stop=interrupted)
        film = fitted()
        with write_film(output, film.header, WriteOptions(device, sound=sound, **writing)) as writer:
            if writer.frames:
                film = fitted(skip=writer.frames)
            with film_bar(film.header.duration, sys.stderr.isatty() and not quiet) as advance:
                _write(film, writer, advance)
    return films.written(output, writer.frames, interrupted(), quiet)


def _write(film: Film, writer: FilmWriter, advance: Any) -> None:
    for timed in film:
        writer.write(timed)
        advance(timed.end)


def _check_resume(source: str, output: Path, resume: bool) -> None:
    if resume and output.suffix and not output.is_dir():
        raise ConfigError(f"--resume goes on with a directory of frames, and {str(output)!r} is a file: leave it out")
    if resume and source == "-":
        raise ConfigError("--resume has to look at the film from its beginning: name a file, not standard input")


def _title(source: str) -> str:
    return "" if source == "-" else Path(source).stem


def _sound(source: str, reading: dict[str, Any]) -> Sound | None:
    from glyphgrad.codec.soundtrack import Sound

    if source == "-" or not Path(source).is_file():
        return None
    return Sound(Path(source), reading["start"], reading["duration"])
