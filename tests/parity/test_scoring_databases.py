"""A list is scored alike wherever it is kept, and the scores are the same wherever they go."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_sqlite.dbapi as sqlite
import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests import postgresql_server, serve_models
from tests.cli_projects import icp, refusal
from tests.serve_models import AS_OF

ROWS = 3_000
OPTIONS = ("--model", "models/planted/v1", "--as-of", AS_OF.isoformat(), "--batch-rows", "500", "--threads", "2")
QUERY = "-- the list\nselect * from companies order by domain;\n"
KINDS = pytest.mark.parametrize("kind", ["duckdb", "sqlite", "postgresql"])


def typed_list() -> pa.Table:
    """Whole numbers, fractions, dates, truth values and texts, each with gaps; ids in the order of their texts."""
    raw = serve_models.raw_list(ROWS, seed=21)
    columns = {
        "domain": pa.array([f"c{place:05}.example" for place in range(ROWS)]),
        "employees": pc.replace_substring(raw["employees"], ",", "").cast(pa.int64()),
        "annual_revenue": pc.replace_substring_regex(raw["annual_revenue"], r"\D", "").cast(pa.float64()),
        "founded": raw["founded"].cast(pa.int32()),
        "funded": raw["funded"].cast(pa.date32()),
        "demo": pc.equal(raw["demo"], "yes"),
        "visits": raw["visits"].cast(pa.int16()),
    }
    for name, column in columns.items():
        raw = raw.set_column(raw.schema.get_field_index(name), name, column)
    repeated = pa.concat_tables([raw.slice(0, ROWS - 1), raw.slice(0, 1)])  # one id comes twice
    return repeated.sort_by("domain").combine_chunks()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql_server.server_url() as url:
        yield url


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, the list as Parquet, as a query and in two embedded databases, and what becomes of the Parquet list."""
    root = tmp_path_factory.mktemp("databases")
    serve_models.write(root / "models" / "planted" / "v1")
    table = typed_list()
    pq.write_table(table, root / "list.parquet")
    (root / "list.sql").write_text(QUERY)
    with duckdb.connect(root / "crm.duckdb") as database:
        database.execute("create table companies as select * from read_parquet(?)", [str(root / "list.parquet")])
    with sqlite.connect(str(root / "crm.db"), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("companies", table, mode="create")
    return root


@pytest.fixture
def url_of(project: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The URL of a kind of database that holds the list; the terminal is in the project."""
    monkeypatch.chdir(project)

    def url(kind: str) -> str:
        if kind == "postgresql" and not postgresql_server.ask(server, "select to_regclass('companies')")[0][0]:
            postgresql_server.fill(server, "companies", typed_list())
        found = {"duckdb": "duckdb:///crm.duckdb", "sqlite": "sqlite:///crm.db", "postgresql": server}[kind]
        monkeypatch.setenv("CRM_URL", found)
        return found

    return url


def done(*words: str) -> str:
    outcome = icp("score", *words, *OPTIONS)
    assert outcome.code == 0, outcome.err
    return outcome.out


def scored_parquet(project: Path) -> pa.Table:
    """What becomes of the Parquet list, with plain texts. Written once."""
    if not (project / "expected.parquet").exists():
        done("list.parquet", "-o", "expected.parquet")
    return plain(pq.read_table(project / "expected.parquet"))


def plain(table: pa.Table) -> pa.Table:
    kinds = [field.type for field in table.schema]
    return table.cast(
        pa.schema([
            (name, kind.value_type if pa.types.is_dictionary(kind) else kind)
            for name, kind in zip(table.schema.names, kinds, strict=True)
        ])
    )  # fmt: skip


def rows_in(url: str, project: Path, table: str) -> pa.Table:
    """A table of a database in the order of its ids, read by the database's own means."""
    sql = f"select * from {table} order by domain, status"
    if url.startswith("duckdb"):
        with duckdb.connect(project / "crm.duckdb", read_only=True) as database:
            return database.sql(sql).to_arrow_table()
    if url.startswith("sqlite"):
        connection = sqlite3.connect(project / "crm.db")
        try:
            return pa.Table.from_pandas(pd.read_sql_query(sql, connection), preserve_index=False)
        finally:
            connection.close()
    return postgresql_server.table_of(url, sql)


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    """Texts and numbers of every column, the latter to the last bit; a column that is null throughout has no type."""
    assert found.schema.names == expected.schema.names
    for name in expected.schema.names:
        ours, theirs = found[name].to_pylist(), expected[name].to_pylist()
        if pa.types.is_floating(expected.schema.field(name).type):
            np.testing.assert_array_equal(np.array(ours, dtype=float), np.array(theirs, dtype=float), err_msg=name)
        else:
            assert [None if pd.isna(value) else value for value in ours] == theirs, name


@KINDS
def test_a_query_is_answered_as_the_same_rows_in_parquet(
    kind: str, project: Path, url_of: Callable[[str], str]
) -> None:
    url_of(kind)
    done("list.sql", "--connection", "env:CRM_URL", "-o", f"of_{kind}.parquet")
    found = pq.read_table(project / f"of_{kind}.parquet")
    assert_same(plain(found), scored_parquet(project))
    assert found.schema == pq.read_schema(project / "expected.parquet")
    assert len(found) == ROWS
    assert set(found["tier"].to_pylist()) > {"1", "3"}  # rows of several tiers, so that there is something to differ in


@KINDS
def test_a_table_holds_what_a_file_would(kind: str, project: Path, url_of: Callable[[str], str]) -> None:
    url = url_of(kind)
    done("list.parquet", "-o", "table:scores", "--into", "env:CRM_URL")
    expected = scored_parquet(project).sort_by([("domain", "ascending"), ("status", "ascending")])
    assert_same(rows_in(url, project, "scores"), expected)


@KINDS
def test_a_list_is_scored_within_one_database_and_replaced_on_request(
    kind: str, project: Path, url_of: Callable[[str], str]
) -> None:
    url = url_of(kind)
    words = ("list.sql", "--connection", "env:CRM_URL", "-o", "table:nightly", "--unusable", f"{kind}.csv")
    assert "Written to table:nightly" in done(*words)
    assert rows_in(url, project, "nightly").num_rows == ROWS
    again = refusal("score", *words, *OPTIONS)
    assert (again[0], "exists already" in again[1], "--force" in again[1]) == (2, True, True)
    done(*words, "--force", "--columns", "tier", "--min-tier", "1")
    best = pc.sum(pc.equal(scored_parquet(project)["tier"], "1")).as_py()
    found = rows_with_two_columns(url, project)
    assert found.schema.names == ["domain", "tier"]
    assert found.num_rows == best > 0
    assert leftovers(url, project) == []


def rows_with_two_columns(url: str, project: Path) -> pa.Table:
    return rows_in(url, project, "(select *, 0 as status from nightly) as n").drop_columns(["status"])


def leftovers(url: str, project: Path) -> list[object]:
    """Tables under names that a job gives while it writes, and files that it left."""
    files = [path.name for path in project.iterdir() if "partial" in path.name or path.name.startswith("tmp")]
    names = {
        "duckdb": "select table_name as domain, 0 as status from information_schema.tables",
        "sqlite": "select name as domain, 0 as status from sqlite_master",
        "postgresql": "select relname as domain, 0 as status from pg_class",
    }[url.partition(":")[0]]
    found = rows_in(url, project, f"({names}) as names")["domain"].to_pylist()
    assert "nightly" in found
    return [*files, *(name for name in found if name.startswith("icp_partial"))]


def test_columns_have_the_types_of_numbers_and_texts(project: Path, url_of: Callable[[str], str]) -> None:
    url = url_of("postgresql")
    postgresql_server.ask(url, "create schema if not exists sales")
    done("list.parquet", "-o", "table:sales.typed", "--into", "env:CRM_URL")
    sql = (
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'sales' and table_name = 'typed'"
    )
    types = {str(name): kind for name, kind in postgresql_server.ask(url, sql)}
    assert types["domain"] == types["tier"] == types["reason_for_1"] == types["status"] == "text"
    assert types["score"] == types["probability"] == types["reason_for_1_effect"] == "double precision"
    assert types["attributes_missing"] == "integer"
    assert len(types) == scored_parquet(project).num_columns


# --- PostgreSQL's own refusals ------------------------------------------------------------------------------------


def into(url: str, table: str, *more: str) -> tuple[int, str]:
    """The exit code and the sentence of a job that is refused."""
    code, sentence = refusal("score", "list.parquet", "-o", f"table:{table}", "--into", "env:CRM_URL", *more, *OPTIONS)
    assert url not in sentence
    return code, sentence


def test_what_the_server_does_not_allow_is_told(url_of: Callable[[str], str]) -> None:
    url = url_of("postgresql")
    ask = postgresql_server.ask
    code, sentence = into(url, "nowhere.scores")
    assert (code, 'schema "nowhere" does not exist' in sentence) == (2, True)
    ask(url, "create view seen as select 1 as one")
    code, sentence = into(url, "seen", "--force")
    assert (code, "is no table but a view" in sentence) == (2, True)
    ask(url, "create table depended as select 7 as one")
    ask(url, "create view depends as select * from depended")
    code, sentence = into(url, "depended", "--force")
    assert (code, "because other objects depend on it" in sentence) == (2, True)
    assert ask(url, "select * from depends") == [(7,)]


@contextmanager
def on_every_row(url: str, does: str) -> Iterator[None]:
    """Whatever table is made while this lasts has a trigger on it, before each row that is added."""
    ask = postgresql_server.ask
    ask(url, f"create function on_row() returns trigger language plpgsql as $$ begin {does} return new; end $$")
    ask(url, """create function on_table() returns event_trigger language plpgsql as $$ declare made record; begin
        for made in select * from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' loop
            execute format('create trigger t before insert on %s for each row execute function on_row()',
                made.object_identity);
        end loop; end $$""")  # fmt: skip
    ask(url, "create event trigger watching on ddl_command_end execute function on_table()")
    try:
        yield
    finally:
        for what in ("event trigger watching", "function on_table", "function on_row"):
            ask(url, f"drop {what}")


def test_rows_that_the_server_loses_are_counted_before_anybody_sees_them(url_of: Callable[[str], str]) -> None:
    url = url_of("postgresql")
    postgresql_server.ask(url, "create table kept as select 7 as one")
    with on_every_row(url, "if new.domain = 'c00007.example' then return null; end if;"):
        code, sentence = into(url, "kept", "--force")
    assert code == 75
    assert "expected 3,000 rows in the database before anybody sees them, found 2,999; nothing was written" in sentence
    assert postgresql_server.ask(url, "select * from kept") == [(7,)]


def test_a_session_that_the_server_ends_half_way_leaves_the_table_as_it_was(url_of: Callable[[str], str]) -> None:
    url = url_of("postgresql")
    postgresql_server.ask(url, "create table broken as select 7 as one")
    ends = "if new.domain = 'c02000.example' then perform pg_terminate_backend(pg_backend_pid()); end if;"
    with on_every_row(url, ends):
        code, sentence = into(url, "broken", "--force")
    assert (code, "the database broke off" in sentence, "nothing was written" in sentence) == (75, True, True)
    assert postgresql_server.ask(url, "select * from broken") == [(7,)]


@KINDS
def test_too_few_rows_with_a_score_leave_the_table_as_it_was(
    kind: str, project: Path, url_of: Callable[[str], str]
) -> None:
    url = url_of(kind)
    done("list.parquet", "-o", "table:enough", "--into", "env:CRM_URL")
    before = rows_in(url, project, "enough")
    (project / "empty.csv").write_text("domain,visits\na.example,\nb.example,\nc.example,3\n")
    words = ("empty.csv", "-o", "table:enough", "--into", "env:CRM_URL", "--force")
    code, sentence = refusal("score", *words, *OPTIONS)
    assert (code, "2 of 3 rows could not be scored" in sentence) == (10, True)
    assert rows_in(url, project, "enough").equals(before)
