"""Dataset: pictures of maps with their captions, in a folder that every trainer reads.

Picture `index` depends on the configuration and on itself alone: it is the first of its attempts whose
map (up to the 8 symmetries) and caption none of those before it has. So any number of processes or
machines may draw, while one writes, in order: a run that was ended goes on where it stopped, and the
bytes are always the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from glyphgrad.codec.export import make_directory
from glyphgrad.codec.sheet import Axis, Tile, contact_sheet
from glyphgrad.codec.whole import unwritable, whole_file
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ConfigError, GlyphgradError
from glyphgrad.structure import engines
from glyphgrad.structure.captions import caption
from glyphgrad.structure.config import TRAIN, VALIDATION, DatasetConfig
from glyphgrad.structure.dress import Look, dress
from glyphgrad.structure.folder import claim, drop_strays, dump
from glyphgrad.structure.layouts import draw
from glyphgrad.structure.layouts.plan import Plan
from glyphgrad.structure.measures import fingerprint, measure
from glyphgrad.structure.png import grey_png
from glyphgrad.structure.tiles import Tiles
from glyphgrad.version import SOFTWARE

FORMAT = 2
"""Version of the folder and of the maps: with another one a seed makes other pictures."""
MANIFEST, RECORDS, SHEET, METADATA = "manifest.json", "pictures.jsonl", "contact-sheet.png", "metadata.jsonl"

_ATTEMPTS = 200
_SHOWN, _THUMBNAIL = 4, 256
"""Pictures of each family on the contact sheet, and their size in pixels."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """One picture: its file, and its line in the records."""

    png: bytes
    record: Record


@dataclass(frozen=True)
class Progress:
    """So many of all pictures are written."""

    done: int
    count: int


def make(config: DatasetConfig, index: int, attempt: int = 0) -> Made:
    """Draw one picture."""
    family, seed = config.family(index), [config.seed, index, attempt]
    plan, frame, look = map_of(config, family, seed)
    measures = measure(plan.cells)
    picture = grey_png(_tiles(config.charset, config.tile).render(frame))
    record = {
        "file_name": f"{config.split(index)}/{index:05}.png",
        "text": caption(family, plan, look, measures),
        "family": family,
        "seed": seed,
        "measures": asdict(measures),
        "fingerprint": fingerprint(plan.cells),
        "sha256": hashlib.sha256(picture).hexdigest(),
    }
    return Made(picture, record)


def map_of(config: DatasetConfig, family: str, seed: list[int]) -> tuple[Plan, Frame, Look]:
    """The map of a record's family and seed, its characters, and the look they were chosen in."""
    rng, side = np.random.default_rng(seed), config.size // config.tile
    plan = draw(family, rng, side, side)
    return plan, *dress(plan, rng, _tiles(config.charset, config.tile).chars)


_tiles = cache(Tiles)


