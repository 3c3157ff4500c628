from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from glyphgrad.codec.sheet import Axis, Tile, contact_sheet

TABLE = 222


def drawn(rows: list[str], columns: list[str], size: tuple[int, int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The sheet's pixels, and the noise pictures that are its tiles."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, size[::-1], dtype=np.uint8) for _ in range(len(rows) * len(columns))]
    tiles = [Tile(picture, f"caption {number}") for number, picture in enumerate(pictures)]
    data = contact_sheet("a title", Axis("weight of rows", rows), Axis("weight of columns", columns), tiles)
    with Image.open(io.BytesIO(data)) as sheet:
        return np.asarray(sheet), pictures


def place_of(picture: np.ndarray, sheet: np.ndarray) -> tuple[int, int]:
    """(x, y) of the one place where a picture lies, dot by dot."""
    height, width = picture.shape
    windows = np.lib.stride_tricks.sliding_window_view(sheet, picture.shape[1], axis=1)
    rows, columns = np.nonzero((windows == picture[0]).all(axis=-1))
    (place,) = zip(columns.tolist(), rows.tolist(), strict=True)
    np.testing.assert_array_equal(sheet[place[1] :, place[0] :][:height, :width], picture)
    return place


def test_every_picture_lies_whole_in_its_row_and_column() -> None:
    sheet, pictures = drawn(["0", "1"], ["0", "0.5", "1"], (60, 40))
    places = [place_of(picture, sheet) for picture in pictures]
    across, down = ([place[axis] for place in places] for axis in (0, 1))
    assert across[:3] == across[3:]
    assert across[0] < across[1] < across[2]
    assert (len(set(down[:3])), len(set(down[3:]))) == (1, 1)
    assert down[3] > down[0] + 40


@pytest.mark.parametrize("size", [(8, 8), (60, 40), (300, 120)])
def test_nothing_is_written_over_the_edge(size: tuple[int, int]) -> None:
    sheet, _ = drawn(["0.25"], ["0.125"], size)
    edges = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
    assert (edges == TABLE).all()


def test_values_and_captions_are_written() -> None:
    sheet, pictures = drawn(["0"], ["0"], (90, 40))
    other, _ = drawn(["0"], ["7"], (90, 40))
    x, y = place_of(pictures[0], sheet)
    assert (sheet[:y] != other[:y]).any()
    assert (sheet[y:] == other[y:]).all()
    assert (sheet[y + 40 :, x : x + 90] < 150).any()
