"""`glyphgrad info`: what a film of characters is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import FPS
from glyphgrad.errors import ClipError

if TYPE_CHECKING:
    from glyphgrad.core.clip import Film

_CODES = 0x110000
_SHOWN = 100
"""Characters listed: more are a wall."""


@click.command
@click.argument("clip", type=Path)
@FPS
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def info(clip: Path, fps: float, as_json: bool) -> None:
    """Tell the size, length, bytes and characters of CLIP, any film of characters, having read all of it."""
    from glyphgrad.codec.demo import bundled
    from glyphgrad.codec.formats import open_film

    clip = bundled(clip)
    with open_film(clip, fps) as film:
        figures, damage = _figures(film, clip)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in _lines(figures).items():
            click.echo(f"{name:11} {value}")
    if damage:
        raise damage


def _figures(film: Film, path: Path) -> tuple[dict[str, Any], ClipError | None]:
    """What --json prints, and what is wrong with the film if it can be read in part. Raises ClipError if it cannot.

    `keyframes` is None where a film can be entered at its beginning only.
    """
    import numpy as np

    from glyphgrad.codec.clip import ClipReader
    from glyphgrad.core.colors import Depth

    used = np.zeros(_CODES, dtype=bool)
    frames, end, damage = 0, 0, None
    depth, background = Depth.NONE, False
    try:
        for timed in film:
            used[timed.frame.cells] = True
            if colors := timed.frame.colors:
                depth = max(depth, colors.depth, key=lambda one: one.bits)
                background = background or colors.bg is not None
            frames, end = frames + 1, timed.end
    except ClipError as error:
        damage = error
    if not frames:
        raise damage or ClipError(f"film {str(path)!r} is empty: it holds no frames")
    header, size = film.header, _bytes(path)
    figures = {
        "cols": header.cols,
        "rows": header.rows,
        "frames": frames,
        "seconds": end / 1000,
        "fps": _rate(frames, end),
        "preset": header.preset,
        "dark": header.dark,
        "colors": depth.value,
        "background": background,
        "title": header.title,
        "software": header.software,
        "bytes": size,
        "bytes_per_frame": round(size / frames, 1),
        "keyframes": film.frames.keyframes if isinstance(film.frames, ClipReader) else None,
        "characters": "".join(map(chr, np.flatnonzero(used))),
    }
    return figures, damage


def _rate(frames: int, milliseconds: int) -> float:
    """Frames a second: the roundest number that whole milliseconds allow, 30 of two frames in 67 ms and not 29.851."""
    least, most = 1000 * frames / (milliseconds + 1), 1000 * frames / max(1, milliseconds - 1)
    exact = 1000 * frames / milliseconds
    return next((rate for digits in range(3) if least <= (rate := round(exact, digits)) <= most), round(exact, 3))


def _lines(figures: dict[str, Any]) -> dict[str, str]:
    characters, keyframes = figures["characters"], figures["keyframes"]
    return {
        "size": f"{figures['cols']} x {figures['rows']}",
        "frames": f"{figures['frames']:,}" + (f", {figures['fps']:g} a second" if figures["frames"] > 1 else ""),
        "duration": _clock(figures["seconds"]),
        "preset": f"{figures['preset'] or 'none'}, {'light on dark' if figures['dark'] else 'dark on light'}",
        "colours": figures["colors"] + ", behind the characters too" * figures["background"],
        "title": figures["title"] or "none",
        "made by": figures["software"] or "unknown",
        "bytes": f"{figures['bytes']:,}, {figures['bytes_per_frame']:,} a frame",
        "key frames": "the first" if keyframes is None else f"{keyframes:,}",
        "characters": f"{len(characters)}: {characters[:_SHOWN]}{'...' * (len(characters) > _SHOWN)}",
    }


def _clock(seconds: float) -> str:
    """As 1:02:03.500; hours only if there are any."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:06.3f}" if hours else f"{minutes}:{rest:06.3f}"


def _bytes(path: Path) -> int:
    """Of a file, or of the files in a directory."""
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size
