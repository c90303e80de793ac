"""An association is credited where dealing the outcomes out again among accounts would rarely give as much."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from icp_ml.profile.association import ENOUGH, TIME_BLOCKS, permuted_p_value, relative_to_time

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Groups = NDArray[np.int64]


def by_enumeration(codes: list[int], residuals: list[float], groups: list[int]) -> float:
    """The p-value over every way of dealing the accounts' mean residuals out again, by plain loops."""
    accounts = sorted(set(groups))
    of = {account: [i for i, group in enumerate(groups) if group == account] for account in accounts}
    means = [sum(residuals[i] for i in of[account]) / len(of[account]) for account in accounts]

    def differ(dealt: tuple[float, ...]) -> float:
        left = [dealt[accounts.index(group)] for group in groups]
        centred = [value - sum(left) / len(left) for value in left]
        total = 0.0
        for level in set(codes):
            here = [value for value, code in zip(centred, codes, strict=True) if code == level]
            total += sum(here) ** 2 / len(here)
        return total

    observed = differ(tuple(means))
    found = [differ(dealt) >= observed - 1e-9 for dealt in itertools.permutations(means)]
    return sum(found) / len(found)


@pytest.mark.parametrize(
    ("codes", "residuals", "groups"),
    [
        # One deal an account, two levels: of the 20 ways to choose three of six, 2 are as extreme as this one.
        ([0, 0, 0, 1, 1, 1], [0.9, 0.8, 0.7, -0.6, -0.8, -1.0], [0, 1, 2, 3, 4, 5]),
        ([0, 1, 2, 0, 1, 2], [0.5, -0.5, 0.2, 0.4, -0.3, -0.3], [0, 1, 2, 3, 4, 5]),
        # Accounts of one, two and three deals; the one of three has deals in two levels.
        ([0, 0, 1, 0, 1, 0, 1, 0, 1], [0.6, 0.4, -0.5, -0.5, 0.4, 0.6, -0.4, -0.2, -0.4], [0, 0, 1, 1, 1, 2, 3, 4, 5]),
    ],
)
def test_the_p_value_is_that_of_all_permutations(codes: list[int], residuals: list[float], groups: list[int]) -> None:
    found = permuted_p_value(np.array(codes), np.array(residuals), np.array(groups), seed=1, count=10_000)
    # Drawing ends with the hundredth that is as large: four standard errors of the share are four tenths of it.
    assert found == pytest.approx(by_enumeration(codes, residuals, groups), rel=0.4)


def test_dealing_out_ends_where_the_answer_is_known() -> None:
    """With two levels of two deals each a third of all six divisions are as large, so some 300 permutations do."""
    codes, residuals = np.array([0, 0, 1, 1]), np.array([1.0, 0.9, -0.9, -1.0])
    found = permuted_p_value(codes, residuals, np.arange(4), seed=2, count=1_000_000)
    assert found == pytest.approx(by_enumeration([0, 0, 1, 1], residuals.tolist(), [0, 1, 2, 3]), rel=0.4)
    assert (ENOUGH / found) == pytest.approx(round(ENOUGH / found))


def test_the_enumeration_itself_is_right_where_it_can_be_counted() -> None:
    # The three highest of six stand in one level: that and its mirror image, 2 of 20.
    assert by_enumeration([0, 0, 0, 1, 1, 1], [0.9, 0.8, 0.7, -0.6, -0.8, -1.0], [0, 1, 2, 3, 4, 5]) == 0.1


def test_no_p_value_is_smaller_than_the_permutations_can_show() -> None:
    codes = np.repeat(np.array([0, 1]), 50)
    residuals = np.where(codes == 1, 0.5, -0.5)
    assert permuted_p_value(codes, residuals, np.arange(100), seed=1, count=199) == 1 / 200


def test_where_all_are_alike_every_permutation_is_as_large() -> None:
    one_level = np.zeros(12, dtype=np.intp)
    spread = np.linspace(-1, 1, 12)
    assert permuted_p_value(one_level, spread, np.arange(12), seed=1, count=99) == 1.0
    assert permuted_p_value(np.arange(12) % 3, np.zeros(12), np.arange(12), seed=1, count=99) == 1.0


