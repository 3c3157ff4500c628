"""Banners: words in letters as large as rooms, lines of writing, and frames, in one meadow."""

from __future__ import annotations

import numpy as np

from glyphgrad.structure.layouts.connect import keep_largest
from glyphgrad.structure.layouts.plan import Cell, Cells, Plan, around, meadow, solid, walkable
from glyphgrad.structure.tiles import font

ADJECTIVES = (  # noqa: SIM905
    "ANCIENT BLACK BRIGHT BROKEN COLD CRYSTAL DARK DEEP DROWNED EMPTY FALLEN FROZEN GOLDEN GREAT HIDDEN HOLLOW "
    "IRON LAST LONG LOST LOW MISTY NORTH OLD PALE QUIET RED SALT SECRET SILENT SILVER STONE SUNKEN TALL WHITE WILD"
).split()
NOUNS = (  # noqa: SIM905
    "ABBEY ARCH BRIDGE CAVE CAVERN CHAPEL CITADEL CITY CRYPT DEN DUNGEON FORT GATE GROVE HALL HARBOUR HAVEN INN "
    "KEEP LAIR LIBRARY MARKET MAZE MILL MINE PALACE PASS POOL ROAD RUIN SHRINE SPIRE TEMPLE TOMB TOWER VAULT WELL"
).split()
_GLYPH = 8
"""Cells a letter takes across and down, its gaps included."""


def banners(rng: np.random.Generator, rows: int, cols: int) -> Plan:
    """A name in large letters within frames, with a line of writing under it at times.

    Grass grows wherever it keeps off the letters: without it, two banners of short words are nearly the same map.
    """
    cells = solid(rows, cols)
    cells[1:-1, 1:-1] = Cell.FLOOR
    frames = int(rng.integers(0, 3)) if min(rows, cols) >= 4 * _GLYPH else 0
    for frame in range(1, frames + 1):
        _frame(rng, cells, 1 + 2 * frame)
    margin = 2 + 2 * frames + (frames > 0)
    scale = 2 if min(rows, cols) >= 6 * _GLYPH and rng.random() < 0.3 else 1
    hall = cells[margin:-margin, margin:-margin]
    lines = _lines(rng, hall.shape[0] // (_GLYPH * scale + 2), hall.shape[1] // (_GLYPH * scale))
    writing = tuple((margin + row, margin + col, text) for row, col, text in _set(rng, hall, lines, scale))
    meadow(rng, cells, (cells == Cell.FLOOR) & ~around(cells == Cell.LETTER))
    cells[walkable(cells) & ~keep_largest(walkable(cells))] = Cell.EMPTY  # within an O
    return Plan(cells, f'banner that reads "{" ".join(lines)}"', ("#", "block", "double", "lines"), writing)


def _lines(rng: np.random.Generator, most: int, longest: int) -> list[str]:
    """One to three words, at most `most`, of at most `longest` letters: the adjective first, then nouns."""
    nouns, adjectives = ([word for word in words if len(word) <= longest] for words in (NOUNS, ADJECTIVES))
    if not nouns:
        return [str(rng.choice(list("".join(NOUNS))))]
    count = int(rng.integers(1, min(3, max(1, most)) + 1)) if adjectives else 1
    return [str(rng.choice(words)) for words in ([adjectives] * (count > 1) + [nouns] * count)[:count]]


def _frame(rng: np.random.Generator, cells: Cells, inset: int) -> None:
    """A wall around the words, with a door in the middle of each of one to four sides."""
    inner = cells[inset:-inset, inset:-inset]
    inner[[0, -1]] = inner[:, [0, -1]] = Cell.SOLID
    sides = (inner, inner[::-1], inner.T, inner.T[::-1])
    for side in rng.permutation(4)[: int(rng.integers(1, 5))]:
        sides[side][0, sides[side].shape[1] // 2] = Cell.DOOR


def _set(rng: np.random.Generator, hall: Cells, lines: list[str], scale: int) -> list[tuple[int, int, str]]:
    """Draw the lines in a hall, one below the other, and tell what is written under them, and where in the hall."""
    height, width = hall.shape
    pitch = _GLYPH * scale + 2
    top = max(0, (height - pitch * len(lines)) // 2)
    align = rng.choice([0.0, 0.5, 1.0], p=[0.2, 0.6, 0.2])
    for number, line in enumerate(lines):
        bits = np.concatenate([font()[char] for char in line], axis=1).repeat(scale, 0).repeat(scale, 1)
        left = round(align * (width - bits.shape[1]))
        hall[top + number * pitch :, left:][: bits.shape[0], : bits.shape[1]][bits] = Cell.LETTER
    small, below = " ".join(lines).lower(), top + len(lines) * pitch
    if rng.random() < 0.7 and below < height - 1 and len(small) <= width:
        return [(below, round(align * (width - len(small))), small)]
    return []
