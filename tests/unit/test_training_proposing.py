"""Which outcomes are asked for patterns, and that a search of many deals is one of a sample of whole accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.contract import DealTable
from icp_ml.profile.subgroup_conditions import deals_to_search
from icp_training import proposing
from icp_training.config import Config
from icp_training.pipeline import read
from icp_training.proposing import patterns_of, suggested
from icp_training.world import WorldSettings, make_world, world_config, write_world

IDEAL: dict[str, object] = {
    "source": "customers.csv",
    "id": "deal_id",
    "measures": {
        "acv": {"better": "higher"},
        "NPS": {"column": "nps", "better": "higher"},
        "support_cost": {"better": "lower"},
        "churned": {"kind": "left", "column": "churned_at", "kept_months": 12},
    },
}


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory) -> DealTable:
    folder: Path = tmp_path_factory.mktemp("proposing")
    world = make_world(WorldSettings(deals=400, prospects=0, seed=3, months=36, noise=3, keep_proxies=False, leaks=0))
    write_world(world, folder)
    return read(Config.model_validate({**world_config(world), "ideal": IDEAL}), folder)


def test_every_outcome_that_is_measured_is_asked_about_wins_alone(deals: DealTable) -> None:
    patterns = {each.name: each.happened for each in patterns_of(deals)}
    assert list(patterns) == ["churned", "detractors", "support cost 4 times the usual", "grade C"]
    assert deals.graded is not None
    lost = deals.graded.won == 0
    scores = next(each.values for each in deals.graded.measures if each.name == "NPS")
    for happened in patterns.values():
        assert np.isnan(happened[lost]).all()
    known = ~np.isnan(scores) & ~lost
    assert (patterns["detractors"][known] == (scores[known] <= 6)).all()


def test_without_grades_there_is_no_outcome_to_ask_for(deals: DealTable) -> None:
    assert list(patterns_of(replace(deals, graded=None))) == []


def test_many_deals_are_searched_by_a_sample_of_whole_accounts(
    deals: DealTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []

    def counted(table: DealTable) -> object:
        searched.append(len(table.won))
        assert set(np.unique(table.accounts)) <= set(np.unique(deals.accounts))
        whole = [int((deals.accounts == account).sum()) for account in np.unique(table.accounts)]
        assert sum(whole) == len(table.won)
        return deals_to_search(table)

    monkeypatch.setattr(proposing, "deals_to_search", counted)
    monkeypatch.setattr(proposing, "MOST_SEARCHED", 150)
    suggested(replace(deals, graded=None), 7)
    assert 100 < searched[0] <= 150
