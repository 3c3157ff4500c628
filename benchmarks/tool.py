"""A tool of the bench: a label, and a function from picture file and screen to text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Screen:
    """`cols` x `rows` cells, light text on `dark` or dark text on paper. The picture fills the whole grid."""

    cols: int = 80
    rows: int = 40
    dark: bool = True

    @property
    def name(self) -> str:
        return "dark screen" if self.dark else "white paper"

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of glyphgrad.fit and glyphgrad.score beside preset="terminal"."""
        return {"cols": self.cols, "rows": self.rows, "fit": "stretch", "dark": self.dark}

    def exactly(self, text: str) -> str:
        """The text with exactly as many columns and rows, filled up with spaces."""
        lines = [line.ljust(self.cols)[: self.cols] for line in text.splitlines()[: self.rows]]
        lines += [" " * self.cols] * (self.rows - len(lines))
        return "".join(line + "\n" for line in lines)


@dataclass(frozen=True)
class Tool:
    """`run(file, screen)` gives a text of exactly the screen's size; `on_sheet`: it has a column there."""

    label: str
    run: Callable[[Path, Screen], str]
    on_sheet: bool = True
