from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from glyphgrad import PRESETS, Art, Frame, Layout
from glyphgrad.codec.escpos import PAPERS, Paper, PrintOptions, dots_of, encode
from glyphgrad.core.charset import CP437
from glyphgrad.errors import ConfigError, GlyphgradWarning

EPSON = PRESETS["epson"]
START = b"\x1b@\x1dP\xb4\xb4"  # initialise, 180 units an inch
TEXT = b"\x1bR\0\x1c.\x1bt\0\x1bM\0\x1b3\x1e"  # USA, one byte a character, page 0, Font A, 30 dots a line
FEED, END = b"\x1bJ\x78", b"\x1b@"


ATLAS = EPSON.atlas(CP437[1:])


def art_of(*lines: str, row_gap: int = 6, dark: bool = False) -> Art:
    frame = Frame.from_lines(list(lines))
    return Art(frame, ATLAS, Layout(frame.rows, frame.cols, 24, 12, row_gap), dark)


def test_golden_bytes_of_a_text() -> None:
    assert encode(art_of("ab█", " é~")) == START + TEXT + b"\x1b{\0" + b"ab\xdb\n \x82~\n" + FEED + END


def test_golden_bytes_with_everything() -> None:
    options = PrintOptions(cut=True, copies=2, density=-2, upside_down=True)
    job = encode(art_of("ab", "c ", row_gap=0), Paper(48, 576, 203, code_page=50, cutter="full"), options)
    settings = b"\x1b@\x1dP\xcb\xcb\x1d(K\2\x001\xfe\x1bR\0\x1c.\x1bt\x32\x1bM\0\x1b3\x18\x1b{\1"
    assert job == settings + 2 * b"c \nab\n\x1dVA\0" + END


def test_every_character_of_the_page_is_its_byte() -> None:
    page = CP437[0x20:] + " " * 28
    rows = [page[at : at + 42] for at in range(0, 252, 42)]
    bytes_ = bytes(range(0x20, 0x100)) + b" " * 28
    lines = b"".join(bytes_[at : at + 42] + b"\n" for at in range(0, 252, 42))
    assert encode(art_of(*rows)) == START + TEXT + b"\x1b{\0" + lines + FEED + END


def read_raster(job: bytes) -> np.ndarray:
    """The dots of the bands of a job, as a printer reads them."""
    rows, at = [], job.index(b"\x1dv0")
    while job[at : at + 4] == b"\x1dv0\0":
        width, height = int.from_bytes(job[at + 4 : at + 6], "little"), int.from_bytes(job[at + 6 : at + 8], "little")
        at += 8
        data = np.frombuffer(job[at : at + width * height], np.uint8).reshape(height, width)
        rows.append(np.unpackbits(data, axis=1))
        at += width * height
    assert job[at:] == FEED + END
    return np.concatenate(rows).astype(bool)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("upside_down", [False, True])
def test_a_raster_is_what_the_art_looks_like(dark: bool, upside_down: bool) -> None:
    art = art_of(*["Ab☺ü"] * 20, dark=dark)  # 594 rows: three bands
    found = read_raster(encode(art, PAPERS[42], PrintOptions(raster=True, upside_down=upside_down)))
    shown = np.pad(art.pixels < 128, ((0, 0), (0, 512 - 48)))
    assert np.array_equal(found, shown[::-1, ::-1] if upside_down else shown)
    assert np.array_equal(found, dots_of(art, PAPERS[42], upside_down))


def test_the_raster_agrees_with_python_escpos() -> None:
    from glyphgrad.out.printer import _escpos

    art = art_of(*["Ab☺ü"] * 10)
    dummy = _escpos("printer").Dummy()
    dots = dots_of(art, PAPERS[42])
    dummy.image(Image.fromarray(~dots), impl="bitImageRaster", fragment_height=240)
    bands = encode(art, PAPERS[42], PrintOptions(raster=True)).removeprefix(START).removesuffix(FEED + END)
    assert bands == dummy.output


