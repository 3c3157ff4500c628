"""The pictures of the bench, by kind: scikit-image's installed files, and drawings made by code.

Files are read by their path: scikit-image's own functions may download. One that an installation lacks
is left out with a line.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

import drawings

PHOTOGRAPHS, LINE_ART, FLAT = "photographs", "line art", "flat graphics"
KINDS = (PHOTOGRAPHS, LINE_ART, FLAT)

_PHOTOGRAPH_FILES = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "coins.png",
    "moon.png",
    "motorcycle_left.png",
    "hubble_deep_field.jpg",
    "retina.jpg",
)
_FLAT_FILES = ("logo.png", "horse.png", "phantom.png")
SHIPPED = frozenset(Path(file).stem for file in _PHOTOGRAPH_FILES + _FLAT_FILES)
"""Names of the pictures that are scikit-image's as they are; the others are drawn by code, or made of one of these."""
QUICK = ("astronaut", "camera", "circles", "house", "logo")
"""One or two of every kind, for trying."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An opaque picture, "RGB" or "L", as every tool gets it."""

    name: str
    kind: str
    image: Image.Image

    def file_in(self, folder: Path) -> Path:
        """The picture as a PNG file: lossless, and all the tools read it."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.png"
        self.image.save(path)
        return path


def pictures(kinds: Collection[str] | None = None, names: Collection[str] | None = None) -> Iterator[Picture]:
    """All pictures, or those of some kinds, or of some names."""
    for kind, name, image in _all():
        if (kinds is None or kind in kinds) and (names is None or name in names):
            yield Picture(name, kind, image)


def _all() -> Iterator[tuple[str, str, Image.Image]]:
    for file in _PHOTOGRAPH_FILES:
        yield from _shipped(PHOTOGRAPHS, file)
    for name, draw in drawings.LINE_ART.items():
        yield LINE_ART, name, drawings.paper(draw)
    for _, name, image in _shipped(LINE_ART, "horse.png"):
        yield LINE_ART, f"{name}-outline", outline(image)
    for file in _FLAT_FILES:
        yield from _shipped(FLAT, file)
    for name, draw in drawings.FLAT.items():
        yield FLAT, name, drawings.paper(draw)


def _shipped(kind: str, file: str) -> Iterator[tuple[str, str, Image.Image]]:
    """A file of scikit-image's, if it is there: what is transparent shows white paper."""
    path = _folder() / file
    if not path.exists():
        print(f"{file}: not shipped with this scikit-image, left out", file=sys.stderr)
        return
    with Image.open(path) as opened:
        image = opened.convert("L" if opened.mode == "L" else "RGBA")
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    yield kind, path.stem, image


def _folder() -> Path:
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("scikit-image is not installed, and its pictures are the bench's: pip install '.[bench]'")
    return Path(spec.submodule_search_locations[0]) / "data"


def outline(image: Image.Image) -> Image.Image:
    """The border of a silhouette, black on white, one pixel wide at 800 pixels across."""
    size = (drawings.SIDE, drawings.SIDE * image.height // image.width)
    mask = image.convert("L").resize(size, Image.Resampling.BICUBIC).point(lambda level: 255 * (level > 127))
    return ImageChops.invert(ImageChops.subtract(mask.filter(ImageFilter.MaxFilter(3)), mask)).convert("RGB")
