"""Every term against NumPy written by hand, every gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from glyphgrad import LossWeights
from glyphgrad.fit.losses import Objective, pooled, usage_entropy

RNG = np.random.default_rng(5)
ROUNDING = 1e-12  # float64, a few hundred terms; the logarithm's guard of 1e-10 is allowed for below
KERNELS = [2, 3, 4, 5, 6, 7, 8]
SHAPES = [(24, 16), (25, 17), (9, 31), (8, 8)]  # which some kernels and strides divide and others do not


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def value(scalar: torch.Tensor) -> float:
    return scalar.detach().item()


def pooled_by_hand(image: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    height, width = image.shape
    rows, cols = range(0, height - kernel + 1, stride), range(0, width - kernel + 1, stride)
    return np.array([[image[y : y + kernel, x : x + kernel].mean() for x in cols] for y in rows])


def entropy_by_hand(weights: np.ndarray, counted: np.ndarray) -> float:
    usage = weights.mean(axis=0)[counted > 0]
    share = usage / usage.sum()
    return float(-(share * np.log(share)).sum())


def random_weights(cells: int, glyphs: int) -> np.ndarray:
    weights = RNG.random((cells, glyphs))
    return weights / weights.sum(axis=1, keepdims=True)


# --- Pooling ---


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_pooled_averages_windows(kernel: int, shape: tuple[int, int]) -> None:
    image, stride = RNG.random(shape), kernel // 2
    result = pooled(tensor(image), kernel, stride)
    np.testing.assert_allclose(result.detach(), pooled_by_hand(image, kernel, stride), atol=ROUNDING)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", [(8, 9), (11, 8)])
def test_the_gradient_of_pooled(kernel: int, shape: tuple[int, int]) -> None:
    assert gradcheck(lambda image: pooled(image, kernel, kernel // 2), tensor(RNG.random(shape)))


def test_pooled_of_one_window_is_its_mean() -> None:
    assert pooled(tensor(np.arange(16.0).reshape(4, 4)), 4, 2).tolist() == [[7.5]]


# --- Diversity ---


def test_the_entropy_of_usage() -> None:
    weights, everyone = random_weights(20, 6), np.ones(6)
    entropy = usage_entropy(tensor(weights), tensor(everyone))
    assert value(entropy) == pytest.approx(entropy_by_hand(weights, everyone), abs=1e-8)  # 6 glyphs, guard 1e-10


def test_glyphs_that_do_not_count_neither_gain_nor_cost() -> None:
    counted = np.array([0.0, 1, 1, 0, 1])
    weights = random_weights(20, 5)
    paler = weights * [1, 0.5, 0.5, 1, 0.5]  # the same shares among those that count
    for given in (weights, paler):
        entropy = usage_entropy(tensor(given), tensor(counted))
        assert value(entropy) == pytest.approx(entropy_by_hand(weights, counted), abs=1e-8)  # as above


@pytest.mark.parametrize(("usage", "entropy"), [([[1, 0], [0, 1]], np.log(2)), ([[1, 0], [1, 0]], 0)])
def test_the_entropy_of_one_and_of_two_glyphs(usage: list[list[float]], entropy: float) -> None:
    assert value(usage_entropy(tensor(np.array(usage)), torch.ones(2).double())) == pytest.approx(entropy, abs=1e-8)


def test_a_grid_may_be_given_by_rows_and_columns() -> None:
    weights, everyone = random_weights(12, 4), torch.ones(4).double()
    flat, grid = tensor(weights), tensor(weights.reshape(3, 4, 4))
    assert value(usage_entropy(flat, everyone)) == value(usage_entropy(grid, everyone))


def test_blank_paper_has_no_entropy_and_a_finite_gradient() -> None:
    weights = tensor(np.array([[1.0, 0.0], [1.0, 0.0]]))
    entropy = usage_entropy(weights, torch.tensor([0.0, 1.0]).double())
    entropy.backward()
    assert value(entropy) == 0
    assert torch.isfinite(weights.grad).all()


def test_the_gradient_of_the_entropy() -> None:
    counted = torch.tensor([1.0, 1, 0, 1]).double()
    assert gradcheck(lambda weights: usage_entropy(weights, counted), tensor(random_weights(6, 4)))


# --- The whole ---

RENDER, TARGET = RNG.random((13, 10)), RNG.random((13, 10))
USAGE, COUNTED = random_weights(9, 5), np.array([0.0, 1, 1, 1, 1])


def objective_by_hand(weights: LossWeights) -> float:
    error, kernel = RENDER - TARGET, weights.multiscale_kernel
    multiscale = (pooled_by_hand(error, kernel, kernel // 2) ** 2).mean()
    mse, diversity = (error**2).mean(), entropy_by_hand(USAGE, COUNTED)
    return float(mse + weights.multiscale_weight * multiscale - weights.diversity_weight * diversity)


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("multiscale", [0, 0.5])
@pytest.mark.parametrize("diversity", [0, 0.01])
def test_the_objective(kernel: int, multiscale: float, diversity: float) -> None:
    weights = LossWeights(diversity, multiscale, kernel)
    objective = Objective(tensor(TARGET).detach(), tensor(COUNTED).detach(), weights)
    assert value(objective(tensor(RENDER), tensor(USAGE))) == pytest.approx(
        objective_by_hand(weights), abs=1e-8
    )  # as for the entropy
    without = objective_by_hand(LossWeights(0, multiscale, kernel))
    assert value(objective.recon(tensor(RENDER))) == pytest.approx(without, abs=ROUNDING)


def test_the_target_itself_costs_nothing() -> None:
    objective = Objective(tensor(TARGET).detach(), tensor(COUNTED).detach(), LossWeights(diversity_weight=0))
    assert value(objective(tensor(TARGET), tensor(USAGE))) == 0


def test_the_gradient_of_the_objective() -> None:
    objective = Objective(tensor(TARGET).detach(), tensor(COUNTED).detach(), LossWeights(diversity_weight=0.01))
    assert gradcheck(objective, (tensor(RENDER), tensor(USAGE)))
