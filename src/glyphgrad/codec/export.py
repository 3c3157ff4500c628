"""Files: the one place that touches the disk. The suffix of a path says what is written there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from glyphgrad.codec import picture, text
from glyphgrad.core.art import Art
from glyphgrad.errors import ConfigError, OutputError

ENCODERS: dict[str, Callable[[Art], bytes]] = {
    ".txt": lambda art: text.encode_native(art.frame),
    ".utf8": lambda art: text.encode_utf8(art.frame),
    ".utf8.txt": lambda art: text.encode_utf8(art.frame),
    ".png": picture.encode_png,
}
"""Suffix -> encoder: native text, UTF-8 text, picture."""


_PREFIX = ".glyphgrad-"
"""Of temporary names, whatever the file's own: it may be as long as a name can be."""


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
        if _is_plain(path):
            with tempfile.NamedTemporaryFile(dir=path.resolve().parent, prefix=_PREFIX):
                pass
    except OutputError:
        raise
    except OSError as error:
        raise _failure(path, error) from None


def write(path: Path, data: bytes) -> None:
    """Write a whole file or none: under a temporary name, then renamed. Raises OutputError.

    A link stays a link, to what is written. A path that is there and is not a plain file (a device, a
    pipe) is written to directly.
    """
    try:
        if not _is_plain(path):
            path.write_bytes(data)
            return
        path = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, _mode(path))
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise _failure(path, error) from None


def make_directory(path: Path) -> None:
    """Make a directory and those above it, if need be. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failure(path, error) from None


def _is_plain(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _mode(path: Path) -> int:
    """The permissions a plain `open` would have given: mkstemp's own are for secrets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _failure(path: Path, error: OSError) -> OutputError:
    return OutputError(f"output {str(path)!r} cannot be written ({error.strerror or error}): choose another place")
