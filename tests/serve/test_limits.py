from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.errors import ConfigError
from glyphgrad.serve.limits import Arrivals, Bucket, Crowd, Gate, Limits, masked, network_of


@pytest.mark.parametrize("name", [item.name for item in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_above_zero(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"--{name.replace('_', '-')} is {value}"):
        Limits(**{name: value})


def test_every_limit_tells_what_it_is() -> None:
    assert all(item.metadata["about"] for item in dataclasses.fields(Limits))


@pytest.mark.parametrize(
    ("given", "told"),
    [({"veiwers": 3}, "'veiwers' is unknown"), ({"viewers": 2.5}, "whole number"), ({"viewers": "3"}, "'3'"),
     ({"viewers": True}, "True"), ({"min_cols": 301}, "--min-cols is 301")],
)  # fmt: skip
def test_limits_from_a_file_are_checked(given: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Limits.of(given)


@given(st.integers(-5, 70000), st.integers(-5, 70000))
def test_every_terminal_gets_a_size_that_can_be_served(rows: int, cols: int) -> None:
    limits = Limits()
    height, width = limits.clamp(rows, cols)
    assert limits.min_rows <= height <= limits.max_rows
    assert limits.min_cols <= width <= limits.max_cols
    assert limits.clamp(height, width) == (height, width)


def test_workers_share_the_seats() -> None:
    assert Limits(viewers=512, logins=7).share(3) == Limits(viewers=171, logins=3)


@pytest.mark.parametrize(
    ("address", "network", "shown"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::", "fe80::/48"),
    ],
)
def test_what_an_address_counts_as(address: str, network: str, shown: str) -> None:
    assert (network_of(address), masked(address)) == (network, shown)


@given(st.lists(st.floats(0, 10), max_size=60))
def test_a_bucket_never_gives_more_than_its_size_and_rate(waits: list[float]) -> None:
    bucket, now, taken = Bucket(3, 0.5, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        taken += bucket.take(now)
        assert taken <= 3 + 0.5 * now + 1e-6


def test_a_bucket_fills_again() -> None:
    bucket = Bucket(2, 0.5, 0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(1.9)
    assert bucket.take(2.0 + 1.9)  # what was asked in vain took nothing


def test_who_comes_seldom_is_forgotten() -> None:
    arrivals, now = Arrivals(10, 1 / 3), 0.0
    for number in range(20_000):
        now += 0.01
        assert arrivals.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", now)
    assert len(arrivals) <= 2048


def test_one_address_gets_its_share_and_no_more() -> None:
    time = [0.0]
    gate = Gate(Limits(arrivals=10, arrivals_per_minute=20), lambda: time[0])
    assert [gate.arrive("192.0.2.1", "telnet") for _ in range(100)].count(True) == 10
    assert gate.arrive("192.0.2.2", "telnet")
    assert gate.arrive("192.0.2.1", "http")  # a page takes several connections: they are counted apart
    time[0] = 3.0
    assert [gate.arrive("192.0.2.1", "telnet") for _ in range(3)] == [True, False, False]


def test_all_of_a_customers_addresses_are_one() -> None:
    gate = Gate(Limits(arrivals=2), lambda: 0.0)
    assert [gate.arrive(f"2001:db8::{host:x}", "telnet") for host in range(4)] == [True, True, False, False]


def test_a_crowd() -> None:
    crowd = Crowd(3, 2)
    for network in ("a", "a", "b"):
        assert crowd.refusal(network) is None
        crowd.enter(network)
        if network == "a" and len(crowd) == 2:
            assert crowd.refusal("a") == "address"
    assert crowd.refusal("c") == "full"
    crowd.leave("a")
    crowd.leave("a")
    crowd.enter("c")
    assert (crowd.refusal("a"), len(crowd)) == (None, 2)
