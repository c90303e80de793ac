"""Points, distances and limits by hand, and which deal stands for an account."""

from __future__ import annotations

import math

import numpy as np
import pytest

from icp_ml.profile.neighbours import (
    NOBODY,
    UNITS,
    Neighbours,
    SeenValues,
    SoldDeals,
    draw_neighbours,
    latest_deals,
    leave_one_out,
    ordinary_distance,
    place,
)
from tests import sold_accounts

#            won         won          lost         lost         won, on the same spot as the first
POINTS = [[0, 0], [3000, 4000], [6000, 8000], [0, 1000], [0, 0]]


def crowd(limit: float | None = None) -> Neighbours:
    points = np.array(POINTS, dtype=np.int32)
    return Neighbours(
        accounts=("a", "b", "c", "d", "e"),
        won=np.array([1, 1, 0, 0, 1], dtype=np.int8),
        points=points,
        states=np.zeros(points.shape, dtype=np.int32),
        seen=(SeenValues((0,), None, None),) * 2,
        limit=limit,
        of_accounts=5,
    )


def test_distances_are_those_of_a_right_triangle_and_the_first_of_equals_comes_first() -> None:
    asked = np.array([[0, 0], [6000, 8000]], dtype=np.int32)
    won, lost = crowd().nearest_won(asked), crowd().nearest_lost(asked)
    assert won.places.tolist() == [[0, 4, 1], [1, 0, 4]]
    assert won.distances.tolist() == [[0.0, 0.0, 0.5], [0.5, 1.0, 1.0]]  # 3-4-5 and 6-8-10, in tenths
    assert lost.places.tolist() == [[3, 2, NOBODY], [2, 3, NOBODY]]
    assert lost.distances[0].tolist() == [0.1, 1.0, math.inf]
    assert lost.distances[1, 1] == pytest.approx(math.sqrt(0.6**2 + 0.7**2), rel=1e-14)


def test_nobody_asked_is_nobody_answered() -> None:
    found = crowd().nearest_won(np.empty((0, 2), dtype=np.int32))
    assert found.places.shape == found.distances.shape == (0, 3)


def test_each_account_is_held_against_the_others() -> None:
    found = leave_one_out(np.array(POINTS, dtype=np.int32))
    # a and e share a spot; b is 0.3 and 0.3 from d, c is 0.5 from b, d is 0.1 from a
    assert found == pytest.approx([0.0, math.sqrt(0.18), 0.5, 0.1, 0.0], rel=1e-14)


@pytest.mark.parametrize(
    ("accounts", "rank"),
    [(98, None), (99, 99), (100, 100), (199, 198), (999, 990)],  # the rank is (n + 1) x 0.99, rounded up
)
def test_the_limit_has_the_rank_that_one_in_a_hundred_new_accounts_exceeds(accounts: int, rank: int | None) -> None:
    shuffled = np.random.default_rng(1).permutation(np.arange(1.0, accounts + 1))
    assert ordinary_distance(shuffled) == rank


def test_beyond_the_limit_and_not_at_it() -> None:
    at = np.array([0.0, 0.3, 0.30001])
    assert crowd(0.3).resembles_nothing(at).tolist() == [False, False, True]
    assert not crowd(None).resembles_nothing(np.array([1e9])).any()


def test_the_latest_deal_stands_for_the_account() -> None:
    accounts = np.array(["x", "y", "x", "y", "x"], dtype=object)
    days = np.array(["2024-03-01", "2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01"], dtype="datetime64[D]")
    assert latest_deals(accounts, days).tolist() == [0, 3]  # of two deals of one day the later row
    assert latest_deals(accounts, None).tolist() == [3, 4]


def test_a_point_is_what_the_model_says_of_the_deal() -> None:
    model, deals = sold_accounts.model(), sold_accounts.sold()
    accounts = deals.accounts.copy()
    accounts[7], accounts[300] = "twice.example", "twice.example"
    opened = np.full(len(accounts), np.datetime64("2024-01-01"))
    opened[7] = np.datetime64("2024-05-01")
    drawn = draw_neighbours(model, SoldDeals(deals.parsed, accounts, deals.won, opened), seed=1)
    assert len(drawn.accounts) == drawn.of_accounts == sold_accounts.ACCOUNTS - 1
    row = drawn.accounts.index("twice.example")
    effects = model.contributions(model.vocabulary.encode(deals.parsed)).values[7]
    assert np.abs(drawn.points[row] / UNITS - effects).max() <= 0.5 / UNITS + 1e-12
    assert drawn.won[row] == deals.won[7]


def test_more_accounts_than_are_kept_are_drawn_and_what_they_had_is_told_of_all() -> None:
    model, deals = sold_accounts.model(), sold_accounts.sold()
    few, again = (draw_neighbours(model, deals, seed=3, most=120) for _ in range(2))
    whole, other = sold_accounts.neighbours(), draw_neighbours(model, deals, seed=4, most=120)
    assert few.accounts == again.accounts != other.accounts
    assert (len(few.accounts), few.of_accounts) == (120, sold_accounts.ACCOUNTS)
    assert few.seen == whole.seen
    places = [whole.accounts.index(name) for name in few.accounts]
    assert np.array_equal(few.points, whole.points[places])
    assert few.limit == ordinary_distance(leave_one_out(few.points))


def test_a_gap_is_no_amount() -> None:
    placed = place(sold_accounts.model(), sold_accounts.one(industry="Software"))
    assert np.isnan(placed.values[0, 0])
    assert not np.isnan(placed.values[0, 1])
