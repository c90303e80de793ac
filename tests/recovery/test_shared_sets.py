"""Third-party deals by the committed configurations: a model where there is signal, a refusal where there is none."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import icp_ml
from icp_ml.cli.main import main
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import CategoryColumn
from icp_ml.deals.sources import file_of
from icp_training.config import load_config
from icp_training.line import check

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "data"
CONFIGS = PROJECT / "training" / "configs"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not in ../shared/data beside the project"),
]


def trained(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of `icp train` with a committed configuration, its root moved to another folder."""
    text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.replace("root: ../..", "root: .").replace("../shared/data", SHARED.as_posix())
    (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["icp", "train", str(root / f"{name}.yaml"), "--trials", "1"])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_accounts_whose_attributes_say_nothing_are_refused(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = new_project("maven")
    assert trained(root, "maven", monkeypatch) == 5
    assert "no reliable signal in these attributes" in capsys.readouterr().err
    assert not (root / "models").exists()


FOUR_TABLES = """\
root: {root}
deals:
  source: sales_pipeline.csv
  id: opportunity_id
  account: account
  opened: engage_date
  closed: close_date
  date_order: mdy
  outcome: {{column: deal_stage, won: [Won], lost: [Lost], open: [Engaging, Prospecting]}}
tables:
  accounts: {{source: accounts.csv, id: account}}
  lookups:
    - {{source: products.csv, column: product}}
    - {{source: sales_teams.csv, column: sales_agent}}
attributes:
  firmographic: {{sector: category, series: category, sales_price: number, regional_office: category}}
"""


def test_four_tables_join_without_losing_a_deal_and_what_does_not_match_is_told(tmp_path: Path) -> None:
    folder = SHARED / "maven-crm"
    (tmp_path / "icp.yaml").write_text(FOUR_TABLES.format(root=folder.as_posix()), encoding="utf-8")
    report = check(tmp_path / "icp.yaml")
    # Python's own reader as the second route.
    with (folder / "sales_pipeline.csv").open(newline="", encoding="utf-8") as file:
        deals = list(csv.DictReader(file))
    closed = [deal for deal in deals if deal["deal_stage"] in ("Won", "Lost")]
    counts = {name: rows for name, rows, _ in report.ledger}
    assert counts["read"] == len(deals)
    assert report.deals == counts["accepted"] == len(closed)
    assert [each.deals for each in report.tables] == [len(deals)] * 3
    accounts, products, teams = report.tables
    assert (accounts.unmatched, teams.unmatched) == (0, 0)
    assert accounts.blank == sum(not deal["account"] for deal in deals)
    named = Counter(deal["product"] for deal in deals)
    assert products.unmatched == named["GTXPro"] == 1_480
    assert [(name.text, name.deals, name.near) for name in products.unmatched_names] == [("GTXPro", 1_480, "GTX Pro")]


def test_a_few_hundred_real_deals_make_a_bundle(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = new_project("bohanec")
    assert trained(root, "bohanec", monkeypatch) == 0
    scorer = icp_ml.load(root / "models" / "bohanec" / "v1")
    assert scorer is not None


def test_every_row_of_a_large_export_is_counted_and_a_neutral_text_stays_a_category() -> None:
    path = CONFIGS / "ibm-deal.yaml"
    config = load_config(path)
    root = config.project_root(path)
    deals = read_deals(config.deals, config.tables, config.resolved(), root)
    ledger = deals.ledger
    ledger.check()
    assert ledger.read == 78_025 == sum(step.rows for step in ledger.steps if step.name != "read")
    assert len(deals.won) == ledger.accepted == 78_025
    # Python's own reader as the second route: a text is a level, and only the empty cell is missing.
    source = file_of(config.deals, root)
    assert source is not None
    with source.open(newline="", encoding="utf-8") as file:
        written = Counter(row["Competitor Type"].strip() for row in csv.DictReader(file))
    column = deals.parsed.columns["competitor type"]
    assert isinstance(column, CategoryColumn)
    read = dict(zip(column.levels, np.bincount(column.codes[column.codes >= 0]).tolist(), strict=True))
    missing = written.pop("", 0)
    assert "Unknown" in read
    assert read == dict(written)
    assert int((column.codes < 0).sum()) == missing
