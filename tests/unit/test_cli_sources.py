"""A project is the same project, however its deals are kept."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from pyarrow import csv as pa_csv

from icp_ml.deals.contract import read_deals
from icp_ml.deals.reading import read_table
from icp_ml.deals.table import DealTable
from icp_training.config import load_config
from tests.cli_projects import as_csv, config, deal_rows, icp, refusal, strong, write_config, write_project
from tests.serve_models import raw_list, write
from tests.workbooks import Cell, workbook

ROWS = deal_rows(strong())


def in_csv(folder: Path) -> object:
    (folder / "deals.csv").write_text(as_csv(ROWS), encoding="utf-8")
    return "deals.csv"


def in_packed_utf_16(folder: Path) -> object:
    (folder / "deals.txt").write_bytes(gzip.compress(as_csv(ROWS, "\t").encode("utf-16")))
    return "deals.txt"


def in_excel(folder: Path) -> object:
    cells: list[list[Cell]] = [list(ROWS[0])]
    for row in ROWS:
        cells.append([cell or None for cell in row.values()])
    workbook(folder / "deals.xlsx", {"Deals": cells})
    return "deals.xlsx"


def in_duckdb(folder: Path) -> object:
    in_csv(folder)
    with duckdb.connect(folder / "crm.duckdb") as database:
        database.execute(
            "create table deals as select * from read_csv(?, all_varchar = true)", [str(folder / "deals.csv")]
        )
    return {"sql": "select * from deals", "connection": "env:CRM_URL"}


def deals_of(folder: Path, kept: Callable[[Path], object], patch: pytest.MonkeyPatch) -> DealTable:
    """What training and `icp check` read through a configuration."""
    folder.mkdir()
    patch.setenv("CRM_URL", "duckdb:///crm.duckdb")
    declared = config(strong())
    deals = declared["deals"]
    assert isinstance(deals, dict)
    write_config(folder, {**declared, "deals": {**deals, "source": kept(folder)}})
    loaded = load_config(folder / "icp.yaml")
    return read_deals(loaded.deals, loaded.tables, loaded.resolved(), folder)


@pytest.mark.parametrize("kept", [in_packed_utf_16, in_excel, in_duckdb])
def test_the_deals_are_the_same_however_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Callable[[Path], object]
) -> None:
    expected = deals_of(tmp_path / "csv", in_csv, monkeypatch)
    found = deals_of(tmp_path / "kept", kept, monkeypatch)
    assert found.ledger == expected.ledger
    assert found.parsed.unreadable == expected.parsed.unreadable
    for name in ("ids", "accounts", "opened", "closed", "won", "identical"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name, column in expected.parsed.columns.items():
        for part, values in vars(column).items():
            np.testing.assert_array_equal(getattr(found.parsed.columns[name], part), values)


def test_a_configuration_is_drafted_from_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    in_excel(tmp_path)
    assert icp("init", "deals.xlsx").code == 0
    in_csv(tmp_path)
    assert icp("init", "deals.csv", "-o", "other.yaml").code == 0
    drafted = [(tmp_path / name).read_text().replace("deals.xlsx", "deals.csv") for name in ("icp.yaml", "other.yaml")]
    assert drafted[0] == drafted[1]


def test_a_list_is_scored_from_a_workbook_as_from_its_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "bundle")
    pa_csv.write_csv(raw_list(30, 5), "list.csv")
    texts = read_table(Path("list.csv"))
    cells = [list(texts.schema.names), *(list(row.values()) for row in texts.to_pylist())]
    workbook(tmp_path / "list.xlsx", {"Empty": [], "List": cells})
    workbook(tmp_path / "lists.xlsx", {"Other": cells[:9], "List": cells})
    scored = []
    for name, more in (("list.csv", ()), ("list.xlsx", ()), ("lists.xlsx", ("--sheet", "List"))):
        done = icp("score", name, "-o", "out.csv", "--model", "bundle", "--as-of", "2024-06-30", "--force", *more)
        assert done.code == 0, done.err
        scored.append(Path("out.csv").read_bytes())
    assert scored == [scored[0]] * 3
    code, sentence = refusal("score", "lists.xlsx", "-o", "none.csv", "--model", "bundle")
    assert (code, "found 'Other', 'List'; say which with 'sheet'" in sentence) == (3, True)


def test_a_password_in_the_configuration_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "project", strong())
    monkeypatch.chdir(project)
    declared = config(strong())
    deals = declared["deals"]
    assert isinstance(deals, dict)
    for source in (
        "postgresql://me:hunter2@db/crm",
        {"sql": "select 1", "connection": "postgresql://me:hunter2@db/crm"},
    ):
        write_config(project, {**declared, "deals": {**deals, "source": source}})
        code, sentence = refusal("check", "icp.yaml")
        assert code == 2
        assert "deals.source" in sentence
        assert "hunter2" not in sentence
