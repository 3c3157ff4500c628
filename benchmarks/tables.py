"""Aligned Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Cell = str | float | int | None


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], best: Mapping[str, str] | None = None) -> str:
    """A Markdown table. `best` names columns of numbers and "max" or "min": their best value is set in bold."""
    texts = [[_text(cell) for cell in row] for row in rows]
    for name, which in (best or {}).items():
        column = head.index(name)
        numbers = [cell for cell in (row[column] for row in rows) if isinstance(cell, int | float)]
        winner = _text((max if which == "max" else min)(numbers)) if len(numbers) > 1 else None
        for line in texts:
            line[column] = f"**{line[column]}**" if line[column] == winner else line[column]
    widths = [max(len(line[i]) for line in [list(head), *texts]) for i in range(len(head))]
    right = [any(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    rule = [("-" * (width - 1) + ":") if r else "-" * width for width, r in zip(widths, right, strict=True)]
    return "".join(_line(line, widths, right) for line in [list(head), rule, *texts])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "| " + " | ".join(padded) + " |\n"


def _text(cell: Cell) -> str:
    """Whole numbers as they are, others to about four digits."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.3f}" if abs(cell) >= 0.1 or cell == 0 else f"{cell:.4f}"
