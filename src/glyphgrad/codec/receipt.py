"""What a printer puts on paper, as a picture of that paper: a receipt that lies on a table.

It is drawn as it comes about. A strip of paper with a tint, teeth where it was torn and light that falls
off where it curls; dots that are a little soft, darker and paler by turns as the heating elements are; a
camera that looks down at a slight angle; a table with its shadow; grain. Lengths are in dots until the
camera, which has `_SCALE` pixels for one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from glyphgrad.codec.escpos import Paper

Plane = NDArray[np.float32]
Mesh = list[tuple[tuple[int, ...], tuple[float, ...]]]

_SCALE = 2
_MM = 25.4
_WIDTHS = (57.5, 79.5)
"""Millimetres of the two kinds of paper."""

_HEAD, _FOOT = 15.0, 9.0
"""Millimetres of blank paper before the art, as far as the knife is from the head, and after it."""

_PAPER = np.array([0.935, 0.930, 0.915], np.float32)
_BURNT = np.array([0.145, 0.140, 0.165], np.float32)
"""Thermal paper, warm in lamp light; and where it has been heated, a blue black."""

_WOOD = np.array([[0.23, 0.145, 0.095], [0.47, 0.325, 0.22]], np.float32)
"""The table where it is darkest and lightest."""

_BEND = 16
"""Pixels by which its grain wanders."""

_ANGLE = np.deg2rad(-2.3)
_KEYSTONE = 0.035
"""How much narrower the far end is."""

_CURL = 0.055
"""How far the ends come up, as a share of the strip's width."""

_MESH = 48
"""Pixels of a patch that is bent as one."""


@dataclass(frozen=True)
class _Sheet:
    """A strip of paper seen from above: colours (h, w, 3), what is paper (h, w), how far it is off the table (h, w)."""

    colours: Plane
    mask: Plane
    lift: Plane


def encode(dots: NDArray[np.bool_], paper: Paper, cut: bool = False, seed: int = 0) -> bytes:
    """A photograph of paper with those dots (height, paper.dots) burnt, as PNG.

    `cut`: its end was cut by the printer's knife and not torn. The same seed gives the same bytes.
    """
    random = np.random.default_rng(seed)
    scene = _photograph(_sheet(_on_strip(dots, paper), cut, random), random)
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(scene, 0, 1)).astype(np.uint8)).save(
        buffer, "png", compress_level=3
    )  # grain does not pack
    return buffer.getvalue()


# --- The paper ---


def _on_strip(dots: NDArray[np.bool_], paper: Paper) -> NDArray[np.bool_]:
    """The dots on the whole width of the paper, with what is blank before and after."""
    millimetre = paper.dpi / _MM
    width = max(
        round(min(_WIDTHS, key=lambda mm: abs(mm * millimetre - 1.1 * paper.dots)) * millimetre), paper.dots + 8
    )
    left = (width - paper.dots) // 2
    blank = round(_HEAD * millimetre), round(_FOOT * millimetre)
    return np.pad(dots, (blank, (left, width - left - paper.dots)))


