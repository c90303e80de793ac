"""`icp export --to model-sql-...`: the whole model in SQL, on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from icp_ml.serve.exports import model_sql_tables
from tests.cli_projects import icp, refusal
from tests.icp_bundles import write_project

TABLES = ["bins", "cells", "labels", "levels"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def test_the_files_of_a_model_are_written_and_known_by_their_stamp(project: Path) -> None:
    options = ("--table", "crm.companies", "--schema", "crm", "--as-of", "2024-06-30")
    done = json.loads(
        icp("export", "planted/v2", "-o", "out", "--to", "model-sql-postgres", "--to", "yaml", *options, "--json").out
    )
    sql = [f"icp.model.postgres.{part}.sql" for part in ("load", "tables", "views")]
    assert done["files"] == sorted([*sql, *(f"icp.model.{table}.csv" for table in TABLES), "icp.yaml"])
    views = (project / "out" / "icp.model.postgres.views.sql").read_text("utf-8")
    assert 'FROM "crm"."companies" AS "company"' in views
    assert f'CREATE VIEW "crm"."icp_{done["content_hash"][:8]}_values"' in views
    checked = json.loads(icp("export", "--check", "out", "--json").out)
    assert checked["checked"] == 4  # three statements and the definition; data have no stamp


def test_every_format_does_not_mean_the_whole_model(project: Path) -> None:
    done = json.loads(icp("export", "planted/v2", "-o", "out", "--all", "--json").out)
    assert not [name for name in done["files"] if name.startswith("icp.model.")]


@pytest.mark.usefixtures("project")
def test_a_model_that_is_too_large_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_sql_tables, "MOST_PARTS", 1)
    code, sentence = refusal("export", "planted/v2", "-o", "out", "--to", "model-sql-duckdb")
    assert code == 2
    assert "a model that fits into tables was expected for SQL, and this one is too large" in sentence
