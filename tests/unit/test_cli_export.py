"""`icp export` as a person types it: all files or none, stamped, and told apart when a newer version is live."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Bundle, as_stored, write_bundle
from icp_ml.serve.exports.definition_file import read_definition_file
from icp_ml.serve.exports.formats import FORMATS
from icp_ml.serve.exports.stamp import Stamp, read_stamp
from tests import serve_models
from tests.cli_projects import files_in, icp, refusal
from tests.definitions import definition, exclusions

KEPT = ("size", "revenue", "industry", "uses Cartellux", "no Rivalo")
"""The criteria of the shared definition whose attributes the shared model has."""
OF_SQL = {f"icp.{dialect}{part}.sql" for dialect in ("duckdb", "snowflake") for part in ("", ".where")}


def bundle(version: int = 1, policy: Policy | None = None) -> Bundle:
    whole = definition()
    criteria = tuple(each for each in whole.criteria if each.name in KEPT)
    return replace(
        serve_models.bundle(),
        provenance=serve_models.provenance().model_copy(update={"version": version}),
        definition=whole.model_copy(update={"criteria": criteria}),
        policy=policy or Policy(),
    )


@pytest.fixture
def project(new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Version 1 of one model, and the terminal in it."""
    root = new_project("export")
    write_bundle(bundle(), root / "models" / "planted" / "v1")
    monkeypatch.chdir(root)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return root


def refine(root: Path) -> None:
    """A second version, in which somebody is excluded."""
    write_bundle(bundle(2, Policy(exclusions=exclusions()[:1])), root / "models" / "planted" / "v2")


def test_what_was_asked_for_is_written_and_stamped(project: Path) -> None:
    done = icp("export", "-o", "out", "--to", "duckdb", "--to", "snowflake", "--to", "yaml")
    assert (done.code, done.err) == (0, "")
    assert set(files_in(project / "out")) == {*OF_SQL, "icp.yaml"}
    assert "planted, version 1: 5 files in out" in done.out
    stamp = Stamp("planted", 1, as_stored(bundle()).content_hash, serve_models.provenance().created)
    for name, content in files_in(project / "out").items():
        assert read_stamp(content.decode("utf-8")) == stamp, name
        assert name in done.out
    found = read_definition_file((project / "out" / "icp.yaml").read_bytes())
    assert [each.name for each in found.criteria] == list(KEPT)
    assert [(each.label, each.score_from) for each in found.tiers] == [
        ("1", 70),
        ("2", 50),
        ("3", 30),
        ("out of scope", 0),
    ]


def test_the_written_sql_runs_on_the_list_with_the_names_of_the_list(project: Path) -> None:
    """The model's map calls employees "Headcount". By hand: of five criteria four are needed."""
    assert icp("export", "-o", "out", "--to", "duckdb", "--as-of", "2025-06-30", "--table", "list").code == 0
    rows = (
        "(1, 120, 2e7, 'RETAIL ', 'Cartellux;Other'), (2, 120, 2e7, 'retail', null), "
        "(3, null, 2e7, 'retail', ' cartellux')"
    )
    with duckdb.connect() as connection:
        connection.sql(
            f"create table list as select * from (values {rows}) t(id, Headcount, annual_revenue, industry, tools)"
        )
        statement = (project / "out" / "icp.duckdb.sql").read_text("utf-8").rstrip(";\n")
        found = connection.sql(f"select id, icp_criteria_met, icp_match from ({statement}) order by id").fetchall()
    assert found == [(1, 5, True), (2, 3, False), (3, 4, True)]


def test_every_format_can_be_written_at_once_and_all_of_it_is_of_the_version(project: Path) -> None:
    done = json.loads(icp("export", "planted/v1", "-o", "out", "--all", "--json").out)
    assert (done["name"], done["version"], done["content_hash"]) == ("planted", 1, as_stored(bundle()).content_hash)
    assert done["files"] == sorted(files_in(project / "out"))
    assert len(done["files"]) >= len(FORMATS)
    checked = json.loads(icp("export", "--check", "out", "--json").out)
    assert (checked["checked"], checked["stale"]) == (len(done["files"]), [])


