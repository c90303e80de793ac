"""`icp score` and `icp show` on a hand-weighted scorecard: the same rows out, and it is called what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_projects import icp, refusal

WRITTEN = """
name: start
kind: weighted-scorecard
attributes:
  firmographic: {industry: category, employees: number}
  engagement: {seniority: category}
weights:
  industry: {weight: 60, rules: [{attribute: industry, exact: [Software], adjacent: [Media]}]}
  size: {weight: 20, rules: [{attribute: employees, inside: [51, 500]}]}
  person: {weight: 20, rules: [{attribute: seniority, levels: {C-level: 100, manager: 60}}]}
prospects: {id: domain}
"""
# By hand: 60 + 20 + 20, 30 + 20 + 12, 60 + 0 + 0 of which size is not read, 0, and nothing known.
LIST = """domain,industry,employees,seniority
a,Software,51,C-level
b,Media,500,manager
c,software,many,
d,Mining,9,intern
e,,,
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scorecard that was made, and a list; the terminal in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    (tmp_path / "start.yaml").write_text(WRITTEN, encoding="utf-8")
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    assert icp("train", "start.yaml").code == 0
    return tmp_path


def test_the_summary_counts_every_row_and_says_what_the_score_is(project: Path) -> None:
    told = icp("score", "list.csv", "-o", "scored.parquet").out
    assert "5 rows in, 5 rows out, 4 of them scored." in told
    assert "The score is that of a hand-weighted scorecard, not a probability." in told
    assert "Mean probability" not in told
    document = json.loads(icp("score", "list.csv", "-o", "scored.parquet", "--json", "--force").out)
    assert document["by_tier"] == {"1": 1, "2": 2, "3": 0, "out of scope": 1}
    assert sum(document["by_status"].values()) == document["rows_in"] == document["rows_out"] == 5
    assert document["unreadable"] == {"employees": {"values": 1, "examples": ["many"]}}
    assert (document["target"], document["mean_probability"]) == (None, None)


def test_show_says_what_gives_points_and_no_probability(project: Path) -> None:
    told = icp("show").out
    assert "start, version 1: a hand-weighted scorecard, not a probability" in told
    assert "win rate" not in told
    document = json.loads(icp("show", "start", "--json").out)
    assert document["kind"] == "weighted-scorecard"
    assert document["tiers_start_at"] == {"1": 70, "2": 50, "3": 30}
    assert [group["weight"] for group in document["scorecard"]["groups"]] == [60, 20, 20]


def test_show_refuses_an_altered_one(project: Path) -> None:
    path = project / "models" / "start" / "v1" / "weighted.json"
    path.write_bytes(path.read_bytes() + b" ")
    assert refusal("show")[0] == 7
