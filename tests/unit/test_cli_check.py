"""`icp check` on the screen and as JSON: tables beside the deals, companies seen twice, and the list."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli_projects import icp, refusal

CONFIG = """\
name: spring
deals:
  source: deals.csv
  id: deal
  account: account
  opened: opened
  closed: closed
  extracted: 2025-06-30
  outcome: {column: stage, won: [Won], lost: [Lost], open: [Open]}
  window: {months: null}
tables:
  accounts: {source: accounts.csv, id: account}
  lookups: [{source: products.csv, column: product}]
company: {domain: site}
attributes:
  firmographic: {trade: {kind: category, known: before}, line: category, seats: number}
prospects: {source: list.csv}
seed: 3
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """120 deals of as many accounts, two of which share a site; one product in ten is written in another way."""
    rng = np.random.default_rng(4)
    deals = ["deal,account,opened,closed,stage,product,seats"]
    for k in range(120):
        opened = np.datetime64("2025-06-01") - 4 * k
        product = "axepro" if k % 10 == 0 else "Axe Pro"
        deals.append(f"D{k},A{k},{opened},{opened + 20},{'Won' if k % 2 else 'Lost'},{product},{rng.integers(5, 90)}")
    deals += ["D120,,2025-06-20,,Open,Axe Pro,", "D121,A5,2025-07-20,2025-07-21,Won,Axe Pro,3"]
    sites = [f"A{k},{('wood', 'iron')[k % 2]},{'www.acme.com' if k < 2 else f'a{k}.io'}" for k in range(121)]
    listed = [f"{('wood', 'glass')[k % 2]},{rng.integers(5, 90)}" for k in range(60)]
    for name, lines in (
        ("deals.csv", deals),
        ("accounts.csv", ["account,trade,site", *sites]),
        ("products.csv", ["product,line", "Axe Pro,hand", "Saw,hand"]),
        ("list.csv", ["trade,seats", *listed]),
        ("icp.yaml", [CONFIG]),
    ):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def test_the_page_says_what_was_found_and_what_to_do(project: Path) -> None:
    done = icp("check", "icp.yaml")
    assert done.code == 0, done.err
    told = done.out
    assert "  rejected: 1 rows: opening date after the extract" in told
    assert "accounts.csv: 1 of 122 rows of the deals have no account." in told
    assert "products.csv: 12 of 122 rows of the deals have a product that it lacks (1 different)" in told
    assert "'axepro' in 12 rows; did you mean 'Axe Pro'? Then write spelled: {'axepro': 'Axe Pro'}" in told
    assert "'A0', 'A1': one web domain, acme.com; 2 deals, 1 won" in told
    assert "30 prospects have a value that no deal had: 'glass' (30)." in told
    assert "The prospect list lacks: line." in told
    assert "more accounts with a" in told
    assert "deals were opened" in told


def test_json_holds_the_same_and_every_table_adds_up(project: Path) -> None:
    document = json.loads(icp("check", "icp.yaml", "--json").out)
    for table in document["tables"]:
        rows = (table[name] for name in ("without_id", "repeated", "referenced", "unreferenced"))
        assert table["read"] == sum(rows)
        assert table["deals"] == table["matched"] + table["unmatched"] + table["blank"] == 122
    assert [table["unreferenced"] for table in document["tables"]] == [1, 1]
    assert document["same_companies"][0]["accounts"] == ["A0", "A1"]
    assert document["representativeness"]["absent"] == ["line"]
    assert document["sufficiency"]["rarer"] in ("won", "lost")
    assert document["maturing"]["gap"] >= 30
    assert len(document["sources"]) == 4


def test_a_key_that_yaml_takes_for_an_answer_is_told_as_it_was_written(project: Path) -> None:
    text = (project / "icp.yaml").read_text(encoding="utf-8")
    (project / "icp.yaml").write_text(text.replace("column: product}", "on: product}"), encoding="utf-8")
    code, sentence = refusal("check", "icp.yaml")
    assert code == 2
    assert sentence.startswith("tables.lookups.0.on is not a known key; did you mean 'column'?")


def test_a_judgement_by_a_list_that_is_not_named_is_refused_before_any_work(project: Path) -> None:
    text = CONFIG.replace("prospects: {source: list.csv}", "evaluate: {missing_as: prospects}")
    (project / "icp.yaml").write_text(text, encoding="utf-8")
    code, sentence = refusal("train", "icp.yaml")
    assert (code, "prospects.source names no list" in sentence) == (2, True)


def test_an_error_belongs_to_a_number(project: Path) -> None:
    (project / "icp.yaml").write_text(
        CONFIG.replace("trade: {kind: category, known: before}", "trade: {kind: category, error: 0.3}")
    )
    code, sentence = refusal("check", "icp.yaml")
    assert (code, "expected 'error' only beside 'kind: number'" in sentence) == (2, True)


def test_a_year_after_the_opening_is_told_as_what_it_is(project: Path) -> None:
    (project / "icp.yaml").write_text(CONFIG.replace("seats: number", "seats: number, founded: year"), encoding="utf-8")
    accounts = (project / "accounts.csv").read_text(encoding="utf-8").splitlines()
    founded = ["founded", *("2030" if k == 7 else "1999" for k in range(len(accounts) - 1))]
    lines = [f"{line},{year}" for line, year in zip(accounts, founded, strict=True)]
    (project / "accounts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = icp("check", "icp.yaml").out
    assert "founded: 1 values are no year, or lie after the opening, such as '2030'." in told
