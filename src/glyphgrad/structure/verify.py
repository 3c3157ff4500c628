"""Verify: does a picture consist of glyphs, crisp white on pure black, on its grid?

Three criteria. *Black*: the decoded background has no light. *Crisp*: all is black or white. *Grid*: the
cells are glyphs, where they ought to be. They are judged twice: of the picture as it is (`raw`, the only
verdict that counts for a model), and `snapped`: laid on the grid that was found and cut at half
brightness, which tells whether its text can be saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from glyphgrad.core.target import Source, load
from glyphgrad.structure.decode import load_at_least
from glyphgrad.structure.layouts.connect import Mask
from glyphgrad.structure.locate import GOOD, Place, locate, uncut, votes
from glyphgrad.structure.match import THRESHOLD, Matches, cells_of, match
from glyphgrad.structure.tiles import Tiles


@dataclass(frozen=True)
class Limits:
    """What a picture must keep to: levels in 0..255, shares in [0, 1]. STRICT allows for nothing but 0 and 255.

    Calibrated on JPEG, blur, noise, resampling, shifts and zooms of one dungeon; `inked` and `kinds`
    keep pictures out that hold nothing.
    """

    background: int = 25
    """The lightest of the background, at most."""
    foreground: int = 230
    """The darkest of the foreground, at least."""
    rare: float = 0.001
    """Share of pixels that these two and the chroma leave out: the 99.9th percentile, and the 0.1th."""
    bright: int = 250
    """The commonest of the bright levels, at least."""
    grey: float = 0.02
    """Share of pixels between `dark` and `light`, at most."""
    dark: int = 16
    light: int = 239
    chroma: int = 8
    """Difference between a pixel's channels, at most."""
    cells: float = GOOD
    """Share of the inked cells that are surely glyphs, at least."""
    inked: float = 0.02
    """Share of cells that are not blank, at least."""
    kinds: int = 2
    """Different glyphs, the blank one left out, at least."""


TOLERANT = Limits()
STRICT = Limits(background=0, foreground=255, rare=0.0, bright=255, grey=0.0, dark=0, light=255, chroma=0)

_SAME_SCALE = 0.0005
"""Half a pixel in 1,024."""
_SENSE = 0.5
"""Share of sure cells below which a picture does not show glyphs at all."""
_WORTH_ASKING = 0.9
"""Share of sure cells below which the grid is off anyway, and the windows need not be searched."""


@dataclass(frozen=True)
class Report:
    """The three criteria, and the figures they were judged by."""

    black: bool
    crisp: bool
    grid: bool
    figures: dict[str, float] = field(compare=False)

    @property
    def passed(self) -> bool:
        return self.black and self.crisp and self.grid


@dataclass(frozen=True, eq=False)
class Verdict:
    """What `verify` found. `place` is where the grid lies, `bad` (rows, cols) the cells that are no glyphs."""

    raw: Report
    snapped: Report
    diagnosis: str
    place: Place
    bad: Mask

    @property
    def passed(self) -> bool:
        """The raw picture keeps to all three criteria."""
        return self.raw.passed


def verify(picture: Source, tiles: Tiles | None = None, strict: bool = False) -> Verdict:
    """Judge a picture by the tolerant limits or the strict ones. Raises PictureError if it is smaller than a cell."""
    tiles, limits = tiles or Tiles(), STRICT if strict else TOLERANT
    image = load_at_least(picture, tiles.tile)
    levels, colours = np.asarray(image.convert("L")), np.asarray(image.convert("RGB"))
    place, _ = locate(levels, tiles)
    snapped = np.where(uncut(levels, place, tiles.tile) >= THRESHOLD, np.uint8(255), np.uint8(0))
    raw, bad = _judged(levels, colours, tiles, limits)
    saved, _ = _judged(snapped, np.stack([snapped] * 3, axis=2), tiles, limits)
    return Verdict(raw, saved, _diagnosis(raw, saved, place, int(bad.sum()), tiles.tile), place, bad)


def judge(picture: Source, tiles: Tiles | None = None, strict: bool = False) -> Report:
    """The raw report alone: no search for where else the grid might lie. Raises PictureError as `verify` does."""
    tiles = tiles or Tiles()
    image = load_at_least(picture, tiles.tile)
    levels, colours = np.asarray(image.convert("L")), np.asarray(image.convert("RGB"))
    return _judged(levels, colours, tiles, STRICT if strict else TOLERANT)[0]


