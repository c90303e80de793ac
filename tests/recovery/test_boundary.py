"""Planted boundaries are called boundaries, what decides is not, and where nothing decides little is said to.

`training/benchmarks/boundary.py` does so for 20 seeds and 100 null worlds; here are two of each.
"""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.boundary import called, make_deals, null_world, shuffled


@pytest.mark.parametrize("seed", [1, 2])
def test_with_many_deals_all_boundaries_and_all_that_decides_are_found(seed: int) -> None:
    counts = called(make_deals(seed, 2_000), seed)
    assert counts["boundary", "market boundary"] == 6
    assert counts["icp", "ICP attribute"] == 4
    assert counts["noise", "market boundary"] == 0
    assert counts["noise", "ICP attribute"] <= 2


def test_with_few_deals_nothing_is_called_what_it_is_not() -> None:
    counts: Counter[tuple[str, str]] = sum((called(make_deals(seed, 500), seed) for seed in (1, 2)), Counter())
    assert counts["icp", "market boundary"] == 0
    assert counts["noise", "market boundary"] == 0
    assert counts["boundary", "ICP attribute"] == 0
    assert counts["boundary", "market boundary"] >= 6


@pytest.mark.parametrize("seed", [1, 2])
def test_where_outcomes_are_the_accounts_alone_nothing_decides(seed: int) -> None:
    counts = called(shuffled(make_deals(seed, 500), seed), seed)
    assert sum(count for (_, standing), count in counts.items() if standing == "ICP attribute") == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_null_world_nothing_decides(seed: int) -> None:
    assert null_world(seed).of("ICP attribute") == ()
