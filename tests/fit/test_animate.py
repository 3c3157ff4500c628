"""Films of grids: what may not depend on the number of processes, on batches, or on pictures of other shots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from glyphgrad import PRESETS, FilmConfig, FitConfig, Frame, Layout, LossWeights
from glyphgrad.core.video import Timed
from glyphgrad.errors import ConfigError, PictureError
from glyphgrad.fit.animate import Cast, animate, change, pages_of, part_means
from glyphgrad.fit.fit import fit
from glyphgrad.fit.follow import grown
from glyphgrad.fit.live import Live
from glyphgrad.fit.means import Means
from glyphgrad.fit.shots import Stretch, shot_of, stretches

DEVICE = replace(PRESETS["terminal"], cols=16, rows=6)
LAYOUT, ATLAS = DEVICE.layout_for(4, 3), DEVICE.atlas()
PAGE = (LAYOUT.height, LAYOUT.width)
FPS = 25


def config(**options: object) -> FitConfig:
    weights = LossWeights(diversity_weight=0.0)
    return FitConfig(**{"solver": "discrete", "effort": "fast", "weights": weights, **options})  # type: ignore[arg-type]


def scene(count: int, turn: float = 0.2, noise: float = 0.0, seed: int = 0) -> list[np.ndarray]:
    """A disc that circles over a gradient; with `noise` (levels) in every picture anew."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : PAGE[0] * 1j, -1 : 1 : PAGE[1] * 1j]
    pages = []
    for step in range(count):
        disc = np.hypot(y - 0.4 * np.sin(turn * step), x - 0.5 * np.cos(turn * step)) < 0.35
        level = np.where(disc, 230, 60 + 50 * x) + noise * rng.standard_normal(PAGE)
        pages.append(np.clip(level, 0, 255).astype(np.uint8))
    return pages


def film(pages: list[np.ndarray]) -> Iterator[Timed]:
    return (Timed(number / FPS, page) for number, page in enumerate(pages))


def frames(pages: list[np.ndarray], config: FitConfig, film_config: FilmConfig | None = None) -> list[Frame]:
    return [frame for _, frame in animate(film(pages), ATLAS, LAYOUT, config, film_config, dark=True)]


def cells(found: list[Frame]) -> np.ndarray:
    return np.stack([frame.cells for frame in found])


CUT = [*scene(20), *(255 - page for page in scene(20, turn=-0.3))]


@pytest.mark.parametrize("options", [{}, {"objective": "seed"}, {"effort": "normal"}], ids=str)
def test_the_number_of_workers_changes_nothing(options: dict[str, str]) -> None:
    one, three = (frames(CUT, config(**options), FilmConfig(workers=count, look_ahead=7)) for count in (1, 3))
    assert one == three
    assert len(one) == len(CUT)


def test_times_are_those_of_the_pages() -> None:
    pages = [Timed(time, page) for time, page in zip((0, 0.1, 0.5, 0.7), scene(4), strict=True)]
    assert [time for time, _ in animate(pages, ATLAS, LAYOUT, config(), dark=True)] == [0, 0.1, 0.5, 0.7]


def test_a_shot_does_not_depend_on_the_one_before() -> None:
    assert frames(CUT, config())[20:] == frames(CUT[20:], config())


def test_the_first_frame_is_the_fit_of_a_picture() -> None:
    """With a look ahead of one picture, of all tones: a fit has no more to go by."""
    page = scene(1)[0]
    alone = fit(page / np.float32(255), ATLAS, LAYOUT, config(tone="off"), dark=True)
    assert frames([page], config(tone="off")) == [alone.frame]


def test_noise_does_not_flicker() -> None:
    noisy = scene(12, turn=0, noise=3)
    loose, held = (cells(frames(noisy, config(), FilmConfig(stability=cost))) for cost in (0, FilmConfig.stability))
    flicker = [(np.diff(each.astype(int), axis=0) != 0).mean() for each in (loose, held)]
    assert flicker[0] > 0.01
    assert flicker[1] < flicker[0] / 10


