from __future__ import annotations

import math

import pytest

from glyphgrad import AnnealConfig, FitConfig, LossWeights
from glyphgrad.errors import ConfigError


def test_defaults_are_the_original_tools() -> None:
    config = FitConfig(solver="gradient")
    assert (config.iterations, config.lr, config.save_interval) == (10_000, 0.01, 100)
    assert config.weights == LossWeights(0.01, 0.5, 4, protect_whitespace=True)
    assert config.weights.multiscale_stride == 2
    assert config.anneal == AnnealConfig(gumbel=True, temp_start=1.0, temp_end=0.1, save_temp=0.01)


@pytest.mark.parametrize(
    ("iterations", "warmup"), [(1, 0), (9, 0), (10, 1), (1000, 100), (9999, 999), (10_000, 1000), (50_000, 1000)]
)
def test_a_warmup_not_given_is_a_thousand_or_a_tenth_of_a_short_run(iterations: int, warmup: int) -> None:
    assert FitConfig(iterations=iterations).warmup_steps == warmup


@pytest.mark.parametrize("warmup", [0, 1, 49])
def test_a_warmup_given_is_kept(warmup: int) -> None:
    assert FitConfig(iterations=50, warmup=warmup).warmup_steps == warmup


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *((FitConfig, name, value) for name in ("iterations", "save_interval", "threads") for value in (0, -5)),
        *((FitConfig, "lr", value) for value in (0, -0.1, math.nan, math.inf)),
        (FitConfig, "seed", -1),
        *((FitConfig, name, "abacus") for name in ("device", "solver", "objective", "effort", "tone")),
        *((FitConfig, "viewing_distance", value) for value in (0, -1, math.nan, math.inf)),
        (FitConfig, "warmup", -1),
        *(
            (LossWeights, name, value)
            for name in ("diversity_weight", "multiscale_weight")
            for value in (-0.1, math.nan)
        ),
        *((LossWeights, "multiscale_kernel", value) for value in (1, 0, -4)),
        *(
            (AnnealConfig, name, value)
            for name in ("temp_start", "temp_end", "save_temp")
            for value in (0, -1, math.nan)
        ),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(kind: type, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {value!r}: "):
        kind(**{name: value})


@pytest.mark.parametrize(
    ("options", "objective", "diversity"),
    [
        ({}, "perceptual", 0),
        ({"solver": "discrete"}, "perceptual", 0),
        ({"solver": "gradient"}, "seed", 0.01),
        ({"objective": "seed"}, "seed", 0.01),
        ({"weights": LossWeights(diversity_weight=0.3)}, "perceptual", 0.3),
        ({"objective": "seed", "weights": LossWeights(diversity_weight=0)}, "seed", 0),
    ],
)
def test_the_objective_suits_the_solver_and_the_diversity_the_objective(
    options: dict[str, object], objective: str, diversity: float
) -> None:
    config = FitConfig(**options)
    assert (config.objective, config.diversity) == (objective, diversity)


def test_the_descent_has_no_perceptual_objective() -> None:
    with pytest.raises(ConfigError, match="objective is 'perceptual'"):
        FitConfig(solver="gradient", objective="perceptual")


@pytest.mark.parametrize("warmup", [50, 51])
def test_a_warmup_as_long_as_the_run_is_refused(warmup: int) -> None:
    with pytest.raises(ConfigError, match=f"warmup is {warmup}: .*50 iterations"):
        FitConfig(iterations=50, warmup=warmup)


def test_a_weight_of_zero_is_allowed() -> None:
    assert LossWeights(diversity_weight=0, multiscale_weight=0).multiscale_weight == 0


@pytest.mark.parametrize("name", ["iterations", "save_interval", "warmup", "seed", "threads"])
def test_half_a_step_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 2.5"):
        FitConfig(**{name: 2.5})
