"""The devices glyphgrad knows: all their numbers, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.charset import charset
from glyphgrad.core.font import FontSpec
from glyphgrad.core.layout import Layout, grid_for
from glyphgrad.errors import ConfigError

FONTS = Path(__file__).parent.parent / "fonts"
TERMINUS = FONTS / "terminus-normal.otb"
SOURCE_CODE_PRO = FONTS / "SourceCodePro-Regular.ttf"
DEJAVU_SANS_MONO = FONTS / "DejaVuSansMono.ttf"


@dataclass(frozen=True)
class Preset:
    """A device: its grid, its cell in pixels, its characters and its font.

    `cell` is (width, height). `cols` or `rows` None: as many as the picture's shape asks for. `chars`
    overrides `encoding`. A font size None is the one whose advance is the cell's width, which is how
    devices use their fonts; see FontSpec for `y_offset`.
    """

    name: str
    about: str
    cols: int | None
    rows: int | None
    cell: tuple[int, int]
    row_gap: int
    encoding: str
    ban: str
    font: Path
    fallback_font: Path
    dark: bool
    fit: str
    chars: str | None = None
    ban_blocks: bool = False
    font_size: float | None = None
    y_offset: int | None = None
    fallback_size: float | None = None

    def layout_for(self, width: int, height: int) -> Layout:
        """The grid on which a picture of `width` x `height` pixels is shown."""
        cols, rows = grid_for(width / height, self.cols, self.rows, self.cell, self.row_gap, self.fit)
        return Layout(rows, cols, self.cell[1], self.cell[0], self.row_gap)

    def atlas(self, chars: str | None = None) -> GlyphAtlas:
        """The glyphs of the charset (or of `chars`) as this device draws them."""
        if chars is None:
            chars = charset(self.encoding, self.chars, self.ban, self.ban_blocks)
        font = FontSpec(Path(self.font), self.font_size, self.y_offset)
        return GlyphAtlas.build(chars, self.cell, font, FontSpec(Path(self.fallback_font), self.fallback_size))


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="epson",
            about="receipt printer, Font A: 42 columns of 12 x 24 dots, 6 dots of feed between rows",
            cols=42,
            rows=21,
            cell=(12, 24),
            row_gap=6,
            encoding="cp437",
            ban="`\\",
            font=TERMINUS,
            fallback_font=DEJAVU_SANS_MONO,
            dark=False,
            fit="stretch",
        ),
        Preset(
            name="discord",
            about="Discord code block: 42 columns, 902 of a message's 2,000 characters",
            cols=42,
            rows=21,
            cell=(12, 24),
            row_gap=0,
            encoding="cp437",
            ban="`\\",
            font=SOURCE_CODE_PRO,
            fallback_font=DEJAVU_SANS_MONO,
            dark=False,
            fit="stretch",
        ),
        Preset(
            name="terminal",
            about="terminal, light on black: 80 columns, rows as the picture asks",
            cols=80,
            rows=None,
            cell=(10, 20),
            row_gap=0,
            encoding="ascii",
            ban="",
            font=DEJAVU_SANS_MONO,
            fallback_font=DEJAVU_SANS_MONO,
            dark=True,
            fit="contain",
        ),
    )
}
DEFAULT_PRESET = "epson"


def preset_named(name: str) -> Preset:
    """The preset of that name. Raises ConfigError naming those there are."""
    if name not in PRESETS:
        raise ConfigError(f"preset is {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
