"""Colour -> gray. The network's own arithmetic against finite differences; what it is for on pictures."""

from __future__ import annotations

import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad.core.color import srgb_to_lab
from glyphgrad.errors import ConfigError
from glyphgrad.fit import gray
from glyphgrad.fit.gray import GRAYS, grays

FISH = Path(__file__).parents[2] / "examples" / "equal-luminance.png"
BLACK, WHITE = (0, 0, 0), (255, 255, 255)

EQUAL_LUMA = {
    60: [(57, 65, 44), (30, 60, 143), (144, 20, 42)],
    90: [(121, 81, 54), (17, 96, 249), (51, 105, 116)],
    120: [(61, 155, 95), (110, 119, 151), (242, 74, 33)],
    150: [(59, 193, 164), (61, 181, 227), (233, 112, 132)],
    190: [(98, 228, 232), (192, 222, 23), (94, 249, 142)],
}
"""Pillow's luma -> three colours that have it, at least 40 apart in CIELAB, drawn at random."""


def rings(colours: list[tuple[int, int, int]], size: int = 90) -> Image.Image:
    """Discs within each other on a ground, framed in black and white."""
    pixels = np.full((size, size, 3), BLACK, np.uint8)
    pixels[4:-4, 4:-4] = WHITE
    pixels[8:-8, 8:-8] = colours[0]
    y, x = np.mgrid[:size, :size] - size / 2
    for colour, radius in zip(colours[1:], (0.33, 0.17), strict=False):
        pixels[np.hypot(x, y) < radius * size] = colour
    return Image.fromarray(pixels)


def level(picture: Image.Image, gray: Image.Image, colour: tuple[int, int, int]) -> float:
    """The one gray in [0, 1] that a colour of a picture became."""
    (value,) = np.unique(np.asarray(gray)[(np.asarray(picture) == colour).all(axis=-1)])
    return value / 255


def random_layers(dtype: type) -> gray.Layers:
    """K networks with biases too, so that no derivative is zero by chance."""
    rng = np.random.default_rng(3)
    layers = gray.starts(rng)
    return [(weight.astype(dtype), rng.normal(size=bias.shape).astype(dtype)) for weight, bias in layers]


def random_colours(count: int) -> np.ndarray:
    return srgb_to_lab(np.random.default_rng(4).random((count, 3)))


# --- By formula ---


def test_luma_is_pillows_and_lightness_is_cielabs(photo: Path) -> None:
    with Image.open(photo) as picture:
        picture = picture.convert("RGB").reduce(4)
    assert grays(picture, "luma").tobytes() == picture.convert("L").tobytes()
    exact = 2.55 * srgb_to_lab(np.asarray(picture) / 255)[..., 0]
    # half a level of rounding and less than another of interpolation
    np.testing.assert_allclose(np.asarray(grays(picture, "lightness")), exact, atol=1)


@pytest.mark.parametrize("how", GRAYS)
def test_what_is_gray_stays(how: str) -> None:
    ramp = Image.linear_gradient("L")
    assert grays(ramp, how).tobytes() == ramp.tobytes()
    if how != "lightness":  # of which L* is another
        assert grays(ramp.convert("RGB"), how).tobytes() == ramp.tobytes()


def test_another_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="gray is 'red': choose one of luma, lightness, learned"):
        grays(Image.new("RGB", (1, 1)), "red")


# --- What the network is for ---


