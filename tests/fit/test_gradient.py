from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from glyphgrad import AnnealConfig, FitConfig, GlyphAtlas, Layout, LossWeights, Step
from glyphgrad.core.raster import render
from glyphgrad.errors import ConfigError, DeviceError
from glyphgrad.fit.gradient import _GumbelNoise, descend, pick_device
from glyphgrad.fit.schedule import rate, temperature

LAYOUT = Layout(rows=3, cols=4, cell_height=6, cell_width=4, row_gap=2)
GLYPHS = np.random.default_rng(1).integers(0, 8, (3, 4))
CONFIG = FitConfig(iterations=25, save_interval=10, device="cpu")


@pytest.fixture
def target(noise_atlas: GlyphAtlas) -> np.ndarray:
    return render(GLYPHS, noise_atlas.coverage, LAYOUT)


def steps_of(target: np.ndarray, atlas: GlyphAtlas, config: FitConfig) -> list[Step]:
    steps: list[Step] = []
    descend(target, atlas, LAYOUT, config, steps.append)
    return steps


@pytest.mark.parametrize("gumbel", [True, False])
def test_a_picture_made_of_glyphs_gives_those_glyphs_back(
    noise_atlas: GlyphAtlas, target: np.ndarray, gumbel: bool
) -> None:
    config = FitConfig(
        iterations=200, lr=0.1, weights=LossWeights(diversity_weight=0), anneal=AnnealConfig(gumbel), device="cpu"
    )
    np.testing.assert_array_equal(descend(target, noise_atlas, LAYOUT, config), GLYPHS)


def test_diversity_brings_more_glyphs_into_use(noise_atlas: GlyphAtlas) -> None:
    blank = np.zeros((LAYOUT.height, LAYOUT.width), np.float32)
    used = {}
    for weight in (0.0, 10.0):
        weights = LossWeights(diversity_weight=weight, protect_whitespace=False)
        config = FitConfig(iterations=200, lr=0.05, weights=weights, device="cpu")
        used[weight] = len(np.unique(descend(blank, noise_atlas, LAYOUT, config)))
    assert used[0.0] == 1  # nothing but space
    assert used[10.0] > 4


def test_steps_are_told_every_interval_and_at_the_last(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    steps = steps_of(target, noise_atlas, CONFIG)
    assert [step.step for step in steps] == [1, 11, 21, 25]
    assert {step.steps for step in steps} == {25}


def test_a_step_tells_the_schedule_and_the_state(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    steps = steps_of(target, noise_atlas, CONFIG)
    for told in steps:
        assert told.rate == 0.01 * rate(told.step - 1, 25, 2)
        assert told.temperature == temperature(told.step - 1, 25, 2, 1.0, 0.1)
        assert (told.frame.rows, told.frame.cols) == (3, 4)
        assert told.soft.shape == target.shape
        assert 0 <= told.soft.min() < told.soft.max() <= 1 + 1e-6  # softmax weights sum to 1 in float32
    assert steps[-1].recon < steps[0].recon
    assert 0 < steps[0].diversity <= np.log(7) + 1e-6  # seven glyphs have ink; float32


def test_the_frame_told_last_is_the_result(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    steps: list[Step] = []
    glyphs = descend(target, noise_atlas, LAYOUT, CONFIG, steps.append)
    assert steps[-1].frame == noise_atlas.frame(glyphs)


def test_being_watched_changes_nothing(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    watched = descend(target, noise_atlas, LAYOUT, replace(CONFIG, save_interval=1), lambda _: None)
    np.testing.assert_array_equal(watched, descend(target, noise_atlas, LAYOUT, CONFIG))


@pytest.mark.parametrize("gumbel", [True, False])
def test_the_same_seed_gives_the_same_grid_and_another_another(
    noise_atlas: GlyphAtlas, target: np.ndarray, gumbel: bool
) -> None:
    config = replace(CONFIG, iterations=2, anneal=AnnealConfig(gumbel))
    first, again, other = (descend(target, noise_atlas, LAYOUT, replace(config, seed=seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_it_ends_when_asked_to_stop_with_what_it_has(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    asked = 0

    def stop_at_the_third() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    glyphs = descend(target, noise_atlas, LAYOUT, replace(CONFIG, iterations=1000), should_stop=stop_at_the_third)
    assert asked == 3
    assert glyphs.shape == (3, 4)


def test_a_kernel_larger_than_the_picture_is_refused(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    for kernel in (17, 40):
        with pytest.raises(ConfigError, match=f"multiscale_kernel is {kernel}: .*16 x 22 pixels"):
            descend(target, noise_atlas, LAYOUT, replace(CONFIG, weights=LossWeights(multiscale_kernel=kernel)))
    for weights in (LossWeights(multiscale_kernel=16), LossWeights(multiscale_weight=0, multiscale_kernel=40)):
        assert descend(target, noise_atlas, LAYOUT, replace(CONFIG, weights=weights)).shape == (3, 4)


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="'cuda' is not there: this machine has cpu"):
        pick_device("cuda")


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(False, False, "cpu"), (False, True, "mps"), (True, False, "cuda"), (True, True, "cuda")]
)
def test_auto_is_the_fastest_device_there_is(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, best: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto").type == best


@pytest.mark.parametrize("options", [{"lr": 1e30}, {"seed": 10**30}, {"anneal": AnnealConfig(temp_end=1e-30)}])
def test_extreme_options_still_end_with_a_grid(
    noise_atlas: GlyphAtlas, target: np.ndarray, options: dict[str, object]
) -> None:
    assert descend(target, noise_atlas, LAYOUT, replace(CONFIG, **options)).shape == (3, 4)


def test_more_threads_than_cores_are_not_started(noise_atlas: GlyphAtlas, target: np.ndarray) -> None:
    before = torch.get_num_threads()
    try:
        descend(target, noise_atlas, LAYOUT, replace(CONFIG, threads=1_000_000))
        assert torch.get_num_threads() == os.cpu_count()
    finally:
        torch.set_num_threads(before)


def test_the_noise_is_gumbels() -> None:
    draws = _GumbelNoise((1000, 1000), 0, torch.Generator().manual_seed(0), torch.device("cpu")).draw()
    assert draws.shape == (1000, 1000)
    # A million draws: standard errors are 0.0013 for the mean and 0.0034 for the variance; five of each.
    assert float(draws.mean()) == pytest.approx(np.euler_gamma, abs=0.0064)
    assert float(draws.var()) == pytest.approx(np.pi**2 / 6, abs=0.017)


def test_gumbel_noise_is_added_when_it_is_wanted(
    noise_atlas: GlyphAtlas, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = 0
    draw = _GumbelNoise.draw

    def counted(noise: _GumbelNoise) -> torch.Tensor:
        nonlocal drawn
        drawn += 1
        return draw(noise)

    monkeypatch.setattr(_GumbelNoise, "draw", counted)
    descend(target, noise_atlas, LAYOUT, CONFIG)
    assert drawn == CONFIG.iterations
    descend(target, noise_atlas, LAYOUT, replace(CONFIG, anneal=AnnealConfig(gumbel=False)))
    assert drawn == CONFIG.iterations


def test_noise_is_new_at_every_draw() -> None:
    noise = _GumbelNoise((3, 4), 0, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert not torch.equal(noise.draw(), noise.draw())
