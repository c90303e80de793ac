"""What is true of neighbours whatever the accounts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.neighbours import Neighbours, SeenValues, place
from tests import sold_accounts

Units = NDArray[np.int32]

SIZES = st.tuples(st.integers(2, 40), st.integers(1, 6))


@st.composite
def crowds(draw: st.DrawFn) -> Neighbours:
    """At least one account won and one lost."""
    points = draw(arrays(np.int32, draw(SIZES), elements=st.integers(-60_000, 60_000)))
    won = draw(arrays(np.int8, len(points), elements=st.integers(0, 1)))
    won[:2] = (0, 1)
    return _neighbours(points, won)


def _neighbours(points: Units, won: NDArray[np.int8]) -> Neighbours:
    accounts = tuple(f"a{number}" for number in range(len(points)))
    seen = (SeenValues((0,), None, None),) * points.shape[1]
    return Neighbours(accounts, won, points, np.zeros_like(points), seen, None, len(points))


def both(known: Neighbours, asked: Units) -> tuple[Units, NDArray[np.float64]]:
    won, lost = known.nearest_won(asked), known.nearest_lost(asked)
    return np.hstack([won.places, lost.places]), np.hstack([won.distances, lost.distances])


@given(crowds())
def test_an_account_is_nearest_to_itself(known: Neighbours) -> None:
    won, lost = known.nearest_won(known.points), known.nearest_lost(known.points)
    own = np.where(known.won == 1, won.distances[:, 0], lost.distances[:, 0])
    assert (own == 0.0).all()


@given(crowds(), st.integers(-9_000, 9_000))
def test_attributes_that_are_the_same_for_all_and_the_order_of_attributes_change_nothing(
    known: Neighbours, constant: int
) -> None:
    asked = known.points[::2] + np.int32(17)
    expected = both(known, asked)
    order = np.random.default_rng(abs(constant)).permutation(known.points.shape[1])
    shuffled = _neighbours(known.points[:, order], known.won)
    beside = _neighbours(
        np.hstack([np.full((len(known.points), 1), constant, dtype=np.int32), known.points]), known.won
    )
    wider = np.hstack([np.full((len(asked), 1), constant, dtype=np.int32), asked])
    for found in (both(shuffled, asked[:, order]), both(beside, wider)):
        assert np.array_equal(found[0], expected[0])
        assert np.array_equal(found[1], expected[1])


@given(crowds(), st.integers(1, 7))
def test_a_batch_says_what_its_rows_say(known: Neighbours, size: int) -> None:
    asked = np.vstack([known.points - 5, known.points[::-1]])
    whole = both(known, asked)
    parts = [both(known, asked[start : start + size]) for start in range(0, len(asked), size)]
    assert np.array_equal(whole[0], np.vstack([part[0] for part in parts]))
    assert np.array_equal(whole[1], np.vstack([part[1] for part in parts]))


@given(crowds())
def test_distances_rise_and_one_more_account_is_never_farther(known: Neighbours) -> None:
    asked = known.points + np.int32(100)
    _, distances = both(known, asked)
    finite = np.where(np.isinf(distances), np.finfo(np.float64).max, distances)
    assert (np.diff(finite[:, :3], axis=1) >= 0).all()
    more = _neighbours(np.vstack([known.points, known.points[:1] + 50]), np.append(known.won, np.int8(1)))
    assert (both(more, asked)[1] <= distances).all()


def test_an_account_of_the_deals_finds_itself() -> None:
    table, _ = sold_accounts.companies(sold_accounts.ACCOUNTS, sold_accounts.SEED)
    placed = place(sold_accounts.model(), parse_attributes(table, sold_accounts.ATTRIBUTES, None))
    known = sold_accounts.neighbours()
    won, lost = known.nearest_won(placed.points), known.nearest_lost(placed.points)
    own = np.where(known.won == 1, won.distances[:, 0], lost.distances[:, 0])
    assert (own == 0.0).all()
