"""Art -> ESC/POS: the bytes that a receipt printer prints.

Text goes as code page 437, a byte a character, in Font A of 12 x 24 dots. Nothing is left to the settings
of the printer that could change a byte's meaning or the distance of the lines: code page, national
characters, two-byte characters, font, motion units and line spacing are all set. Commands are those of
Epson's "ESC/POS Command Reference for TM Printers", named as there.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphgrad.codec.text import without_colors
from glyphgrad.core.art import Art
from glyphgrad.core.charset import CP437_BYTE
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ConfigError, GlyphgradWarning

FONT_A = (12, 24)
"""Dots of a cell, (width, height)."""

DENSITIES = (-6, 8)
"""Steps of print density, lightest and darkest: 5 % each on Epson's, other makers know fewer."""

_ESC, _FS, _GS = b"\x1b", b"\x1c", b"\x1d"
_INITIALISE = _ESC + b"@"
_BAND = 240
"""Rows of dots of a raster command: small enough for the buffer of any printer."""

_INK = 0.5
"""Coverage from which on a dot is burnt: the printer knows no grays."""

_TEAR = 120
"""Dots of feed after the art: from the head to the edge that tears or cuts."""

_SLOTS = range(0x21, 0x7F)
"""Codes that can be redefined. The space is one too, and stays what it is."""


_CUTS = {"partial": _GS + b"VB\0", "full": _GS + b"VA\0", "none": b""}
"""GS V, the kind that feeds to the knife first."""


@dataclass(frozen=True)
class Paper:
    """What a printer prints on: columns of Font A, dots across, dots an inch.

    `code_page` is its number of code page 437 for ESC t, `cutter` what its knife can do: "partial",
    "full" or "none". Raises ConfigError.
    """

    columns: int
    dots: int
    dpi: int
    code_page: int = 0
    cutter: str = "partial"

    def __post_init__(self) -> None:
        for name, least, most in (("columns", 1, 255), ("dots", 8, 65535), ("dpi", 1, 255), ("code_page", 0, 255)):
            if not least <= getattr(self, name) <= most:
                raise ConfigError(f"{name} is {getattr(self, name)}: a printer takes {least} to {most}")
        if self.cutter not in _CUTS:
            raise ConfigError(f"cutter is {self.cutter!r}: choose one of {', '.join(_CUTS)}")


PAPERS = {32: Paper(32, 384, 203), 42: Paper(42, 512, 180), 48: Paper(48, 576, 203)}
"""By columns: paper of 58 mm; of 80 mm in a TM-T88; of 80 mm in a TM-T20 or TM-m30."""


@dataclass(frozen=True)
class PrintOptions:
    """How a job is printed. `density` is in steps (DENSITIES), None leaves it to the printer.

    `download_glyphs` prints the art's own glyphs in place of the printer's font, `raster` a picture in
    place of text. Raises ConfigError.
    """

    cut: bool = False
    copies: int = 1
    density: int | None = None
    upside_down: bool = False
    raster: bool = False
    download_glyphs: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.copies <= 100:
            raise ConfigError(f"copies is {self.copies}: give 1 to 100")
        if self.density is not None and not DENSITIES[0] <= self.density <= DENSITIES[1]:
            raise ConfigError(f"density is {self.density}: give {DENSITIES[0]} (light) to {DENSITIES[1]} (dark)")
        if self.raster and self.download_glyphs:
            raise ConfigError("raster and download_glyphs are two ways to print the art's own glyphs: choose one")


def encode(art: Art, paper: Paper | None = None, options: PrintOptions | None = None) -> bytes:
    """The job that prints an art, on paper of 42 columns if nothing else is said.

    Raises ConfigError for an art that the paper cannot hold or that text cannot be.
    """
    without_colors(art.frame, "a receipt")
    paper, options = paper or PAPERS[42], options or PrintOptions()
    settings, body = _raster(art, paper, options) if options.raster else _text(art, paper, options)
    units = _GS + b"P" + bytes([paper.dpi, paper.dpi])  # motion units: a dot
    start = _INITIALISE + units + _density(options.density)
    return start + settings + (body + _end(paper, options)) * options.copies + _INITIALISE


def dots_of(art: Art, paper: Paper, upside_down: bool = False) -> NDArray[np.bool_]:
    """(height, paper.dots) Which dots are burnt. Raises ConfigError for an art that is too wide."""
    dots = np.asarray(art.ink < _INK if art.dark else art.ink >= _INK)
    spare = paper.dots - dots.shape[1]
    if spare < 0:
        raise ConfigError(f"art is {dots.shape[1]} dots wide, the paper {paper.dots}: fit it narrower")
    dots = np.pad(dots, ((0, 0), (0, spare)))
    return dots[::-1, ::-1] if upside_down else dots


