"""`glyphgrad play`: a film of characters, or a video as it is fitted, in this terminal."""

from __future__ import annotations

import math
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import FIT, INTERRUPTED, device_arguments, device_options, grid
from glyphgrad.codec import defaults
from glyphgrad.errors import ConfigError, GlyphgradWarning

if TYPE_CHECKING:
    from glyphgrad.core.colors import Depth
    from glyphgrad.core.presets import Preset
    from glyphgrad.play.audio import Audio
    from glyphgrad.play.screen import Screen
    from glyphgrad.play.source import Source


@click.command(context_settings={"default_map": {"preset": "terminal"}})
@click.argument("film", type=Path)
@click.option("--loop", is_flag=True, help="Begin anew at the end.")
@click.option("--speed", type=float, default=1, show_default=True, help="Times as fast as filmed, 0.25 to 4.")
@click.option("--start", type=float, default=0, show_default=True, help="Seconds into the film.")
@click.option(
    "--fps",
    type=float,
    help=f"Frames a second of a film that holds no times  [{defaults.FPS:g}]; of a video, instead of its own.",
)
@click.option("--audio", is_flag=True, help="With the video's sound, by ffplay, mpv or mplayer.")
@click.option("--audio-file", type=Path, help="With the sound of another file.")
@click.option("-s", "--size", metavar="COLSxROWS", help="Grid of a video.  [what the terminal has room for]")
@device_options
@FIT
def play(
    film: Path,
    loop: bool,
    speed: float,
    start: float,
    fps: float | None,
    audio: bool,
    audio_file: Path | None,
    size: str | None,
    **given: Any,
) -> int:
    """Play FILM: characters (a clip file, a cast, a text, a directory of frames), or a video, which is fitted live.

    `demo` is a bundled film.

    \b
    space        pause                 up ] / down [   faster, slower
    left, right  5 seconds             backspace       as fast as filmed
    home 0       to the start          l               loop
    . ,          frame by frame        i               tell how it goes
    q esc        quit

    The options from --size on are those of the fit, and nothing to a film of characters.
    """
    from glyphgrad.codec.demo import bundled
    from glyphgrad.play.player import Player
    from glyphgrad.play.transport import Transport

    film = bundled(film)
    if not 0 <= start < math.inf:
        raise ConfigError(f"start is {start:g}: give 0 or more seconds")
    screen, depth = _terminal()
    with _warnings_kept(), closing(_source(film, fps, round(1000 * start), size, given, screen)) as source:
        first = source.at(round(1000 * start))
        if first.end <= 1000 * start:
            raise ConfigError(f"start is {start:g} s: the film ends at {first.end / 1000:g} s, give less")
        transport = Transport(time.monotonic, 1000 * start, speed)
        try:
            with _sound(film, source, audio, audio_file) as sound, screen:
                Player(source, screen, transport, depth=depth, loop=loop, sound=sound).run()
        except KeyboardInterrupt:
            return INTERRUPTED
    return 0


def _terminal() -> tuple[Screen, Depth]:
    """This terminal, and the colours that it has. Raises ConfigError where no film can be shown."""
    from glyphgrad.core.depth import depth_of_output
    from glyphgrad.play.screen import Screen

    if not sys.stdout.isatty():
        raise ConfigError("standard output is not a terminal: play on one, or write files with `glyphgrad convert`")
    if os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        raise ConfigError("this terminal cannot place its cursor (TERM=dumb): play on another")
    screen = Screen(sys.stdout.fileno(), sys.stdin.fileno() if sys.stdin else -1, sys.stdout.encoding)
    return screen, depth_of_output(os.environ, is_terminal=True)


def _source(
    film: Path, fps: float | None, start: int, size: str | None, given: dict[str, Any], screen: Screen
) -> Source:
    from glyphgrad.play.source import is_video, open_source

    if not is_video(film):
        return open_source(film, defaults.FPS if fps is None else fps)
    from glyphgrad.play.live import Live

    return Live(film, _device(size, given), lambda: screen.room, fps, start)


def _device(size: str | None, given: dict[str, Any]) -> Preset:
    """The device to fit for, without columns and rows if no --size is given: the terminal decides."""
    from glyphgrad import api

    options = device_arguments(given)
    preset, sides = options.pop("preset"), grid(size, None, None)
    if sides:
        return api.device_for(preset, options | sides)
    return replace(api.device_for(preset, {"fit": "contain"} | options), cols=None, rows=None)


def _sound(film: Path, source: Source, wanted: bool, file: Path | None) -> AbstractContextManager[Audio | None]:
    """What sounds along; nothing, with a warning, where there is no sound or nobody to play it. Raises ConfigError."""
    from glyphgrad.play.audio import PLAYERS, Audio, player_there

    if file is None and not wanted:
        return nullcontext()
    has_audio = getattr(source, "has_audio", None)
    if file is None and has_audio is None:
        raise ConfigError("--audio: a film of characters has no sound, name a file that has with --audio-file")
    if file is not None and not file.is_file():
        raise ConfigError(f"--audio-file is {str(file)!r}, which is not a file: check the path")
    player = player_there()
    if player and (file or has_audio):
        return Audio(player, file or film)
    reason = f"none of {', '.join(PLAYERS)} is on PATH" if file or has_audio else f"{str(film)!r} holds no sound"
    warnings.warn(f"played without sound: {reason}", GlyphgradWarning, stacklevel=2)
    return nullcontext()


@contextmanager
def _warnings_kept() -> Iterator[None]:
    """Warnings are told when the screen is no longer the film's."""
    try:
        with warnings.catch_warnings(record=True) as kept:
            yield
    finally:
        for one in kept:
            warnings.showwarning(one.message, one.category, one.filename, one.lineno)
