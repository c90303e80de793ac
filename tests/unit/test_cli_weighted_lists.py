"""Every verb that looks at a bundle, on a hand-weighted scorecard: the same behaviour, and it is called what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from icp_ml.serve.weighted_bundle import open_weighted
from tests.cli_projects import icp, refusal
from tests.weighted_projects import LIST, SCORES


def test_rows_in_are_rows_out_with_tiers_by_score(weighted_project: Path) -> None:
    done = icp("score", "list.csv", "-o", "scored.csv", "--batch-rows", "2")
    assert done.code == 0, done.err
    scored = pd.read_csv("scored.csv", dtype={"tier": str})
    assert scored["domain"].tolist() == list("abcde")
    assert tuple(scored["score"][:4]) == SCORES
    assert scored["tier"].tolist()[:4] == ["1", "2", "2", "out of scope"]
    assert scored["score"].isna().tolist() == [False] * 4 + [True]
    assert not {"probability", "log_odds"} & set(scored.columns)
    base = open_weighted(weighted_project / "models" / "start" / "v1").bundle.scorecard.base
    layers = scored[["score_firmographic", "score_engagement"]].sum(axis=1)
    assert (layers + base - scored["score"]).abs().max() <= 1e-9


@pytest.mark.usefixtures("weighted_project")
def test_the_summary_counts_every_row_and_says_what_the_score_is() -> None:
    told = icp("score", "list.csv", "-o", "scored.parquet").out
    assert "5 rows in, 5 rows out, 4 of them scored." in told
    assert "The score is that of a hand-weighted scorecard, not a probability." in told
    assert "Mean probability" not in told
    document = json.loads(icp("score", "list.csv", "-o", "scored.parquet", "--json", "--force").out)
    assert document["by_tier"] == {"1": 1, "2": 2, "3": 0, "out of scope": 1}
    assert sum(document["by_status"].values()) == document["rows_in"] == document["rows_out"] == 5
    assert document["unreadable"] == {"employees": {"values": 1, "examples": ["many"]}}
    assert (document["target"], document["mean_probability"]) == (None, None)


@pytest.mark.usefixtures("weighted_project")
def test_the_next_night_says_which_layer_moved() -> None:
    assert icp("score", "list.csv", "-o", "old.parquet").code == 0
    Path("list.csv").write_text(LIST.replace("b,Media,500,manager", "b,Media,500,C-level"), encoding="utf-8")
    done = icp("score", "list.csv", "-o", "new.parquet", "--previous", "old.parquet", "--changed-only")
    assert done.code == 0, done.err
    moved = pd.read_parquet("new.parquet")
    assert moved[["domain", "tier_before", "tier"]].to_numpy().tolist() == [["b", "2", "1"]]
    assert moved["score_change"].tolist() == pytest.approx([8.0], abs=1e-9)
    assert moved["change_cause"].tolist() == ["engagement"]


@pytest.mark.usefixtures("weighted_project")
def test_show_says_what_gives_points_and_no_probability() -> None:
    told = icp("show").out
    assert "start, version 1: a hand-weighted scorecard, not a probability" in told
    assert "win rate" not in told
    document = json.loads(icp("show", "start", "--json").out)
    assert document["kind"] == "weighted-scorecard"
    assert document["tiers_start_at"] == {"1": 70, "2": 50, "3": 30}
    assert [group["weight"] for group in document["scorecard"]["groups"]] == [60, 20, 20]


@pytest.mark.usefixtures("weighted_project")
def test_explain_adds_up_in_points() -> None:
    found = json.loads(icp("explain", "list.csv", "--id", "b", "--json").out)
    assert (found["score"], found["tier"]) == (62.0, "2")
    assert (found["probability"], found["log_odds"], found["base_log_odds"], found["target"]) == (None,) * 4
    reasons = [each["effect"] for side in ("speaks_for", "against") for each in found[side]]
    assert found["base_score"] + sum(reasons) == pytest.approx(62.0, abs=1e-9)
    assert found["base_score"] + sum(found["layers"].values()) == pytest.approx(62.0, abs=1e-9)
    told = icp("explain", "list.csv", "--id", "c").out
    assert "a hand-weighted scorecard, not a probability" in told
    assert "Not known: employees, seniority" in told
    assert "log-odds" not in told
    assert "probability " not in told


@pytest.mark.usefixtures("weighted_project")
def test_a_row_of_which_nothing_is_known_is_explained_by_saying_so() -> None:
    told = icp("explain", "list.csv", "--id", "e").out
    assert "not scored: no attribute known" in told
    assert "Not known: industry, employees, seniority" in told


@pytest.mark.parametrize("name", ["weighted.json", "golden.json", "tiers.json", "card.md", "manifest.json"])
def test_one_byte_changed_is_exit_7_and_writes_nothing(weighted_project: Path, name: str) -> None:
    path = weighted_project / "models" / "start" / "v1" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert refusal("score", "list.csv", "-o", "scored.csv")[0] == 7
    assert refusal("show")[0] == 7
    assert not Path("scored.csv").exists()


@pytest.mark.usefixtures("weighted_project")
def test_a_scorecard_has_no_win_rate_to_plan_a_campaign_by() -> None:
    code, said = refusal("plan", "--model", "start")
    assert code == 2
    assert said.startswith("a model that learned from deals was expected, and ")
    assert said.endswith("models/start/v1 holds no win rate; say --rate")
