"""A turn is seen on its day, by no error of size alone, and nearly never where what is live says the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.watch.turn import FALSE_TURNS, Unmet, find_turn

AFTER = np.datetime64("2024-03-31")
TURN = np.datetime64("2024-07-01")


def deals(seed: int, count: int = 400, size: float = 1.0) -> Unmet:
    """Half a year of deals that are won as the probabilities say. size: standard deviation of the log-odds."""
    rng = np.random.default_rng(seed)
    opened = np.sort(AFTER + rng.integers(1, 184, count).astype("timedelta64[D]"))
    log_odds = rng.normal(-0.5, size, count)
    return Unmet(opened, log_odds, (rng.random(count) < expit(log_odds)).astype(np.int8))


def turned(seed: int, by: float, count: int = 400) -> Unmet:
    """From July on the log-odds are multiplied. by: -1 turns the order around, 0.5 halves what is true of it."""
    unmet, rng = deals(seed, count), np.random.default_rng(1000 + seed)
    after = (rng.random(count) < expit(by * (unmet.log_odds + 0.5) - 0.5)).astype(np.int8)
    return replace(unmet, won=np.where(unmet.opened >= TURN, after, unmet.won))


def test_an_order_that_turns_around_is_seen_on_its_day() -> None:
    found = [find_turn(turned(seed, by=-1.0), AFTER) for seed in range(20)]
    assert all(each is not None for each in found)
    days = [each.since for each in found if each is not None]
    assert days.count(str(TURN)) >= 18
    assert all(each.skill < 0 and each.p_value < FALSE_TURNS for each in found if each is not None)


def test_an_order_that_holds_less_than_before_still_orders() -> None:
    """Of 1,500 deals since, a third too sure: refuted by far, and worth more than nothing. Nothing has turned."""
    assert [find_turn(turned(seed, by=0.67, count=3_000), AFTER) for seed in range(20)] == [None] * 20


@pytest.mark.parametrize("size", [0.15, 0.5, 1.0])
def test_what_says_the_truth_is_seldom_taken_for_turned(size: float) -> None:
    """However little it says. One in a hundred is allowed; nine of 300 are seen with a chance of 0.4 % then."""
    found = [find_turn(deals(seed, count=250, size=size), AFTER) for seed in range(300)]
    assert sum(each is not None for each in found) <= 8


def test_another_level_is_no_turn() -> None:
    unmet = deals(1)
    assert find_turn(replace(unmet, log_odds=unmet.log_odds + 2.0), AFTER) is None


def test_the_chance_is_that_of_outcomes_drawn_from_the_probabilities() -> None:
    """One day asked: the normal distribution beside 5,000 draws of outcomes, each gain counted deal by deal."""
    rng = np.random.default_rng(4)
    log_odds, opened = rng.normal(0.0, 0.6, 120), np.full(120, AFTER + 1)
    p = expit(log_odds)
    drawn = np.array([gain(p, (rng.random(120) < p).astype(np.int8)) for _ in range(5_000)])
    asked = 0
    while asked < 5:
        unmet = Unmet(opened, log_odds, (rng.random(120) < expit(-0.1 * log_odds)).astype(np.int8))
        found = find_turn(unmet, AFTER)
        if found is None or found.p_value < 0.002:
            continue
        asked += 1
        assert np.mean(drawn <= gain(p, unmet.won)) == pytest.approx(found.p_value, abs=0.004)
        assert (found.deals, found.since) == (120, str(AFTER + 1))


def gain(p: NDArray[np.float64], won: NDArray[np.int8]) -> float:
    """Nats by which the probabilities, moved to the level of these outcomes, are better than their mean."""
    odds = p / (1 - p)
    low, high = 1e-3, 1e3
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if (middle * odds / (1 + middle * odds)).mean() < won.mean() else (low, middle)
    moved = low * odds / (1 + low * odds)
    return float(np.where(won == 1, np.log(moved / won.mean()), np.log((1 - moved) / (1 - won.mean()))).sum())


def test_under_a_hundred_deals_nothing_is_told() -> None:
    unmet = turned(3, by=-1.0)
    late = np.flatnonzero(unmet.opened >= TURN)[:99]
    assert find_turn(Unmet(unmet.opened[late], unmet.log_odds[late], unmet.won[late]), AFTER) is None
    assert find_turn(Unmet(unmet.opened[:0], unmet.log_odds[:0], unmet.won[:0]), AFTER) is None
