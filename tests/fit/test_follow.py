"""A grid that follows a film: the same as a search with a fresh field, and still where the picture is."""

from __future__ import annotations

import numpy as np
import pytest

from glyphgrad import GlyphAtlas, Layout
from glyphgrad.fit import discrete
from glyphgrad.fit.energy import Energy
from glyphgrad.fit.filters import Filter, gaussian, gradient, seed_filters
from glyphgrad.fit.follow import DRIFT, MOVED, STILL, Follower, Moved

LAYOUT = Layout(5, 7, 6, 4, 2)
FILTERS = [seed_filters(LAYOUT, 0.5, 4), (gaussian(0.01, 1.5), gradient(0.02, 1.5))]
ALL = np.ones((LAYOUT.rows, LAYOUT.cols), bool)
NONE = np.zeros(ALL.shape)
LEVEL = np.zeros((*ALL.shape, 4))


def still(change: np.ndarray) -> Moved:
    """Cells that changed, but whose mean is what it was."""
    return Moved(change, LEVEL)


def targets(count: int, step: float = 1.0) -> list[np.ndarray]:
    """Noise that changes by `step` (1: altogether) from one to the next."""
    rng = np.random.default_rng(3)
    found = [rng.random((LAYOUT.height, LAYOUT.width), np.float32)]
    while len(found) < count:
        found.append((1 - step) * found[-1] + step * rng.random(found[-1].shape, np.float32))
    return found


def energy(target: np.ndarray, atlas: GlyphAtlas, filters: tuple[Filter, ...]) -> Energy:
    return Energy(target, atlas.coverage, LAYOUT, filters)


@pytest.mark.parametrize("filters", FILTERS, ids=["seed", "perceptual"])
def test_without_stability_every_grid_is_one_that_no_change_improves(
    noise_atlas: GlyphAtlas, filters: tuple[Filter, ...]
) -> None:
    """The field is carried from picture to picture by differences only: an oracle recomputes it from pixels."""
    pictures = targets(8)
    first = energy(pictures[0], noise_atlas, filters)
    follower = Follower(first, discrete.solve(first, effort="fast"), LEVEL, 0.0)
    for picture in pictures[1:]:
        now = energy(picture, noise_atlas, filters)
        grid = follower.follow(now.slopes_at(ALL), ALL, still(np.zeros(ALL.shape)), 0.03)
        lowest = now(grid)
        for cell in np.ndindex(grid.shape):
            for glyph in range(len(noise_atlas.coverage)):
                other = grid.copy()
                other[cell] = glyph
                assert now(other) > lowest * (1 - 1e-5)  # a float32 field


def test_only_the_cells_that_see_a_change_need_slopes(noise_atlas: GlyphAtlas) -> None:
    before, after = targets(2)
    after[: LAYOUT.row_pitch * 2] = before[: LAYOUT.row_pitch * 2]  # the first two rows stay
    first, now = (energy(each, noise_atlas, FILTERS[0]) for each in (before, after))
    where = ALL.copy()
    where[:1] = False  # the second sees the third
    grid = discrete.solve(first, effort="fast")
    some = Follower(first, grid, LEVEL, 0.0).follow(now.slopes_at(where), where, still(np.zeros(ALL.shape)), 0.03)
    every = Follower(first, grid, LEVEL, 0.0).follow(now.slopes_at(ALL), ALL, still(np.zeros(ALL.shape)), 0.03)
    np.testing.assert_array_equal(some, every)


def test_slopes_of_some_cells_are_those_of_all() -> None:
    coverage = np.random.default_rng(0).random((5, 6, 4), np.float32)
    found = Energy(targets(1)[0], coverage, LAYOUT, FILTERS[1])
    where = np.random.default_rng(1).random(ALL.shape) < 0.5
    np.testing.assert_allclose(found.slopes_at(where), found.slopes()[where], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("moved", "changes"), [(0.0, False), (STILL, False), (MOVED, True), (1.0, True)])
