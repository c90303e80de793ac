"""What `icp score` may be asked to read and to write; what makes no sense is refused before any work, in a sentence."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests import serve_models
from tests.cli_projects import icp, refusal
from tests.serve_models import raw_list

ROWS = 40
QUERY = ("list.sql", "--connection", "env:CRM_URL")
INTO = ("-o", "table:scores", "--into", "env:CRM_URL")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project below whose root a database lies."""
    root = tmp_path_factory.mktemp("home")
    serve_models.write(root / "models" / "planted" / "v1")
    pq.write_table(raw_list(ROWS, 5), root / "list.parquet")
    (root / "list.sql").write_text("\ufeffselect * from companies;", encoding="utf-8")
    with duckdb.connect(root / "crm.duckdb") as database:
        database.execute("create table companies as select * from read_parquet(?)", [str(root / "list.parquet")])
    return root


@pytest.fixture
def home(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The terminal is in the project, and knows the database."""
    monkeypatch.chdir(made)
    monkeypatch.delenv("ICP_HOME", raising=False)
    monkeypatch.setenv("CRM_URL", "duckdb:///crm.duckdb")
    return made


def refused(*words: str) -> tuple[int, str]:
    """The exit code and the sentence; nothing new is there afterwards."""
    before = {path.name for path in Path().iterdir()}
    code, sentence = refusal("score", *words)
    assert {path.name for path in Path().iterdir()} == before
    return code, sentence


def test_the_path_of_a_database_is_relative_to_the_project_wherever_the_terminal_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "lists").mkdir()
    shutil.copy("list.sql", "lists/list.sql")
    monkeypatch.chdir(home / "lists")
    done = icp("score", *QUERY, "-o", "table:from_afar", "--model", str(home / "models" / "planted" / "v1"), "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["list"] == "the query through CRM_URL"
    assert said["output"] == "table:from_afar"
    assert said["rows_in"] == said["rows_out"] == ROWS
    with duckdb.connect(home / "crm.duckdb") as database:
        assert database.execute("select count(*) from from_afar").fetchall() == [(ROWS,)]


def test_pairs_and_the_id_are_checked_against_the_columns_of_the_query(home: Path) -> None:
    code, sentence = refused(*QUERY, "-o", "out.csv", "--map", "Headcnt=employees")
    assert (code, "the query through CRM_URL has no 'Headcnt'" in sentence) == (2, True)
    code, sentence = refused(*QUERY, "-o", "out.csv", "--id", "domian")
    assert (code, "did you mean 'domain'?" in sentence) == (3, True)


WITHOUT = ("list.parquet", "-o", "out.csv")
REFUSALS = [
    (("list.sql", "-o", "out.csv"), 2, "nothing says which database answers it; .* --connection"),
    (("nowhere.sql", "--connection", "env:CRM_URL", "-o", "out.csv"), 3, "in nowhere.sql, found none that can be read"),
    (("list.sql", "--connection", "duckdb:///hunter2", "-o", "out.csv"), 2, "expected the name of an environment vari"),
    (("list.sql", "--connection", "env:NOT_SET", "-o", "out.csv"), 2, "variable NOT_SET, found it not set"),
    ((*WITHOUT, "--connection", "env:CRM_URL"), 2, "beside a list that is a query .*, and list.parquet is none"),
    ((*WITHOUT, "--into", "env:CRM_URL"), 2, "beside an output such as table:scores, and out.csv is none"),
    (("list.parquet", "-o", "table:scores"), 2, "nothing says in which database; .* --into"),
    (("list.parquet", "-o", "table:scores", "--into", "duckdb:///hunter2"), 2, "--into: expected the name of an envir"),
    (("list.parquet", "-o", "table:scores", "--into", "env:NOT_SET"), 2, "variable NOT_SET, found it not set"),
    (("list.parquet", "-o", "table:My Scores", "--into", "env:CRM_URL"), 2, "use small letters, digits and underscore"),
    (("list.parquet", "-o", "table:companies", "--into", "env:CRM_URL"), 2, "companies through CRM_URL exists already"),
    (("list.parquet", *INTO, "--resume"), 2, "table:scores is a table, which is there whole or not at all"),
    ((*QUERY, "-o", "scored"), 2, "a query may answer with other rows when the job is resumed; export it to Parquet"),
    ((*QUERY, "-o", "scored", "--resume"), 2, "a query may answer with other rows when the job is resumed"),
    ((*QUERY, "-o", "scored", "--engine", "spark"), 2, "--engine spark reads Parquet and writes a folder of it"),
    (("list.parquet", *INTO, "--engine", "spark"), 2, "--engine spark reads Parquet and writes a folder of it"),
    ((*QUERY, "-o", "list.sql", "--force"), 2, "the output list.sql is the list itself"),
]


@pytest.mark.parametrize(("words", "code", "sentence"), REFUSALS)
@pytest.mark.usefixtures("home")
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], code: int, sentence: str) -> None:
    told = refused(*words)
    assert told[0] == code
    assert re.search(sentence, told[1]), told[1]
    assert "hunter2" not in told[1]


def test_a_query_that_is_none_is_refused_and_nothing_is_written(home: Path) -> None:
    for sql, words in (("drop table companies", "refused"), ("  ", "source.sql"), ("select 1 as one", "found none")):
        (home / "odd.sql").write_text(sql)
        code, sentence = refused("odd.sql", "--connection", "env:CRM_URL", *INTO[:2])
        assert code in (2, 3)
        assert words in sentence
    with duckdb.connect(home / "crm.duckdb") as database:
        found = database.execute("select table_name from information_schema.tables order by 1").fetchall()
    assert ("companies",) in found
    assert ("scores",) not in found


def test_a_folder_is_no_query(home: Path) -> None:
    (home / "folder.sql").mkdir(exist_ok=True)
    code, sentence = refused("folder.sql", "--connection", "env:CRM_URL", "-o", "out.csv")
    assert (code, "found none that can be read" in sentence) == (3, True)
