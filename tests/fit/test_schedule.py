from __future__ import annotations

import math

import pytest

from glyphgrad.fit.schedule import rate, temperature

STEPS, WARMUP = 10_000, 1000
ROUNDING = 1e-12  # a cosine in float64


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("start", 0, 0.001),
        ("middle of the warm-up", 499, 0.5),
        ("last of the warm-up", 999, 1.0),
        ("first after it", 1000, 1.0),
        ("middle", 5500, 0.5),
        ("end", 9999, 0.5 * (1 - math.cos(math.pi / 9000))),
    ],
)
def test_the_rate_at_the_named_steps(name: str, step: int, expected: float) -> None:
    assert rate(step, STEPS, WARMUP) == pytest.approx(expected, abs=ROUNDING), name


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("start", 0, 1.0),
        ("last of the warm-up", 999, 1.0),
        ("first after it", 1000, 1.0),
        ("middle", 5500, 0.55),
        ("end", 9999, 0.1 + 0.9 * 0.5 * (1 - math.cos(math.pi / 9000))),
    ],
)
def test_the_temperature_at_the_named_steps(name: str, step: int, expected: float) -> None:
    assert temperature(step, STEPS, WARMUP, 1.0, 0.1) == pytest.approx(expected, abs=ROUNDING), name


def test_the_rate_never_rises_after_the_warmup_nor_does_the_temperature() -> None:
    steps = range(WARMUP, STEPS)
    rates = [rate(step, STEPS, WARMUP) for step in steps]
    temperatures = [temperature(step, STEPS, WARMUP, 1.0, 0.1) for step in steps]
    assert rates == sorted(rates, reverse=True)
    assert temperatures == sorted(temperatures, reverse=True)


def test_without_a_warmup_the_run_starts_at_the_peak() -> None:
    assert rate(0, 10, 0) == 1
    assert temperature(0, 10, 0, 1.0, 0.1) == 1


def test_a_run_of_one_step() -> None:
    assert (rate(0, 1, 0), temperature(0, 1, 0, 1.0, 0.1)) == (1, 1)


def test_a_temperature_may_rise() -> None:
    assert temperature(5500, STEPS, WARMUP, 0.1, 1.0) == pytest.approx(0.55, abs=ROUNDING)