def test_a_cell_keeps_its_character_unless_it_moves(noise_atlas: GlyphAtlas, moved: float, changes: bool) -> None:
    """At a high cost of changes nothing moves but where the target does, whatever the slopes say."""
    pictures = targets(2)
    first, now = (energy(each, noise_atlas, FILTERS[0]) for each in pictures)
    follower = Follower(first, discrete.solve(first, effort="fast"), LEVEL, 1e4)
    before = follower.grid
    after = follower.follow(now.slopes_at(ALL), ALL, still(np.full(ALL.shape, moved)), 0.03)
    assert (after != before).any() == changes


def test_what_was_held_is_free_again(noise_atlas: GlyphAtlas) -> None:
    """The cost of the last picture is taken back: a held grid ends where one that was never held does."""
    pictures = targets(3)
    energies = [energy(each, noise_atlas, FILTERS[0]) for each in pictures]
    grid = discrete.solve(energies[0], effort="fast")
    held = Follower(energies[0], grid, LEVEL, 1e4)
    held.follow(energies[1].slopes_at(ALL), ALL, still(np.zeros(ALL.shape)), 0.03)
    np.testing.assert_array_equal(held.grid, grid)
    last = held.follow(energies[2].slopes_at(ALL), ALL, still(np.ones(ALL.shape)), 0.03)
    never = Follower(energies[0], grid, LEVEL, 0.0).follow(
        energies[2].slopes_at(ALL), ALL, still(np.ones(ALL.shape)), 0.03
    )
    assert energies[2](last) == pytest.approx(energies[2](never), rel=1e-5)


def test_the_same_picture_again_changes_nothing(noise_atlas: GlyphAtlas) -> None:
    first = energy(targets(1)[0], noise_atlas, FILTERS[1])
    follower = Follower(first, discrete.solve(first), LEVEL, 0.0, diversity=0.001)
    before = follower.grid
    for _ in range(3):
        np.testing.assert_array_equal(
            follower.follow(first.slopes_at(ALL), ALL, still(np.zeros(ALL.shape)), 0.03), before
        )


def test_what_was_held_while_something_passed_by_is_put_right_soon(noise_atlas: GlyphAtlas) -> None:
    """A cell that stands still in a moving neighbourhood keeps its character, and lets go when it is calm there."""
    pictures = targets(2)
    first, now = (energy(each, noise_atlas, FILTERS[0]) for each in pictures)
    grid = discrete.solve(first, effort="fast")
    follower = Follower(first, grid, LEVEL, 0.5)
    nearby = np.zeros(ALL.shape)
    nearby[::3, ::3] = 1  # every other cell has one of these around it
    held = follower.follow(now.slopes_at(ALL), ALL, still(nearby), 0.03)
    nothing = np.zeros(ALL.shape, bool)
    soon = [follower.follow(now.slopes_at(nothing), nothing, still(np.zeros(ALL.shape)), 0.1) for _ in range(20)]
    alone = now(Follower(first, grid, LEVEL, 0.0).follow(now.slopes_at(ALL), ALL, still(np.ones(ALL.shape)), 0.03))
    assert now(held) > 1.02 * alone
    assert now(soon[-1]) < 1.02 * alone


@pytest.mark.parametrize("way", [[1, 1, 1, 1], [1, -1, 1, -1]], ids=["fade", "pan"])
def test_what_drifts_is_followed(noise_atlas: GlyphAtlas, way: list[int]) -> None:
    """Fades and slow pans move little from page to page, but in the end far: nothing is held against them."""
    pictures = targets(2)
    first, now = (energy(each, noise_atlas, FILTERS[0]) for each in pictures)
    follower = Follower(first, discrete.solve(first, effort="fast"), LEVEL, 1e4)
    before = follower.grid
    near = follower.follow(now.slopes_at(ALL), ALL, Moved(NONE, LEVEL + np.multiply(way, DRIFT) * STILL), 0.03)
    np.testing.assert_array_equal(near, before)
    assert (
        follower.follow(now.slopes_at(ALL), ALL, Moved(NONE, LEVEL + np.multiply(way, DRIFT) * MOVED), 0.03) != before
    ).any()
