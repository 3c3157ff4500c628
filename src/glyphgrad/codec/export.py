"""Files: the suffix of a path says what is written there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from glyphgrad.codec import ansi, discord, escpos, html, picture, svg, text
from glyphgrad.codec.label import Label
from glyphgrad.codec.whole import PREFIX, is_plain, unwritable, whole_file
from glyphgrad.core.art import Art
from glyphgrad.errors import ConfigError, OutputError

Encoder = Callable[[Art], bytes]


def _with(label: Label | None, encode: Callable[[Art, Label | None], bytes]) -> Encoder:
    return lambda art: encode(art, label)


LABELLED: dict[str, Callable[[Art, Label | None], bytes]] = {
    ".ans": ansi.encode_ans,
    ".html": html.encode_html,
    ".svg": svg.encode_svg,
    ".text.svg": svg.encode_svg_text,
}
"""Suffix -> encoder of a format that says more than the characters."""

ENCODERS: dict[str, Encoder] = {
    ".txt": lambda art: text.encode_native(art.frame),
    ".utf8": lambda art: text.encode_utf8(art.frame),
    ".utf8.txt": lambda art: text.encode_utf8(art.frame),
    ".png": picture.encode_png,
    ".ansi": ansi.encode_ansi,
    ".discord": discord.encode_discord,
    ".escpos": escpos.encode,
    **{suffix: _with(None, encode) for suffix, encode in LABELLED.items()},
}
"""Suffix -> encoder: native text, UTF-8 text, picture, and the ways out."""


def encoder_for(path: Path, label: Label | None = None) -> Encoder:
    """The encoder of a path's suffix, the longest that fits. Raises ConfigError naming those there are."""
    name = path.name.lower()
    for suffix in sorted(ENCODERS, key=len, reverse=True):
        if name.endswith(suffix):
            return _with(label, LABELLED[suffix]) if suffix in LABELLED else ENCODERS[suffix]
    raise ConfigError(f"output {str(path)!r}: its suffix names no format; use one of {', '.join(ENCODERS)}")


def check(path: Path) -> None:
    """Refuse, before any work is done, a path that cannot be written. Raises OutputError."""
    try:
        if path.is_dir():
            raise OutputError(f"output {str(path)!r} is a directory: name a file in it")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(f"output {str(path)!r} is read-only: choose another place")
        if is_plain(path):
            with tempfile.NamedTemporaryFile(dir=path.resolve().parent, prefix=PREFIX):
                pass
    except OutputError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def write(path: Path, data: bytes) -> None:
    """Write a whole file or none, as `whole_file` does. Raises OutputError."""
    with whole_file(path) as file:
        file.write(data)


def make_directory(path: Path) -> None:
    """Make a directory and those above it, if need be. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
