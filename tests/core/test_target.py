from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad import Layout
from glyphgrad.core import target
from glyphgrad.core.layout import grid_for
from glyphgrad.errors import ConfigError, GlyphgradWarning, PictureError

RAMP = np.linspace(0, 255, 12, dtype=np.uint8).reshape(3, 4)


def file_of(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"))


def png_claiming(width: int, height: int) -> bytes:
    """The header of a PNG of that size, and no pixels: 45 bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


# --- Where a picture comes from ---


def test_a_path_its_bytes_a_stream_and_an_image_are_the_same_picture(tmp_path: Path) -> None:
    image = Image.fromarray(RAMP)
    path = tmp_path / "ramp.png"
    path.write_bytes(file_of(image))
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), image, RAMP):
        np.testing.assert_array_equal(grey(target.load(source)), RAMP)


def test_floats_are_taken_as_light_from_0_to_1() -> None:
    assert grey(target.load(np.array([[0.0, 0.5, 1.0, 7.0]]))).tolist() == [[0, 128, 255, 255]]


def test_booleans_are_black_and_white() -> None:
    assert grey(target.load(np.array([[True, False]]))).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("array", "quoted"),
    [
        (np.zeros(5), r"\(5,\)"),
        (np.zeros((2, 2, 2)), r"\(2, 2, 2\)"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        (np.zeros((2, 2), np.int32), "int32"),
        (np.array([[0.5, np.nan]]), "NaN"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array: np.ndarray, quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        target.load(array)


# --- Kinds of pictures that simply work ---


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "I", "F", "LA", "RGBA"])
def test_white_is_white_in_every_mode(mode: str) -> None:
    white = Image.new("L", (2, 2), 255)
    if mode.startswith("I"):
        white = Image.fromarray(np.full((2, 2), 65535, np.uint16 if mode == "I;16" else np.int32))
    elif mode in ("LAB", "HSV", "YCbCr"):
        white = Image.new(mode, (2, 2), {"LAB": (255, 128, 128), "HSV": (0, 0, 255), "YCbCr": (255, 128, 128)}[mode])
    else:
        white = white.convert("RGB").convert(mode) if mode in ("CMYK", "P") else white.convert(mode)
    assert white.mode == mode
    assert grey(target.load(white)).min() >= 254  # LAB is converted through ICC profiles, which round


def test_one_pixel_is_a_picture() -> None:
    picture = target.load(file_of(Image.new("L", (1, 1), 77)))
    assert picture.size == (1, 1)
    for fit in ("stretch", "contain", "cover"):
        ink = target.place(picture, Layout(2, 3, 6, 4), fit)
        assert ink.shape == (12, 12)
        assert ink.max() == pytest.approx(1 - 77 / 255, abs=1e-6)  # float32


def test_a_cmyk_jpeg_is_read_right_way_round() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    red, green, blue = np.asarray(target.load(file_of(cyan, "jpeg")))[8, 8]
    assert red < 40
    assert min(green, blue) > 160  # the naive conversion gives 255, a colour profile about 174


def test_sixteen_bits_keep_their_range() -> None:
    deep = Image.fromarray(np.array([[0, 128 * 257, 65535]], np.uint16))
    assert grey(target.load(file_of(deep))).tolist() == [[0, 128, 255]]


def test_a_palette_gives_its_colours() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    assert np.asarray(target.load(file_of(palette))).tolist() == [[[255, 0, 0], [0, 0, 255]]]


@pytest.mark.parametrize(("dark", "paper"), [(False, 255), (True, 0)])
def test_alpha_is_laid_on_the_paper(dark: bool, paper: int) -> None:
    clear, half = (200, 200, 200, 0), (100, 100, 100, 128)
    image = Image.new("RGBA", (2, 1), clear)
    image.putpixel((1, 0), half)
    seen = grey(target.load(file_of(image), dark))
    assert seen[0, 0] == paper
    assert seen[0, 1] == pytest.approx(100 * 128 / 255 + paper * 127 / 255, abs=1)  # 8 bits round


@pytest.mark.parametrize(("dark", "paper"), [(False, 255), (True, 0)])
def test_a_transparent_palette_colour_is_laid_on_the_paper(dark: bool, paper: int) -> None:
    image = Image.new("P", (1, 1), 0)
    image.putpalette([90, 90, 90])
    assert grey(target.load(file_of(image, "gif", transparency=0), dark)).tolist() == [[paper]]


@pytest.mark.parametrize(("orientation", "upright"), [(1, RAMP), (3, RAMP[::-1, ::-1]), (6, np.rot90(RAMP, -1))])
def test_exif_rotation_is_undone(orientation: int, upright: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = target.load(file_of(Image.fromarray(RAMP), "png", exif=exif))
    np.testing.assert_array_equal(grey(picture), upright)


def test_of_an_animation_the_first_frame_is_taken_with_a_warning() -> None:
    frames = [Image.new("L", (4, 4), level) for level in (10, 200, 90)]
    data = file_of(frames[0], "gif", save_all=True, append_images=frames[1:])
    with pytest.warns(GlyphgradWarning, match="holds 3 frames: taking the first"):
        picture = target.load(data)
    assert (grey(picture) == 10).all()


# --- Pictures that are refused ---


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"none\.png' does not exist"):
        target.load(tmp_path / "none.png")


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="is a directory"):
        target.load(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(PictureError, match=r"empty\.png' is empty"):
        target.load(tmp_path / "empty.png")


@pytest.mark.parametrize("data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(PictureError, match="is not a picture"):
        target.load(data)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "tiff", "bmp"])
def test_a_truncated_file(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = file_of(noise, kind)
    with pytest.raises(PictureError, match=r"standard input (cannot be read|is not a picture)"):
        target.load(data[: len(data) // 2])


def test_a_truncated_file_given_as_an_image(photo: Path) -> None:
    with Image.open(io.BytesIO(photo.read_bytes()[:20_000])) as image, pytest.raises(PictureError, match="truncated"):
        target.load(image)


def test_damage_anywhere_is_a_picture_error_or_a_picture() -> None:
    frames = [Image.fromarray(np.roll(RAMP, shift)) for shift in range(2)]
    data = file_of(frames[0], "gif", save_all=True, append_images=frames[1:])
    failed = 0
    for place in range(len(data)):
        try:
            target.load(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :], max_pixels=10**6)
        except PictureError:
            failed += 1
        except GlyphgradWarning:
            pass  # warnings are errors here: it is still an animation
    assert 0 < failed < len(data)


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    with pytest.raises(PictureError, match="30000 x 30000, 900,000,000 pixels: more than the limit of 100,000,000"):
        target.load(png_claiming(30_000, 30_000))


def test_a_picture_within_the_limit_is_decoded() -> None:
    with pytest.raises(PictureError, match="cannot be read"):  # the header is fine, its pixels are not there
        target.load(png_claiming(100, 100))


def test_the_limit_is_the_last_size_allowed() -> None:
    data = file_of(Image.fromarray(RAMP))
    assert target.load(data, max_pixels=12).size == (4, 3)
    with pytest.raises(PictureError, match="limit of 11"):
        target.load(data, max_pixels=11)


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    target.load(file_of(Image.fromarray(RAMP)))
    assert before == Image.MAX_IMAGE_PIXELS


# --- Laying a picture on a layout ---

GREY = Image.new("L", (30, 30), 51)  # an ink of 0.8
EXACT = 1e-6  # float32


@pytest.mark.parametrize(("dark", "ink"), [(False, 0.8), (True, 0.2)])
def test_ink_is_darkness_on_paper_and_light_on_a_screen(dark: bool, ink: float) -> None:
    placed = target.place(GREY, Layout(2, 3, 10, 10), "stretch", dark)
    np.testing.assert_allclose(placed, ink, atol=EXACT)


@pytest.mark.parametrize("dark", [False, True])
def test_stretch_asks_for_nothing_in_the_height_of_the_gaps(dark: bool) -> None:
    layout = Layout(rows=3, cols=2, cell_height=10, cell_width=10, row_gap=4)
    placed = target.place(GREY, layout, "stretch", dark)
    assert placed.shape == (38, 20)
    assert not placed[:4].any()
    assert not placed[34:].any()
    assert placed[4:34].all()


def test_contain_shows_all_and_fills_up_with_paper() -> None:
    placed = target.place(GREY, Layout(2, 6, 10, 10), "contain")
    assert placed[:, 20:40].all()
    assert not placed[:, :20].any()
    assert not placed[:, 40:].any()


def test_cover_fills_all_and_crops() -> None:
    half = Image.new("L", (60, 20), 0)
    half.paste(255, (30, 0, 60, 20))
    placed = target.place(half, Layout(1, 2, 20, 10), "cover")
    assert placed.shape == (20, 20)
    assert (placed[:, :8] > 0.99).all()  # Lanczos rings by less than this next to the edge, clipped to black
    assert (placed[:, 12:] < 0.01).all()


def test_stretch_ignores_the_shape_and_keeps_the_picture() -> None:
    placed = target.place(Image.fromarray(RAMP), Layout(3, 4, 1, 1), "stretch")
    np.testing.assert_allclose(placed, 1 - RAMP / 255, atol=EXACT)


def test_another_way_to_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="'squeeze'"):
        target.place(GREY, Layout(1, 1, 4, 4), "squeeze")


@pytest.mark.parametrize("row_gap", [0, 5])
@pytest.mark.parametrize("picture", [(480, 340), (471, 360), (484, 360)])
def test_a_picture_that_nearly_fills_the_page_does(picture: tuple[int, int], row_gap: int) -> None:
    """With one side of the grid given there is up to half a cell to spare: within BENT of 25 rows."""
    for cols in range(40, 90):
        shape = grid_for(picture[0] / picture[1], cols, None, (10, 20), row_gap, "contain")
        layout = Layout(shape[1], shape[0], 20, 10, row_gap)
        size, corner = target.placement(picture, layout, "contain")
        if layout.rows >= 0.5 / target.BENT:
            assert (size, corner) == ((layout.width, layout.height), (0, 0))


def test_a_contained_picture_lies_on_cells_and_is_hardly_bent() -> None:
    layout = Layout(30, 80, 20, 10, 4)
    for width in range(100, 900, 7):
        size, corner = target.placement((width, 300), layout, "contain")
        scale = min(layout.width / width, layout.height / 300)
        for axis, (pitch, gap, side) in enumerate([(10, 0, width * scale), (24, 4, 300 * scale)]):
            assert abs(size[axis] - side) <= target.BENT * side + 0.5  # rounded to a pixel before
            assert corner[axis] >= 0
            assert corner[axis] + size[axis] <= (layout.width, layout.height)[axis]
            if side >= 0.5 * pitch / target.BENT:
                assert (size[axis] + gap) % pitch == 0
                assert corner[axis] % pitch == 0


def test_what_would_be_bent_too_much_keeps_its_shape() -> None:
    """A picture of 2.6 cells is not pulled to three."""
    assert target.placement((26, 100), Layout(5, 9, 20, 10), "contain") == ((26, 100), (32, 0))
