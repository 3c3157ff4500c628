"""Judging texts by `glyphgrad score`: every tool's text drawn with the same font on the same grid."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import glyphgrad
from tool import Screen

COLUMNS = ("cor2", "ssim2", "cor4", "ssim4", "cor8", "ssim8", "mse")
BEST = {name: "min" if name == "mse" else "max" for name in COLUMNS}
"""What is best in each column."""


@dataclass(frozen=True)
class Verdict:
    """What `score` says of one tool's text of one picture, and the seconds the tool took."""

    tool: str
    picture: str
    kind: str
    figures: dict[str, float]
    seconds: float


def score(text: str, file: Path, screen: Screen) -> dict[str, float]:
    """The figures of a text: see glyphgrad.core.score. The picture fills the grid, whatever its shape."""
    return glyphgrad.score(text.encode(), file, "terminal", **screen.options)


def mean(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """The mean of every figure, and of the seconds."""
    found = list(verdicts)
    means = {name: sum(each.figures[name] for each in found) / len(found) for name in COLUMNS}
    return means | {"seconds": sum(each.seconds for each in found) / len(found)}


def means_by_tool(verdicts: Collection[Verdict]) -> dict[str, dict[str, float]]:
    """Tool -> means over its pictures; tools in the order they came."""
    tools = dict.fromkeys(each.tool for each in verdicts)
    return {tool: mean(each for each in verdicts if each.tool == tool) for tool in tools}
