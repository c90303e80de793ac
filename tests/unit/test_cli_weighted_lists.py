"""`icp score` with a hand-weighted scorecard: rows in are rows out, and what was altered is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from icp_ml.serve.weighted_bundle import open_weighted
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


def test_rows_in_are_rows_out_with_tiers_by_score(project: Path) -> None:
    done = icp("score", "list.csv", "-o", "scored.csv", "--batch-rows", "2")
    assert done.code == 0, done.err
    scored = pd.read_csv("scored.csv", dtype={"tier": str})
    assert scored["domain"].tolist() == list("abcde")
    assert scored["score"].tolist()[:4] == [100, 62, 60, 0]
    assert scored["tier"].tolist()[:4] == ["1", "2", "2", "out of scope"]
    assert scored["score"].isna().tolist() == [False] * 4 + [True]
    assert not {"probability", "log_odds"} & set(scored.columns)
    base = open_weighted(project / "models" / "start" / "v1").bundle.scorecard.base
    layers = scored[["score_firmographic", "score_engagement"]].sum(axis=1)
    assert (layers + base - scored["score"]).abs().max() <= 1e-9


def test_the_next_night_says_which_layer_moved(project: Path) -> None:
    assert icp("score", "list.csv", "-o", "old.parquet").code == 0
    Path("list.csv").write_text(LIST.replace("b,Media,500,manager", "b,Media,500,C-level"), encoding="utf-8")
    done = icp("score", "list.csv", "-o", "new.parquet", "--previous", "old.parquet", "--changed-only")
    assert done.code == 0, done.err
    moved = pd.read_parquet("new.parquet")
    assert moved[["domain", "tier_before", "tier"]].to_numpy().tolist() == [["b", "2", "1"]]
    assert moved["score_change"].tolist() == pytest.approx([8.0], abs=1e-9)
    assert moved["change_cause"].tolist() == ["engagement"]


@pytest.mark.parametrize("name", ["weighted.json", "golden.json", "tiers.json", "card.md", "manifest.json"])
def test_one_byte_changed_is_exit_7_and_writes_nothing(project: Path, name: str) -> None:
    path = project / "models" / "start" / "v1" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert refusal("score", "list.csv", "-o", "scored.csv")[0] == 7
    assert not Path("scored.csv").exists()
