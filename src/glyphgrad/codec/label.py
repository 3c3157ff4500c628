"""What a file may say of its art besides the characters: on a title bar, in a SAUCE record, to who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Label:
    """All may be left out; `alt` describes the picture to who cannot see it."""

    title: str = ""
    author: str = ""
    group: str = ""
    date: date | None = None
    alt: str = ""
