"""`icp review` with a project whose deals are younger than its list, and with mistakes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.settings import parse_settings
from icp_training.config import Config
from icp_training.reviewing import Names, names_of
from tests.cli_projects import config, deal_rows, icp, refusal, strong, write_project

DAY = date(2024, 6, 3)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every account of the deals on one list, in tier 1 where its last deal was won, else in tier 2: a seer's list."""
    write_project(tmp_path, strong())
    won = {row["account_id"]: row["stage"] == "Closed Won" for row in deal_rows(strong())}
    table = pa.table(
        {
            "account": list(won),
            "tier": ["1" if each else "2" for each in won.values()],
            "score": [80.0 if each else 55.0 for each in won.values()],
        }
    )
    pq.write_table(table.replace_schema_metadata({"icp.as_of": DAY.isoformat()}), tmp_path / "seen.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def test_a_list_of_somebody_who_knew_is_found_right(project: Path) -> None:
    found = json.loads(icp("review", "icp.yaml", "seen.parquet", "--id", "account", "--json").out)
    ends = {"Closed Won", "Closed Lost", "Discovery", "Evaluation", "Proposal", "Negotiation"}
    rows = [row for row in deal_rows(strong()) if row["stage"] in ends and date.fromisoformat(row["opened_at"]) >= DAY]
    assert found["lists"][0]["deals"] == len(rows)
    last = date.fromisoformat(found["extracted"]) - timedelta(days=found["gap"])
    mature = [row for row in rows if date.fromisoformat(row["opened_at"]) <= last]
    assert found["mature"] == len(mature)
    assert sum(tier["won"] for tier in found["tiers"]) == sum(row["stage"] == "Closed Won" for row in mature)
    assert found["kept"]["ranking"]["value"] > 0.9
    assert found["drift"] == []
    page = icp("review", "icp.yaml", "seen.parquet", "--id", "account").out
    assert "The order held" in page
    assert "What became of each tier" in page


def test_mistakes_are_one_sentence(project: Path) -> None:
    assert refusal("review", "icp.yaml", "nowhere.parquet")[0] == 3
    assert refusal("review", "icp.yaml", "2025-13-01=seen.parquet")[0] == 2
    code, sentence = refusal("review", "icp.yaml", "seen.parquet", "--id", "account", "2024-06-03=seen.parquet")
    assert code == 3
    assert "one list a day was expected" in sentence
    assert refusal("review", "icp.yaml", "seen.parquet", "--id", "nothing")[0] == 3


@pytest.mark.parametrize(
    ("known", "said", "account"),
    [("deals.csv", None, "website"), ("others.csv", None, None), ("others.csv", "deal_site", "deal_site")],
)
def test_deals_are_called_as_known_calls_them_where_it_reads_the_same(
    known: str, said: str | None, account: str | None
) -> None:
    outcome = {"column": "stage", "won": ["Closed Won"]}
    values = {**config(strong()), "known": {"source": known, "account": "website", "outcome": outcome}}
    assert names_of(parse_settings(Config, values), None, said) == Names("domain", account)
