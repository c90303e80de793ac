"""One new account in a hundred resembles nothing, and no more; one that was planted far away does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.likeness import NeighbourBook
from icp_ml.profile.neighbours import Neighbours, SeenValues, leave_one_out, ordinary_distance, place
from tests import sold_accounts

Units = NDArray[np.int32]

WORLDS, ACCOUNTS, FRESH = 60, 299, 200


def points(count: int, rng: np.random.Generator) -> Units:
    """Contributions as models have them: steps of six attributes, some of them tied to one another."""
    kind = rng.integers(0, 3, count)
    steps = np.column_stack([kind + rng.integers(0, 3, count), kind, *rng.integers(0, 9, (4, count))])
    within = rng.integers(0, 200, (count, 6))
    return np.asarray(steps * np.array([4000, 3000, 500, 900, 100, 1500]) + within, dtype=np.int32)


def known(rng: np.random.Generator) -> Neighbours:
    chosen = points(ACCOUNTS, rng)
    won = (np.arange(ACCOUNTS) % 3 == 0).astype(np.int8)
    names = tuple(f"a{number}" for number in range(ACCOUNTS))
    seen = (SeenValues((0,), None, None),) * chosen.shape[1]
    limit = ordinary_distance(leave_one_out(chosen))
    return Neighbours(names, won, chosen, np.zeros_like(chosen), seen, limit, ACCOUNTS)


def flagged(neighbours: Neighbours, asked: Units) -> float:
    distances = [found.distances[:, 0] for found in (neighbours.nearest_won(asked), neighbours.nearest_lost(asked))]
    return float(neighbours.resembles_nothing(np.minimum(*distances)).mean())


def test_of_new_accounts_of_the_same_kind_one_in_a_hundred_is_flagged() -> None:
    """By exchangeability at most 1 % in the mean. 12,000 prospects of 60 worlds: the error is that of the worlds.

    The rank is 297 of 299, so that the share in a world is about Beta(3, 297): standard deviation 0.0057, and of the
    mean over 60 worlds, prospects included, 0.0012.
    """
    rng = np.random.default_rng(11)
    shares = []
    for _ in range(WORLDS):
        shares.append(flagged(known(rng), points(FRESH, rng)))
    assert 0.01 - 4 * 0.0012 < np.mean(shares) < 0.01 + 3 * 0.0012


def test_of_new_accounts_through_the_model_few_are_flagged() -> None:
    table, _ = sold_accounts.companies(3_000, seed=77)
    placed = place(sold_accounts.model(), parse_attributes(table, sold_accounts.ATTRIBUTES, None))
    assert flagged(sold_accounts.neighbours(), placed.points) < 0.03  # Beta(4, 397): 0.03 is 4 deviations above


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"employees": "5000", "industry": "Software", "demo": "yes", "region": "north"}, "employees"),
        ({"employees": "50", "industry": "Energy", "demo": "no", "region": "north"}, "employees"),
    ],
)
def test_a_planted_stranger_is_flagged_and_what_is_strange_is_named(values: dict[str, str], named: str) -> None:
    model = sold_accounts.model()
    book = NeighbourBook(model, sold_accounts.ATTRIBUTES, sold_accounts.neighbours())
    found = book.compare(place(model, sold_accounts.one(**values)))
    assert found.resembles_nothing
    assert found.limit is not None
    assert found.distance > 5 * found.limit
    assert any(text.startswith(named) for text in found.because)


def test_a_stranger_in_what_does_not_matter_is_none() -> None:
    """The region decides nothing: a company of an unheard-of region is as near as any, and the region is named."""
    model = sold_accounts.model()
    book = NeighbourBook(model, sold_accounts.ATTRIBUTES, sold_accounts.neighbours())
    odd = book.compare(place(model, sold_accounts.one(employees="50", industry="Software", demo="yes", region="moon")))
    assert odd.never_seen == ("region: other (no account had it)",)
    assert odd.distance < 0.1