def test_the_fish_is_invisible_to_formulas_and_seen_by_the_network() -> None:
    with Image.open(FISH) as opened:
        picture = opened.convert("RGB")
    colours = [colour for _, colour in picture.getcolors() if colour not in (BLACK, WHITE)]
    for how in ("luma", "lightness"):
        assert len({level(picture, grays(picture, how), colour) for colour in colours}) == 1
    learned = grays(picture, "learned")
    levels = [level(picture, learned, colour) for colour in colours]
    assert min(abs(a - b) for a, b in combinations(levels, 2)) >= 0.25
    assert (level(picture, learned, BLACK), level(picture, learned, WHITE)) == (0, 1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("luma", EQUAL_LUMA)
def test_three_colours_of_equal_luma_are_told_apart(luma: int, seed: int) -> None:
    colours = EQUAL_LUMA[luma]
    picture = rings(colours)
    assert {level(picture, grays(picture), colour) for colour in colours} == {luma / 255}
    learned = grays(picture, "learned", seed)
    levels = [level(picture, learned, colour) for colour in colours]
    assert min(abs(a - b) for a, b in combinations(levels, 2)) >= 0.25
    assert level(picture, learned, BLACK) < 0.1
    assert level(picture, learned, WHITE) > 0.9


def test_a_photograph_keeps_its_lights_and_shades(photo: Path) -> None:
    with Image.open(photo) as picture:
        picture = picture.convert("RGB")
    learned = np.asarray(grays(picture, "learned")).ravel() / 255
    light = gray.lightness(srgb_to_lab(np.asarray(picture).reshape(-1, 3) / 255))
    one, other = np.random.default_rng(0).integers(0, light.size, (2, 20_000))
    clearly = np.abs(light[one] - light[other]) > 0.1
    turned = (light[one] - light[other]) * (learned[one] - learned[other]) < 0
    assert (turned & clearly).mean() < 0.005  # 0.0004 measured: a handful of reds next to browns
    assert np.sqrt(np.mean((learned - light) ** 2)) < 0.1
    assert len(np.unique(np.rint(learned * 255))) > 200  # no steps


# --- The arithmetic ---


def test_gradients_are_those_of_finite_differences() -> None:
    objective, layers = gray.Objective(random_colours(20)), random_layers(np.float64)
    inputs = gray.features(objective.lab)
    out, entered = gray.forward(layers, inputs)
    slopes = gray.backward(layers, out, entered, objective(out[..., 0])[1][..., None])
    step = 1e-6
    for layer, slope in zip(layers, slopes, strict=True):
        for part, grad in zip(layer, slope, strict=True):
            for place in [np.unravel_index(i, part.shape) for i in range(0, part.size, max(1, part.size // 12))]:
                there = part[place]
                sides = []
                for part[place] in (there + step, there - step):
                    sides.append(objective(gray.forward(layers, inputs)[0][..., 0])[0].sum())
                part[place] = there
                # central differences are good to step squared; hinges that open within the step cost some more
                assert grad[place] == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-5, abs=1e-8)


def test_each_network_answers_for_itself() -> None:
    objective, layers = gray.Objective(random_colours(20)), random_layers(np.float64)
    inputs = gray.features(objective.lab)
    together = objective(gray.forward(layers, inputs)[0][..., 0])[0]
    for k, loss in enumerate(together):
        alone = [(weight[k : k + 1], bias[k : k + 1]) for weight, bias in layers]
        assert objective(gray.forward(alone, inputs)[0][..., 0])[0] == pytest.approx([loss], rel=1e-12)


def test_lightness_itself_only_lacks_what_equal_lightness_hides() -> None:
    apart = gray.Objective(np.array([[20.0, 0, 0], [80.0, 0, 0]]))
    alike = gray.Objective(np.array([[50.0, 60, 0], [50.0, -60, 0]]))
    assert apart(apart.light[None])[0] == pytest.approx(0, abs=1e-12)
    # all that is far is one pair of equal grays that shall be 0.3 apart
    assert alike(alike.light[None])[0] == pytest.approx(gray._PUSH * 0.3**2)


def test_gelu_is_that_of_the_paper() -> None:
    values, steepness = gray.gelu(np.array([-10.0, -1.0, 0.0, 1.0, 10.0]))
    # x Phi(x); the tanh form is good to three decimals
    assert values == pytest.approx([0, -0.15866, 0, 0.84134, 10], abs=1e-3)
    assert steepness == pytest.approx([0, -0.08331, 0.5, 1.08331, 1], abs=2e-3)


def test_the_table_is_as_good_as_the_network() -> None:
    network = gray.train(random_colours(60))
    rgb = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    exact = 255 * network(srgb_to_lab(rgb / 255))
    # half a level of rounding, and one of interpolating between the 33 grid points
    np.testing.assert_allclose(np.asarray(gray.apply(network, Image.fromarray(rgb))), exact, atol=1.6)


def test_frequent_colours_are_drawn_more_often() -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:90], pixels[90:] = (200, 30, 30), (30, 30, 200)
    drawn = gray.colours_of(Image.fromarray(pixels), 0)
    red = (drawn[:, 2] > 0).mean()
    assert red == pytest.approx(3 / 4, abs=0.01)  # square roots of 9 to 1, in steps of 1/112
    np.testing.assert_allclose(drawn[0], srgb_to_lab(np.array([30, 30, 200]) / 255), atol=1e-9)


# --- Poor pictures ---


@pytest.mark.parametrize(
    "colours",
    [
        [BLACK],
        [WHITE],
        [(255, 0, 0)],
        [(1, 0, 0)],
        [BLACK, WHITE],
        [(255, 0, 0), (0, 140, 0)],
        [(0, 0, 255), WHITE],
    ],
)
def test_few_colours_are_enough(colours: list[tuple[int, int, int]]) -> None:
    pixels = np.array([colours[i % len(colours)] for i in range(12)], np.uint8).reshape(3, 4, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = grays(Image.fromarray(pixels), "learned")
    assert (result.mode, result.size) == ("L", (4, 3))
    assert len(np.unique(result)) == len(colours)
    assert all(np.unique(np.asarray(result)[(pixels == c).all(-1)]) == c[0] for c in colours if c in (BLACK, WHITE))


def test_one_pixel_is_a_picture() -> None:
    assert grays(Image.new("RGB", (1, 1), (10, 200, 30)), "learned").size == (1, 1)


def test_same_seed_same_bytes() -> None:
    once, again, other = (grays(rings(EQUAL_LUMA[120]), "learned", seed).tobytes() for seed in (5, 5, 6))
    assert once == again
    assert once != other