def test_files_that_are_there_stay_unless_they_may_be_replaced(project: Path) -> None:
    assert icp("export", "-o", "out", "--to", "yaml").code == 0
    before = files_in(project)
    code, sentence = refusal("export", "-o", "out", "--to", "yaml", "--to", "duckdb")
    assert (code, "holds 1, 'icp.yaml'" in sentence, "--overwrite" in sentence) == (2, True, True)
    assert files_in(project) == before
    refine(project)
    assert icp("export", "-o", "out", "--to", "yaml", "--to", "duckdb", "--overwrite").code == 0
    assert set(files_in(project / "out")) == {"icp.yaml", "icp.duckdb.sql", "icp.duckdb.where.sql"}
    assert b"icp 2 of planted" in (project / "out" / "icp.yaml").read_bytes()


def test_what_fails_half_way_leaves_nothing(project: Path) -> None:
    before = files_in(project)
    assert refusal("export", "-o", "out", "--to", "yaml", "--to", "hubspot", "--scored", "none.csv")[0] == 3
    assert files_in(project) == before
    assert not [each for each in project.iterdir() if each.name.startswith((".out", "out"))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "out"], "either --to FORMAT or --all was expected, and neither was found"),
        (["-o", "out", "--all", "--to", "yaml"], "either --to FORMAT or --all was expected, and both were found"),
        (["--all"], "add -o FOLDER"),
        (["-o", "out", "--to", "postgress"], "'postgress' is none; did you mean 'postgres'?"),
        (["-o", "no/such/out", "--all"], "and there is none; make it first"),
        (["one", "two", "-o", "out", "--all"], "one model was expected, and 2 were named"),
        (["-o", "out", "--to", "yaml", "--scored", "list.csv"], "--to hubspot or --to salesforce was expected beside"),
        (["-o", "out", "--to", "duckdb", "--table", "f('x')"], "correct --table"),
        (["--check"], "files or folders to check were expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(project: Path, words: list[str], said: str) -> None:
    before = files_in(project)
    code, sentence = refusal("export", *words)
    assert (code, said in sentence) == (2, True), sentence
    assert files_in(project) == before


def test_a_model_without_a_definition_is_refused(project: Path) -> None:
    write_bundle(replace(bundle(3), definition=None), project / "models" / "planted" / "v3")
    code, sentence = refusal("export", "-o", "out", "--all")
    assert (code, "version 3 of planted has none; train it anew" in sentence) == (2, True)


# --- stale --------------------------------------------------------------------------------------------------------


def test_files_of_an_older_version_are_named(project: Path) -> None:
    icp("export", "-o", "old", "--to", "duckdb")
    assert icp("export", "--check", "old").code == 0
    refine(project)
    icp("export", "-o", "new", "--to", "yaml")
    done = icp("export", "--check", "old", "new/icp.yaml")
    assert done.code == 9
    assert "2 of 3 are of another one; export them anew" in done.err
    told = dict(line.split(": ", 1) for line in done.out.splitlines())
    assert told == {
        "old/icp.duckdb.sql": "version 1 of planted, stale: live is version 2",
        "old/icp.duckdb.where.sql": "version 1 of planted, stale: live is version 2",
        "new/icp.yaml": "version 2 of planted, up to date",
    }
    document = json.loads(icp("export", "--check", "old", "new", "--json").out)
    assert document["checked"] == 3
    assert document["stale"][0] == {
        "file": "old/icp.duckdb.sql",
        "name": "planted",
        "version": 1,
        "live_version": 2,
    }


def test_a_file_without_a_stamp_is_an_error_and_one_beside_exports_is_not(project: Path) -> None:
    icp("export", "-o", "out", "--to", "yaml")
    (project / "out" / "notes.txt").write_bytes(b"\xff not ours")
    assert icp("export", "--check", "out").code == 0
    code, sentence = refusal("export", "--check", "out/notes.txt")
    assert (code, "no stamp is in it" in sentence) == (3, True)
    assert refusal("export", "--check", "nowhere")[0] == 3


def test_a_file_of_a_model_that_is_gone_is_no_longer_checked(project: Path) -> None:
    icp("export", "-o", "out", "--to", "yaml")
    (project / "models" / "planted").rename(project / "models" / "other")
    assert refusal("export", "--check", "out")[0] == 8
