"""How deals are judged: forward in time where enough can be, by blocks where not, by account without dates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.ledger import RowLedger
from icp_ml.deals.table import DealTable, OpenDeals
from icp_ml.model.judgement import BLOCKS, LEAST_OUTCOMES_LEARNT, OUTER_FOLDS, Judgement, plan_judgement
from icp_ml.model.skill import LEAST_JUDGED
from icp_ml.model.splits import Fold

START = np.datetime64("2024-01-01", "D")


def table(
    opened: NDArray[np.int64] | None, accounts: NDArray[np.int64], won: NDArray[np.int8] | None = None
) -> DealTable:
    """Deals opened on the given days, closed ten days later, exported forty days after the last closing."""
    rows = len(accounts)
    days = None if opened is None else START + opened
    return DealTable(
        ids=np.array([f"deal {k}" for k in range(rows)], dtype=object),
        accounts=np.array([f"account {k}" for k in accounts], dtype=object),
        opened=days,
        closed=None if days is None else days + 10,
        won=(np.arange(rows) % 3 == 0).astype(np.int8) if won is None else won,
        attributes=(),
        parsed=ParsedTable(rows, {}, ()),
        extracted=None if days is None else days.max() + 50,
        open_deals=OpenDeals(np.array([], dtype="datetime64[D]")),
        ledger=RowLedger(rows, 0, 0, 0, 0, 0, rows),
        rejected=(),
        unmatched_accounts=0,
        identical=np.arange(rows),
    )


def assert_accounts_stay_on_one_side(deals: DealTable, folds: tuple[Fold, ...]) -> None:
    for fold in folds:
        assert set(deals.accounts[fold.train]).isdisjoint(deals.accounts[fold.test])


def test_without_dates_folds_are_of_accounts_and_it_is_said() -> None:
    deals = table(None, np.arange(200) // 4)
    plan = plan_judgement(deals, seed=0)
    assert (plan.kind, plan.maturity, len(plan.folds)) == ("grouped", None, OUTER_FOLDS)
    assert sorted(np.concatenate([fold.test for fold in plan.folds]).tolist()) == list(range(200))
    assert all(len(fold.train) + len(fold.test) == 200 for fold in plan.folds)
    assert_accounts_stay_on_one_side(deals, plan.folds)
    assert "not forward in time" in plan.sentence


def test_enough_later_deals_are_judged_forward_in_time() -> None:
    deals = table(np.arange(400), np.arange(400))
    plan = plan_judgement(deals, seed=0)
    assert plan.kind == "forward"
    assert plan.maturity is not None
    assert (plan.maturity.gap, plan.maturity.stale_after) == (30, 10)
    judged = sum(len(fold.test) for fold in plan.folds)
    assert judged >= LEAST_JUDGED
    assert f"{judged:,} deals" in plan.sentence
    assert deals.opened is not None
    assert deals.closed is not None
    for fold in plan.folds:
        assert deals.closed[fold.train].max() < deals.opened[fold.test].min()


@pytest.mark.parametrize(("wins", "blocks"), [(LEAST_OUTCOMES_LEARNT - 1, 2), (LEAST_OUTCOMES_LEARNT, 3)])
def test_a_block_is_used_from_twelve_outcomes_each_to_learn_from(wins: int, blocks: int) -> None:
    """400 deals, one a day: the first cut is day 250 and learns from what was opened up to day 220."""
    won = np.zeros(400, dtype=np.int8)
    won[:wins] = 1
    won[221:300] = 1  # too late for the first block, early enough for the others
    plan = plan_judgement(table(np.arange(400), np.arange(400), won), seed=0)
    assert (plan.kind, len(plan.folds)) == ("forward", blocks)


@pytest.mark.parametrize("deals_each", [1, 3])
def test_too_few_later_deals_are_judged_by_blocks_of_opening_dates(deals_each: int) -> None:
    deals = table(np.arange(120)[::-1].copy(), np.arange(120) % (120 // deals_each))
    plan = plan_judgement(deals, seed=0)
    assert (plan.kind, len(plan.folds)) == ("blocked", BLOCKS)
    assert plan.maturity is not None
    assert deals.opened is not None
    assert sorted(np.concatenate([fold.test for fold in plan.folds]).tolist()) == list(range(120))
    for earlier, later in zip(plan.folds, plan.folds[1:], strict=False):
        assert deals.opened[earlier.test].max() <= deals.opened[later.test].min()
    assert_accounts_stay_on_one_side(deals, plan.folds)
    assert "not forward in time" in plan.sentence


def test_the_cost_that_is_told_is_that_of_immature_and_unusable_deals() -> None:
    """One deal a day for 400 days, exported on day 449 with a gap of 30: all are old enough to be judged.

    The last block begins at day 400 * (1 - 0.375 / 3) = 350; of the deals before it those of days 321..349 were
    opened within the gap, 29 of them.
    """
    plan = plan_judgement(table(np.arange(400), np.arange(400)), seed=0)
    assert "which kept 29 deals out of the last block" in plan.sentence
    assert plan.folds[-1].test.tolist() == list(range(350, 400))


def test_crossed_judgements_widen_and_forward_ones_do_not() -> None:
    """Ten folds: 1 + 10/9 = 2.111, whose root is 1.453. Five: 1 + 5/4 = 2.25, whose root is 1.5."""
    fold = Fold("one", np.arange(9), np.arange(1), np.empty(0, dtype=np.intp))
    assert Judgement("blocked", (fold,) * 10, None, "").widening == pytest.approx(1.453, abs=5e-4)
    assert Judgement("grouped", (fold,) * 5, None, "").widening == 1.5
    assert Judgement("forward", (fold,) * 3, None, "").widening == 1.0


def test_accounts_that_come_back_in_every_block_are_judged_by_folds_of_accounts() -> None:
    """30 accounts, each of them with a deal every 30 days: no block of 12 days leaves accounts of both outcomes."""
    plan = plan_judgement(table(np.arange(120), np.arange(120) % 12), seed=0)
    assert plan.kind == "grouped"
    assert plan.maturity is not None
    assert "the same accounts come back in every period" in plan.sentence