def test_what_moves_is_followed() -> None:
    """Held or not, the objective of a moving scene is about the same: nothing lags behind."""
    pages = scene(20)
    found = [cells(frames(pages, config(tone="off"), FilmConfig(stability=cost))) for cost in (0, FilmConfig.stability)]
    errors = []
    for each in found:
        ink = [ATLAS.coverage[ATLAS.glyphs(Frame(grid))].transpose(0, 2, 1, 3).reshape(PAGE) for grid in each]
        errors.append(np.mean((np.stack(ink) - np.stack(pages) / 255) ** 2))
    assert errors[1] < 1.02 * errors[0]


def test_brightness_does_not_pump() -> None:
    """A lamp goes on in a corner: the wall at the other end stays as it is."""
    wall = np.tile(np.linspace(40, 120, PAGE[1]), (PAGE[0], 1)).astype(np.uint8)
    lit = wall.copy()
    lit[: LAYOUT.cell_height, : 2 * LAYOUT.cell_width] = 255
    found = cells(frames([*[wall] * 30, *[lit] * 30], config(), FilmConfig(stability=0)))
    np.testing.assert_array_equal(found[0, 3:, 8:], found[-1, 3:, 8:])


def test_a_fade_from_black_is_seen() -> None:
    """The shot begins with nothing to learn from, and is learned when there is something."""
    shade = np.linspace(0, 1, 60)
    faded = [np.uint8(level * page) for level, page in zip(shade, scene(60), strict=True)]
    found = frames([*[np.zeros(PAGE, np.uint8)] * 10, *faded], config(), FilmConfig(look_ahead=10))
    inks = [ATLAS.coverage[ATLAS.glyphs(frame)].mean() for frame in found]
    assert inks[0] == 0
    assert inks[-1] > 0.9 * ATLAS.coverage[ATLAS.glyphs(frames(faded[-1:], config())[0])].mean()
    assert np.diff(inks).max() < 0.03  # it does not jump


@pytest.mark.parametrize("how", ["shift", "warp"])
def test_alignment_moves_evenly(how: str) -> None:
    """Of a still scene the place is found once: pictures after the first do not jump."""
    found = cells(frames(scene(4, turn=0, noise=2), config(align=how)))
    assert (found[1:] != found[:-1]).mean() < 0.02


def test_the_tie_holds_the_alignment() -> None:
    pages = scene(3, turn=0.5)
    means = Means(ATLAS, LAYOUT, config(align="shift"))
    moved = []
    for tie in (0.0, 1e6):
        cast = Cast(means, FilmConfig(temporal_weight=tie))
        shifts = []
        for page in pages_of([Stretch(True, list(film(pages)))], means, dark=True):
            cast.glyphs(page.prepared(means))
            shifts.append(cast.warp.shift if cast.warp else None)
        moved.append(max(np.abs(np.diff(shifts, axis=0)).max(), 0.0))
    assert moved[1] < 0.01 * max(moved[0], 0.1)


def test_the_descent_works_in_films() -> None:
    found = frames(scene(2), config(solver="gradient", objective="seed", iterations=5, effort="normal"))
    assert len(found) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_memory_holds_a_stretch_and_no_more(workers: int) -> None:
    """Pages are asked for as they are needed: of a film of any length only the look ahead is read before the first
    frame, and what workers have been given."""
    read = 0

    def endless() -> Iterator[Timed]:
        nonlocal read
        for number, page in enumerate(scene(8) * 1000):
            read += 1
            yield Timed(number / FPS, page)

    walk = animate(endless(), ATLAS, LAYOUT, config(), FilmConfig(look_ahead=5, workers=workers), dark=True)
    for _ in range(100):
        next(walk)
    given = 8 if workers == 1 else workers * 3 * 8  # pages that are prepared together
    assert read <= 100 + given + 2 * 5 + 5  # and what finding cuts looks ahead
    walk.close()


def test_it_stops_when_asked() -> None:
    asked = iter([False, False, True])
    walk = animate(film(scene(9)), ATLAS, LAYOUT, config(), dark=True, should_stop=lambda: next(asked, True))
    assert len(list(walk)) < 9


