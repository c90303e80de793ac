"""The scorecard: points by hand, by direct optimisation, and what a ridge does to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from icp_ml.model.scorecard import Scorecard, ScorecardParams, fit_points, fit_scorecard, quantile_thresholds
from tests.model_columns import Floats, category, number, training_data

NAN = np.nan


def test_cut_points_of_few_values_lie_between_them() -> None:
    assert quantile_thresholds(np.array([3.0, 1.0, NAN, 1.0, 2.0]), 8).tolist() == [1.5, 2.5]
    assert quantile_thresholds(np.array([1.0, 1.0]), 8).tolist() == []
    assert quantile_thresholds(np.array([NAN, NAN]), 8).tolist() == []


def test_cut_points_of_many_values_lie_at_their_quantiles() -> None:
    # Values 0..99 in four bins: a quarter, a half and three quarters of the values lie below.
    assert quantile_thresholds(np.arange(100.0), 4).tolist() == [24.5, 49.5, 74.5]


def test_a_value_that_most_rows_share_has_a_bin_of_its_own() -> None:
    values = np.array([0.0] * 90 + list(range(1, 11)))
    assert quantile_thresholds(values, 4).tolist() == [0.5]


def test_codes_by_hand() -> None:
    rows = np.array([[1.0], [2.0], [3.0], [NAN]])
    card = fit_scorecard(rows, np.array([0, 1, 0, 1], dtype=np.int8), (number("n"),), ScorecardParams())
    # Cut points 1.5 and 2.5; a value on a cut point belongs below it; missing is the bin after the last.
    asked = np.array([-9.0, 1.5, 1.6, 2.5, 99.0, NAN])
    assert card.columns[0].codes(asked).tolist() == [0, 0, 1, 1, 2, 3]


def outcomes(rates: list[float], deals: int) -> tuple[Floats, NDArray[np.int8]]:
    """`deals` deals at each value 0, 1, 2 ... of which exactly the share `rates` is won."""
    values = np.repeat(np.arange(len(rates), dtype=float), deals)
    won = np.concatenate([np.arange(deals) < round(rate * deals) for rate in rates]).astype(np.int8)
    return values[:, None], won


@pytest.mark.parametrize("ridge", [0.1, 2.0, 50.0])
def test_rates_that_rise_give_points_that_rise(ridge: float) -> None:
    rows, won = outcomes([0.1, 0.2, 0.4, 0.5, 0.8], 40)
    points = fit_points(rows, won, (number("n"),), bins=8, ridges=np.array([ridge])).columns[0].points[:-1]
    assert (np.diff(points) > 0).all()


def test_asking_for_points_that_rise_changes_nothing_where_they_do() -> None:
    rows, won = outcomes([0.1, 0.2, 0.4, 0.5, 0.8], 40)
    asked = replace(number("n"), monotone=1)
    free, held = (fit_points(rows, won, (column,), bins=8, ridges=np.array([2.0])) for column in (number("n"), asked))
    assert held.columns[0].points == pytest.approx(free.columns[0].points, abs=1e-4)
    assert held.base == pytest.approx(free.base, abs=1e-4)


def test_without_much_ridge_points_are_the_differences_of_log_odds() -> None:
    rows, won = outcomes([0.1, 0.25, 0.75], 400)
    points = fit_points(rows, won, (number("n"),), bins=8, ridges=np.array([1e-4])).columns[0].points
    # Log-odds of 1/10, 1/4 and 3/4: log(1/9), log(1/3), log(3).
    assert points[1] - points[0] == pytest.approx(np.log(3), abs=1e-3)
    assert points[2] - points[1] == pytest.approx(np.log(9), abs=1e-3)


def test_a_ridge_draws_a_bin_towards_its_neighbours_before_it_draws_all_to_zero() -> None:
    """One bin of few deals sticks out of a long slope; it is smoothed towards the bins beside it, not towards zero."""
    rates = [0.8, 0.8, 0.3, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2, 0.2]
    sizes = [200, 200, 10, 200, 200, 200, 200, 200, 200, 200]
    values = np.repeat(np.arange(10.0), sizes)
    parts = [np.arange(size) < round(rate * size) for rate, size in zip(rates, sizes, strict=True)]
    won = np.concatenate(parts).astype(np.int8)
    heights = []
    for ridge in (1e-3, 3.0):
        column = fit_points(values[:, None], won, (number("n"),), bins=10, ridges=np.array([ridge])).columns[0]
        heights.append(column.points[:-1] - column.mean)
    raw, usual = heights
    assert raw[2] < 0 < usual[2]  # alone it would be a bad sign; beside its neighbours it is a good one
    assert usual[2] > 0.8 * usual[1]
    assert usual[1] == pytest.approx(raw[1], rel=0.15)  # what many deals say has hardly moved


def test_a_heavier_ridge_brings_all_contributions_to_zero() -> None:
    data = training_data((number("a"), number("gaps"), category("c", 4)), 200, 0)
    cards = [
        fit_points(data.rows, data.won, data.vocabulary.columns, bins=8, ridges=np.full(3, ridge))
        for ridge in (0.1, 10.0, 1e3, 1e7)
    ]
    sizes = [np.abs(card.contributions(data.rows)).max() for card in cards]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3
    rate = data.won.mean()
    assert cards[-1].base == pytest.approx(np.log(rate / (1 - rate)), abs=1e-3)


def test_missing_is_a_bin_that_tells_its_own_story() -> None:
    rows = np.concatenate([np.full(100, NAN), np.repeat([0.0, 1.0], 100)])[:, None]
    won = np.concatenate([np.arange(100) < 80, np.arange(100) < 20, np.arange(100) < 30]).astype(np.int8)
    column = fit_points(rows, won, (number("n"),), bins=8, ridges=np.array([0.01])).columns[0]
    # Log-odds of 80 %, 20 % and 30 %: 1.386, -1.386 and -0.847.
    assert column.points[2] - column.points[0] == pytest.approx(np.log(16), abs=0.02)
    assert column.points[2] - column.points[1] == pytest.approx(np.log(4) - np.log(3 / 7), abs=0.02)


def test_a_gap_that_was_never_seen_counts_as_the_average() -> None:
    rows, won = outcomes([0.1, 0.5, 0.9], 40)
    card = fit_scorecard(rows, won, (number("n"),), ScorecardParams())
    assert card.contributions(np.array([[NAN]]))[0, 0] == pytest.approx(0.0, abs=1e-12)


def test_a_column_of_nothing_but_gaps_adds_nothing() -> None:
    rows, won = outcomes([0.2, 0.6], 20)
    wide = np.column_stack([rows, np.full(len(rows), NAN)])
    card = fit_scorecard(wide, won, (number("n"), number("empty")), ScorecardParams())
    assert np.abs(card.contributions(wide)[:, 1]).max() <= 1e-12


ROWS_BY_HAND = np.array([[1.0, 0], [1, 2], [2, 2], [2, 3], [3, 3], [NAN, 3], [NAN, 2], [3, 0], [3, 3], [1, 2]])
WON_BY_HAND = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1, 1], dtype=np.int8)


def design_by_hand() -> Floats:
    """Ladder columns "above 1.5" and "above 2.5" over the root of two, missing; levels missing, other, A, B.

    A missing value stands at the mean of the eight present rungs: 5 of 8 are above 1.5 and 3 of 8 above 2.5.
    """
    rows = []
    for value, code in ROWS_BY_HAND:
        gap = np.isnan(value)
        rungs = [5 / 8, 3 / 8] if gap else [float(value > 1.5), float(value > 2.5)]
        rows.append([*(rung / np.sqrt(2) for rung in rungs), float(gap), *(float(code == k) for k in range(4))])
    return np.array(rows)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 2, 1, 3, 1, 1, 2, 1, 1, 4])], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("ridge", [0.5, 5.0])
def test_points_are_the_maximum_of_the_penalised_likelihood(ridge: float, weights: Floats | None) -> None:
    design, share = design_by_hand(), np.ones(10) if weights is None else weights

    def loss(theta: Floats) -> float:
        z = theta[0] + design @ theta[1:]
        return float(share @ (np.logaddexp(0, z) - WON_BY_HAND * z) + ridge / 2 * theta[1:] @ theta[1:])

    theta = minimize(loss, np.zeros(8), method="BFGS", options={"gtol": 1e-9}).x
    columns = (number("n"), category("c", 2))
    card = fit_points(ROWS_BY_HAND, WON_BY_HAND, columns, bins=8, ridges=np.full(2, ridge), weights=weights)
    low, high = theta[1] / np.sqrt(2), theta[2] / np.sqrt(2)
    gap = low * 5 / 8 + high * 3 / 8 + theta[3]
    assert card.columns[0].points == pytest.approx(np.array([0, low, low + high, gap]), abs=1e-5)
    assert card.columns[1].points == pytest.approx(theta[4:], abs=1e-5)
    z = theta[0] + design @ theta[1:]
    assert card.log_odds(ROWS_BY_HAND) == pytest.approx(z, abs=1e-5)
    assert card.base == pytest.approx(z.mean(), abs=1e-5)


def fitted(weights: Floats | None = None) -> tuple[Scorecard, Floats]:
    data = training_data((number("a"), number("gaps"), category("c", 4)), 150, 1)
    return fit_scorecard(data.rows, data.won, data.vocabulary.columns, ScorecardParams(), weights), data.rows


@pytest.mark.parametrize("weights", [None, np.linspace(0.1, 3, 150)], ids=["unweighted", "weighted"])
def test_base_is_the_mean_of_the_reference_rows_unweighted(weights: Floats | None) -> None:
    card, rows = fitted(weights)
    assert abs(card.base - card.log_odds(rows).mean()) <= 1e-9
    assert np.abs(card.base + card.contributions(rows).sum(axis=1) - card.log_odds(rows)).max() <= 1e-9
    assert np.abs(card.contributions(rows).mean(axis=0)).max() <= 1e-9


def test_a_card_is_added_up_by_hand() -> None:
    card, rows = fitted()
    for row, z in zip(rows[:30], card.log_odds(rows[:30]), strict=True):
        total = card.base
        for column, value in zip(card.columns, row, strict=True):
            if column.is_category:
                place = int(value)
            elif np.isnan(value):
                place = len(column.points) - 1
            else:
                place = sum(1 for cut in column.thresholds if value > cut)
            total += column.points[place] - column.mean
        assert total == pytest.approx(z, abs=1e-12)


def test_the_order_of_rows_does_not_matter() -> None:
    data = training_data((number("a"), number("gaps"), category("c", 4)), 150, 1)
    mixed = np.random.default_rng(0).permutation(150)
    first = fit_scorecard(data.rows, data.won, data.vocabulary.columns, ScorecardParams())
    second = fit_scorecard(data.rows[mixed], data.won[mixed], data.vocabulary.columns, ScorecardParams())
    assert np.abs(first.log_odds(data.rows) - second.log_odds(data.rows)).max() < 1e-6


def test_a_card_without_columns_is_the_base_rate() -> None:
    """A table may hold nothing that varies; the vocabulary then has no column."""
    won = np.array([1, 0, 0, 0] * 5, dtype=np.int8)
    card = fit_scorecard(np.empty((20, 0)), won, (), ScorecardParams())
    assert card.base == pytest.approx(np.log(1 / 3), abs=1e-6)
    assert card.log_odds(np.empty((3, 0))) == pytest.approx(card.base)
