"""Judged on companies that were not learned from: the perfect case, the useless case, and tiers counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.lookalikes import THIN_WON, read_companies
from icp_ml.model.metrics import Estimate
from icp_ml.model.tier_cuts import FittedCuts
from icp_ml.model.tiers import Cuts
from icp_ml.profile.lookalike_records import ASSUMPTION
from icp_ml.profile.records import Interval
from icp_training import lookalike, lookalike_judging
from icp_training.lookalike_columns import compared
from icp_training.lookalike_judging import JudgedLookalike, judge_lookalike, tier_table, widening
from icp_training.search import Budget
from tests import serve_models
from tests.lookalike_projects import companies, settings, write_lists

ONE = Budget(1)


def _judged(folder: Path, alike: float, won: int = 40, seed: int = 1) -> JudgedLookalike:
    write_lists(folder, companies(won, seed, prefix="w", alike=alike), companies(400, seed + 50, prefix="u", alike=0.1))
    declared = settings()
    return judge_lookalike(compared(read_companies(declared, folder), frozenset(), 7), declared.tiers, ONE, 7)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> JudgedLookalike:
    """All won accounts are of one kind, and one company of the universe in ten is too."""
    return _judged(tmp_path_factory.mktemp("alike"), alike=1.0)


def test_won_accounts_of_one_kind_are_ranked_above_a_universe_that_holds_few_of_them(alike: JudgedLookalike) -> None:
    verdict = alike.verdict
    assert verdict.reliable
    # About 13 % of the universe are of the kind too (a tenth, and some by chance), so that no ranking can be perfect.
    assert 0.85 < verdict.ranking.value < 0.98
    # The top fifth has room for all of the kind; 35 of 40 is within luck of that, and 8 would be chance.
    assert verdict.top.value > 0.75
    assert verdict.top.low > 0.5
    assert verdict.assumption == ASSUMPTION
    assert (verdict.won, verdict.universe) == (40, 400)


def test_every_company_is_judged_once_by_a_fold_that_has_not_seen_its_group(alike: JudgedLookalike) -> None:
    rows = np.concatenate([fold.test for fold in alike.folds])
    assert sorted(rows.tolist()) == list(range(440))
    groups = alike.compared.table.groups
    for fold in alike.folds:
        others = np.setdiff1d(np.arange(440), fold.test)
        assert not set(groups[fold.test]) & set(groups[others])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_won_accounts_that_are_any_companies_are_not_called_alike(tmp_path: Path, seed: int) -> None:
    verdict = _judged(tmp_path, alike=0.1, seed=seed).verdict
    assert not verdict.reliable
    assert verdict.ranking.low < 0.5 < verdict.ranking.high


def test_few_won_accounts_are_said_to_be_few(tmp_path: Path) -> None:
    verdict = _judged(tmp_path, alike=1.0, won=12).verdict
    assert "Only 12 won accounts, which is thin" in verdict.warnings[0]


def test_a_warning_is_of_few_won_accounts_or_of_a_ranking_that_was_never_seen() -> None:
    fair = Estimate(0.95, 0.9, 0.99)
    assert lookalike_judging._warnings(THIN_WON, fair) == []
    assert len(lookalike_judging._warnings(THIN_WON - 1, fair)) == 1
    (said,) = lookalike_judging._warnings(THIN_WON, Estimate(0.951, 0.9, 0.99))
    assert said.startswith("The ranking is too good to be true (95.1% of pairs): look for a column that is filled")


def test_a_share_of_nobody_may_be_anything() -> None:
    """By hand, Wilson's interval of 5 in 10 at 95 % is 0.237 to 0.763."""
    assert lookalike_judging._share(0, 0, 0.95) == Interval(value=0.0, low=0.0, high=1.0)
    half = lookalike_judging._share(5, 10, 0.95)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "q_value", "said"),
    [
        ({"presented": True}, 0.01, "sets won accounts apart given the others"),
        ({"p_value": 0.4}, 0.4, "does not set won accounts apart beyond chance (p = 0.400)"),
        ({"stability": 0.4}, 0.01, "its direction held in only 40% of the folds"),
        ({"share": 0.001}, 0.01, "it carries 0.1% of the explanation"),
        ({}, 0.01, "in companies it was not learned from, its direction did not hold beyond chance"),
    ],
)
def test_why_an_attribute_is_no_part_of_the_resemblance(changes: dict[str, object], q_value: float, said: str) -> None:
    found = serve_models.bundle().profile.attributes[0].model_copy(update={"presented": False, **changes})
    assert said in lookalike._reason(found, q_value)


def test_bounds_of_crossed_folds_are_wider_as_nadeau_and_bengio_have_it() -> None:
    # 1 + 5 x (1/5) / (4/5) = 2.25, of which the root is 1.5.
    assert widening(5) == pytest.approx(1.5)


def test_tiers_hold_their_shares_of_the_universe_and_most_won_accounts(alike: JudgedLookalike) -> None:
    declared = settings().tiers
    cuts, table = tier_table(alike, FittedCuts(alike.folds[0].cuts, ()), declared)
    assert (
        table.objective
        == "Tiers hold shares of the universe, counted from the top: tier 1 10%, tier 2 30%, tier 3 60%."
    )
    assert [row.label for row in table.rows] == list(cuts.labels) == ["1", "2", "3", "out of scope"]
    assert sum(row.won for row in table.rows) == 40
    assert sum(row.universe for row in table.rows) == 400
    held = np.cumsum([row.share_of_universe for row in table.rows])
    # Cuts of other companies: binomial luck on 400, and ties; 4 standard errors of 0.5 would be 0.1.
    assert held[:3] == pytest.approx([0.1, 0.3, 0.6], abs=0.1)
    first = table.rows[0]
    assert first.times.value == pytest.approx((first.won / 40) / (first.universe / 400))
    assert first.times.low <= first.times.value <= first.times.high
    assert first.times.low > 1
    assert [(row.score_from, row.score_to) for row in table.rows] == [(70, 100), (50, 70), (30, 50), (0, 30)]


def test_places_are_those_of_each_folds_own_cuts(alike: JudgedLookalike) -> None:
    """The same count by a loop over companies."""
    own = alike.folds[0].cuts
    _, table = tier_table(alike, FittedCuts(own, ()), settings().tiers)
    won = alike.judged.won
    counted: dict[str, int] = dict.fromkeys(own.labels, 0)
    start = 0
    for fold in alike.folds:
        for place, log_odds in enumerate(fold.model):
            if won[start + place]:
                counted[_label(fold.cuts, float(log_odds))] += 1
        start += len(fold.test)
    assert {row.label: row.won for row in table.rows} == counted


def _label(cuts: Cuts, log_odds: float) -> str:
    for bound, label in zip(cuts.log_odds, cuts.labels, strict=False):
        if log_odds >= bound:
            return label
    return cuts.labels[-1]