def write_dataset(
    out: Path,
    config: DatasetConfig,
    engine: str = "local",
    workers: int | None = None,
    on_step: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Write a dataset into a folder, or go on with one; returns the number of pictures that are there.

    `engine` is "local" (`workers` processes, None: as many as there are cores) or "ray". Fewer than
    `config.count` are there only if `stop` said so. Raises ConfigError for a folder that holds
    anything else, OutputError, and DeviceError for an engine that is not there.
    """
    engines.check(engine, workers)
    claim(out, MANIFEST, "dataset", _manifest(config))
    seen: set[bytes] = set()
    done = _resume(out, seen)
    made = engines.run(engine, make, config, range(done, config.count), workers)
    try:
        with _appended(out / RECORDS) as records:
            for first in made:
                if stop():
                    return done
                _write(out, _new(config, done, first, seen), records)
                done += 1
                if on_step:
                    on_step(Progress(done, config.count))
    finally:
        made.close()
    _finish(out, config)
    return done


def read_records(out: Path) -> Iterator[Record]:
    """The records of a dataset in order, up to a line that was not written to its end."""
    if not (out / RECORDS).exists():
        return
    with (out / RECORDS).open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                return


def _manifest(config: DatasetConfig) -> Record:
    values = asdict(config)
    return {"format": FORMAT, **values, "families": list(config.families)}


def _resume(out: Path, seen: set[bytes]) -> int:
    """How many pictures are there, in order and whole; what follows them is dropped from the records."""
    for split in (TRAIN, VALIDATION):
        make_directory(out / split)
    drop_strays(out)
    kept, done = 0, 0
    for record in read_records(out):
        picture = out / record["file_name"]
        if not _is_whole(picture, record):
            break
        kept += len(_line(record))
        done += 1
        seen |= _keys(record)
    if (out / RECORDS).exists():
        with (out / RECORDS).open("r+b") as file:
            file.truncate(kept)
    return done


def _is_whole(picture: Path, record: Record) -> bool:
    try:
        same = hashlib.sha256(picture.read_bytes()).hexdigest() == record["sha256"]
        return same and picture.with_suffix(".txt").read_text(encoding="utf-8") == record["text"] + "\n"
    except OSError:
        return False


def _new(config: DatasetConfig, index: int, made: Made, seen: set[bytes]) -> Made:
    """The first attempt at a picture that none before it equals; it is added to those seen."""
    for attempt in range(1, _ATTEMPTS):
        keys = _keys(made.record)
        if not keys & seen:
            seen |= keys
            return made
        made = make(config, index, attempt)
    raise ConfigError(
        f"no new map of family {config.family(index)!r} after {index} pictures of {config.size} pixels: "
        "make fewer or larger ones"
    )


@contextmanager
def _appended(path: Path) -> Iterator[IO[bytes]]:
    """A file to add lines to; one that the disk has cut short is dropped by the next run."""
    try:
        with path.open("ab") as file:
            yield file
    except GlyphgradError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def _keys(record: Record) -> set[bytes]:
    """What no two pictures may share, the map and the caption, in few bytes."""
    texts = record["fingerprint"], record["text"]
    return {hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts}


def _write(out: Path, made: Made, records: IO[bytes]) -> None:
    picture = out / made.record["file_name"]
    with whole_file(picture) as file:
        file.write(made.png)
    with whole_file(picture.with_suffix(".txt")) as file:
        file.write(f"{made.record['text']}\n".encode())
    records.write(_line(made.record))
    records.flush()


def _line(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _finish(out: Path, config: DatasetConfig) -> None:
    """What is made from all pictures: the metadata of each split, the contact sheet, the manifest."""
    for split in (TRAIN, VALIDATION):
        with whole_file(out / split / METADATA) as file:
            for record in read_records(out):
                folder, name = record["file_name"].split("/")
                if folder == split:
                    file.write(_line({**record, "file_name": name}))
    with whole_file(out / SHEET) as file:
        file.write(_sheet(out, config))
    digest = hashlib.sha256()
    with (out / RECORDS).open("rb") as lines:
        for line in lines:
            digest.update(line)
    dump(
        out / MANIFEST,
        {**_manifest(config), "complete": True, "software": SOFTWARE, "sha256": digest.hexdigest()},
    )


def _sheet(out: Path, config: DatasetConfig) -> bytes:
    """The first pictures of each family, shrunk."""
    columns = min(_SHOWN, -(-config.count // len(config.families)))
    blank = np.zeros((_THUMBNAIL, _THUMBNAIL), np.uint8)
    tiles = {(family, turn): Tile(blank, "") for family in config.families for turn in range(columns)}
    for index, record in zip(range(columns * len(config.families)), read_records(out), strict=False):
        with Image.open(out / record["file_name"]) as picture:
            small = np.asarray(picture.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX))
        tiles[record["family"], index // len(config.families)] = Tile(small, record["file_name"])
    title = f"{config.count} maps, seed {config.seed}, {config.size} pixels"
    names = [str(turn + 1) for turn in range(columns)]
    return contact_sheet(title, Axis("family", config.families), Axis("picture", names), list(tiles.values()))