def test_downloaded_glyphs_are_the_atlas_and_the_text_uses_them() -> None:
    art = art_of("☺a ☺", "█  z")
    job = encode(art, options=PrintOptions(download_glyphs=True))
    start = job.index(b"\x1b&\3") + 3
    first, last = job[start], job[start + 1]
    codes, at = {}, start + 2
    for code in range(first, last + 1):
        assert job[at] == 12
        columns = np.frombuffer(job[at + 1 : at + 37], np.uint8).reshape(12, 3)
        codes[code] = np.unpackbits(columns, axis=1).T
        at += 37
    settings, lines = b"\x1b%\1\x1b{\0", job[at + 6 :].removesuffix(FEED + END)
    assert job[at : at + 6] == settings
    blank = np.zeros((24, 12))
    shown = [[codes.get(code, blank) for code in line] for line in lines.split(b"\n")[:2]]
    assert np.array_equal(np.block(shown), (art_of("☺a ☺", "█  z", row_gap=0).ink >= 0.5))


def test_characters_beyond_the_last_code_are_the_printers_own() -> None:
    chars = CP437[0x21:0x7F] + "éü█"
    job = encode(art_of(chars[:42], chars[42:84], chars[84:]), options=PrintOptions(download_glyphs=True))
    assert job[job.index(b"\x1b&\3") + 3 :][:2] == b"\x21\x7e"
    line = job.removesuffix(FEED + END).split(b"\n")[-2]
    assert line.rstrip(b" ").endswith(bytes(CP437.index(char) for char in "éü█"))
    with pytest.raises(ConfigError, match=r"cannot be printed as text: print a raster$"):
        encode(art_of("☺" * 42, chars[:42], chars[42:84], chars[84:]), options=PrintOptions(download_glyphs=True))


def test_the_bits_of_density_are_epsons() -> None:
    densities = {-6: 250, -1: 255, 0: 0, 8: 8}  # 70 %, 95 %, as set, 140 %
    for steps, number in densities.items():
        assert b"\x1d(K\2\x001" + bytes([number]) in encode(art_of("ab"), options=PrintOptions(density=steps))


def test_a_printer_without_a_knife_is_told_of() -> None:
    with pytest.warns(GlyphgradWarning, match="no cutter"):
        job = encode(art_of("ab"), Paper(32, 384, 203, cutter="none"), PrintOptions(cut=True))
    assert job.endswith(FEED + END)


@pytest.mark.parametrize(
    ("art", "options", "message"),
    [
        (art_of("a" * 43), {}, "art is 43 columns wide, the paper 42"),
        (art_of("a" * 43), {"raster": True}, "art is 516 dots wide, the paper 512"),
        (art_of("a☺♥"), {}, "characters '☺♥' cannot be printed as text: print a raster, or download glyphs"),
        (art_of("ab", dark=True), {}, "light on dark"),
        (art_of("ab", row_gap=232), {}, "row_gap is 232: a printer feeds at most 231"),
    ],
)
def test_what_cannot_be_printed(art: Art, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        encode(art, options=PrintOptions(**options))


def test_another_cell_is_no_font_a() -> None:
    art = art_of("ab")
    with pytest.raises(ConfigError, match="cell is 10x20, Font A 12x24"):
        encode(Art(art.frame, art.atlas, Layout(1, 2, 20, 10)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"copies": 0}, "copies is 0"),
        ({"density": 9}, r"density is 9: give -6 \(light\) to 8"),
        ({"raster": True, "download_glyphs": True}, "choose one"),
    ],
)
def test_options_that_cannot_be(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PrintOptions(**options)


@pytest.mark.parametrize("numbers", [(0, 512, 180), (42, 7, 180), (42, 512, 300)])
def test_paper_that_cannot_be(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="a printer takes"):
        Paper(*numbers)
