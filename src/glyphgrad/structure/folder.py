"""A folder that holds one thing, told by its manifest: to go on with, and never mixed with another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glyphgrad.codec.export import make_directory
from glyphgrad.codec.whole import PREFIX, whole_file
from glyphgrad.errors import ConfigError


def claim(folder: Path, manifest: str, kind: str, values: dict[str, Any]) -> None:
    """Make a folder, or make sure that it holds this very thing, a `kind` of these values.

    Raises ConfigError for a folder that holds anything else, and OutputError.
    """
    check_claim(folder, manifest, kind, values)
    if not (folder / manifest).exists():
        make_directory(folder)
        dump(folder / manifest, {**values, "complete": False})


def check_claim(folder: Path, manifest: str, kind: str, values: dict[str, Any]) -> None:
    """Raises ConfigError for a folder that `claim` would refuse; nothing is made."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"folder {str(folder)!r} is a file: name a folder")
    if not (folder / manifest).exists():
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"folder {str(folder)!r} holds something else: name a new or an empty one")
        return
    try:
        there = json.loads((folder / manifest).read_text(encoding="utf-8"))
        differing = [name for name in values if there[name] != values[name]]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"folder {str(folder)!r}: its {manifest} is not one of ours, name another folder") from None
    if differing:
        name = differing[0]
        raise ConfigError(f"folder {str(folder)!r} holds a {kind} of {name} {there[name]!r}: name another folder")


def drop_strays(folder: Path) -> None:
    """Delete the half-written files of a run that was killed."""
    for stray in folder.rglob(f"{PREFIX}*"):
        stray.unlink()


def dump(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all. Raises OutputError."""
    with whole_file(path) as file:
        file.write(json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n")
