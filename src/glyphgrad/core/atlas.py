"""GlyphAtlas: what every character of a charset looks like in its cell."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.font import Face, FontSpec
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ConfigError, GlyphgradWarning

_CUT = 0.03
"""Share of a glyph's ink outside its cell above which it is reported: antialiasing spills 1 to 2.5 %."""

_JOINING = frozenset(map(chr, range(0x2500, 0x25A0))) | {"⌠", "⌡"}
"""Box drawing, blocks and the halves of an integral: fonts draw them larger than the cell, on purpose, so that they join."""


@dataclass(frozen=True, eq=False)
class GlyphAtlas:
    """G characters and their ink, `coverage` (G, height, width) float32 in [0, 1], 1 = ink.

    `fallback` and `cut` name the characters that the fallback font drew and those whose ink leaves
    the cell; `fonts` the fonts used with their sizes, for showing.
    """

    chars: str
    coverage: NDArray[np.float32]
    fallback: str = ""
    cut: str = ""
    fonts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.coverage.ndim != 3 or len(self.chars) != len(self.coverage):
            raise ConfigError(f"coverage is {self.coverage.shape}: give ({len(self.chars)}, height, width)")

    @classmethod
    def build(cls, chars: str, cell: tuple[int, int], font: FontSpec, fallback: FontSpec | None = None) -> GlyphAtlas:
        """Draw `chars` for cells of `cell` (width, height) pixels.

        A character that `font` lacks is drawn by `fallback`; one that neither has is left out, with one
        GlyphgradWarning that names it. Raises FontError, and ConfigError if fewer than two are left.
        """
        faces = [Face(spec, cell) for spec in (font, fallback) if spec is not None]
        drawn: list[tuple[str, NDArray[np.float32], float, int]] = []
        missing = ""
        for char in chars:
            number = next((i for i, face in enumerate(faces) if face.has(char)), None)
            if number is None:
                missing += char
            else:
                drawn.append((char, *faces[number].draw(char), number))
        if missing:
            warnings.warn(
                f"no font has {missing!r} ({len(missing)} of {len(chars)} characters): left out of the charset",
                GlyphgradWarning,
                stacklevel=2,
            )
        if len(drawn) < 2:
            raise ConfigError(f"charset {chars!r}: font {str(font.path)!r} can draw fewer than two of it")
        return cls(
            chars="".join(char for char, *_ in drawn),
            coverage=np.stack([ink for _, ink, *_ in drawn]),
            fallback="".join(char for char, *_, number in drawn if number),
            cut="".join(char for char, _, cut, _ in drawn if cut > _CUT and char not in _JOINING),
            fonts=tuple(f"{face.path.name} at {face.size:.4g} px" for face in faces),
        )

    @property
    def cell_height(self) -> int:
        return self.coverage.shape[1]

    @property
    def cell_width(self) -> int:
        return self.coverage.shape[2]

    @cached_property
    def blank(self) -> NDArray[np.bool_]:
        """(G,) Which glyphs have no ink: the space, and whatever looks like it."""
        return np.asarray(~self.coverage.any(axis=(1, 2)))

    @cached_property
    def canonical(self) -> NDArray[np.intp]:
        """(G,) For each glyph the first of the charset with the same ink.

        A no-break space is a space to the eye, but not to the person who pastes it: grids are written
        with the first of such twins, which changes no pixel.
        """
        first: dict[bytes, int] = {}
        return np.array([first.setdefault(ink.tobytes(), i) for i, ink in enumerate(self.coverage)])

    def frame(self, glyphs: NDArray[np.integer]) -> Frame:
        """The Frame of a grid of glyph numbers (rows, cols) in [0, G)."""
        codes = np.array(list(map(ord, self.chars)), dtype=np.uint32)
        return Frame(codes[self.canonical[glyphs]])

    def glyphs(self, frame: Frame) -> NDArray[np.intp]:
        """The glyph numbers (rows, cols) of a Frame. Raises ConfigError for a character it lacks."""
        number = {ord(char): i for i, char in enumerate(self.chars)}
        codes, inverse = np.unique(frame.cells, return_inverse=True)
        unknown = "".join(chr(code) for code in codes if int(code) not in number)
        if unknown:
            raise ConfigError(
                f"characters {unknown!r} are not in the atlas: build it with them, of a font that has them"
            )
        return np.array([number[int(code)] for code in codes], dtype=np.intp)[inverse].reshape(frame.cells.shape)
