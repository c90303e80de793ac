"""Commands of the reference pages, typed as they stand in a project that has what they name."""

from __future__ import annotations

import shlex
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from icp_ml.serve.exports.definition_file import json_schema
from icp_training.config import load_config
from tests import vendor_worlds
from tests.cli_projects import icp
from tests.dated_projects import hiring_on, write_dated_project
from tests.docs.pages import ROOT, blocks, page
from tests.icp_bundles import write_project

NAMES = {"icp/v3": "planted/v1", "icp/v4": "planted/v2"}
DAY = "2025-12-31"
LISTS = ("universe.csv", "now.csv", "then.csv")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of a model with definitions, and lists of 400 companies; the terminal in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("ICP_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    write_project(tmp_path, rows=400)
    for name in LISTS:
        shutil.copy(tmp_path / "list.csv", tmp_path / name)
    (tmp_path / "mailed.csv").write_text("domain\nc3.example\nC4.EXAMPLE\n", encoding="utf-8")
    return tmp_path


def shown(name: str) -> list[list[str]]:
    """The commands of a page, with their answers or without, as words."""
    text = page(name)
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    asked = [line[2:] for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]
    return [words for words in (shlex.split(line, comments=True) for line in (*lines, *asked)) if words]


def typed(words: list[str]) -> str:
    """Type a command; what it answers."""
    assert words[0] == "icp", words
    done = icp(*(NAMES.get(word, word) for word in words[1:]))
    assert done.code == 0, (words, done.err)
    return done.out


def test_a_bundle_is_signed_and_verified(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [typed(words) for words in shown("docs/signing.md")]
    assert len(answers) == 3
    assert (project / "ana.pem").exists()
    assert "planted version 1" in answers[-1]
    monkeypatch.setenv("ICP_TRUSTED_KEYS", str(project / "ana.pub.pem"))
    assert icp("show", "planted/v1").code == 0


def test_what_changed_between_two_versions(project: Path) -> None:
    answers = [typed(words) for words in shown("docs/diff.md")]
    assert len(answers) == 4
    assert all("employees" in answer for answer in answers)
    assert (project / "moved.csv").is_file()


@pytest.mark.usefixtures("project")
def test_the_size_of_a_list() -> None:
    (answer,) = [typed(words) for words in shown("docs/size.md")]
    assert "400" in answer


@pytest.mark.usefixtures("project")
def test_the_exports_of_a_definition() -> None:
    assert icp("score", "list.csv", "-o", "scored.parquet", "--as-of", DAY, "--id", "domain").code == 0
    *writing, checking, _ = shown("docs/exports.md")
    assert len(writing) == 4
    for words in writing:
        shutil.rmtree("exports", ignore_errors=True)
        typed(words)
        assert any(Path("exports").iterdir())
    assert icp("export", "-o", "dashboards", "--to", "duckdb").code == 0
    Path("dashboards/icp.sql").write_bytes(next(Path("dashboards").rglob("*.sql")).read_bytes())
    typed(checking)


def test_the_schema_of_a_definition_is_made_as_the_page_says() -> None:
    assert shown("docs/exports.md")[-1][:2] == ["python", "-c"]
    assert (ROOT / "docs" / "icp.schema.json").read_text(encoding="utf-8") == json_schema()


@pytest.mark.usefixtures("project")
def test_the_model_in_sql() -> None:
    for words in shown("docs/model-sql.md"):
        shutil.rmtree("sql", ignore_errors=True)
        typed(words)
        assert any(Path("sql").rglob("*.sql"))


def test_a_draft_from_the_files_of_a_crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    vendor_worlds.exports("salesforce", tmp_path)
    vendor_worlds.small().prospects.to_csv("list.csv", index=False)
    (words,) = shown("docs/presets.md")
    typed(words)
    assert (tmp_path / "icp.yaml").is_file()


def test_a_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list is large enough for the 280 accounts an arm; the answers are one in ten of each arm."""
    monkeypatch.chdir(tmp_path)
    rows = 3_000
    tiers = np.resize(["1", "3", "out of scope"], rows)
    ids = [f"c{number}.example" for number in range(rows)]
    scored = {"domain": ids, "tier": tiers, "score": np.full(rows, 50.0), "probability": np.full(rows, 0.2)}
    pq.write_table(pa.table({**scored, "status": ["scored"] * rows}), "scored.parquet")
    csv.write_csv(pa.table({"domain": ids, "industry": np.resize(["Software", "Energy"], rows)}), "list.csv")
    how_many, who, head, *looks = shown("docs/micro-campaigns.md")
    assert "280 accounts an arm" in typed(how_many)
    typed(who)
    assert head == ["head", "-2", "plan.csv"]
    planned = csv.read_csv("plan.csv")["domain"].to_pylist()
    assert len(planned) == 2 * 280 + 50
    for words, month, share in zip(looks, ("april", "may"), (2, 1), strict=True):
        known = planned[::share]
        csv.write_csv(pa.table({"domain": known, "meeting": np.resize([1, *[0] * 9], len(known))}), f"{month}.csv")
        assert words[4] == f"{month}.csv"
        assert "tier 1" in typed(words)


def test_a_world_to_look_back_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(page("docs/backtest.md"), "python")
    exec(compile(code, "docs/backtest.md", "exec"), {})
    assert load_config(tmp_path / "drifting" / "icp.yaml").deals.window is not None


def test_attributes_as_of_a_day(tmp_path: Path) -> None:
    folder = write_dated_project(tmp_path)
    config = load_config(folder / "icp.yaml")
    (code,) = blocks(page("docs/point-in-time.md"), "python")
    bundle = SimpleNamespace(tables=config.tables, attributes=config.resolved())
    names = {"bundle": bundle, "folder": folder, "list_table": csv.read_csv(folder / "list.csv")}
    exec(compile(code, "docs/point-in-time.md", "exec"), names)
    made = names["columns"]
    assert isinstance(made, pa.Table)
    accounts = names["list_table"]["domain"].to_pylist()
    assert made["hiring"].to_pylist() == hiring_on(folder, accounts, date(2025, 6, 30))
