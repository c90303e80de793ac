"""Dated tables come from a query as from a file, and what breaks off leaves nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.histories import read_history
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables, HistorySettings
from icp_ml.deals.settings import AttributesSettings, parse_settings
from icp_ml.deals.sources import connected
from icp_ml.errors import InputError

URL = "duckdb:///crm.duckdb"
SIGNALS = (
    "account,type,occurred,known,value\nA,job,2024-01-05,2024-01-07,2\nA,job,2024-02-01,,3\nB,round,2024-01-01,,\n"
)
CHANGES = "Id,Field,Changed,Old\nA,Kind,2024-01-05T10:00:00,before\nA,Kind,2024-03-05T10:00:00,between\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same rows as CSV, and in a database with types."""
    (tmp_path / "signals.csv").write_text(SIGNALS, encoding="utf-8")
    (tmp_path / "changes.csv").write_text(CHANGES, encoding="utf-8")
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as database:
        for name in ("signals", "changes"):
            database.execute(f"create table {name} as from read_csv('{tmp_path / name}.csv')")
    return tmp_path


def signals(source: object, folder: Path) -> DatedTables:
    columns = {"account": "account", "type": "type", "occurred": "occurred", "known": "known", "value": "value"}
    return connected(parse_settings(DatedTables, {"signals": {"source": source, **columns}}), {"CRM_URL": URL}, folder)


def attributes() -> tuple[Attribute, ...]:
    recipes = {
        "jobs": {"kind": "number", "from": {"table": "signals", "type": "job", "measure": "count"}},
        "total": {"kind": "number", "from": {"table": "signals", "measure": "total"}},
        "last": {"kind": "date", "from": "signals"},
        "kinds": {"kind": "set", "from": "signals"},
    }
    return resolve_attributes(parse_settings(AttributesSettings, {"behavioural": recipes}), ())


def test_a_query_gives_what_the_file_gives(folder: Path) -> None:
    made = []
    for source in ("signals.csv", {"sql": "from signals", "connection": "env:CRM_URL"}):
        opened = open_tables(signals(source, folder), attributes(), folder)
        days = np.array(["2024-01-06", "2024-01-07", "2024-03-01", "2024-03-01"], dtype="datetime64[D]")
        made.append(build_columns(pa.array(["A", "A", "A", "B"]), days, opened, attributes()))
    assert made[0].equals(made[1])
    assert made[0].column("jobs").to_pylist() == [None, 1, 2, 0]


def test_a_history_from_a_query_is_that_of_the_file(folder: Path) -> None:
    names = {"id": "Id", "field": "Field", "changed": "Changed", "old": "Old"}
    read = []
    for source in ("changes.csv", {"sql": "from changes order by random()", "connection": "env:CRM_URL"}):
        settings = parse_settings(HistorySettings, {"source": source, **names})
        history = read_history(connected(settings, {"CRM_URL": URL}, folder), folder)
        read.append((history.day.tolist(), [history.old.distinct[code] for code in history.old.codes]))
    assert read[0] == read[1]
    assert read[0][1] == ["before", "between"]


def test_a_query_that_fails_is_one_sentence(folder: Path) -> None:
    with pytest.raises(InputError, match="CRM_URL"):
        open_tables(signals({"sql": "from nothing", "connection": "env:CRM_URL"}, folder), attributes(), folder)
