from __future__ import annotations

import numpy as np
import pytest

from glyphgrad import Art, Frame, GlyphAtlas, GlyphgradError, Layout
from glyphgrad.core.color import srgb_to_lab
from glyphgrad.core.colors import Colors, Depth, nearest, palette

RED, BLUE = [255, 0, 0], [0, 0, 255]


def of(fg: list[list[list[int]]], bg: list[list[list[int]]] | None = None) -> Colors:
    return Colors(Depth.TRUE, np.array(fg, np.uint8), None if bg is None else np.array(bg, np.uint8))


def test_palettes_are_those_of_vga_and_xterm() -> None:
    assert palette(Depth.C16)[[0, 3, 7, 9, 15]].tolist() == [
        [0, 0, 0],
        [170, 85, 0],
        [170, 170, 170],
        [255, 85, 85],
        [255, 255, 255],
    ]
    assert palette(Depth.C256).shape == (256, 3)
    # xterm's 256colres.h: 16 + 36 r + 6 g + b, then the greys
    assert palette(Depth.C256)[[16, 16 + 36 * 5, 16 + 6 + 2, 231, 232, 255]].tolist() == [
        [0, 0, 0],
        RED,
        [0, 95, 135],
        [255, 255, 255],
        [8, 8, 8],
        [238, 238, 238],
    ]
    with pytest.raises(GlyphgradError, match="no palette"):
        palette(Depth.TRUE)


def test_nearest_is_the_least_distance_in_cielab() -> None:
    colors = np.random.default_rng(8).integers(0, 256, (20, 7, 3), dtype=np.uint8)
    for depth, first in ((Depth.C16, 0), (Depth.C256, 16)):
        offered = srgb_to_lab(palette(depth)[first:] / 255)
        apart = np.linalg.norm(srgb_to_lab(colors / 255)[..., None, :] - offered, axis=-1)
        np.testing.assert_array_equal(nearest(colors, depth), first + apart.argmin(axis=-1))


def test_a_colour_of_the_palette_stays_itself() -> None:
    for depth in (Depth.C16, Depth.C256):
        np.testing.assert_array_equal(palette(depth)[nearest(palette(depth), depth)], palette(depth))
    # black and white are in the palette of 256 twice; a theme may change the first
    assert nearest(palette(Depth.C256)[[0, 15, 1]], Depth.C256).tolist() == [16, 231, 1]


def test_fewer_colours_are_the_nearest_and_more_are_no_other() -> None:
    colors = of([[RED, [10, 250, 10]]], [[BLUE, [250, 250, 250]]])
    fewer = colors.at(Depth.C16)
    assert fewer == Colors(
        Depth.C16,
        palette(Depth.C16)[nearest(colors.fg, Depth.C16)],
        palette(Depth.C16)[nearest(colors.bg, Depth.C16)],  # type: ignore[arg-type]
    )
    assert fewer is not None
    assert fewer.at(Depth.TRUE) is fewer
    assert colors.at(Depth.NONE) is None


def test_frames_with_colours_are_equal_when_these_are_too() -> None:
    plain, red, blue = Frame.from_lines(["a"]), of([[RED]]), of([[BLUE]])
    frame = Frame(plain.cells, red)
    assert frame == Frame(plain.cells, of([[RED]]))
    assert hash(frame) == hash(Frame(plain.cells, of([[RED]])))
    assert frame != plain
    assert frame != Frame(plain.cells, blue)
    assert frame != Frame(plain.cells, of([[RED]], [[BLUE]]))
    assert frame != Frame(plain.cells, Colors(Depth.C256, red.fg))


def test_a_space_has_no_foreground() -> None:
    cells = Frame.from_lines(["a "]).cells
    assert Frame(cells, of([[RED, RED]])) == Frame(cells, of([[RED, BLUE]]))
    assert Frame(cells, of([[RED, RED]], [[RED, RED]])) != Frame(cells, of([[RED, RED]], [[RED, BLUE]]))


def test_colours_of_another_grid_are_refused() -> None:
    with pytest.raises(GlyphgradError, match="one a cell"):
        Frame(Frame.from_lines(["ab"]).cells, of([[RED]]))
    with pytest.raises(GlyphgradError, match="bg is"):
        of([[RED]], [[RED, BLUE]])
    with pytest.raises(GlyphgradError, match="none"):
        Colors(Depth.NONE, np.zeros((1, 1, 3), np.uint8))


@pytest.mark.parametrize("dark", [False, True])
def test_pixels_mix_foreground_and_background_by_ink_and_gaps_show_paper(dark: bool) -> None:
    coverage = np.array([[[0.0, 0.0]], [[1.0, 0.5]]], np.float32)
    atlas = GlyphAtlas(" a", coverage)
    cells = Frame.from_lines(["a", "a"]).cells
    layout = Layout(rows=2, cols=1, cell_height=1, cell_width=2, row_gap=1)
    paper = [0, 0, 0] if dark else [255, 255, 255]
    art = Art(Frame(cells, of([[RED], [BLUE]], [[[0, 100, 0]], [[0, 0, 0]]])), atlas, layout, dark)
    # half of 255 over half of 100, rounded to even: 127.5 and 50
    assert art.pixels.tolist() == [[RED, [128, 50, 0]], [paper, paper], [BLUE, [0, 0, 128]]]
    own = Art(Frame(cells, of([[RED], [BLUE]])), atlas, layout, dark)
    assert own.pixels[0, 1].tolist() == ([128, 0, 0] if dark else [255, 128, 128])


def test_pixels_of_a_frame_in_black_or_white_are_those_without_colours(noise_atlas: GlyphAtlas) -> None:
    cells = Frame.from_lines(["".join(noise_atlas.chars[:3])] * 2).cells
    layout = Layout(rows=2, cols=3, cell_height=6, cell_width=4, row_gap=2)
    for dark in (False, True):
        fg = np.full((2, 3, 3), 255 if dark else 0, np.uint8)
        grey = Art(Frame(cells), noise_atlas, layout, dark).pixels
        colored = Art(Frame(cells, Colors(Depth.TRUE, fg)), noise_atlas, layout, dark).pixels
        # the two round 255 - 255 x and 255 + x (0 - 255) apart by one where float32 does
        assert np.abs(colored.astype(int) - grey[..., None]).max() <= 1