def test_a_level_that_no_deal_has_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    codes, residuals = rng.integers(0, 3, 60), rng.normal(size=60)
    gapped = np.where(codes == 2, 7, codes)
    found = [permuted_p_value(c, residuals, np.arange(60), seed=4, count=300) for c in (codes, gapped)]
    assert found[0] == found[1]


def null_p_values(sizes: Groups, *, by_account: bool) -> Floats:
    """P-values of a level that has nothing to do with outcomes, which are alike within an account."""
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(len(sizes)), sizes)
        leaning = rng.normal(size=len(sizes))[groups]
        won = (rng.random(len(groups)) < 1 / (1 + np.exp(-1.5 * leaning))).astype(np.float64)
        levels = rng.integers(0, 3, len(sizes))[groups] if by_account else rng.integers(0, 3, len(groups))
        found.append(permuted_p_value(levels, won - float(won.mean()), groups, seed, count=199))
    return np.array(found)


def test_under_the_null_p_values_are_uniform_although_deals_of_an_account_agree() -> None:
    found = null_p_values(np.full(60, 3), by_account=True)
    assert kstest(found, "uniform").pvalue > 0.001


@pytest.mark.parametrize("by_account", [True, False], ids=["level of the account", "level of the deal"])
def test_with_accounts_of_all_sizes_false_alarms_stay_rare(by_account: bool) -> None:  # noqa: FBT001 - by name
    sizes = np.resize(np.array([1, 1, 1, 2, 2, 3, 5]), 70)
    found = null_p_values(sizes, by_account=by_account)
    # 5 % of 300 are 15; 28 are more than three standard deviations above.
    assert (found <= 0.05).sum() <= 28


def test_an_association_that_was_planted_is_found() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(80), 2)
    codes = rng.integers(0, 2, 80)[groups]
    won = (rng.random(160) < np.where(codes == 1, 0.7, 0.3)).astype(np.float64)
    assert permuted_p_value(codes, won - 0.5, groups, seed=5) < 0.005


def test_what_only_tells_old_deals_from_new_ones_is_not_credited() -> None:
    with_time, without = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        day = np.sort(rng.integers(0, 720, 240))
        won = (rng.random(240) < 0.75 - 0.5 * day / 720).astype(np.float64)
        late = (rng.random(240) < day / 720).astype(np.intp)
        opened = np.datetime64("2023-01-01") + day
        with_time.append(permuted_p_value(late, relative_to_time(won - 0.5, opened), np.arange(240), seed, 199))
        without.append(permuted_p_value(late, relative_to_time(won - 0.5, None), np.arange(240), seed, 199))
    # Taken by itself the base rate's fall would be credited to `late` in most worlds.
    assert np.median(without) < 0.05
    assert np.sum(np.array(with_time) < 0.05) <= 4
    assert np.median(with_time) > 0.2


def test_relative_to_time_every_eighth_of_the_openings_adds_up_to_zero() -> None:
    rng = np.random.default_rng(3)
    day = rng.permutation(40)
    found = relative_to_time(rng.normal(size=40) + day, np.datetime64("2024-01-01") + day)
    in_order = found[np.argsort(day)].reshape(TIME_BLOCKS, 5)
    assert in_order.sum(axis=1) == pytest.approx(np.zeros(TIME_BLOCKS))


def test_without_dates_residuals_are_relative_to_their_mean() -> None:
    assert relative_to_time(np.array([1.0, 2.0, 6.0]), None).tolist() == [-2.0, -1.0, 3.0]


def test_fewer_deals_than_eighths_say_nothing_beyond_their_time() -> None:
    days = np.array(["2024-01-03", "2024-01-01", "2024-01-02"], dtype="datetime64[D]")
    assert relative_to_time(np.array([0.5, -0.5, 0.2]), days).tolist() == [0.0, 0.0, 0.0]
