"""Our own settings as tools of the bench: a line each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import glyphgrad
from machine import THREADS
from tool import Screen, Tool


def _fit(**options: Any) -> Callable[[Path, Screen], str]:
    return lambda file, screen: glyphgrad.fit(file, "terminal", **screen.options, **options).text


def ours(iterations: int) -> list[Tool]:
    """The default first; last the original's descent, of so many iterations."""
    return [
        Tool("glyphgrad", _fit()),
        Tool("glyphgrad --effort fast", _fit(effort="fast"), on_sheet=False),
        Tool("glyphgrad --effort best", _fit(effort="best"), on_sheet=False),
        Tool("glyphgrad --objective seed", _fit(objective="seed", diversity_weight=0.0)),
        Tool(f"descent, {iterations:,} iterations", _fit(solver="gradient", iterations=iterations, threads=THREADS)),
    ]
