"""Files: the suffix of a path says what is written there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from glyphgrad.codec import picture, text
from glyphgrad.codec.whole import PREFIX, is_plain, unwritable, whole_file
from glyphgrad.core.art import Art
from glyphgrad.errors import ConfigError, OutputError

ENCODERS: dict[str, Callable[[Art], bytes]] = {
    ".txt": lambda art: text.encode_native(art.frame),
    ".utf8": lambda art: text.encode_utf8(art.frame),
    ".utf8.txt": lambda art: text.encode_utf8(art.frame),
    ".png": picture.encode_png,
}
"""Suffix -> encoder: native text, UTF-8 text, picture."""


def encoder_for(path: Path) -> Callable[[Art], bytes]:
    """The encoder of a path's suffix, the longest that fits. Raises ConfigError naming those there are."""
    name = path.name.lower()
    for suffix in sorted(ENCODERS, key=len, reverse=True):
        if name.endswith(suffix):
            return ENCODERS[suffix]
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
