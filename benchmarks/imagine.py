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
from PIL import Image

from families import Families, frame_of
from glyphgrad.codec.export import write
from glyphgrad.codec.sheet import Axis, Tile, contact_sheet
from glyphgrad.core.frame import Frame
from glyphgrad.structure.config import TRAIN, DatasetConfig
from glyphgrad.structure.dataset import read_records, write_dataset
from glyphgrad.structure.imagine import Artist, ImagineConfig, Imagined
from glyphgrad.structure.pipeline import TINY_LORA
from glyphgrad.structure.tiny.words import CHARS
from glyphgrad.structure.verify import Report, judge
from glyphgrad.structure.walk import ground, repaired
from machine import OUT, about
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
    """What is kept of a picture; `imagined` only of those with the LoRA: what was read of it."""

    family: str
    seed: int
    picture: NDArray[np.uint8]
    raw: Report
    seconds: float
    imagined: Imagined | None = None

    @property
    def frame(self) -> Frame:
        assert self.imagined
        return self.imagined.decoded.frame


def draw(artist: Artist, lora: bool, seeds: int, family: str) -> list[Drawn]:
    """A picture a seed. Of the base's no text is read: to look for their grid takes longer than to draw them."""
    drawn = []
    for seed in range(seeds):
        start = time.perf_counter()
        config = ImagineConfig(PROMPTS[family], seed=seed)
        imagined = artist.draw(config) if lora else None
        picture = imagined.picture if imagined else artist.picture(replace(config, lora=None))
        seconds = time.perf_counter() - start
        raw = imagined.verdict.raw if imagined else judge(Image.fromarray(picture))
        drawn.append(Drawn(family, seed, picture, raw, seconds, imagined))
    return drawn


def base_row(title: str, drawn: list[Drawn]) -> list[Cell]:
    """How many fail each criterion, and how many fail all."""
    fails = [[not one.raw.black, not one.raw.crisp, not one.raw.grid] for one in drawn]
    grey = np.mean([one.raw.figures["grey"] for one in drawn])
    return [title, *(percent(np.mean(column)) for column in zip(*fails, strict=True)),
            percent(np.mean([all(fail) for fail in fails])), percent(grey)]  # fmt: skip


def lora_row(title: str, drawn: list[Drawn], families: Families, maps: NDArray[np.uint32]) -> list[Cell]:
    """What the pictures with the LoRA are worth."""
    raws, frames = [one.raw for one in drawn], [one.frame for one in drawn]
    whole = [ground(frame).parts <= 1 for frame in frames]
    fixed = [ground(repaired(frame)[0]).parts <= 1 for frame in frames]
    return [
        title,
        percent(np.mean([raw.passed for raw in raws])),
        percent(np.mean([raw.figures["grey"] for raw in raws]), 2),
        percent(np.mean([one.imagined.decoded.sure.mean() for one in drawn if one.imagined]), 2),
        percent(np.mean([families.of(one.frame) == one.family for one in drawn])),
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
    tiles = [Tile(one.picture[::2, ::2, 0], f"seed {one.seed}") for row in drawn for one in row]
    return contact_sheet("glyphgrad-tiny", Axis("family", list(PROMPTS)), Axis("picture", titles), tiles)


@click.command
@click.option("--seeds", default=30, show_default=True, help="Pictures of each family.")
@click.option("--sheet", "sheet_path", type=Path, help="A contact sheet of the first pictures.")
@click.option("--lora", type=Path, default=TINY_LORA, help="Another LoRA.  [the one in the package]")
@click.option(
    "--part", type=click.Choice(["base", "lora"]), multiple=True, default=["base", "lora"], help="One of the two."
)
@click.option("--base", default="glyphgrad-tiny", show_default=True)
def main(seeds: int, sheet_path: Path | None, lora: Path, part: tuple[str, ...], base: str) -> None:
    config = DatasetConfig(count=MAPS, size=SIZE, charset=CHARS)
    write_dataset(OUT / "maps", config)
    frames = [frame_of(config, record) for record in read_records(OUT / "maps")]
    families = Families.taught(config, frames[:TAUGHT])
    right = np.mean([families.of(frames[index]) == config.family(index) for index in range(TAUGHT, MAPS)])
    splits = [config.split(index) for index in range(MAPS)]
    maps = np.stack([frame.cells for frame, split in zip(frames, splits, strict=True) if split == TRAIN])
    unseen = [
        (config.family(index), nearest(frame.cells, maps))
        for index, frame in enumerate(frames)
        if splits[index] != TRAIN
    ]
    print(about(f"python benchmarks/imagine.py --seeds {seeds}"))
    rows: dict[bool, list[list[Cell]]] = {}
    shown: list[list[Drawn]] = [[] for _ in PROMPTS]
    for with_lora in (name == "lora" for name in part):
        artist, rows[with_lora] = Artist(base, lora if with_lora else None), []
        all_drawn: list[Drawn] = []
        for place, family in enumerate(PROMPTS):
            drawn = draw(artist, with_lora, seeds, family)
            all_drawn += drawn
            shown[place] += drawn[:SHOWN]
            for title, some in ((family, drawn), ("all", all_drawn))[: 1 + (place == len(PROMPTS) - 1)]:
                row = lora_row(title, some, families, maps) if with_lora else base_row(title, some)
                rows[with_lora].append(row)
                print("  ", *row, flush=True)
    if False in rows:
        print("## The base alone: pictures that fail\n")
        print(table(["family", "black", "crisp", "grid", "all three", "grey"], rows[False]))
    if True not in rows:
        return
    print("## With the LoRA\n")
    print(f"The classifier of families is right on {percent(right)} of {MAPS - TAUGHT} maps it has not seen.\n")
    head = ["family", "pass", "grey", "sure cells", "family told", "nearest map", "of one piece", "repaired", "seconds"]
    print(table(head, rows[True]))
    least = {family: percent(min(share for name, share in unseen if name == family)) for family in PROMPTS}
    print("Nearest training map of the validation maps, which the LoRA has not seen, at the least:", end=" ")
    print(", ".join(f"{family} {share}" for family, share in least.items()))
    if sheet_path:
        titles = [f"{what} {number + 1}" for what in part for number in range(SHOWN)]
        write(sheet_path, sheet(shown, titles))


if __name__ == "__main__":
    main()
