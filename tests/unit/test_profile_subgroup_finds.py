"""Finds are measured on deals that did not choose them, and chance alone finds nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.model.splits import grouped_folds
from icp_ml.profile import subgroup_finds
from icp_ml.profile.subgroup_conditions import Mask, SearchedDeals, overlap
from icp_ml.profile.subgroup_finds import EACH_WAY, FOLDS, SAME, Plan, Search, search_subgroups
from icp_ml.profile.subgroups import Aim, Family, Outcomes
from tests.searched_deals import deals_of, flags


def never_spared(_deals: SearchedDeals, _inside: Mask, _wider: Mask) -> bool:
    return False


MANY = Plan(Aim(sign=1.0, fewest=2, allowance=0.0), never_spared)
FEW = Plan(Aim(sign=-1.0, fewest=1, allowance=0.5), never_spared)


def null_deals(seed: int, deals: int = 500, columns: int = 40) -> SearchedDeals:
    """The world of statistics.md 6: a quarter is won, and forty flags have nothing to do with it."""
    rng = np.random.default_rng(seed)
    values = rng.random((deals, columns)) < rng.uniform(0.2, 0.6, columns)
    return deals_of(flags(values), (rng.random(deals) < 0.25).astype(np.int8))


def planted_deals(seed: int) -> tuple[SearchedDeals, Mask]:
    """Of 600 deals, those with the first two flags are won in 7 of 10, all others in 2 of 10."""
    rng = np.random.default_rng(seed)
    values = rng.random((600, 10)) < 0.5
    inside = values[:, 0] & values[:, 1]
    return deals_of(flags(values), (rng.random(600) < np.where(inside, 0.7, 0.2)).astype(np.int8)), inside


def search_of(deals: SearchedDeals, *plans: Plan, permutations: int = 59) -> Search:
    return search_subgroups(deals, plans, seed=3, permutations=permutations)


def test_by_chance_the_best_looks_good_and_its_cross_fitted_rate_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgroup_finds, "EACH_WAY", 1.0)  # every find is reported, so that the best can be looked at
    raw, unseen, counted = [], 0, 0
    for seed in range(5):
        deals = null_deals(seed)
        best = search_of(deals, MANY, permutations=1).finds[0][0]
        raw.append(float(deals.won[best.holds].mean()))
        unseen += int(deals.won[best.unseen].sum())
        counted += int(best.unseen.sum())
    assert np.mean(raw) > 0.40
    # A quarter is won; four standard errors of that many deals.
    assert abs(unseen / counted - 0.25) < 4 * np.sqrt(0.25 * 0.75 / counted)


def test_chance_finds_nothing_in_most_worlds() -> None:
    found = [search_of(null_deals(seed, 300, 12), MANY, FEW).finds for seed in range(20, 40)]
    # 5 % of 20 is one; four would come up in under 2 of 100 runs.
    assert sum(any(each) for each in found) <= 3


def test_what_was_planted_is_the_first_find_and_is_worth_what_it_is() -> None:
    deals, inside = planted_deals(1)
    first = search_of(deals, MANY).finds[0][0]
    assert {each.attribute for each in first.conditions[:2]} == {"f0", "f1"}
    assert first.holds[~inside].sum() == 0
    assert first.p_value <= EACH_WAY
    # 0.7 of about 150 deals, four standard errors.
    assert abs(float(deals.won[first.unseen].mean()) - 0.7) < 4 * np.sqrt(0.21 / 75)


def test_a_deal_is_measured_by_finds_that_its_own_outcome_had_no_part_in(monkeypatch: pytest.MonkeyPatch) -> None:
    deals, _ = planted_deals(2)
    folds = grouped_folds(deals.groups, deals.won, FOLDS, 3)
    monkeypatch.setattr(subgroup_finds, "grouped_folds", lambda *_: folds)
    before = subgroup_finds._unseen(deals, (MANY,), 3)[0]
    turned = deals.won.copy()
    turned[folds[0]] = 1 - turned[folds[0]]
    changed = SearchedDeals(deals.attributes, deals.parsed, turned, deals.groups)
    after = subgroup_finds._unseen(changed, (MANY,), 3)[0]
    assert before[0][folds[0]].any()
    for first, second in zip(before, after, strict=True):
        assert first[folds[0]].tolist() == second[folds[0]].tolist()
    # The outcomes do have a part in what the other folds are measured by.
    assert any((first != second).any() for first, second in zip(before, after, strict=True))


def test_no_find_is_a_better_one_over_again() -> None:
    deals, _ = planted_deals(3)
    finds = search_of(deals, MANY).finds[0]
    assert len(finds) >= 2
    assert all(one.score >= two.score for one, two in pairwise(finds))
    for place, each in enumerate(finds):
        assert all(overlap(each.holds, other.holds) <= SAME for other in finds[:place])


def test_ending_early_changes_nothing_that_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    deals = null_deals(5, 300, 12)
    early = search_of(deals, MANY, FEW, permutations=99)
    assert early.permutations < 99
    monkeypatch.setattr(subgroup_finds, "_best_by_chance", every_permutation)
    assert search_of(deals, MANY, FEW, permutations=99).finds == early.finds == ((), ())


def every_permutation(
    family: Family,
    outcomes: Outcomes,
    plans: tuple[Plan, ...],
    _best: NDArray[np.float64],
    draws: tuple[int, int],
) -> NDArray[np.float64]:
    rng = np.random.default_rng(draws[0])
    columns = []
    for _ in range(draws[1]):
        pools = family.pools(
            outcomes.voice(rng.permutation(outcomes.mean)), outcomes.base, tuple(plan.aim for plan in plans)
        )
        columns.append([float(pool.scores.max(initial=0.0)) for pool in pools])
    return np.array(columns).T


@pytest.mark.parametrize("won", [0, 1])
def test_where_all_deals_went_alike_nothing_is_found(won: int) -> None:
    deals = deals_of(flags(np.random.default_rng(1).random((200, 5)) < 0.5), np.full(200, won, dtype=np.int8))
    assert search_of(deals, MANY, FEW).finds == ((), ())


def test_deals_of_which_nothing_can_be_asked_tell_nothing() -> None:
    won = np.tile(np.array([0, 1], dtype=np.int8), 50)
    assert search_of(deals_of(flags(np.ones((100, 2), dtype=bool)), won), MANY, FEW).finds == ((), ())


def test_with_too_few_accounts_to_leave_some_out_a_find_is_measured_on_nobody() -> None:
    """45 accounts are enough to search, and the 36 that are left without a fold are not: 40 are needed."""
    inside = np.arange(45) < 22
    first = search_of(deals_of(flags(inside[:, None]), (~inside).astype(np.int8)), FEW).finds[0][0]
    assert first.holds.tolist() == inside.tolist()
    assert not first.unseen.any()
