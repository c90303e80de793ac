"""Layers and yardsticks of judged deals: they are those of the model and of the tiers that the bundle publishes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.table import DealTable
from icp_ml.model.metrics import estimate_all
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.splits import Fold, complement, grouped_folds
from icp_ml.model.tier_cuts import FittedCuts
from icp_ml.model.tiers import Cuts
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, fit_win_model
from icp_ml.profile.tiering import Tiering
from icp_ml.profile.yardsticks_of_tiers import Yardstick
from icp_training.evaluation import FoldResult, pool, rows_to_learn_from
from icp_training.tiering import tiers_by
from icp_training.tiers_defended import Defended, layers_of, yardsticks_of
from tests.deal_tables import table_of

DEALS = 300
PARAMS = ModelParams(ScorecardParams(bins=4), TreeParams(learning_rate=0.3))
NOBODY = np.array([], dtype=np.intp)


def cuts_at(*starts: float) -> Cuts:
    return Cuts(starts, (70.0, 50.0)[: len(starts)], ("1", "2", "3")[: len(starts) + 1], low=-60.0, high=60.0)


@cache
def deals() -> DealTable:
    """Closed after 10 to 99 days."""
    opened = np.datetime64("2024-01-01") + np.arange(DEALS)
    return replace(table_of(DEALS, 3), opened=opened, closed=opened + (10 + 7 * np.arange(DEALS) % 90))


@cache
def results() -> tuple[FoldResult, ...]:
    """Three folds, each with cuts of its own."""
    table = deals()
    found = []
    for number, test in enumerate(grouped_folds(table.groups(), table.won, 3, seed=1)):
        train = complement(test, DEALS)
        model = fit_win_model(rows_to_learn_from(table, train), PARAMS, seed=1)
        log_odds = model.log_odds(model.vocabulary.encode(table.parsed.take(test)))
        fold = Fold(f"fold {number}", train, test, NOBODY)
        cuts = cuts_at(0.4 + 0.1 * number, -0.4)
        found.append(FoldResult(fold, log_odds, log_odds, 0.0, np.empty(0), cuts, model))
    return tuple(found)


@cache
def tiering() -> Tiering:
    return tiers_by(results(), pool(deals(), results()), FittedCuts(cuts_at(0.5, -0.4), ()), TiersSettings())


def ground(cuts: Cuts) -> Defended:
    return Defended(deals(), results(), pool(deals(), results()), cuts)


def yardsticks(cuts: Cuts) -> dict[str, Yardstick]:
    return {each.measured: each for each in yardsticks_of(ground(cuts), seed=1).yardsticks}


def test_the_last_layer_is_the_model_and_its_first_tier() -> None:
    judged, table = pool(deals(), results()), tiering().table
    steps = layers_of(ground(tiering().cuts), seed=1)
    assert [step.layer for step in steps] == ["firmographic", "technographic"]
    whole = estimate_all(judged.log_odds, judged.won, judged.groups, 1)
    assert steps[-1].auc.value == pytest.approx(whole["auc"].value, abs=1e-9)
    assert steps[-1].log_loss.value == pytest.approx(whole["log_loss"].value, abs=1e-9)
    assert len(table.rows) > 1
    assert steps[-1].above == table.rows[0].deals
    assert steps[-1].win_rate.value == pytest.approx(table.rows[0].won / table.rows[0].deals)


def test_where_all_tiers_are_one_every_deal_is_above_its_cut() -> None:
    single = Cuts((), (), ("1-3",), low=-60.0, high=60.0)
    steps = layers_of(ground(single), seed=1)
    assert [step.above for step in steps] == [DEALS, DEALS]
    assert {each.answer for name, each in yardsticks(single).items() if name != "won alike"} == {"not known"}


def test_yardsticks_are_of_the_tiers_in_the_table() -> None:
    table, found = tiering().table, yardsticks(tiering().cuts)
    held, ratio = found["wins in tier 1"].found, found["tier 1 over the last tier"].found
    assert held is not None
    assert held.value == pytest.approx(table.rows[0].share_of_wins)
    assert table.first_to_last_ratio is not None
    assert ratio is not None
    assert ratio.value == pytest.approx(table.first_to_last_ratio.value)


def test_days_are_those_from_opening_to_closing_of_wins() -> None:
    """By a second route: deal by deal, each with its own fold's cut."""
    days: dict[bool, list[int]] = {True: [], False: []}
    for number, result in enumerate(results()):
        for row, log_odds in zip(result.fold.test.tolist(), result.model.tolist(), strict=True):
            if deals().won[row]:
                days[log_odds >= 0.4 + 0.1 * number].append(10 + 7 * row % 90)
    sooner = yardsticks(cuts_at(0.5))["sooner won"].found
    assert sooner is not None
    assert sooner.value == pytest.approx(1 - np.mean(days[True]) / np.mean(days[False]))


def test_without_dates_nothing_is_said_of_days() -> None:
    dateless = replace(ground(tiering().cuts), deals=replace(deals(), opened=None, closed=None))
    found = {each.measured: each.answer for each in yardsticks_of(dateless, seed=1).yardsticks}
    assert (found["sooner won"], found["as fast"]) == ("not known", "not known")
    assert found["wins in tier 1"] != "not known"