# --- Text ---


def _text(art: Art, paper: Paper, options: PrintOptions) -> tuple[bytes, bytes]:
    """(settings, lines)"""
    _check_text(art, paper)
    downloaded = _downloaded(art) if options.download_glyphs else {}
    byte = _bytes(art, downloaded)
    lines = [bytes(byte[char] for char in line) + b"\n" for line in art.frame.lines]
    settings = [
        _ESC + b"R\0",  # national characters: those of the USA, else # $ @ [ \ ] ^ ` { | } ~ may be others
        _FS + b".",  # no characters of two bytes
        _ESC + b"t" + bytes([paper.code_page]),
        _ESC + b"M\0",  # Font A
        _ESC + b"3" + bytes([FONT_A[1] + art.layout.row_gap]),
        _define(art, downloaded),
        _ESC + b"{" + bytes([options.upside_down]),
    ]
    return b"".join(settings), b"".join(reversed(lines) if options.upside_down else lines)


def _check_text(art: Art, paper: Paper) -> None:
    layout = art.layout
    if layout.cols > paper.columns:
        raise ConfigError(f"art is {layout.cols} columns wide, the paper {paper.columns}: fit it narrower")
    if (layout.cell_width, layout.cell_height) != FONT_A:
        raise ConfigError(
            f"cell is {layout.cell_width}x{layout.cell_height}, Font A 12x24: fit with --preset epson, or print a raster"
        )
    if FONT_A[1] + layout.row_gap > 255:
        raise ConfigError(f"row_gap is {layout.row_gap}: a printer feeds at most {255 - FONT_A[1]} between rows")
    if art.dark:
        raise ConfigError("art is light on dark, paper is not: fit with --light-mode, or print a raster")


def _downloaded(art: Art) -> dict[str, int]:
    """Character -> the code at which its glyph is defined: first those that the printer lacks, then ASCII.

    Those beyond the last code are left to the printer's own font.
    """
    chars = sorted(_chars(art) - {" "}, key=lambda char: (CP437_BYTE.get(char, 0) >= 0x20, ord(char)))
    return dict(zip(chars, _SLOTS, strict=False))


def _bytes(art: Art, downloaded: dict[str, int]) -> dict[str, int]:
    """Character -> the byte that prints it: a downloaded one's code, else the one of code page 437."""
    free = set(range(0x20, 256)) - set(downloaded.values())  # below are commands
    byte = {char: CP437_BYTE[char] for char in _chars(art) if CP437_BYTE.get(char) in free} | downloaded
    missing = "".join(sorted(_chars(art) - byte.keys()))
    if missing:
        way = "" if downloaded else ", or download glyphs"
        raise ConfigError(f"characters {missing!r} cannot be printed as text: print a raster{way}")
    return byte


def _define(art: Art, downloaded: dict[str, int]) -> bytes:
    """ESC & and ESC %: define glyphs, columns of three bytes, and print with them."""
    if not downloaded:
        return b""
    glyphs = art.atlas.coverage[art.atlas.glyphs(Frame.from_lines(["".join(downloaded)]))[0]]
    columns = np.packbits((glyphs >= _INK).transpose(0, 2, 1), axis=2)
    codes = bytes([min(downloaded.values()), max(downloaded.values())])
    return _ESC + b"&\3" + codes + b"".join(bytes([FONT_A[0]]) + glyph.tobytes() for glyph in columns) + _ESC + b"%\1"


def _chars(art: Art) -> set[str]:
    return set(art.frame.text) - {"\n"}


# --- Pictures ---


def _raster(art: Art, paper: Paper, options: PrintOptions) -> tuple[bytes, bytes]:
    """(no settings, GS v 0 in bands)"""
    packed = np.packbits(dots_of(art, paper, options.upside_down), axis=1)
    bands = [packed[top : top + _BAND] for top in range(0, len(packed), _BAND)]
    sizes = (band.shape[1].to_bytes(2, "little") + band.shape[0].to_bytes(2, "little") for band in bands)
    return b"", b"".join(_GS + b"v0\0" + size + band.tobytes() for size, band in zip(sizes, bands, strict=True))


# --- What both have ---


def _density(steps: int | None) -> bytes:
    """GS ( K, function 49."""
    return b"" if steps is None else _GS + b"(K\2\x001" + bytes([steps % 256])


def _end(paper: Paper, options: PrintOptions) -> bytes:
    """The cut, or the feed that lets the paper be torn."""
    cut = _CUTS[paper.cutter] if options.cut else b""
    if options.cut and not cut:
        warnings.warn("the printer has no cutter: the paper is fed, tear it", GlyphgradWarning, stacklevel=3)
    return cut or _ESC + b"J" + bytes([_TEAR])
