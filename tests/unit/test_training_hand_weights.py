"""Equal weights, drawn from ten deals: every rule and score worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.errors import ConfigError, NoSignal
from icp_ml.model.tiers import tier_labels
from icp_training.backtest.hand_weights import equal_weights, score_of, scorecards_of
from icp_training.config import Config, load_config

#        size, trade, level, remote, tools          won
DEALS = (
    (10, "clay", "low", "no", "a", 0),
    (20, "clay", "low", "no", "a", 0),
    (30, "iron", "low", "yes", "a;b", 0),
    (40, "clay", "mid", "no", "", 0),
    (50, "iron", "mid", "yes", "b", 0),
    (60, "iron", "high", "no", "b", 1),
    (70, "iron", "high", "yes", "b;a", 1),
    (80, "clay", "high", "no", "b", 1),
    (90, "iron", "high", "yes", "b", 1),
    ("", "iron", "mid", "yes", "b", 0),
)
CONFIG = {
    "deals": {"source": "deals.csv", "outcome": {"column": "won", "won": ["1"], "lost": ["0"]}},
    "attributes": {
        "firmographic": {
            "size": "number",
            "trade": "category",
            "level": {"kind": "ordered", "order": ["low", "mid", "high"]},
        },
        "technographic": {"tools": "set"},
        "engagement": {"remote": "flag"},
    },
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    lines = ["size,trade,level,remote,tools,won", *(",".join(map(str, deal)) for deal in DEALS)]
    (tmp_path / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "icp.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return load_config(tmp_path / "icp.yaml")


def read(config: Config, folder: Path) -> DealTable:
    """The deals in the order of the table above: without a declared id a deal is called by its line."""
    deals = read_deals(config.deals, config.tables, config.resolved(), folder)
    return deals.take(np.argsort(deals.ids.astype(int)))


def test_each_attribute_gives_its_points_on_the_side_that_won_more_often(config: Config, tmp_path: Path) -> None:
    """4 of 10 were won. Three layers of 33.3 each; the first is shared by three attributes.

    size: of nine known ones 5 are 50 or more and 4 are 60 or more, as near to a half; the first such cut is 50, where 4
    of 5 were won against 0 of 4. trade: iron, 3 of 6, against 1 of 4 for clay. level: high are 4 of 10, nearer to half
    than the 7 of mid and high. tools: b, 4 of 7; a, 1 of 4, is less than 4 in 10. remote: yes, 2 of 5, no less than no.
    """
    deals = read(config, tmp_path)
    scorecard, cuts = equal_weights(config, deals, np.arange(len(DEALS)))
    points = {factor.name: [round(p * 100 / factor.weight) for p in factor.points] for factor in scorecard.factors}
    assert set(points) == {"size", "trade", "level", "tools", "remote"}
    third = 100 / 3
    first = third / 3
    expected = [
        first * 0 + first * 0 + first * 0 + third * 0 + third * 0,  # 10, clay, low, a, no
        first * 0 + first * 0 + first * 0 + third * 0 + third * 0,
        first * 0 + first * 1 + first * 0 + third * 1 + third * 1,  # 30, iron, low, a and b, yes
        first * 0 + first * 0 + first * 0 + third * 0.5 + third * 0,  # 40, clay, mid, tools not known, no
        first * 1 + first * 1 + first * 0 + third * 1 + third * 1,  # 50, iron, mid, b, yes
        first * 1 + first * 1 + first * 1 + third * 1 + third * 0,
        first * 1 + first * 1 + first * 1 + third * 1 + third * 1,
        first * 1 + first * 0 + first * 1 + third * 1 + third * 0,
        first * 1 + first * 1 + first * 1 + third * 1 + third * 1,
        first * 0.5 + first * 1 + first * 0 + third * 1 + third * 1,  # size not known
    ]
    assert score_of(scorecard, deals.parsed) == pytest.approx(expected, abs=1e-6)
    assert cuts.labels == tier_labels(3)
    assert cuts.log_odds == (70, 50, 30)


def test_equal_weights_see_only_the_deals_that_were_learned_from(config: Config, tmp_path: Path) -> None:
    deals = read(config, tmp_path)
    early = np.arange(8)
    here, _ = equal_weights(config, deals, early)
    alone, _ = equal_weights(config, deals.take(early), np.arange(8))
    assert here.to_json() == alone.to_json()


def test_a_scorecard_of_ones_own_reads_the_same_attributes(config: Config, tmp_path: Path) -> None:
    own = {
        "name": "by-size",
        "kind": "weighted-scorecard",
        "attributes": {"firmographic": {"size": "number"}},
        "weights": {"size": {"weight": 1, "rules": [{"attribute": "size", "inside": [60, None]}]}},
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")
    deals = read(config, tmp_path)
    found = scorecards_of(config, (path,))
    assert list(found) == ["by-size"]
    scorecard, _ = found["by-size"](deals, np.arange(3))
    assert score_of(scorecard, deals.parsed).tolist() == [0, 0, 0, 0, 0, 100, 100, 100, 100, 0]


def test_a_rule_on_an_attribute_that_is_not_in_use_is_refused(config: Config, tmp_path: Path) -> None:
    own = {
        "name": "by-age",
        "kind": "weighted-scorecard",
        "attributes": {"firmographic": {"sizes": "number"}},
        "weights": {"age": {"weight": 1, "rules": [{"attribute": "sizes", "inside": [60, None]}]}},
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"found 'sizes'.*size"):
        scorecards_of(config, (path,))


def test_two_scorecards_of_one_name_are_refused(config: Config, tmp_path: Path) -> None:
    own = {
        "name": "mine",
        "kind": "weighted-scorecard",
        "attributes": {"firmographic": {"size": "number"}},
        "weights": {"size": {"weight": 1, "rules": [{"attribute": "size", "inside": [60, None]}]}},
    }
    paths = [tmp_path / name for name in ("one.yaml", "other.yaml", "ours.yaml")]
    for path, name in zip(paths, ("mine", "mine", "icp-ml"), strict=True):
        path.write_text(yaml.safe_dump({**own, "name": name}), encoding="utf-8")
    for refused in (paths[:2], paths[2:]):
        with pytest.raises(ConfigError, match="different names"):
            scorecards_of(config, refused)
    assert list(scorecards_of(config, paths[:1])) == ["mine"]


def test_where_no_side_of_anything_was_won_more_often_there_are_no_equal_weights(
    config: Config, tmp_path: Path
) -> None:
    """One row of DEALS again and again, won once and lost once: every attribute has one value."""
    deals = read(config, tmp_path)
    same = replace(deals.take(np.zeros(8, dtype=np.intp)), won=np.array([0, 1] * 4, dtype=np.int8))
    with pytest.raises(NoSignal):
        equal_weights(config, same, np.arange(8))
