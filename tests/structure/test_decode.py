from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glyphgrad.core.frame import Frame
from glyphgrad.errors import PictureError
from glyphgrad.structure.damage import Damage, blur, jpeg, noise, shifted, zoomed
from glyphgrad.structure.decode import decode
from glyphgrad.structure.locate import Place
from glyphgrad.structure.match import cells_of, match
from glyphgrad.structure.tiles import CHARSET, SIZES, Tiles

TEXTS = st.integers(1, 9).flatmap(
    lambda cols: st.lists(st.text(CHARSET, min_size=cols, max_size=cols), min_size=1, max_size=6)
)
MILD = {"none": lambda image: image, "jpeg 75": jpeg(75), "blur 0.4": blur(0.4), "noise 8": noise(8)}


@pytest.mark.parametrize("damage", MILD.values(), ids=MILD)
@given(lines=TEXTS)
@settings(max_examples=40, deadline=None)
def test_every_text_comes_back(damage: Damage, lines: list[str]) -> None:
    frame, tiles = Frame.from_lines(lines), Tiles()
    decoded = decode(damage(Image.fromarray(tiles.render(frame))), tiles)
    assert decoded.frame == frame
    assert decoded.place == Place(0, 0, 16)
    assert decoded.sure.all()


@pytest.mark.parametrize("tile", SIZES)
@given(lines=TEXTS)
@settings(max_examples=30, deadline=None)
def test_every_size_of_tile_comes_back(tile: int, lines: list[str]) -> None:
    frame, tiles = Frame.from_lines(lines), Tiles(tile=tile)
    assert decode(tiles.render(frame), tiles).frame == frame


MOVED = {
    "shifted": (shifted(3, 5), Place(3, 5, 16)),
    "shifted back": (shifted(-2, 0), Place(-2, 0, 16)),
    "zoomed in": (zoomed(1.005), Place(0, 0, 16 * 1029 / 1024)),
    "zoomed out": (zoomed(0.98), Place(0, 0, 16 * 1004 / 1024)),
    "half the size": (lambda image: image.resize((512, 512), Image.Resampling.BOX), Place(0, 0, 8)),
    "larger": (lambda image: image.resize((1536, 1536), Image.Resampling.BICUBIC), Place(0, 0, 24)),
}


@pytest.mark.parametrize("family", ["rooms", "banners"])
@pytest.mark.parametrize("moved", MOVED)
def test_a_moved_map_is_found(maps: dict[str, Image.Image], family: str, moved: str) -> None:
    damage, place = MOVED[moved]
    plain, decoded = decode(maps[family]), decode(damage(maps[family]))
    assert decoded.place.x == pytest.approx(place.x, abs=0.5)  # half a pixel: no cell loses a bit of its glyph
    assert decoded.place.y == pytest.approx(place.y, abs=0.5)
    assert decoded.place.period == pytest.approx(place.period, rel=0.0005)  # half a pixel over the picture
    rows, cols = (min(a, b) for a, b in zip(plain.frame.cells.shape, decoded.frame.cells.shape, strict=True))
    same = plain.frame.cells[1 : rows - 1, 1 : cols - 1] == decoded.frame.cells[1 : rows - 1, 1 : cols - 1]
    assert same.all()  # but for the rim, which the move has cut


def test_distances_are_counted_pixels() -> None:
    tiles, rng = Tiles("#.x│"), np.random.default_rng(4)
    cells = rng.random((3, 5, 256)) < 0.4
    cells[0, 0] = tiles.bitmaps[2].ravel()
    cells[0, 1] = tiles.bitmaps[1].ravel()
    cells[0, 1, :8] ^= True
    found = match(cells, tiles)
    expected = (cells[:, :, None] != tiles.bitmaps.reshape(-1, 256)).sum(axis=3)
    np.testing.assert_array_equal(found.distance, np.sort(expected, axis=2)[:, :, 0])
    np.testing.assert_array_equal(found.runner_up, np.sort(expected, axis=2)[:, :, 1])
    np.testing.assert_array_equal(np.take_along_axis(expected, found.glyphs[:, :, None], 2)[:, :, 0], found.distance)


def test_a_cell_is_sure_within_eight_pixels_of_a_glyph_whose_runner_up_is_twice_as_far() -> None:
    tiles = Tiles("#█")
    picture = tiles.render(Frame.from_lines(["##"]))
    for pixels, sure in ((8, True), (9, False)):
        picture[0, 16 : 16 + pixels] = 255 - tiles.render(Frame.from_lines(["#"]))[0, :pixels]
        decoded = decode(picture, tiles)
        assert decoded.sure.tolist() == [[True, sure]]
        assert decoded.confidence[0, 0] == 1 > decoded.confidence[0, 1]


def test_a_cell_between_two_glyphs_is_not_sure() -> None:
    tiles = Tiles("#.")
    picture = tiles.render(Frame.from_lines(["#."]))
    lit = np.argwhere((picture > 0) & (np.arange(32) >= 16))[:10]
    assert np.count_nonzero(picture[:, 16:]) == 16
    picture[tuple(lit.T)] = 0  # six pixels from a blank, ten from a dot
    decoded = decode(picture, tiles)
    assert decoded.frame.lines == ["# "]
    assert decoded.sure.tolist() == [[True, False]]


def test_cells_are_cut_out_row_by_row() -> None:
    bits = np.arange(40 * 50).reshape(40, 50) % 7 == 0
    cells = cells_of(bits, 16)
    assert cells.shape == (2, 3, 256)
    np.testing.assert_array_equal(cells[1, 2].reshape(16, 16), bits[16:32, 32:48])


def test_of_noise_little_is_sure() -> None:
    assert decode(np.random.default_rng(0).integers(0, 256, (96, 96)).astype(np.uint8)).sure.mean() < 0.1


def test_a_picture_without_a_cell_is_refused() -> None:
    with pytest.raises(PictureError, match="12 x 40"):
        decode(np.zeros((40, 12), np.uint8))
