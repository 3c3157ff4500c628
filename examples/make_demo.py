"""Make src/glyphgrad/serve/demo.glyph, the film that `glyphgrad serve demo` shows, and docs/planet.gif: a planet and its moon.

    python examples/make_demo.py

Everything is drawn here, from formulas and a seed. Every motion returns to where it began, so that the
film is a loop without a seam.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import glyphgrad
from glyphgrad import Film, TimedFrame
from glyphgrad.codec.formats import write_film

ROOT = Path(__file__).parent.parent
OUTPUT, GIF = ROOT / "src" / "glyphgrad" / "serve" / "demo.glyph", ROOT / "docs" / "planet.gif"
TITLE = "A planet with rings"
ROWS, COLS = 30, 80
WIDTH, HEIGHT = 800, 600
"""Pixels: a cell of the terminal preset is 10 x 20."""
SECONDS, FPS, GIF_FPS = 24, 30, 12.5
SEED = 7

LIGHT = np.array([-0.75, 0.38, 0.54])
PLANET, RING_INNER, RING_OUTER = 1.0, 1.38, 2.25
MOON, ORBIT = 0.17, 2.75
SCALE = 136
"""Pixels of the planet's radius."""
BRIGHTEST = 0.44
"""Grey level of a surface in full light: no character covers much more of its cell, and what is brighter
loses its shades."""

Image = NDArray[np.float64]


def pictures(seconds: float = SECONDS, fps: float = FPS) -> Iterator[NDArray[np.uint8]]:
    """The grey pictures (HEIGHT, WIDTH) of one round."""
    stars = Stars(np.random.default_rng(SEED))
    for number in range(round(seconds * fps)):
        phase = 2 * np.pi * number / round(seconds * fps)
        yield scene(phase, stars)


def scene(phase: float, stars: Stars) -> NDArray[np.uint8]:
    """The picture at a phase in [0, 2 pi)."""
    tilt = 0.36 + 0.16 * np.sin(phase)  # of the ring's plane towards us
    roll = 0.30 + 0.06 * np.cos(phase)
    x, y = view(roll)
    image, depth = planet(x, y, phase, tilt)
    hidden = depth > -np.inf
    image = np.where(hidden, image, stars.at(phase))
    image = ring(image, depth, x, y, tilt)
    image = moon(image, depth, x, y, phase, tilt)
    return np.rint(255 * np.clip(BRIGHTEST * image, 0, 1)).astype(np.uint8)


def view(roll: float) -> tuple[Image, Image]:
    """Coordinates in planet radii, x to the right and y up, turned by `roll`."""
    rows, cols = np.mgrid[:HEIGHT, :WIDTH]
    x, y = (cols - WIDTH / 2 + 0.5) / SCALE, (HEIGHT / 2 - 0.5 - rows) / SCALE
    return x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll)


def planet(x: Image, y: Image, phase: float, tilt: float) -> tuple[Image, Image]:
    """Light and depth of the planet: a banded ball with a storm, that turns three times a round."""
    depth = np.sqrt(np.maximum(0, PLANET**2 - x**2 - y**2))
    inside = x**2 + y**2 < PLANET**2
    up = y * np.cos(tilt) + depth * np.sin(tilt)
    towards = depth * np.cos(tilt) - y * np.sin(tilt)
    latitude, longitude = np.arcsin(np.clip(up, -1, 1)), np.arctan2(x, towards) + 3 * phase
    wave = 0.05 * np.sin(5 * longitude) * np.cos(3 * latitude) + 0.03 * np.sin(9 * longitude + 4 * latitude)
    bands = 0.64 + 0.36 * np.sin(9 * (latitude + wave)) + 0.08 * np.sin(21 * (latitude - wave))
    storm = np.exp(-(((latitude + 0.38) / 0.13) ** 2) - (np.sin((longitude - 1) / 2) / 0.16) ** 2)
    light = np.maximum(0, LIGHT[0] * x + LIGHT[1] * y + LIGHT[2] * depth)
    shade = ring_shadow(x, up, towards, tilt)
    limb = 0.07 * (1 - depth) ** 2
    shown = light * np.clip(bands * (1 - 0.75 * storm) + 0.45 * storm**4, 0.05, 1.2) * shade + limb
    return np.where(inside, 0.95 * shown, 0), np.where(inside, depth, -np.inf)


