"""glyphgrad-tiny, its base alone and with its LoRA: do the pictures pass, are they what the prompt says, are they new?

python benchmarks/imagine.py [--seeds 30] [--sheet FILE]
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from families import Families, frame_of
from glyphgrad.codec.export import write
from glyphgrad.codec.sheet import Axis, Tile, contact_sheet
from glyphgrad.structure.config import TRAIN, DatasetConfig
from glyphgrad.structure.imagine import Artist, ImagineConfig, Imagined
from glyphgrad.structure.pipeline import TINY_LORA
from glyphgrad.structure.tiny.words import CHARS
from glyphgrad.structure.walk import ground, repaired
from machine import about
from tables import Cell, table

PROMPTS = {
    "caves": "a cave system",
    "rooms": "a systematic dungeon map",
    "corridors": "an infinite corridor",
    "mazes": "a winding maze",
    "labyrinths": "a labyrinth with rooms",
    "banners": "a banner with letters",
    "islands": "an archipelago",
    "towns": "a walled town",
    "temples": "a symmetrical temple",
}
"""Family -> what is asked for: a few words, as a person would type them."""

MAPS, SIZE = 4000, 512
"""Of the dataset that the LoRA was trained on: examples/train_tiny.py."""
TAUGHT = 2700
"""Maps, the first of them, that the classifier learns from; what follows them tells how good it is."""
SHOWN = 2


@dataclass(frozen=True)
class Drawn:
    """What is kept of a picture."""

    imagined: Imagined
    family: str
    seconds: float


def draw(artist: Artist, lora: bool, seeds: int, family: str) -> list[Drawn]:
    """A picture a seed."""
    drawn = []
    for seed in range(seeds):
        start = time.perf_counter()
        config = ImagineConfig(PROMPTS[family], seed=seed)
        imagined = artist.draw(config if lora else replace(config, lora=None))
        drawn.append(Drawn(imagined, family, time.perf_counter() - start))
    return drawn


def base_row(family: str, drawn: list[Drawn]) -> list[Cell]:
    """How many fail each criterion, and how many fail all."""
    raws = [one.imagined.verdict.raw for one in drawn]
    fails = [[not raw.black, not raw.crisp, not raw.grid] for raw in raws]
    grey = np.mean([raw.figures["grey"] for raw in raws])
    return [family, *(percent(np.mean(column)) for column in zip(*fails, strict=True)),
            percent(np.mean([all(fail) for fail in fails])), percent(grey)]  # fmt: skip


def lora_row(family: str, drawn: list[Drawn], families: Families, maps: NDArray[np.uint32]) -> list[Cell]:
    """What the pictures with the LoRA are worth."""
    raws = [one.imagined.verdict.raw for one in drawn]
    frames = [one.imagined.decoded.frame for one in drawn]
    whole = [ground(frame).parts <= 1 for frame in frames]
    fixed = [ground(repaired(frame)[0]).parts <= 1 for frame in frames]
    return [
        family,
        percent(np.mean([raw.passed for raw in raws])),
        percent(np.mean([raw.figures["grey"] for raw in raws]), 2),
        percent(np.mean([one.imagined.decoded.sure.mean() for one in drawn]), 2),
        percent(np.mean([families.of(frame) == family for frame in frames])),
        percent(min(nearest(frame.cells, maps) for frame in frames)),
        percent(np.mean(whole)),
        percent(np.mean(fixed)),
        float(np.median([one.seconds for one in drawn])),
    ]


def nearest(cells: NDArray[np.uint32], maps: NDArray[np.uint32]) -> float:
    """The share of cells in which the most like of some maps (n, rows, cols) differs."""
    return float((maps != cells).mean(axis=(1, 2)).min())


def percent(share: float | np.floating, digits: int = 1) -> str:
    return f"{share:.{digits}%}"


def sheet(drawn: list[list[Drawn]], titles: list[str]) -> bytes:
    """The first pictures of each family, as they were drawn."""
    tiles = [
        Tile(one.imagined.picture[::2, ::2, 0], f"seed {one.imagined.config.seed}") for row in drawn for one in row
    ]
    return contact_sheet("glyphgrad-tiny", Axis("family", list(PROMPTS)), Axis("picture", titles), tiles)


@click.command
@click.option("--seeds", default=30, show_default=True, help="Pictures of each family.")
@click.option("--sheet", "sheet_path", type=Path, help="A contact sheet of the first pictures.")
@click.option("--lora", type=Path, default=TINY_LORA, help="Another LoRA.  [the one in the package]")
@click.option("--base", default="glyphgrad-tiny", show_default=True)
def main(seeds: int, sheet_path: Path | None, lora: Path, base: str) -> None:
    config = DatasetConfig(count=MAPS, size=SIZE, charset=CHARS)
    frames = [frame_of(config, index) for index in range(MAPS)]
    families = Families.taught(config, frames[:TAUGHT])
    right = np.mean([families.of(frames[index]) == config.family(index) for index in range(TAUGHT, MAPS)])
    maps = np.stack([frame.cells for index, frame in enumerate(frames) if config.split(index) == TRAIN])
    print(about(f"python benchmarks/imagine.py --seeds {seeds}"))
    rows: dict[bool, list[list[Cell]]] = {}
    shown: list[list[Drawn]] = [[] for _ in PROMPTS]
    for with_lora in (False, True):
        artist, rows[with_lora] = Artist(base, lora if with_lora else None), []
        for place, family in enumerate(PROMPTS):
            drawn = draw(artist, with_lora, seeds, family)
            row = lora_row(family, drawn, families, maps) if with_lora else base_row(family, drawn)
            rows[with_lora].append(row)
            shown[place] += drawn[:SHOWN]
            print("  ", *row, flush=True)
    print("## The base alone: pictures that fail\n")
    print(table(["family", "black", "crisp", "grid", "all three", "grey"], rows[False]))
    print("## With the LoRA\n")
    print(f"The classifier of families is right on {percent(right)} of {MAPS - TAUGHT} maps it has not seen.\n")
    head = ["family", "pass", "grey", "sure cells", "family told", "nearest map", "of one piece", "repaired", "seconds"]
    print(table(head, rows[True]))
    if sheet_path:
        titles = [f"{what} {number + 1}" for what in ("base", "LoRA") for number in range(SHOWN)]
        write(sheet_path, sheet(shown, titles))


if __name__ == "__main__":
    main()
