"""A picture from anywhere -> the ink that a grid should show."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from glyphgrad.core.layout import FITS, Layout
from glyphgrad.errors import ConfigError, GlyphgradError, GlyphgradWarning, PictureError

Source = str | Path | bytes | BinaryIO | Image.Image | NDArray[np.generic]

MAX_PIXELS = 100_000_000
BENT = 0.02
"""Share of its side by which a picture may be pulled out of shape: nobody sees it."""
# Formats of pixels only: Pillow also opens EPS and the like, by running other programs.
_FORMATS = tuple(
    "JPEG PNG GIF BMP PPM AVIF DDS ICO JPEG2000 PCX QOI SGI TGA TIFF WEBP".split()  # noqa: SIM905
)


def load(source: Source, dark: bool = False, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """A picture as Pillow's "L" or "RGB", upright, alpha laid on the paper (white, or black if `dark`).

    `source` is a path, the bytes of a file, a binary stream, a Pillow image, or an array (H, W),
    (H, W, 3) or (H, W, 4), uint8 or float in [0, 1]. The size is read before anything is decoded.
    Raises PictureError; ConfigError for an array of another kind. Of an animation the first frame is
    taken, with a GlyphgradWarning.
    """
    if max_pixels < 1:
        raise ConfigError(f"max_pixels is {max_pixels}: give at least 1")
    if isinstance(source, np.ndarray):
        return _on_paper(_from_array(source), dark)
    if isinstance(source, Image.Image):
        with _clear_errors("given"):
            return _on_paper(ImageOps.exif_transpose(source), dark)
    name = repr(str(source)) if isinstance(source, str | Path) else "standard input"
    with _clear_errors(name), Image.open(_stream(source), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise PictureError(
                f"picture {name} is {width} x {height}, {width * height:,} pixels: more than the limit of "
                f"{max_pixels:,}; shrink it or raise the limit (--max-pixels)"
            )
        if getattr(image, "is_animated", False):
            frames = getattr(image, "n_frames", 1)
            warnings.warn(f"{name} holds {frames} frames: taking the first", GlyphgradWarning, stacklevel=2)
        return _on_paper(ImageOps.exif_transpose(image), dark)


def place(picture: Image.Image, layout: Layout, fit: str = "stretch", dark: bool = False) -> NDArray[np.float32]:
    """The target ink (height, width) in [0, 1] of a picture laid on a Layout.

    Ink is darkness on paper and brightness on a dark screen. `contain` shows the whole picture and
    fills up with paper, `cover` fills the layout and crops, `stretch` is the original tool's way: the
    picture takes the height of the rows *without* their gaps, whatever its shape, centred on paper.
    """
    return ink(page_of(picture.convert("L"), layout, fit, dark), dark)


def page_of(picture: Image.Image, layout: Layout, fit: str = "stretch", dark: bool = False) -> NDArray[np.uint8]:
    """A picture laid on a Layout as in `place`: (height, width) of an "L", (height, width, 3) of an "RGB"."""
    size, corner = placement(picture.size, layout, fit)
    page = Image.new(picture.mode, (layout.width, layout.height), (paper(dark),) * len(picture.getbands()))
    page.paste(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), corner)
    return np.asarray(page)


def placement(picture: tuple[int, int], layout: Layout, fit: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The size to which a picture is scaled, and where its corner lies, off the page where that crops it.

    All are pixels, (across, down). A picture that is contained is pulled to all of the page, or to whole cells,
    where that takes at most `BENT`: cells that it covers in part become a ragged edge. Raises ConfigError.
    """
    if fit not in FITS:
        raise ConfigError(f"fit is {fit!r}: choose one of {', '.join(FITS)}")
    page = (layout.width, layout.height)
    if fit == "stretch":
        size = (layout.width, layout.inked_height)
    else:
        scale = (max if fit == "cover" else min)(page[0] / picture[0], page[1] / picture[1])
        size = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    if fit != "contain":
        return size, ((page[0] - size[0]) // 2, (page[1] - size[1]) // 2)
    across = _on_cells(size[0], page[0], layout.cell_width, 0)
    down = _on_cells(size[1], page[1], layout.row_pitch, layout.row_gap)
    return (across[0], down[0]), (across[1], down[1])


def _on_cells(side: int, page: int, pitch: int, gap: int) -> tuple[int, int]:
    """The side of a contained picture, and where it begins: both on the borders of cells if that bends it little."""
    for whole in (page, round((side + gap) / pitch) * pitch - gap):
        if abs(whole - side) <= BENT * side:
            return whole, (page - whole) // 2 // pitch * pitch
    return side, (page - side) // 2


def paper(dark: bool) -> int:
    """The gray level of what is left blank."""
    return 0 if dark else 255


def ink(page: NDArray[np.uint8], dark: bool) -> NDArray[np.float32]:
    """Gray levels (H, W) -> the ink in [0, 1] that shows them on a page."""
    level = page.astype(np.float32) / np.float32(255)
    return level if dark else 1 - level


def _stream(source: str | Path | bytes | BinaryIO) -> BinaryIO | str:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, str | Path):
        return source
    path = Path(source)
    if path.is_dir():
        raise PictureError(f"picture {str(source)!r} is a directory: give a picture file")
    if not path.exists():
        raise PictureError(f"picture {str(source)!r} does not exist: check the path")
    if path.is_file() and path.stat().st_size == 0:
        raise PictureError(f"picture {str(source)!r} is empty (0 bytes): give a picture file")
    return str(path)


@contextmanager
def _clear_errors(name: str) -> Iterator[None]:
    """Pillow's many ways to fail, as one PictureError; and our pixel limit instead of Pillow's."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    except (GlyphgradError, GlyphgradWarning):
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"picture {name} is not a picture that can be read: give a PNG, JPEG, GIF, WebP, ..."
        ) from None
    except Exception as error:  # a damaged file makes Pillow raise anything: IndexError, TypeError, SyntaxError
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PictureError(f"picture {name} cannot be read ({reason}): is the file whole?") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _from_array(array: NDArray[np.generic]) -> Image.Image:
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ConfigError(f"picture array is {array.shape}: give (H, W), (H, W, 3) or (H, W, 4)")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise ConfigError("picture array holds NaN or infinity: replace them by values in [0, 1]")
        array = np.rint(np.clip(array.astype(np.float64), 0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ConfigError(f"picture array is of {array.dtype}: give uint8, or float in [0, 1]")
    return Image.fromarray(np.ascontiguousarray(array))


def _on_paper(image: Image.Image, dark: bool) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "black" if dark else "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey ("I;16", "I") by its top byte; "F" is taken as [0, 1], or as [0, 255] if it goes beyond."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    unit = 1 if image.mode == "F" and values.max(initial=0) <= 1 else 255 if image.mode == "F" else 65535
    return Image.fromarray(np.rint(np.clip(values / unit, 0, 1) * 255).astype(np.uint8))
