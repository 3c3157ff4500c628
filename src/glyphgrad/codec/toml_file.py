"""A TOML file of settings, each of a known name and kind."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from glyphgrad.errors import ConfigError


def read_settings(file: Path, kinds: dict[str, tuple[type, ...]], hint: str) -> dict[str, Any]:
    """What a file gives; `kinds` is name -> what its value may be, `hint` what to do about another value.

    True is no number. Raises ConfigError.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise ConfigError(f"configuration {str(file)!r} cannot be read ({told}): give a TOML file") from None
    for name, value in found.items():
        if name not in kinds:
            raise ConfigError(f"{name!r} in {str(file)!r} is unknown: choose among {', '.join(kinds)}")
        if not isinstance(value, kinds[name]) or (isinstance(value, bool) and bool not in kinds[name]):
            raise ConfigError(f"{name} in {str(file)!r} is {value!r}: {hint}")
    return found