def ring_shadow(x: Image, up: Image, towards: Image, tilt: float) -> Image:
    """What the ring lets through on the planet: walk from there to the light until the ring's plane."""
    lift = LIGHT[1] * np.cos(tilt) + LIGHT[2] * np.sin(tilt)
    along = LIGHT[2] * np.cos(tilt) - LIGHT[1] * np.sin(tilt)
    way = -up / lift
    radius = np.hypot(x + way * LIGHT[0], towards + way * along)
    return np.where(way > 0, 1 - 0.75 * density(radius), 1)


def density(radius: Image) -> Image:
    """How much of the ring's plane is ring: two broad rings with a gap, and ripples."""
    edge = 0.02
    inside = 1 / (1 + np.exp(-(radius - RING_INNER) / edge)) - 1 / (1 + np.exp(-(radius - RING_OUTER) / edge))
    gap = 1 - 0.95 * np.exp(-(((radius - 1.93) / 0.05) ** 2))
    return inside * gap * (0.72 + 0.28 * np.sin(17 * radius))


def ring(image: Image, depth: Image, x: Image, y: Image, tilt: float) -> Image:
    """The ring, behind the planet and before it, with the planet's shadow on it."""
    across = y / np.sin(tilt)
    distance = -y * np.cos(tilt) / np.sin(tilt)
    thick = density(np.hypot(x, across)) * (distance > depth)
    along = x * LIGHT[0] + y * LIGHT[1] + distance * LIGHT[2]
    off = x**2 + y**2 + distance**2 - along**2
    lit = 1 - 0.93 * ((along < 0) / (1 + np.exp(np.minimum((off - 1) / 0.03, 50))))
    return image * (1 - 0.85 * thick) + 0.62 * thick * lit


def moon(image: Image, depth: Image, x: Image, y: Image, phase: float, tilt: float) -> Image:
    """A moon in the ring's plane, outside of it, once a round."""
    angle = phase + 0.6
    right, far = ORBIT * np.cos(angle), -ORBIT * np.sin(angle)
    centre = np.array([right, far * -np.sin(tilt), far * np.cos(tilt)])
    dx, dy = (x - centre[0]) / MOON, (y - centre[1]) / MOON
    ball = np.sqrt(np.maximum(0, 1 - dx**2 - dy**2))
    shown = (dx**2 + dy**2 < 1) & (centre[2] > depth)
    light = np.maximum(0.03, LIGHT[0] * dx + LIGHT[1] * dy + LIGHT[2] * ball)
    craters = 0.85 + 0.15 * np.sin(7 * dx + 2) * np.sin(8 * dy)
    return np.where(shown, light * craters, image)


class Stars:
    """A sky of points, each twinkling at its own pace."""

    def __init__(self, generator: np.random.Generator, count: int = 110):
        self._x, self._y = generator.random(count) * WIDTH, generator.random(count) * HEIGHT
        self._light = (0.5 + 0.5 * generator.random(count) ** 2) / BRIGHTEST
        self._rounds = generator.integers(3, 9, count)
        self._turn = generator.random(count) * 2 * np.pi

    def at(self, phase: float) -> Image:
        image = np.zeros((HEIGHT, WIDTH))
        light = self._light * (0.8 + 0.2 * np.sin(self._rounds * phase + self._turn))
        for x, y, bright in zip(self._x, self._y, light, strict=True):
            left, top = int(x) - 4, int(y) - 4
            rows, cols = np.mgrid[top : top + 9, left : left + 9]
            spot = bright * np.exp(-((rows - y) ** 2 + (cols - x) ** 2) / 5.0)
            image[rows % HEIGHT, cols % WIDTH] += spot
        return image


def film(fps: float, rounds: int = 2, seconds: float = SECONDS) -> Film:
    """The last of some rounds as a film of characters: it begins as the one before has ended.

    Their tones are as they were drawn.
    """
    shown = list(pictures(seconds, fps))
    return glyphgrad.animate(
        (shown * rounds),
        "terminal",
        cols=COLS,
        rows=ROWS,
        fps=fps,
        tone="off",
        effort="fast",
        skip=len(shown) * (rounds - 1),
    )


def write(output: Path, fps: float) -> None:
    made = film(fps)
    with write_film(output, replace(made.header, title=TITLE, duration=None)) as writer:
        begin = None
        for one in made:
            begin = one.start if begin is None else begin
            writer.write(TimedFrame(one.start - begin, one.end - begin, one.frame))


if __name__ == "__main__":
    write(OUTPUT, FPS)
    write(GIF, GIF_FPS)
