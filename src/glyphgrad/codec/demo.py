"""The bundled film, which may be named wherever a film of characters is."""

from __future__ import annotations

from pathlib import Path

DEMO = "demo"
"""What names it instead of a path."""
_FILE = Path(__file__).parent.parent / "serve" / "demo.glyph"


def bundled(path: Path) -> Path:
    """The path, or that of the bundled film if it is named and no such file is there."""
    return _FILE if str(path) == DEMO and not path.exists() else path
