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
    from glyphgrad.codec.formats import open_film

    with open_film(clip, fps) as film:
        figures = _figures(film, clip)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in _lines(figures).items():
            click.echo(f"{name:11} {value}")


def _figures(film: Film, path: Path) -> dict[str, Any]:
    """What --json prints. `keyframes` is None where a film can be entered at its beginning only. Raises ClipError."""
    import numpy as np

    from glyphgrad.codec.clip import ClipReader
    from glyphgrad.core.colors import Depth

    used = np.zeros(_CODES, dtype=bool)
    frames = end = 0
    depth, background = Depth.NONE, False
    for timed in film:
        used[timed.frame.cells] = True
        if colors := timed.frame.colors:
            depth, background = max(depth, colors.depth, key=lambda one: one.bits), background or colors.bg is not None
        frames, end = frames + 1, timed.end
    if not frames:
        raise ClipError(f"film {str(path)!r} is empty: it holds no frames")
    header, size = film.header, _bytes(path)
    return {
        "cols": header.cols,
        "rows": header.rows,
        "frames": frames,
        "seconds": end / 1000,
        "fps": round(1000 * frames / end, 3),
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
