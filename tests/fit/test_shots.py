from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from glyphgrad.core.video import Picture, Timed
from glyphgrad.errors import PictureError
from glyphgrad.fit.shots import AFTER, shots, thumbnail

SIZE = (90, 120)


def scene(seed: int) -> np.ndarray:
    """A smooth picture (90, 640) in [0, 255], unlike that of any other seed; wide enough to pan over."""
    rng = np.random.default_rng(seed)
    rows, cols = np.linspace(0, 1, SIZE[0])[:, None], np.linspace(0, 6, 640)
    waves = [
        np.cos(2 * np.pi * (a * rows + b * cols + c))
        for a, b, c in zip(rng.normal(0, 2, 5), rng.normal(0, 0.5, 5), rng.random(5), strict=True)
    ]
    return (127.5 + 127.5 * np.clip(sum(waves) / 2.5, -1, 1)).astype(np.uint8)


def still(seed: int, frames: int = 12) -> list[Picture]:
    return [scene(seed)[:, : SIZE[1]]] * frames


def pan(seed: int, frames: int = 30, speed: int = 8) -> list[Picture]:
    return [scene(seed)[:, speed * n : speed * n + SIZE[1]] for n in range(frames)]


def fade(seed: int, frames: int = 15) -> list[Picture]:
    """From black to the scene; the last frame is the scene."""
    return [(scene(seed)[:, : SIZE[1]] * ((n + 1) / frames)).astype(np.uint8) for n in range(frames)]


def flat(level: int, frames: int = 1) -> list[Picture]:
    return [np.full(SIZE, level, np.uint8)] * frames


def inverted(frames: Iterable[Picture]) -> list[Picture]:
    return [255 - frame for frame in frames]


def disc(frames: int = 12) -> list[Picture]:
    """A black disc that wanders over white, as in a film of silhouettes."""
    y, x = np.ogrid[: SIZE[0], : SIZE[1]]
    return [np.where((y - 45) ** 2 + (x - 30 - 2 * n) ** 2 < 400, 0, 255).astype(np.uint8) for n in range(frames)]


def film_of(*parts: list[Picture]) -> list[Timed]:
    return [Timed(n / 30, picture) for n, picture in enumerate(picture for part in parts for picture in part)]


def cuts_of(*parts: list[Picture]) -> list[int]:
    """The numbers of the frames with which a shot begins."""
    return [n for n, (begins, _) in enumerate(shots(film_of(*parts))) if begins]


def test_every_hard_cut_is_found_where_it_is() -> None:
    assert cuts_of(*(still(seed) for seed in range(6))) == [0, 12, 24, 36, 48, 60]


def test_cuts_are_found_between_moving_pictures() -> None:
    assert cuts_of(pan(0, 20, speed=3), pan(1, 20, speed=3), still(2)) == [0, 20, 40]


def test_an_inversion_of_the_whole_screen_is_a_cut() -> None:
    film = disc(40)
    assert cuts_of(film[:15], inverted(film[15:28]), film[28:]) == [0, 15, 28]


def test_an_inversion_of_a_picture_half_black_half_white_is_a_cut() -> None:
    half = np.repeat(np.array([[0, 255]], np.uint8), 60, axis=1).repeat(90, axis=0)
    assert cuts_of([half] * 9, inverted([half] * 9)) == [0, 9]


def test_a_change_of_colour_alone_is_a_cut() -> None:
    red, green = (np.broadcast_to(np.uint8(colour), (90, 120, 3)) for colour in ([200, 0, 0], [0, 200, 0]))
    assert cuts_of([red] * 9, [green] * 9) == [0, 9]


ONE_SHOT = {
    "slow pan": pan(0, speed=3),
    "fast pan": pan(1, speed=16),
    "pan that starts and stops": still(1) + pan(1, 25, speed=16) + pan(1, 25, speed=16)[-1:] * 12,
    "pan drawn on twos": [frame for frame in pan(2, 12, speed=12) for _ in range(2)],
    "fades": still(3) + fade(3)[::-1] + flat(0, 9) + fade(4) + still(4),
    "flash": still(5) + flat(255) + still(5),
    "flash of three frames": still(5) + flat(255, 3) + still(5),
    "flicker": still(6, 9) + (flat(255) + still(6, 1)) * 10 + still(6, 9),
    "strobe": (flat(0) + flat(255)) * 20,
    "silhouette": disc(40),
    "one frame": still(7, 1),
}


@pytest.mark.parametrize("film", ONE_SHOT.values(), ids=ONE_SHOT.keys())
def test_what_is_no_cut_is_not_split(film: list[Picture]) -> None:
    assert cuts_of(film) == [0]


def test_noise_is_not_split() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, *SIZE), dtype=np.uint8)
    assert cuts_of(list(noise)) == [0]


def test_a_cut_through_a_white_flash_is_one_cut_after_the_flash() -> None:
    assert cuts_of(still(0), flat(255), still(1)) == [0, 13]


@pytest.mark.parametrize("frames", range(1, AFTER + 1))
def test_a_shot_too_short_belongs_to_the_one_before(frames: int) -> None:
    assert cuts_of(still(0), still(1, frames), still(2)) == [0, 12 + frames]


def test_a_shot_just_long_enough_stands() -> None:
    assert cuts_of(still(0), still(1, AFTER + 1), still(2)) == [0, 12, 12 + AFTER + 1]


def test_all_pictures_come_in_order_and_few_are_waited_for() -> None:
    film = film_of(still(0), still(1))
    taken = 0

    def counted() -> Iterator[Timed]:
        nonlocal taken
        for taken, timed in enumerate(film, 1):  # noqa: B007
            yield timed

    for number, (_, timed) in enumerate(shots(counted()), 1):
        assert timed is film[number - 1]
        assert taken <= number + AFTER
    assert number == len(film)


def test_no_pictures_are_no_shots() -> None:
    assert list(shots([])) == []


def test_an_error_of_the_film_comes_after_the_pictures_before_it() -> None:
    def breaking() -> Iterator[Timed]:
        yield from film_of(still(0, 3))
        raise PictureError("broken")

    got = shots(breaking())
    assert [next(got)[0] for _ in range(3)] == [True, False, False]
    with pytest.raises(PictureError, match="broken"):
        next(got)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (90, 120), (90, 120, 3)])
def test_a_thumbnail_of_a_flat_picture_is_flat(shape: tuple[int, ...]) -> None:
    np.testing.assert_allclose(thumbnail(np.full(shape, 51, np.uint8)), 0.2)


def test_a_thumbnail_is_the_mean_of_its_blocks() -> None:
    """48 x 64 pixels are exactly the samples: nothing is left out."""
    picture = np.random.default_rng(1).integers(0, 256, (48, 64), dtype=np.uint8)
    blocks = picture.reshape(12, 4, 16, 4).swapaxes(1, 2).reshape(12, 16, 16).mean(axis=2) / 255
    np.testing.assert_allclose(thumbnail(picture), blocks.ravel())
