"""Accounts needed, what so many can show, and the power they give."""

from __future__ import annotations

import math

import pytest

from icp_ml.errors import ConfigError
from icp_ml.watch.sample_size import (
    LARGEST,
    Promise,
    accounts_needed,
    evenly,
    power_of,
    smallest_difference,
)


@pytest.mark.parametrize(
    ("rates", "ratio"), [((0.04, 0.13), 1.0), ((0.20, 0.35), 1.0), ((0.05, 0.15), 2.0), ((0.05, 0.15), 0.5)]
)
def test_the_number_is_the_one_at_which_the_promise_begins_to_hold(rates: tuple[float, float], ratio: float) -> None:
    promise = Promise()
    found = accounts_needed(promise, rates, ratio)
    first, second = found.accounts
    assert found.power == power_of(promise, found.accounts, rates) >= promise.power
    fewer = first - max(1, math.ceil(0.004 * first))
    assert power_of(promise, (fewer, round(fewer * ratio)), rates) < promise.power
    assert second == round(first * ratio)


def test_large_numbers_are_those_of_the_textbook() -> None:
    """Fleiss, Levin and Paik's formula by hand: (1.95996 + 0.84162)^2 x (0.2 x 0.8 + 0.25 x 0.75) / 0.05^2 = 1,091."""
    found = accounts_needed(Promise(), (0.20, 0.25)).accounts[0]
    assert found == pytest.approx(1091, rel=0.02)


def test_looks_cost_little_and_more_arms_cost_more() -> None:
    """O'Brien and Fleming's boundary with five looks takes 2.8 % more (Jennison and Turnbull 2000, chapter 2)."""
    rates = (0.04, 0.10)
    one, five, three_arms = (
        accounts_needed(promise, rates).accounts[0] for promise in (Promise(), Promise(looks=5), Promise(arms=3))
    )
    assert one < five < 1.05 * one
    # by hand, by the normal distribution: (2.3940 + 0.8416)^2 / (1.9600 + 0.8416)^2 = 1.334
    assert three_arms / one == pytest.approx(1.334, rel=0.03)


def test_the_smallest_difference_is_where_the_power_reaches_the_promise() -> None:
    promise, sizes = Promise(looks=2), (150, 150)
    found = smallest_difference(promise, sizes, 0.2)
    assert found.above is not None
    assert found.below is not None
    for rate, nearer in ((found.above, found.above - 0.001), (found.below, found.below + 0.001)):
        assert power_of(promise, sizes, (0.2, rate)) >= promise.power > power_of(promise, sizes, (0.2, nearer))


def test_a_fall_from_a_small_rate_cannot_be_shown_by_few_accounts() -> None:
    """Of 100 accounts at 4 % four succeed; none against four is p = 0.06 even by the mid-p."""
    assert smallest_difference(Promise(), (100, 100), 0.04).below is None


def test_two_accounts_an_arm_show_nothing() -> None:
    found = smallest_difference(Promise(), (2, 2), 0.04)
    assert (found.above, found.below) == (None, None)


@pytest.mark.parametrize(("arms", "pairs", "level"), [(2, 1, 0.05), (3, 3, 0.05 / 3), (4, 6, 0.05 / 6)])
def test_the_level_is_shared_by_all_pairs(arms: int, pairs: int, level: float) -> None:
    assert Promise(arms=arms).pairs == pairs
    assert Promise(arms=arms).pair_level == pytest.approx(level)


def test_looks_are_even_and_the_last_is_the_end() -> None:
    assert evenly((100, 50), 4) == ((25, 12), (50, 25), (75, 38), (100, 50))
    assert evenly((2, 2), 5) == ((1, 1), (2, 2))


@pytest.mark.parametrize(
    ("rates", "said"),
    [((0.04, 0.04), "twice"), ((0.0, 0.1), "between 0 and 1"), ((0.04, 1.2), "between 0 and 1"),
     ((0.04, 0.0405), f"{LARGEST:,}")],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(rates: tuple[float, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        accounts_needed(Promise(), rates)


@pytest.mark.parametrize(
    ("arms", "looks", "level", "power"), [(1, 1, 0.05, 0.8), (2, 0, 0.05, 0.8), (2, 1, 0.8, 0.8), (2, 1, 0.05, 1.0)]
)
def test_no_promise_is_made_that_means_nothing(arms: int, looks: int, level: float, power: float) -> None:
    with pytest.raises(ConfigError):
        Promise(arms, looks, level, power)
