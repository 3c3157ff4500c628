"""glyphgrad-tiny, its base alone and with its LoRA: do the pictures pass, are they what the prompt says, are they new?

python benchmarks/imagine.py [--seeds 30] [--part base|lora] [--sheet FILE]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from families import Families
from glyphgrad.codec.export import write
from glyphgrad.codec.sheet import Axis, Tile, contact_sheet
from glyphgrad.core.frame import Frame
from glyphgrad.structure.config import TRAIN, DatasetConfig
from glyphgrad.structure.dataset import map_of, read_records, write_dataset
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


def base_table(drawn: list[list[Drawn]]) -> str:
    rows = [base_row(title, some) for title, some in titled(drawn)]
    head = ["family", "black", "crisp", "grid", "all three", "grey"]
    return f"## The base alone: pictures that fail\n\n{table(head, rows)}"


def lora_tables(drawn: list[list[Drawn]]) -> str:
    """What the pictures are, by the maps that the LoRA was trained on and those that it was not."""
    config = DatasetConfig(count=MAPS, size=SIZE, charset=CHARS)
    write_dataset(OUT / "maps", config)
    frames = [map_of(config, record["family"], record["seed"])[1] for record in read_records(OUT / "maps")]
    families = Families.taught(config, frames[:TAUGHT])
    right = np.mean([families.of(frames[index]) == config.family(index) for index in range(TAUGHT, MAPS)])
    trained = [config.split(index) == TRAIN for index in range(MAPS)]
    maps = np.stack([frame.cells for frame, seen in zip(frames, trained, strict=True) if seen])
    least = dict.fromkeys(PROMPTS, 1.0)
    for index in np.flatnonzero(~np.array(trained)):
        family = config.family(int(index))
        least[family] = min(least[family], nearest(frames[index].cells, maps))
    rows = [lora_row(title, some, families, maps) for title, some in titled(drawn)]
    head = ["family", "pass", "grey", "sure cells", "family told", "nearest map", "of one piece", "repaired", "seconds"]
    return (
        f"## With the LoRA\n\nThe classifier of families is right on {percent(right)} of {MAPS - TAUGHT} maps it has "
        f"not seen.\n\n{table(head, rows)}\nNearest training map of the validation maps, which the LoRA has not seen, "
        f"at the least: {', '.join(f'{family} {percent(share)}' for family, share in least.items())}\n"
    )


def titled(drawn: list[list[Drawn]]) -> list[tuple[str, list[Drawn]]]:
    """The pictures of each family, and all of them."""
    return [*zip(PROMPTS, drawn, strict=True), ("all", [one for some in drawn for one in some])]


@click.command
@click.option("--seeds", default=30, show_default=True, help="Pictures of each family.")
@click.option("--sheet", "sheet_path", type=Path, help="A contact sheet of the first pictures.")
@click.option("--lora", type=Path, default=TINY_LORA, help="Another LoRA.  [the one in the package]")
@click.option("--part", type=click.Choice(["base", "lora"]), multiple=True, help="One of the two alone.  [both]")
@click.option("--base", default="glyphgrad-tiny", show_default=True)
def main(seeds: int, sheet_path: Path | None, lora: Path, part: tuple[str, ...], base: str) -> None:
    print(about(" ".join(["python", "benchmarks/imagine.py", *sys.argv[1:]])))
    parts: dict[str, list[list[Drawn]]] = {}
    for name in part or ("base", "lora"):
        artist, parts[name] = Artist(base, lora if name == "lora" else None), []
        for family in PROMPTS:
            drawn = draw(artist, name == "lora", seeds, family)
            parts[name].append(drawn)
            click.echo(f"  {name}: {family}, {sum(one.raw.passed for one in drawn)} of {seeds} pass", err=True)
        print((lora_tables if name == "lora" else base_table)(parts[name]), flush=True)
    if sheet_path:
        shown = [[one for drawn in parts.values() for one in drawn[row][:SHOWN]] for row in range(len(PROMPTS))]
        titles = [f"{name} {number + 1}" for name in parts for number in range(min(SHOWN, seeds))]
        write(sheet_path, sheet(shown, titles))


if __name__ == "__main__":
    main()
