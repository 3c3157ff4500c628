"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from glyphgrad.errors import GlyphgradError, OutputError

PREFIX = ".glyphgrad-"
"""Of temporary names, whatever the file's own: it may be as long as a name can be."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, that becomes `path` when the block ends and leaves no trace when it fails.

    It lies under a temporary name beside `path` and is renamed. A link stays a link, to what is
    written. A path that is there and is not a plain file (a device, a pipe) is written to directly.
    Raises OutputError; every OSError within the block that is not ours is taken for one of writing.
    """
    try:
        if not is_plain(path):
            with path.open("wb") as device:
                yield device
            return
        real = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=PREFIX)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
            os.chmod(temporary, _mode(real))
            os.replace(temporary, real)
        except BaseException:
            os.unlink(temporary)
            raise
    except GlyphgradError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def is_plain(path: Path) -> bool:
    """Whether there is a plain file, or nothing yet."""
    return path.is_file() or not path.exists()


def unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"output {str(path)!r} cannot be written ({error.strerror or error}): choose another place")


def _mode(path: Path) -> int:
    """The permissions a plain `open` would have given: mkstemp's own are for secrets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
