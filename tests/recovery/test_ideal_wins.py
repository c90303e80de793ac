"""A kind of account that buys readily and leaves within the year: what is looked for turns round with what is asked.

The kinds of these seeds are flags, so that the truth can be read off the column.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icp_ml.deals.contract import DealTable
from icp_ml.model.judgement import plan_judgement
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, fit_win_model
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.pipeline import read
from icp_training.world import World, WorldSettings, make_world, world_config, write_world

KINDS = {7: ("event_attended", "yes"), 9: ("prior_contact", "no")}
"""By seed, the attribute of the kind that buys and leaves, and its value."""
IDEAL: dict[str, object] = {
    "source": "customers.csv",
    "id": "deal_id",
    "measures": {
        "acv": {"better": "higher"},
        "expansion": {"better": "higher", "after_months": 12},
        "churned": {"kind": "left", "column": "churned_at", "kept_months": 12, "weight": 2},
        "support cost": {"better": "lower", "column": "support_cost"},
    },
}
PARAMS = ModelParams(trees=TreeParams(num_leaves=4, max_depth=2, learning_rate=0.12))
USES: dict[str, dict[str, object]] = {
    "won": {},
    "weight": {"use": "weight", "weights": {"A": 4, "B": 2, "C": 0.5}},
    "grade": {"use": "target", "target": ["A", "B"]},
    "kept": {"use": "target", "target": "kept"},
}


@cache
def world(seed: int) -> World:
    return make_world(
        WorldSettings(
            deals=1200, prospects=0, seed=seed, months=48, deals_per_account=1.2, strong=3, weak=1, noise=2,
            keep_proxies=False, interactions=0, anti_icp=False, leaks=0, base_rates=(0.35, 0.45),
        )
    )  # fmt: skip


def deals_for(seed: int, use: str, folder: Path) -> DealTable:
    write_world(world(seed), folder)
    written = {**world_config(world(seed)), "ideal": {**IDEAL, **USES[use]}}
    return read(Config.model_validate(written), folder)


def effect(deals: DealTable, attribute: str, value: str) -> float:
    """By how much the log-odds of a deal rise, in the mean over all, where the kind holds and all else stays."""
    data = rows_to_learn_from(deals, np.arange(len(deals.won)))
    model = fit_win_model(data, PARAMS, seed=1)
    place = next(k for k, column in enumerate(data.vocabulary.columns) if column.attribute == attribute)
    yes, no = (data.rows.copy() for _ in range(2))
    yes[:, place], no[:, place] = 1.0, 0.0
    rise = float((model.log_odds(yes) - model.log_odds(no)).mean())
    return rise if value == "yes" else -rise


@pytest.mark.parametrize("seed", KINDS)
def test_the_kind_that_leaves_is_sought_among_wins_and_avoided_among_ideal_ones(seed: int, tmp_path: Path) -> None:
    assert world(seed).truth.buys_and_leaves == " is ".join(KINDS[seed])
    found = {use: effect(deals_for(seed, use, tmp_path), *KINDS[seed]) for use in USES}
    assert found["won"] > 0.5
    assert found["weight"] < found["won"] - 0.25
    assert found["grade"] < 0
    assert found["kept"] < 0


def test_the_truth_of_the_kind_is_in_the_table(tmp_path: Path) -> None:
    """Counted in the files alone: of the kind, seven in ten leave within a year; of the others one in twelve."""
    attribute, value = KINDS[7]
    write_world(world(7), tmp_path)
    deals, customers = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("deals", "customers"))
    won = deals[deals["stage"] == "Closed Won"].merge(customers, on="deal_id", validate="1:1")
    assert len(won) == len(customers)
    closed, left = pd.to_datetime(won["closed_at"]), pd.to_datetime(won["churned_at"])
    old = closed <= pd.Timestamp("2024-06-30")
    early = (left - closed).dt.days < 365
    of_kind = won[attribute] == value
    others = won[attribute].notna() & ~of_kind
    assert early[old & of_kind].mean() == pytest.approx(0.70, abs=0.08)
    assert early[old & others].mean() == pytest.approx(0.08, abs=0.06)


def test_forward_in_time_nothing_is_learned_before_it_was_known(tmp_path: Path) -> None:
    """Whether a customer was kept is known twelve months after closing; whether it was won, at once."""
    too_early = {}
    for use in ("won", "kept"):
        deals = deals_for(9, use, tmp_path)
        assert deals.opened is not None
        assert deals.closed is not None
        known = pd.to_datetime(deals.closed) + pd.DateOffset(months=12)
        judgement = plan_judgement(deals, seed=1)
        assert judgement.kind == "forward"
        cuts = [(fold, pd.Timestamp(deals.opened[[*fold.test, *fold.returning]].min())) for fold in judgement.folds]
        too_early[use] = sum(int((known[fold.train] >= cut).sum()) for fold, cut in cuts)
        assert all(len(fold.train) for fold, _ in cuts)
    assert too_early["kept"] == 0
    assert too_early["won"] > 0


def test_what_is_left_out_is_in_the_ledger(tmp_path: Path) -> None:
    won, kept = (deals_for(7, use, tmp_path) for use in ("won", "kept"))
    stage = pd.read_csv(tmp_path / "deals.csv", usecols=["stage", "closed_at"])
    decided = stage["stage"].isin(["Closed Won", "Closed Lost"])
    late = decided & (stage["closed_at"] > "2024-06-28")
    assert str(kept.extracted) == str(won.extracted) == "2025-06-28"  # the last day on which something happened
    assert kept.ledger.too_recent == late.sum() > 0
    assert kept.ledger.accepted == won.ledger.accepted - late.sum()
    assert kept.closed is not None
    assert str(kept.closed.max()) <= "2024-06-28"
    assert kept.predicted == "won and kept 12 months"
