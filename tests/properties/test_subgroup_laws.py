"""What is found does not depend on the order of deals, nor on how often an account's deals are written down."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.profile.clusters import CLUSTERS, clusters_of
from icp_ml.profile.exclusions import EXCLUSIONS, exclusions_of
from icp_ml.profile.subgroup_conditions import SearchedDeals
from icp_ml.profile.subgroup_finds import Search, search_subgroups
from tests.searched_deals import deals_of, flags, taken

SEEDS = st.integers(0, 10_000)


def planted(seed: int, accounts: int = 260) -> SearchedDeals:
    """Two flags make a cluster and a third one a type that never buys; one deal an account."""
    rng = np.random.default_rng(seed)
    values = rng.random((accounts, 5)) < 0.5
    chance = np.where(values[:, 2], 0.02, np.where(values[:, 0] & values[:, 1], 0.9, 0.4))
    return deals_of(flags(values), (rng.random(accounts) < chance).astype(np.int8))


def searched(deals: SearchedDeals) -> Search:
    return search_subgroups(deals, (CLUSTERS, EXCLUSIONS), seed=2, permutations=59)


def what_was_found(search: Search) -> list[list[tuple[object, float, float]]]:
    return [[(each.conditions, round(each.score, 6), each.p_value) for each in finds] for finds in search.finds]


@given(seed=SEEDS)
@settings(max_examples=2)
def test_shuffled_rows_same_finds(seed: int) -> None:
    deals = planted(seed)
    days = np.datetime64("2024-01-01") + np.random.default_rng(seed).permutation(len(deals.won))
    dated = SearchedDeals(deals.attributes, deals.parsed, deals.won, deals.groups, days)
    order = np.random.default_rng(seed + 1).permutation(len(deals.won))
    first, second = searched(dated), searched(taken(dated, order))
    assert first.finds[1]
    assert what_was_found(first) == what_was_found(second)
    for finds, shuffled in zip(first.finds, second.finds, strict=True):
        for one, other in zip(finds, shuffled, strict=True):
            assert one.holds[order].tolist() == other.holds.tolist()
            assert one.unseen[order].tolist() == other.unseen.tolist()


@given(seed=SEEDS, times=st.integers(2, 3))
@settings(max_examples=2)
def test_deals_written_down_again_are_no_evidence(seed: int, times: int) -> None:
    deals = planted(seed)
    repeated = taken(deals, np.repeat(np.arange(len(deals.won)), times))
    first, second = searched(deals), searched(repeated)
    assert what_was_found(first) == what_was_found(second)
    bounds = [
        [(each.win_rate.low, each.win_rate.high) for each in exclusions_of(of, search.finds[1])]
        for of, search in ((deals, first), (repeated, second))
    ]
    np.testing.assert_allclose(bounds[0], bounds[1], atol=1e-9)


@given(seed=SEEDS)
@settings(max_examples=2)
def test_every_figure_is_of_deals_and_between_its_bounds(seed: int) -> None:
    deals = planted(seed)
    search = searched(deals)
    for each in clusters_of(deals, search.finds[0], search).clusters:
        assert 2 <= len(each.rule.conditions) <= 3
        assert each.win_rate.low <= each.win_rate.value <= each.win_rate.high
        assert 0 <= each.won <= each.deals <= len(deals.won)
        assert 1 < each.lift.low <= each.lift.value
    for proposal in exclusions_of(deals, search.finds[1]):
        assert not any(condition.missing for condition in proposal.rule.conditions)
        assert proposal.win_rate.value < 0.5 * deals.won.mean()