def _judged(levels: NDArray[np.uint8], colours: NDArray[np.uint8], tiles: Tiles, limits: Limits) -> tuple[Report, Mask]:
    """The report of a picture whose grid should lie at (0, 0), and its bad cells."""
    matches = match(cells_of(levels >= THRESHOLD, tiles.tile), tiles)
    figures = {**_levels(levels, matches, tiles, limits), **_grid(levels, matches, tiles)}
    figures["chroma"] = _highest(colours.max(axis=2) - colours.min(axis=2), limits.rare)
    report = Report(
        black=figures["background"] <= limits.background
        and figures["dark_mode"] == 0
        and figures["chroma"] <= limits.chroma,
        crisp=figures["grey"] <= limits.grey
        and figures["foreground"] >= limits.foreground
        and figures["bright_mode"] >= limits.bright,
        grid=figures["cells"] >= limits.cells
        and figures["windows"] == 1
        and figures["inked"] >= limits.inked
        and figures["kinds"] >= limits.kinds,
        figures=figures,
    )
    return report, ~matches.sure


def _levels(levels: NDArray[np.uint8], matches: Matches, tiles: Tiles, limits: Limits) -> dict[str, float]:
    """Levels of the pixels that the nearest glyphs leave black and of those that they make white."""
    lit = tiles.bitmaps[matches.glyphs].transpose(0, 2, 1, 3)
    lit = np.ascontiguousarray(lit).reshape(len(matches.glyphs) * tiles.tile, -1)
    whole = levels[: lit.shape[0], : lit.shape[1]]
    histogram = np.bincount(levels.ravel(), minlength=256)
    dark, bright = histogram[:THRESHOLD], histogram[THRESHOLD:]
    return {
        "background": _highest(whole[~lit], limits.rare),
        "foreground": 255 - _highest(255 - whole[lit], limits.rare),
        "grey": float(histogram[limits.dark + 1 : limits.light].sum() / levels.size),
        "dark_mode": int(dark.argmax()) if dark.any() else THRESHOLD,
        "bright_mode": int(bright.argmax() + THRESHOLD) if bright.any() else 0,
    }


def _highest(levels: NDArray[np.uint8], rare: float) -> int:
    """The least level that no more than a share of `rare` exceed; 0 of none."""
    counts = np.cumsum(np.bincount(levels.ravel(), minlength=256))
    return int(np.searchsorted(counts, (1 - rare) * levels.size))


def _grid(levels: NDArray[np.uint8], matches: Matches, tiles: Tiles) -> dict[str, float]:
    """Shares of sure and of inked cells, kinds of glyphs, and the share of windows that put the grid at (0, 0)."""
    found = votes(levels, tiles) if matches.share >= _WORTH_ASKING else []
    sure = matches.glyphs[matches.sure & matches.inked]
    return {
        "cells": matches.share,
        "inked": float(matches.inked.mean()),
        "kinds": len(np.unique(sure)),
        "windows": float(np.mean([vote.offset == (0, 0) for vote in found])) if found else 0.0,
    }


def _diagnosis(raw: Report, snapped: Report, place: Place, bad: int, tile: int) -> str:
    """In a few words what is wrong with the grid, or that it is right."""
    figures = snapped.figures
    if raw.grid:
        return "on the grid"
    if figures["inked"] < TOLERANT.inked:
        return "nearly blank"
    if figures["cells"] < _SENSE:
        return "not made of glyphs"
    if figures["kinds"] < TOLERANT.kinds:
        return "fewer than two kinds of glyphs"
    scale = place.period / tile
    scaled = f"scaled {scale:.3f}" if abs(scale - 1) > _SAME_SCALE else ""
    moves = ((round(place.x), ("left", "right")), (round(place.y), ("up", "down")))
    shifts = [f"{abs(pixels)} px {names[pixels > 0]}" for pixels, names in moves if pixels]
    shifted = "shifted " + " and ".join(shifts) if shifts else ""
    return ", ".join(filter(None, (scaled, shifted))) or f"{bad} cells are no glyphs"


def overlay(picture: Source, verdict: Verdict, tiles: Tiles | None = None) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with its grid drawn over it and the bad cells marked in red."""
    tile = (tiles or Tiles()).tile
    image = load(picture, dark=True).convert("RGB")
    grid = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(grid)
    for row, col in np.argwhere(verdict.bad):
        left, top = col * tile, row * tile
        draw.rectangle((left, top, left + tile - 1, top + tile - 1), (255, 0, 0, 110), (255, 60, 60, 255))
    for x in range(0, image.width, tile):
        draw.line((x, 0, x, image.height), (70, 110, 255, 120))
    for y in range(0, image.height, tile):
        draw.line((0, y, image.width, y), (70, 110, 255, 120))
    image.paste(grid, mask=grid)
    return np.asarray(image)
