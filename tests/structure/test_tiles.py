from __future__ import annotations

import string

import numpy as np
import pytest

from glyphgrad.codec.export import ENCODERS
from glyphgrad.core.frame import Frame
from glyphgrad.core.presets import FONTS
from glyphgrad.errors import ConfigError
from glyphgrad.structure.tiles import CHARSET, SIZES, Tiles


@pytest.mark.parametrize("tile", SIZES)
def test_no_two_glyphs_are_closer_than_a_sixteenth_of_their_pixels(tile: int) -> None:
    flat = Tiles(tile=tile).bitmaps.reshape(len(CHARSET), -1)
    distances = [int((a != b).sum()) for i, a in enumerate(flat) for b in flat[:i]]
    assert min(distances) >= tile * tile / 16


def test_the_charset_holds_letters_digits_and_the_signs_of_maps() -> None:
    assert set(string.ascii_letters + string.digits + " #.+<>│─┼█") <= set(CHARSET)


def test_a_picture_is_the_glyphs_of_the_font_file_side_by_side() -> None:
    line = next(line for line in (FONTS / "structure-8x8.hex").read_text().splitlines() if line.startswith("0041:"))
    rows = [f"{byte:08b}" for byte in bytes.fromhex(line.removeprefix("0041:"))]
    letter = np.array([[int(bit) for bit in row] for row in rows], np.uint8)
    shown = Tiles(tile=16).render(Frame.from_lines(["A ", " A"]))
    expected = np.kron(np.array([[1, 0], [0, 1]], np.uint8), np.kron(letter, np.ones((2, 2), np.uint8))) * 255
    np.testing.assert_array_equal(shown, expected)


def test_the_codec_draws_the_same_picture() -> None:
    tiles, frame = Tiles(tile=8), Frame.from_lines(["#+│", "a.b"])
    np.testing.assert_array_equal(tiles.art(frame).pixels, tiles.render(frame))
    assert ENCODERS[".utf8"](tiles.art(frame)).decode() == frame.text


@pytest.mark.parametrize(
    ("chars", "tile", "quoted"),
    [
        ("#.", 12, "tile is 12"),
        ("|│", 16, "'|' and '│'"),
        ("#\U00013000", 16, "which the tiles lack"),
        ("#\t", 16, r"'\\t'"),
    ],
)
def test_what_cannot_be_told_apart_or_drawn_is_refused(chars: str, tile: int, quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        Tiles(chars, tile)


def test_a_character_outside_the_charset_is_refused() -> None:
    with pytest.raises(ConfigError, match="'x'"):
        Tiles("#.").render(Frame.from_lines(["#x"]))
