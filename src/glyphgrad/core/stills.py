"""Films made of pictures: a directory of them, a list of their names, one animated picture, or what a program has."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphgrad.core import target
from glyphgrad.errors import PictureError

T = TypeVar("T")

FPS = 30.0
"""Of pictures that come without times."""
SUFFIXES = frozenset(
    ".png .jpg .jpeg .gif .bmp .ppm .pgm .pbm .pnm .webp .avif .tif .tiff .tga .qoi .jp2 .pcx .dds .sgi".split()  # noqa: SIM905
)
"""What counts as a picture in a directory: other files may lie beside them."""
_ANIMATIONS = ("GIF", "WEBP", "PNG")
_NO_DELAY, _USUAL_DELAY = 0.01, 0.1
"""Seconds: a frame of an animation that lasts no longer than this is shown for that long, as browsers do."""


def is_animation(head: bytes) -> bool:
    """Whether a file that begins so is a GIF, WebP or PNG. 12 bytes tell."""
    return head.startswith((b"GIF8", b"\x89PNG\r\n")) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")


def is_list(head: bytes) -> bool:
    """Whether a file that begins so is text, as no video is but Y4M with a dark enough first row."""
    if head.startswith(b"YUV4MPEG2 "):
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char.isspace() for char in text)


class _Pictures:
    """What is the same for all films whose loaded frames are Pillow images."""

    has_audio = False

    def size(self, frame: Image.Image) -> tuple[int, int]:
        return frame.size

    def draw(self, frame: Image.Image, size: tuple[int, int], gray: bool) -> NDArray[np.uint8]:
        return _drawn(frame, size, gray)


class Animation(_Pictures):
    """A GIF, WebP or PNG, animated or not, by Pillow; see `video.Reel`.

    It is looked through once for its times. Raises PictureError.
    """

    def __init__(self, file: bytes, name: str, dark: bool) -> None:
        self._name, self._dark = name, dark
        try:
            self._image = Image.open(io.BytesIO(file), formats=_ANIMATIONS)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise PictureError(f"film {name} is not an animation that can be read: is the file whole?") from None
        # A PNG may begin with a picture for those who cannot show the others.
        self._first = int(bool(self._image.info.get("default_image")))
        self._damage = ""
        self._lasts = list(self._durations())
        if not self._lasts:
            raise PictureError(f"film {name} holds no frame that can be read ({self._damage}): is the file whole?")
        self.duration: float | None = sum(self._lasts)
        self.fps = len(self._lasts) / self.duration

    def _durations(self) -> Iterator[float]:
        """Seconds of every frame that can be read."""
        try:
            for number in count(self._first):
                self._image.seek(number)
                self._image.load()
                lasts = float(self._image.info.get("duration", 0)) / 1000
                yield lasts if lasts > _NO_DELAY else _USUAL_DELAY
        except EOFError:
            pass
        except Exception as error:  # Pillow raises anything for a damaged file, as in target.load
            self._damage = str(error) or type(error).__name__

    def shown(self, start: float) -> Iterator[tuple[float, float, Image.Image]]:  # noqa: ARG002
        time = 0.0
        for number, lasts in enumerate(self._lasts, self._first):
            self._image.seek(number)
            yield time, lasts, self._image.copy()
            time += lasts
        if self._damage:
            raise PictureError(
                f"film {self._name} is damaged after {len(self._lasts)} frames ({self._damage}): is the file whole?"
            )

    def load(self, frame: Image.Image) -> Image.Image:
        return target.load(frame, self._dark)


class _Steady(_Pictures, Generic[T]):
    """Pictures one after the other at a steady rate, all of the first one's size."""

    duration: float | None = None

    def __init__(self, pictures: Iterable[T], fps: float | None, dark: bool) -> None:
        self._pictures, self._dark = pictures, dark
        self._size: tuple[int, int] | None = None
        self.fps = fps or FPS

    def shown(self, start: float) -> Iterator[tuple[float, float, T]]:  # noqa: ARG002
        for number, picture in enumerate(self._pictures):
            yield number / self.fps, 1 / self.fps, picture

    def _of_one_size(self, picture: Image.Image, name: str) -> Image.Image:
        """The picture. Raises PictureError, which begins with its name, if its size is another."""
        self._size = self._size or picture.size
        if picture.size != self._size:
            raise PictureError(
                f"{name} is {picture.width} x {picture.height}, those before it "
                f"{self._size[0]} x {self._size[1]}: give frames of one size"
            )
        return picture


class Stills(_Steady[tuple[Path, str]]):
    """Pictures in files; see `video.Reel`."""

    def __init__(self, pictures: Sequence[tuple[Path, str]], fps: float | None, dark: bool) -> None:
        """`pictures` are paths, each with what an error says before it names the path."""
        super().__init__(pictures, fps, dark)
        self.duration = len(pictures) / self.fps

    @classmethod
    def of_directory(cls, path: Path, fps: float | None, dark: bool) -> Stills:
        """Its pictures in natural order, hidden ones left out. Raises PictureError if there is none."""
        files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.name[0] != "."]
        if not files:
            raise PictureError(
                f"film {str(path)!r} is a directory without pictures: give one with PNG, JPEG, ... in it"
            )
        return cls([(file, "") for file in sorted(files, key=lambda file: _natural(file.name))], fps, dark)

    @classmethod
    def of_list(cls, path: Path, fps: float | None, dark: bool, keep_going: bool) -> Stills:
        """The pictures it names, one a line; blank lines and those that begin with # do not count.

        Raises PictureError if there is none, or unless `keep_going` at once if one is missing.
        """
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise PictureError(f"list {str(path)!r} is not UTF-8 throughout: save it as UTF-8") from None
        pictures = [
            (path.parent / line.strip(), f"line {number} of list {str(path)!r}: ")
            for number, line in enumerate(lines, 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if not pictures:
            raise PictureError(f"list {str(path)!r} names no pictures: write the path of one on each line")
        for file, where in pictures:
            if not (keep_going or file.exists()):
                raise PictureError(f"{where}picture {str(file)!r} does not exist: check the path")
        return cls(pictures, fps, dark)

    def load(self, frame: tuple[Path, str]) -> Image.Image:
        """The picture, which must be of the size of the first one. Raises PictureError."""
        path, where = frame
        try:
            picture = target.load(path, self._dark)
        except PictureError as error:
            raise PictureError(f"{where}{error}") from None
        return self._of_one_size(picture, f"{where}picture {str(path)!r}")


class Given(_Steady[target.Source]):
    """Pictures that a program hands over; see `video.Reel`."""

    def load(self, frame: target.Source) -> Image.Image:
        """The picture, which must be of the size of the first one. Raises PictureError, ConfigError."""
        return self._of_one_size(target.load(frame, self._dark), "a picture")


def _natural(name: str) -> tuple[list[str | int], str]:
    """A key that sorts 2 before 10. Text and numbers alternate, so that only like is compared with like."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def _drawn(frame: Image.Image, size: tuple[int, int], gray: bool) -> NDArray[np.uint8]:
    """Luma (H, W) or RGB (H, W, 3) of a Pillow image at that size."""
    image = frame.convert("L" if gray else "RGB")
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.array(image)
