"""Laws of every split: nothing of the future, nothing of the judged, and nothing forgotten."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from icp_ml.model.splits import complement, forward_folds, grouped_folds, time_to_close

START = np.datetime64("2024-01-01", "D")
SEEDS = st.integers(0, 2**32 - 1)


Days = NDArray[np.datetime64]


def drawn(seed: int, deals: int, accounts: int) -> tuple[Days, Days, NDArray[np.int64]]:
    """Opening days, closing days and accounts."""
    rng = np.random.default_rng(seed)
    opened = START + rng.integers(0, 400, deals)
    return opened, opened + rng.integers(0, 150, deals), rng.integers(0, accounts, deals)


@given(SEEDS, st.integers(1, 120), st.integers(1, 60), st.integers(30, 180))
def test_forward_folds_learn_only_what_was_known(seed: int, deals: int, accounts: int, gap: int) -> None:
    opened, closed, groups = drawn(seed, deals, accounts)
    extracted = closed.max()
    old_enough = extracted - gap
    folds = forward_folds(opened, closed, groups, extracted, gap)
    for fold in folds:
        judged = np.concatenate([fold.test, fold.returning])
        known = set(groups[fold.train])
        assert known.isdisjoint(groups[fold.test])
        assert known.issuperset(groups[fold.returning])
        assert (opened[judged] <= old_enough).all()
        if len(judged) and len(fold.train):
            assert closed[fold.train].max() < opened[judged].min()
            assert opened[fold.train].max() <= opened[judged].min() - gap


@given(SEEDS, st.integers(1, 120), st.integers(30, 180))
def test_from_the_first_cut_on_each_mature_deal_is_judged_once(seed: int, deals: int, gap: int) -> None:
    opened, closed, groups = drawn(seed, deals, deals)
    extracted = closed.max()
    judged = [
        row
        for fold in forward_folds(opened, closed, groups, extracted, gap)
        for row in (*fold.test.tolist(), *fold.returning.tolist())
    ]
    mature = np.flatnonzero(opened <= extracted - gap)
    assert len(judged) == len(set(judged))
    if len(mature):
        first = min(opened[judged])
        assert sorted(judged) == [row for row in mature.tolist() if opened[row] >= first]


@given(SEEDS, st.integers(1, 120), st.integers(30, 180))
def test_every_deal_is_learnt_from_judged_or_counted_as_lost_to_the_block(seed: int, deals: int, gap: int) -> None:
    opened, closed, groups = drawn(seed, deals, deals)
    folds = forward_folds(opened, closed, groups, closed.max(), gap)
    for fold in folds[-1:]:
        counted = len(fold.train) + len(fold.test) + len(fold.returning) + fold.unusable + fold.immature
        assert counted == deals


@given(SEEDS, st.integers(1, 200), st.integers(1, 80), st.integers(2, 6))
def test_grouped_folds_are_a_partition_that_divides_no_account(seed: int, deals: int, accounts: int, k: int) -> None:
    _, _, groups = drawn(seed, deals, accounts)
    won = np.random.default_rng(seed).integers(0, 2, deals).astype(np.int8)
    folds = grouped_folds(groups, won, k, seed % 1000)
    assert len(folds) == k
    assert sorted(np.concatenate(folds).tolist()) == list(range(deals))
    for fold in folds:
        assert set(groups[fold]).isdisjoint(groups[complement(fold, deals)])


@given(SEEDS, st.integers(1, 200), st.integers(1, 80), st.integers(2, 6))
def test_folds_differ_in_size_by_at_most_two_of_the_largest_accounts(
    seed: int, deals: int, accounts: int, k: int
) -> None:
    """Dealt there and back in descending size, each of the two piles leaves at most its largest account over."""
    _, _, groups = drawn(seed, deals, accounts)
    won = np.random.default_rng(seed).integers(0, 2, deals).astype(np.int8)
    sizes = [len(fold) for fold in grouped_folds(groups, won, k, 0)]
    assert max(sizes) - min(sizes) <= 2 * np.bincount(groups).max()


@given(SEEDS, st.integers(2, 6), st.integers(1, 100), st.integers(1, 100))
def test_single_deals_are_dealt_out_evenly_by_outcome(seed: int, k: int, wins: int, losses: int) -> None:
    won = np.random.default_rng(seed).permutation(np.repeat([1, 0], [wins, losses])).astype(np.int8)
    folds = grouped_folds(np.arange(len(won)), won, k, seed % 1000)
    for count in ([won[fold].sum() for fold in folds], [(1 - won[fold]).sum() for fold in folds]):
        assert max(count) - min(count) <= 2


@given(SEEDS, st.integers(2, 100), st.integers(1, 40))
def test_folds_do_not_depend_on_the_order_of_rows(seed: int, deals: int, accounts: int) -> None:
    _, _, groups = drawn(seed, deals, accounts)
    rng = np.random.default_rng(seed)
    won = rng.integers(0, 2, deals).astype(np.int8)
    order = rng.permutation(deals)
    folds = grouped_folds(groups, won, 3, 7)
    shuffled = grouped_folds(groups[order], won[order], 3, 7)
    assert [sorted(order[fold].tolist()) for fold in shuffled] == [fold.tolist() for fold in folds]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_without_open_deals_time_to_close_is_the_first_day_with_enough_closed(waits: list[int], share: float) -> None:
    opened = np.full(len(waits), START)
    none = np.empty(0, dtype="datetime64[D]")
    found = time_to_close(opened, opened + np.array(waits), none, START + 999, share)
    enough = [day for day in sorted(waits) if sum(w <= day for w in waits) >= share * len(waits) - 1e-9]
    assert found == enough[0]
