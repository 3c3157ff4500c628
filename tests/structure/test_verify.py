from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad.core.frame import Frame
from glyphgrad.errors import PictureError
from glyphgrad.structure.damage import BAD, GOOD, Damage, shifted, zoomed
from glyphgrad.structure.layouts import FAMILIES
from glyphgrad.structure.tiles import SIZES, Tiles
from glyphgrad.structure.verify import judge, overlay, verify

FAILING = {
    "JPEG 50": ({"crisp"}, "on the grid"),
    "Lanczos twice": ({"crisp"}, "on the grid"),
    "blur 0.4": ({"crisp"}, "on the grid"),
    "blur 0.8": ({"black", "crisp"}, "on the grid"),
    "shifted 1 px": ({"black", "crisp", "grid"}, "shifted 1 px right"),
    "zoom 1.005": ({"black", "crisp", "grid"}, "scaled 1.005"),
}
"""Which criteria must fail at the least, and what is said about the grid."""


def calibration(maps: dict[str, Image.Image]) -> Image.Image:
    return maps["rooms"]


@pytest.mark.parametrize("strict", [False, True])
def test_the_raw_report_alone_is_the_same(maps: dict[str, Image.Image], strict: bool) -> None:
    picture = BAD["blur 0.4"](calibration(maps))
    report, raw = judge(picture, strict=strict), verify(picture, strict=strict).raw
    assert report == raw
    assert report.figures == raw.figures


@pytest.mark.parametrize("family", FAMILIES)
def test_a_map_passes_even_strictly(maps: dict[str, Image.Image], family: str) -> None:
    verdict = verify(maps[family], strict=True)
    assert verdict.passed
    assert verdict.snapped.passed
    assert verdict.diagnosis == "on the grid"
    assert not verdict.bad.any()


@pytest.mark.parametrize("damage", GOOD.values(), ids=GOOD)
def test_the_good_rows_of_the_calibration_pass_and_but_for_the_clean_one_fail_strictly(
    maps: dict[str, Image.Image], damage: Damage
) -> None:
    picture = damage(calibration(maps))
    assert verify(picture).passed
    assert verify(picture, strict=True).passed == (damage is GOOD["clean"])


@pytest.mark.parametrize("row", BAD)
def test_the_bad_rows_of_the_calibration_fail(maps: dict[str, Image.Image], row: str) -> None:
    failing, diagnosis = FAILING[row]
    verdict = verify(BAD[row](calibration(maps)))
    assert failing <= {name for name in ("black", "crisp", "grid") if not getattr(verdict.raw, name)}
    assert not verdict.passed
    assert verdict.diagnosis == diagnosis
    assert verdict.snapped.passed  # the text is all there


def test_a_shift_is_named_in_both_directions(maps: dict[str, Image.Image]) -> None:
    assert verify(shifted(-3, 2)(maps["mazes"])).diagnosis == "shifted 3 px left and 2 px down"


def pictures_of_nothing() -> dict[str, np.ndarray]:
    rng, size = np.random.default_rng(0), (256, 256)
    halves = np.zeros(size, np.uint8)
    halves[:, 128:] = 255
    return {
        "black": np.zeros(size, np.uint8),
        "white": np.full(size, 255, np.uint8),
        "grey": np.full(size, 128, np.uint8),
        "dark grey": np.full(size, 90, np.uint8),
        "noise": rng.integers(0, 256, size).astype(np.uint8),
        "black and white noise": (rng.integers(0, 2, size) * 255).astype(np.uint8),
        "halves": halves,
    }


@pytest.mark.parametrize("name", pictures_of_nothing())
def test_pictures_of_nothing_fail(name: str) -> None:
    verdict = verify(pictures_of_nothing()[name])
    assert not verdict.raw.grid
    assert not verdict.snapped.passed
    assert verdict.diagnosis != "on the grid"


def test_a_photograph_fails(photo: Path) -> None:
    raw = verify(photo).raw
    assert (raw.black, raw.crisp, raw.grid) == (False, False, False)


