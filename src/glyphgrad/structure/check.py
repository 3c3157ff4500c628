"""Check: is a folder of pictures and captions fit to be trained on?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glyphgrad.core.target import load
from glyphgrad.errors import ConfigError, PictureError, TextError
from glyphgrad.structure.config import TRAIN, VALIDATION
from glyphgrad.structure.tiles import Tiles


@dataclass(frozen=True)
class Pair:
    """A picture's file and its caption."""

    picture: Path
    caption: str


def check(folder: Path, size: int | None = None, tile: int = 16) -> dict[str, list[Pair]]:
    """The pairs of each split, by name, of a dataset: of TRAIN and VALIDATION, or of a flat folder as TRAIN.

    Raises ConfigError for a folder without pictures, TextError for a caption that is missing or empty,
    PictureError for a picture that is not `size` pixels square (None: as the first one), whose size is no
    multiple of `tile`, or that holds a pixel neither black nor white.
    """
    Tiles(tile=tile)
    splits = {name: folder / name for name in (TRAIN, VALIDATION) if (folder / name).is_dir()} or {TRAIN: folder}
    files = {name: sorted(place.glob("*.png")) for name, place in splits.items()}
    if not files[next(iter(files))]:
        raise ConfigError(
            f"dataset {str(folder)!r} holds no PNG pictures: name a folder that `structure dataset` wrote"
        )
    pairs: dict[str, list[Pair]] = {}
    for name, pictures in files.items():
        pairs[name] = [Pair(path, caption_of(path)) for path in pictures]
        for path in pictures:
            size = _check_picture(path, size, tile)
    return pairs


def caption_of(picture: Path) -> str:
    """The text beside a picture, of the same name. Raises TextError."""
    path = picture.with_suffix(".txt")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise TextError(
            f"picture {str(picture)!r} has no caption ({error.strerror}): write it to {path.name!r}"
        ) from None
    except UnicodeDecodeError:
        raise TextError(f"caption {str(path)!r} is not UTF-8 text: write it again") from None
    if not text:
        raise TextError(f"caption {str(path)!r} is empty: say what the picture shows")
    return text


def _check_picture(path: Path, size: int | None, tile: int) -> int:
    """The size of a picture. Raises PictureError."""
    image = load(path, dark=True)
    size = size or image.width
    if image.size != (size, size):
        raise PictureError(
            f"picture {str(path)!r} is {image.width} x {image.height}, not {size} x {size}: pictures are of one size, "
            "which is the resolution to train at"
        )
    if size % tile:
        raise PictureError(f"picture {str(path)!r} is {size} pixels wide: give a multiple of the tile, {tile}")
    levels = np.asarray(image)
    grey = (levels != 0) & (levels != 255)
    if grey.any():
        y, x = np.argwhere(grey)[0][:2].tolist()
        raise PictureError(
            f"picture {str(path)!r} is grey ({np.max(levels[y, x])}) at pixel ({x}, {y}), in row {y // tile} and "
            f"column {x // tile} of its cells: make it 0 or 255"
        )
    return size
