"""The search finds what a slow one finds, and its score is what accounts drawn without replacement would do."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.deals.kinds import CategoryColumn
from icp_ml.profile.subgroup_conditions import (
    ALIKE,
    LEAST_ACCOUNTS,
    ConditionTable,
    SearchedDeals,
    conditions_of,
    overlap,
)
from icp_ml.profile.subgroups import NARROWS, Aim, Family, Outcomes, outcomes_of, score_of
from tests.searched_deals import deals_of, flags

MANY = Aim(sign=1.0, fewest=1, allowance=0.0)
FEW = Aim(sign=-1.0, fewest=1, allowance=0.5)
Mask = NDArray[np.bool_]


def some_deals(seed: int, accounts: int = 150) -> SearchedDeals:
    """Five flags and a category of three levels; accounts have one to three deals whose flags may differ.

    With both of the first two flags hardly anything is won.
    """
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(accounts), rng.integers(1, 4, accounts))
    values = rng.random((len(groups), 5)) < 0.5
    columns = flags(values)
    columns["trade"] = CategoryColumn(rng.integers(0, 3, len(groups)).astype(np.int32), ("iron", "stone", "wood"))
    won = (rng.random(len(groups)) < np.where(values[:, 0] & values[:, 1], 0.02, 0.45)).astype(np.int8)
    return deals_of(columns, won, groups)


def slow_score(deals: SearchedDeals, inside: Mask, aim: Aim) -> float:
    """By plain loops over accounts, from the definition at the head of the file."""
    names = sorted(set(deals.groups.tolist()))
    rows = {name: [i for i, group in enumerate(deals.groups.tolist()) if group == name] for name in names}
    base = sum(deals.won.tolist()) / len(deals.won)
    mean = [sum(int(deals.won[i]) - base for i in rows[name]) / len(rows[name]) for name in names]
    centre = sum(mean) / len(mean)
    spread = math.sqrt(sum((each - centre) ** 2 for each in mean) / (len(mean) - 1))
    share = [Fraction(sum(bool(inside[i]) for i in rows[name]), len(rows[name])) for name in names]
    won = sum(sum(int(deals.won[i]) for i in rows[name]) / len(rows[name]) for name in names) / len(names)
    excess = sum(float(s) * (m - centre) for s, m in zip(share, mean, strict=True))
    exactly = sum(share, Fraction(0))
    held = float(exactly)
    if not LEAST_ACCOUNTS <= exactly <= len(names) - LEAST_ACCOUNTS:
        return 0.0
    return float(aim.sign * (excess + aim.allowance * won * held) / spread / math.sqrt(held * (1 - held / len(names))))


def met(table: ConditionTable, places: tuple[int, ...]) -> Mask:
    return np.array([all(row) for row in table.holds[list(places)].T], dtype=bool)


def accounts_in(deals: SearchedDeals, inside: Mask) -> Fraction:
    sizes = np.unique(deals.groups, return_counts=True)[1]
    return sum((Fraction(1, int(size)) for size in np.repeat(sizes, sizes)[inside]), Fraction(0))


def slow_pairs(deals: SearchedDeals, table: ConditionTable, aim: Aim) -> dict[tuple[int, int], float]:
    """The best score of each pair of attributes, over all pairs of their conditions."""
    best: dict[tuple[int, int], float] = {}
    for one, two in itertools.combinations(range(len(table.settings)), 2):
        key = (int(table.attribute[one]), int(table.attribute[two]))
        inside = table.holds[one] & table.holds[two]
        least = min(accounts_in(deals, table.holds[one]), accounts_in(deals, table.holds[two]))
        if key[0] != key[1] and accounts_in(deals, inside) <= Fraction(str(NARROWS)) * least:
            best[key] = max(best.get(key, 0.0), slow_score(deals, inside, aim))
    return best


@pytest.mark.parametrize("aim", [MANY, FEW], ids=["many wins", "few wins"])
@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_are_those_of_a_slow_search_of_all(seed: int, aim: Aim) -> None:
    deals = some_deals(seed, accounts=90)
    rows = np.arange(len(deals.won))
    table, outcomes = conditions_of(deals, rows), outcomes_of(deals, rows)
    assert outcomes is not None
    pool = Family(table, rows, outcomes).pools(outcomes.voice(outcomes.mean), outcomes.base, (aim,))[0]
    found = {
        (int(table.attribute[c[0]]), int(table.attribute[c[1]])): float(score)
        for c, score in zip(pool.conditions, pool.scores, strict=True)
        if (c >= 0).sum() == 2
    }
    expected = {key: score for key, score in slow_pairs(deals, table, aim).items() if score > 0}
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=1e-3)


def test_every_score_is_that_of_its_conditions_by_loops() -> None:
    deals = some_deals(3)
    rows = np.arange(len(deals.won))
    table, outcomes = conditions_of(deals, rows), outcomes_of(deals, rows)
    assert outcomes is not None
    for aim in (MANY, FEW):
        pool = Family(table, rows, outcomes).pools(outcomes.voice(outcomes.mean), outcomes.base, (aim,))[0]
        ranked = list(pool.ranked())
        assert {2, 3} <= {len(places) for places in ranked}
        scores = [slow_score(deals, met(table, places), aim) for places in ranked[:30]]
        assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-3)
        assert score_of(met(table, ranked[0]), outcomes, aim) == pytest.approx(scores[0], abs=1e-9)


def test_a_type_of_three_conditions_is_the_best_where_it_alone_wins() -> None:
    rng = np.random.default_rng(4)
    values = rng.random((800, 8)) < 0.5
    alone = values[:, 1] & ~values[:, 4] & values[:, 6]
    deals = deals_of(flags(values), (rng.random(800) < np.where(alone, 0.9, 0.2)).astype(np.int8))
    rows = np.arange(800)
    table, outcomes = conditions_of(deals, rows), outcomes_of(deals, rows)
    assert outcomes is not None
    pool = Family(table, rows, outcomes).pools(outcomes.voice(outcomes.mean), outcomes.base, (MANY,))[0]
    best = [table.settings[place] for place in next(pool.ranked())]
    assert [(each.attribute, each.values) for each in best] == [("f1", ("yes",)), ("f4", ("no",)), ("f6", ("yes",))]


def test_the_score_has_mean_zero_and_variance_one_over_all_ways_to_deal_outcomes() -> None:
    # Two of six accounts lie in the type: 720 permutations, enumerated.
    mean = np.array([0.9, -0.4, 0.1, -0.7, 0.5, -0.4])
    mean /= mean.std(ddof=1)
    inside = np.array([True, True, False, False, False, False])
    scores = [
        score_of(inside, Outcomes(np.arange(6), np.ones(6), np.array(dealt), 0.0), MANY)
        for dealt in itertools.permutations(mean)
    ]
    assert np.mean(scores) == pytest.approx(0, abs=1e-12)
    assert np.mean(np.square(scores)) == pytest.approx(1, abs=1e-12)


def test_a_type_at_half_the_base_rate_scores_zero_and_above_it_less() -> None:
    # 100 accounts, 40 won: base 0.4. Of 50 in the type 10 are won, 0.2: half of the base.
    won = np.repeat([1, 0, 1, 0], [10, 40, 30, 20]).astype(np.int8)
    inside = np.arange(100) < 50
    outcomes = outcomes_of(deals_of(flags(inside[:, None]), won), np.arange(100))
    assert outcomes is not None
    assert score_of(inside, outcomes, FEW) == pytest.approx(0, abs=1e-9)
    assert score_of(~inside, outcomes, FEW) < 0


@pytest.mark.parametrize(("accounts", "wins"), [(39, 10), (60, 0), (60, 60)])
def test_too_few_accounts_and_deals_that_all_went_alike_tell_nothing(accounts: int, wins: int) -> None:
    won = (np.arange(accounts) < wins).astype(np.int8)
    assert outcomes_of(deals_of(flags(np.ones((accounts, 1), dtype=bool)), won), np.arange(accounts)) is None


def test_few_levels_are_asked_for_in_sets_but_never_all_of_them() -> None:
    codes = np.repeat(np.arange(4), 50).astype(np.int32)
    deals = deals_of({"trade": CategoryColumn(codes, ("a", "b", "c", "d"))}, np.zeros(200, dtype=np.int8))
    found = {settings.values for settings in conditions_of(deals, np.arange(200)).settings}
    # Four alone, six pairs; a triple shares two thirds of its deals with each pair in it (0.67), so that all stay.
    assert found == {chosen for size in (1, 2, 3) for chosen in itertools.combinations("abcd", size)}


def test_conditions_of_one_attribute_are_unlike_one_another() -> None:
    deals = some_deals(5)
    table = conditions_of(deals, np.arange(len(deals.won)))
    for one, two in itertools.combinations(range(len(table.settings)), 2):
        if table.attribute[one] == table.attribute[two]:
            assert overlap(table.holds[one], table.holds[two]) < ALIKE


def test_conditions_follow_from_the_deals_they_are_made_from() -> None:
    deals = some_deals(6)
    rows = np.arange(100)
    beyond = conditions_of(deals, rows).settings
    codes = deals.parsed.columns["trade"]
    assert isinstance(codes, CategoryColumn)
    changed = CategoryColumn(np.where(np.arange(len(deals.won)) < 100, codes.codes, 0).astype(np.int32), codes.levels)
    columns = {**deals.parsed.columns, "trade": changed}
    assert conditions_of(deals_of(columns, 1 - deals.won, deals.groups), rows).settings == beyond


def test_overlap_is_counted_by_hand() -> None:
    # Both hold two of four deals and share one: one of three.
    assert overlap(np.array([1, 1, 0, 0], dtype=bool), np.array([0, 1, 1, 0], dtype=bool)) == pytest.approx(1 / 3)
    assert overlap(np.zeros(3, dtype=bool), np.zeros(3, dtype=bool)) == 0.0


def test_a_type_of_nobody_or_of_all_scores_nothing() -> None:
    won = (np.arange(60) % 3 == 0).astype(np.int8)
    outcomes = outcomes_of(deals_of(flags((np.arange(60) < 30)[:, None]), won), np.arange(60))
    assert outcomes is not None
    assert score_of(np.zeros(60, dtype=bool), outcomes, MANY) == 0
    assert score_of(np.ones(60, dtype=bool), outcomes, MANY) == 0
