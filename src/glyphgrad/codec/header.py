"""ClipHeader <-> the JSON object that clip files and frames directories begin with."""

from __future__ import annotations

from typing import Any

from glyphgrad.core.clip import ClipHeader
from glyphgrad.errors import ClipError

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "rows": int,
    "cols": int,
    "preset": (str, type(None)),
    "dark": bool,
    "title": str,
    "software": str,
}
"""Name -> type of what is written; the duration is not: nobody knows it when a film begins."""


def to_json(header: ClipHeader) -> dict[str, Any]:
    return {name: getattr(header, name) for name in _FIELDS}


def from_json(found: Any) -> ClipHeader:
    """The header of a decoded JSON object; keys it does not know are passed over. Raises ClipError."""
    if not isinstance(found, dict):
        raise ClipError(f"its header is {str(found)[:40]!r}: a JSON object is needed")
    values: dict[str, Any] = {name: found.get(name) for name in _FIELDS}
    for name, kind in _FIELDS.items():
        value = values[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ClipError(f"{name} in its header is {str(value)[:40]!r}")
    return ClipHeader(**values)