def test_a_broken_film_gives_what_precedes() -> None:
    def broken() -> Iterator[Timed]:
        yield from film(scene(7))
        raise PictureError("damaged")

    found = []
    with pytest.raises(PictureError, match="damaged"):
        found.extend(animate(broken(), ATLAS, LAYOUT, config(), FilmConfig(workers=2, look_ahead=3), dark=True))
    assert len(found) == 7


@pytest.mark.parametrize("row_gap", [0, 3])
def test_change_is_the_mean_of_a_cell(row_gap: int) -> None:
    layout = replace(LAYOUT, row_gap=row_gap)
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 256, (2, layout.height, layout.width), dtype=np.uint8)
    found = change(before, after, layout)
    top, left = 2 * layout.row_pitch, 3 * layout.cell_width
    cell = np.s_[top : top + layout.cell_height, left : left + layout.cell_width]
    assert found[2, 3] == pytest.approx(np.abs(before[cell].astype(int) - after[cell]).mean() / 255)
    colours = np.stack([before, before, after], axis=2), np.stack([before, before, before], axis=2)
    np.testing.assert_allclose(change(*colours, layout), found)  # the channel that changes most


def test_parts_of_cells_are_means_of_their_own() -> None:
    """Also of sides that the parts do not divide, and of cells of fewer pixels than parts."""
    page = np.random.default_rng(1).integers(0, 256, (2 * 7 + 1, 3 * 5), dtype=np.uint8)
    parts = part_means(page, Layout(2, 3, 7, 5, 1), 2, 2)
    for part, (y, x) in enumerate([(slice(0, 3), slice(0, 2)), (slice(0, 3), slice(2, 5)), (slice(3, 7), slice(0, 2))]):
        assert parts[1, 2, part] == pytest.approx(page[8:, 10:][y, x].mean() / 255)
    assert part_means(page[:14, :3], Layout(14, 3, 1, 1), 2, 2).shape == (14, 3, 1)


def test_a_grown_mask_reaches_all_around() -> None:
    mask = np.zeros((5, 6), bool)
    mask[2, 0] = True
    assert np.argwhere(grown(mask, 1, 2)).tolist() == [[y, x] for y in (1, 2, 3) for x in (0, 1, 2)]
    np.testing.assert_array_equal(grown(mask, 0, 0), mask)


def test_stretches_end_at_cuts_and_at_their_length() -> None:
    found = list(stretches(film(CUT), 8))
    assert [(each.begins, len(each.pictures)) for each in found] == [
        *[(True, 8), (False, 8), (False, 4)],
        *[(True, 8), (False, 8), (False, 4)],
    ]
    assert [shot_of(number, film(CUT)) for number in (0, 19, 20, 39)] == [0, 0, 20, 20]


@pytest.mark.parametrize(
    ("name", "value"), [("stability", -1), ("temporal_weight", float("nan")), ("look_ahead", 0), ("workers", 1.5)]
)
def test_what_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        FilmConfig(**{name: value})  # type: ignore[arg-type]


# --- Live ---


def test_live_follows_like_a_film() -> None:
    pages = scene(10, turn=0)
    live = Live(ATLAS, LAYOUT, config(), dark=True)
    assert [live.frame(page) for page in pages] == frames(pages, config())


def test_live_begins_anew_at_a_cut() -> None:
    live, fresh = (Live(ATLAS, LAYOUT, config(), dark=True) for _ in range(2))
    for page in CUT[:20]:
        live.frame(page)
    assert [live.frame(page) for page in CUT[20:25]] == [fresh.frame(page) for page in CUT[20:25]]


def test_live_learns_when_there_is_something_to_see() -> None:
    live = Live(ATLAS, LAYOUT, config(), dark=True)
    faded = [np.uint8(level * page) for level, page in zip(np.linspace(0, 1, 70), scene(70), strict=True)]
    found = [live.frame(page) for page in [*[np.zeros(PAGE, np.uint8)] * 5, *faded]]
    alone = ATLAS.glyphs(frames(faded[-1:], config())[0])
    assert ATLAS.coverage[ATLAS.glyphs(found[-1])].mean() > 0.9 * ATLAS.coverage[alone].mean()