def test_a_few_bad_cells_are_named_and_marked(maps: dict[str, Image.Image]) -> None:
    levels = np.asarray(maps["rooms"]).copy()
    levels[320:352, 320:400] = np.random.default_rng(0).integers(0, 2, (32, 80)) * 255
    verdict = verify(levels)
    assert np.argwhere(verdict.bad).tolist() == [[row, col] for row in (20, 21) for col in range(20, 25)]
    shown = overlay(levels, verdict).astype(int)
    red = (shown[..., 0] > shown[..., 1] + 20) & (shown[..., 0] > shown[..., 2] + 20)
    assert red.reshape(64, 16, 64, 16).any(axis=(1, 3))[verdict.bad].all()
    assert not red.reshape(64, 16, 64, 16).any(axis=(1, 3))[~verdict.bad].any()


def test_more_than_one_cell_in_a_hundred_off_fails_the_grid() -> None:
    tiles = Tiles()
    lines = ["#." * 16] * 32  # 1,024 cells, none blank
    for bad, passes in ((10, True), (11, False)):
        levels = tiles.render(Frame.from_lines(lines))
        for cell in range(bad):
            levels[32 * cell : 32 * cell + 16, 0:16] ^= np.uint8(255)
        verdict = verify(levels)
        assert verdict.raw.grid == passes
        assert verdict.bad.sum() == bad
    assert verdict.diagnosis == "11 cells are no glyphs"


def test_a_picture_that_the_edge_cuts_is_judged_by_its_whole_cells(maps: dict[str, Image.Image]) -> None:
    """Of a cave in solid rock every cell at the edge is inked, and a shift or zoom cuts those."""
    for damage in (shifted(5, 3), zoomed(1.005)):
        assert verify(damage(maps["caves"])).snapped.passed


def failing(levels: np.ndarray) -> set[str]:
    raw = verify(levels).raw
    return {name for name in ("black", "crisp", "grid") if not getattr(raw, name)}


def test_each_criterion_fails_by_itself(maps: dict[str, Image.Image]) -> None:
    levels = np.asarray(maps["rooms"])
    assert failing(np.maximum(levels, 5)) == {"black"}  # no background is 0
    yellow = np.stack([levels, levels, np.minimum(levels, 240)], axis=2)
    assert failing(yellow) == {"black"}
    greyish = levels.copy()
    lit = np.argwhere(levels == 255)[: round(0.021 * levels.size)]
    greyish[tuple(lit.T)] = 235
    assert failing(greyish) == {"crisp"}
    greyish[tuple(lit[: len(lit) // 10].T)] = 255
    assert failing(greyish) == set()  # 1.9 % of grey


def test_a_window_that_lies_elsewhere_fails_the_grid_of_the_whole() -> None:
    tiles = Tiles()
    levels = tiles.render(Frame.from_lines([" " * 16 + "#." * 24] * 16 + ["#." * 32] * 48))
    corner = tiles.render(Frame.from_lines(["ABCDEFGHIJ"]))
    levels[32:48, 33:193] = corner
    verdict = verify(levels)
    assert verdict.raw.figures["cells"] > 0.99
    assert verdict.raw.figures["windows"] == 0.8
    assert not verdict.raw.grid


def test_a_picture_with_hardly_any_ink_fails_the_grid() -> None:
    for letters, passes in ((20, False), (21, True)):
        lines = [" " * 32] * 31 + ["AB" * 16]
        lines[-1] = lines[-1][:letters].ljust(32)
        assert verify(Tiles().render(Frame.from_lines(lines))).raw.grid == passes  # of 1,024 cells


def test_one_light_pixel_in_the_background_fails_strictly_only(maps: dict[str, Image.Image]) -> None:
    levels = np.asarray(maps["rooms"]).copy()
    levels[np.unravel_index(levels.argmin(), levels.shape)] = 1
    assert verify(levels).passed
    strict = verify(levels, strict=True).raw
    assert (strict.black, strict.crisp, strict.grid) == (False, False, True)


@pytest.mark.parametrize("tile", SIZES)
def test_other_tiles_are_judged_by_their_own_size(tile: int) -> None:
    tiles = Tiles(tile=tile)
    picture = tiles.render(Frame.from_lines([f"#.+<>{row}ABC" * 3 for row in range(10)]))
    assert verify(picture, tiles).passed
    assert verify(np.roll(picture, 1, 1), tiles).diagnosis == "shifted 1 px right"


def test_a_verdict_is_frozen(maps: dict[str, Image.Image]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        verify(maps["rooms"]).diagnosis = ""


def test_a_picture_without_a_cell_is_refused() -> None:
    with pytest.raises(PictureError, match="12 x 40"):
        verify(np.zeros((40, 12), np.uint8))