def _sheet(dots: NDArray[np.bool_], cut: bool, random: np.random.Generator) -> _Sheet:
    ink = _blur(dots.repeat(_SCALE, 0).repeat(_SCALE, 1).astype(np.float32), 0.42 * _SCALE)
    height, width = ink.shape
    rows, elements = random.normal(1, 0.02, (height // _SCALE, 1)), random.normal(1, 0.035, (1, width // _SCALE))
    heat = np.clip(
        rows.repeat(_SCALE, 0) * elements.repeat(_SCALE, 1) * (0.97 + 0.04 * _noise(ink.shape, 9, random)), 0, 1.05
    )
    ink = np.clip(1.12 * ink * heat - 0.02, 0, 1)[..., None]
    fibres = 1 + 0.006 * _noise(ink.shape[:2], 0.7, random) + 0.010 * _noise(ink.shape[:2], 28, random)
    lift, shade = _curl(height, width)
    colours = (_PAPER * (1 - ink) + _BURNT * ink) * (fibres * shade)[..., None]
    return _Sheet(colours.astype(np.float32), _edges(height, width, cut, random), lift)


def _curl(height: int, width: int) -> tuple[Plane, Plane]:
    """(lift, light) of a strip that remembers its roll: its ends come up, and turn from the lamp or to it."""
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    reach = 0.55 * width
    top, bottom = np.clip(1 - y / reach, 0, 1), np.clip(1 - (height - y) / (1.25 * reach), 0, 1)
    lift = 0.6 * top**2 + bottom**2 + 0 * x
    light = 1 - 0.15 * top**1.5 + 0.05 * bottom * (1 - bottom) * 4 - 0.20 * bottom**2.5
    return lift.astype(np.float32), (light * (1 - 0.02 * x - 0.015 * x**2)).astype(np.float32)


def _edges(height: int, width: int, cut: bool, random: np.random.Generator) -> Plane:
    """1 on the paper: teeth above, where the one before was torn off, and below, if this one was too."""
    y = np.arange(height, dtype=np.float32)[:, None]
    above, below = _teeth(width, random), _teeth(width, random)
    if cut:
        below = _knife(width)
    mask = np.clip(y - above[None], 0, 1) * np.clip(height - below[None] - y, 0, 1)
    mask[:, :2] = mask[:, -2:] = 0
    return _blur(mask.astype(np.float32), 0.6)


def _teeth(width: int, random: np.random.Generator) -> Plane:
    """How far in the edge of torn paper is: the bar's teeth, 1.6 mm each, and what was torn askew."""
    x = np.arange(width, dtype=np.float32)
    pitch = 11.5 * _SCALE
    teeth = np.abs((x / pitch) % 1 - 0.5) * 2 * 3.4 * _SCALE
    ragged = 0.8 * _SCALE * _noise((1, width), 3, random)[0] + 1.5 * _SCALE * _noise((1, width), 60, random)[0]
    return np.asarray(teeth + ragged + 5 * _SCALE + 3 * _SCALE * x / width, np.float32)


def _knife(width: int) -> Plane:
    """A straight cut, but for the bridge in the middle that held the paper."""
    edge = np.full(width, 4.0 * _SCALE, np.float32)
    middle = width // 2
    edge[middle - 4 * _SCALE : middle + 4 * _SCALE] -= 1.5 * _SCALE
    return edge


# --- The camera ---


def _photograph(sheet: _Sheet, random: np.random.Generator) -> Plane:
    """(height, width, 3) in [0, 1]"""
    height, width = sheet.mask.shape
    border = round(0.17 * width)
    size = (width + 2 * border, height + 2 * border)
    mesh = _mesh(size, (width, height))
    mask, lift = _bent(sheet.mask, size, mesh), _bent(sheet.mask * sheet.lift, size, mesh)
    colours = np.stack([_bent(plane, size, mesh) for plane in np.moveaxis(sheet.colours, 2, 0)], axis=2)
    table = _table(size, random) * (1 - _shadow(mask, lift))[..., None]
    scene = table * (1 - mask[..., None]) + colours * mask[..., None]
    scene = _blur(scene * _lamp(size)[..., None], 0.5)
    grain = _noise(scene.shape[:2], 0.8, random)[..., None] * 0.011
    return np.asarray(scene + grain * (0.6 + 0.4 * (1 - scene)))


def _mesh(size: tuple[int, int], sheet: tuple[int, int]) -> Mesh:
    """Patches of a photograph of `size`, and where on the sheet their corners are: north west, south west, ...

    Both sizes are (width, height).
    """

    def place(x: float, y: float) -> tuple[float, float]:
        across, down = x - size[0] / 2, y - size[1] / 2
        across, down = (
            across * np.cos(_ANGLE) + down * np.sin(_ANGLE),
            down * np.cos(_ANGLE) - across * np.sin(_ANGLE),
        )
        far = down / sheet[1]
        near_end = max(0.0, far - 0.5 + 0.6 * sheet[0] / sheet[1]) * sheet[1] / sheet[0]
        nearer = 1 + _KEYSTONE * far + _CURL * near_end**2
        bow = 0.006 * sheet[0] * np.sin(2.2 * np.pi * far + 0.5)
        return across / nearer + bow + sheet[0] / 2, down * (1 - 0.3 * _KEYSTONE * far) + sheet[1] / 2

    patches: Mesh = []
    for top in range(0, size[1], _MESH):
        for left in range(0, size[0], _MESH):
            right, bottom = min(left + _MESH, size[0]), min(top + _MESH, size[1])
            corners = [(left, top), (left, bottom), (right, bottom), (right, top)]
            patches.append(((left, top, right, bottom), tuple(v for corner in corners for v in place(*corner))))
    return patches


def _bent(plane: Plane, size: tuple[int, int], mesh: Mesh) -> Plane:
    image = Image.fromarray(plane.astype(np.float32), "F")
    return np.asarray(image.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC), np.float32)


def _shadow(mask: Plane, lift: Plane) -> Plane:
    """How much light is kept from the table, lamp at the upper left: a line along the edge, and more below the ends."""
    contact = _blur(_moved(mask, 2, 3), 3)
    soft = _blur(_moved(mask, 7, 9), 11)
    far = _blur(_moved(lift, 30, 38), 20)
    return np.asarray(np.clip(0.34 * contact + 0.28 * soft + 0.62 * far, 0, 0.88))


def _moved(plane: Plane, right: int, down: int) -> Plane:
    return np.pad(plane, ((down, 0), (right, 0)))[: plane.shape[0], : plane.shape[1]]


def _table(size: tuple[int, int], random: np.random.Generator) -> Plane:
    """Wood: streaks along a grain that is not quite straight, broad and fine, and pores."""
    shape = (size[1], size[0])
    broad, fine = _streaks(shape, 420, 16, random), _streaks(shape, 160, 2.2, random)
    pores = np.clip(_streaks(shape, 26, 0.8, random) - 1.2, 0, 2)
    straight = np.clip(0.5 + 0.15 * broad + 0.09 * fine - 0.16 * pores, 0, 1)
    rows = np.arange(size[1])[:, None] + np.rint(_BEND * _noise(shape, 240, random)).astype(int)
    tone = np.take_along_axis(straight, np.clip(rows, 0, size[1] - 1), axis=0)[..., None]
    return np.asarray(_WOOD[0] * (1 - tone) + _WOOD[1] * tone)


def _streaks(shape: tuple[int, int], along: float, across: float, random: np.random.Generator) -> Plane:
    """Noise of unit variance, drawn out along x."""
    squeezed = _noise((shape[0], max(2, round(shape[1] * across / along))), across, random)
    return _normal(_resized(squeezed, (shape[1], shape[0])))


def _lamp(size: tuple[int, int]) -> Plane:
    """Light that falls from the upper left, and what the lens loses in its corners."""
    x, y = np.linspace(-1, 1, size[0], dtype=np.float32)[None], np.linspace(-1, 1, size[1], dtype=np.float32)[:, None]
    return np.asarray((1.0 - 0.07 * (x + y)) * (1 - 0.10 * (x**2 + y**2) ** 1.5 / 2.8), np.float32)


# --- Planes ---


def _noise(shape: tuple[int, ...], radius: float, random: np.random.Generator) -> Plane:
    """Noise of unit variance whose spots are some `radius` pixels large."""
    coarse = max(1, round(radius / 2))
    small = tuple(max(2, -(-side // coarse)) for side in shape)
    noise = _blur(random.random(small, dtype=np.float32), radius / coarse)
    return _normal(_resized(noise, (shape[1], shape[0])))


def _resized(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(Image.fromarray(plane, "F").resize(size, Image.Resampling.BICUBIC), np.float32)


def _normal(plane: Plane) -> Plane:
    return np.asarray((plane - plane.mean()) / max(float(plane.std()), 1e-6), np.float32)


def _blur(plane: Plane, sigma: float) -> Plane:
    """Gaussian, of values in [0, 1], (h, w) or (h, w, 3); to 1/255, which is all a picture has."""
    image = Image.fromarray(np.rint(255 * np.clip(plane, 0, 1)).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), np.float32) / np.float32(255)
