"""Rows are in their table whole, or the database is as it was: DuckDB and SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import adbc_driver_sqlite.dbapi as adbc_sqlite
import duckdb
import pyarrow as pa
import pytest

from icp_ml.errors import ConfigError, IcpError, SourceUnavailable
from icp_ml.serve.table_writing import Table, check_table, names_of, write_table

KINDS = pytest.mark.parametrize("kind", ["duckdb", "sqlite"])


def database(folder: Path, kind: str, *statements: str) -> Table:
    """A table `scores` in a new database, for which statements were run."""
    ask(folder, kind, "create table other (one integer)")
    for statement in statements:
        ask(folder, kind, statement)
    return Table("scores", None, f"{kind}:///out.{kind}", folder, "OUT_URL")


def ask(folder: Path, kind: str, sql: str) -> list[tuple[object, ...]]:
    if kind == "duckdb":
        with duckdb.connect(folder / "out.duckdb") as opened:
            return opened.execute(sql).fetchall()
    with closing(sqlite3.connect(folder / "out.sqlite")) as connection, connection:
        return connection.execute(sql).fetchall()


def refusal(table: Table) -> IcpError:
    with pytest.raises(IcpError) as caught:
        check_table(table)
    assert table.url not in caught.value.sentence
    return caught.value


def two_batches() -> list[pa.RecordBatch]:
    """Every kind of column that an output has, or an id: the second batch has other labels and nulls."""
    columns = {
        'id "the"': pa.array([7, 8], pa.uint16()),
        "tier": pa.array(["1", "2"]).dictionary_encode(),
        "score": pa.array([70.5, 1e-300]),
        "odd": pa.array([True, False]),
        "day": pa.array([date(2024, 1, 31), date(1999, 12, 1)]),
        "amount": pa.array([Decimal("1.50"), Decimal("2.00")]),
        "count": pa.array([2**63 - 1, -5]),
    }
    first = pa.RecordBatch.from_pydict(columns)
    nulls = {name: pa.nulls(2, array.type) for name, array in columns.items()}
    labels = pa.array(["out of scope", None]).dictionary_encode()
    return [first, pa.RecordBatch.from_pydict({**nulls, "tier": labels})]


@KINDS
def test_columns_are_numbers_truth_values_and_texts(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind)
    assert write_table(table, two_batches()) == 4
    none = (None,) * 5
    assert ask(tmp_path, kind, "select * from scores") == [
        (7, "1", 70.5, True, "2024-01-31", "1.50", 2**63 - 1),
        (8, "2", 1e-300, False, "1999-12-01", "2.00", -5),
        (None, "out of scope", *none),
        (None, None, *none),
    ]
    declared = ask(tmp_path, kind, "select name, lower(type) from pragma_table_info('scores')")
    double = {"duckdb": "double", "sqlite": "double precision"}[kind]
    text = {"duckdb": "varchar", "sqlite": "text"}[kind]
    kinds = ["integer", text, double, "boolean", text, text, "bigint"]
    assert declared == list(zip(two_batches()[0].schema.names, kinds, strict=True))


@KINDS
def test_an_error_on_the_way_leaves_what_was_there(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind, "create table scores as select 7 as one")

    def breaking() -> Iterator[pa.RecordBatch]:
        yield two_batches()[0]
        raise RuntimeError("the list ended in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_table(replace(table, if_exists="replace"), breaking())
    assert ask(tmp_path, kind, "select * from scores") == [(7,)]
    assert [path.name for path in tmp_path.iterdir()] == [f"out.{kind}"]


@KINDS
def test_what_is_refused_halfway_leaves_what_was_there(tmp_path: Path, kind: str) -> None:
    """Two columns that are one to a database, which is found out when the table is made."""
    table = database(tmp_path, kind, "create table scores as select 7 as one")
    twice = pa.RecordBatch.from_pydict({"Tier": pa.array(["a"]), "tier": pa.array(["1"])})
    with pytest.raises(ConfigError, match=r"the table scores through OUT_URL could not be written, .* \(.*Tier|tier"):
        write_table(replace(table, if_exists="replace"), [twice])
    assert ask(tmp_path, kind, "select * from scores") == [(7,)]


@KINDS
def test_the_rows_may_come_from_the_database_that_they_go_into(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind, "insert into other values (1), (2), (3)")

    def rows() -> Iterator[pa.RecordBatch]:
        for (one,) in ask(tmp_path, kind, "select one from other order by one"):
            ask(tmp_path, kind, f"insert into other values ({one} + 10)")  # others may write meanwhile
            yield pa.RecordBatch.from_pydict({"one": pa.array([one])})

    assert write_table(table, rows()) == 3
    assert ask(tmp_path, kind, "select count(*) from other") == [(6,)]


@KINDS
def test_a_table_that_is_there_is_replaced_only_on_request_and_its_views_stay(tmp_path: Path, kind: str) -> None:
    made = ["create table scores as select 7 as id", "create view seen as select count(*) as rows from scores"]
    table = database(tmp_path, kind, *made)
    assert refusal(table).exit_code == 2
    with pytest.raises(ConfigError, match=r"exists already; .* \(--force\)"):
        write_table(table, two_batches())
    assert ask(tmp_path, kind, "select * from seen") == [(1,)]
    assert write_table(replace(table, if_exists="replace"), two_batches()) == 4
    assert ask(tmp_path, kind, "select * from seen") == [(4,)]


@KINDS
def test_no_batch_at_all_writes_no_table(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind, "create table scores as select 7 as one")
    assert write_table(replace(table, if_exists="replace"), []) == 0
    assert ask(tmp_path, kind, "select * from scores") == [(7,)]


@KINDS
def test_batches_without_rows_write_a_table_without_rows(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind)
    assert write_table(table, [batch.slice(0, 0) for batch in two_batches()]) == 0
    assert ask(tmp_path, kind, "select * from scores") == []


@KINDS
def test_what_is_in_the_way_is_told_before_any_work(tmp_path: Path, kind: str) -> None:
    table = database(tmp_path, kind, "create view Seen as select 1 as one")
    check_table(table)
    assert "is no table but a view" in refusal(replace(table, name="seen", if_exists="replace")).sentence
    assert "exists already" in refusal(replace(table, name="other")).sentence
    lost = refusal(replace(table, url=f"{kind}:///nowhere"))
    assert (lost.exit_code, "(no such file)" in lost.sentence) == (2, True)
    assert "starts with duckdb:///" in refusal(replace(table, url="mysql://me:hunter2@db/crm")).sentence
    assert [path.name for path in tmp_path.iterdir()] == [f"out.{kind}"]


def test_sqlite_has_no_schemas_and_duckdb_has(tmp_path: Path) -> None:
    lite = database(tmp_path, "sqlite")
    assert "SQLite has none; name it table:scores" in refusal(replace(lite, schema="sales")).sentence
    duck = database(tmp_path, "duckdb", "create schema sales")
    assert write_table(replace(duck, schema="sales"), two_batches()) == 4
    assert ask(tmp_path, "duckdb", "select count(*) from sales.scores") == [(4,)]
    with pytest.raises(ConfigError, match=r"Schema with name nowhere does not exist"):
        write_table(replace(duck, schema="nowhere"), two_batches())


def test_a_file_that_somebody_else_writes_to_is_worth_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icp_ml.serve.table_drivers._SQLITE_WAIT", 50)  # nobody wants to wait ten seconds here
    table = database(tmp_path, "sqlite")
    # By the same library: another one in this process would hold no lock against it.
    with closing(adbc_sqlite.connect(str(tmp_path / "out.sqlite"))) as other, closing(other.cursor()) as cursor:
        cursor.execute("insert into other values (1)")
        with pytest.raises(SourceUnavailable, match=r"the database broke off \(.*locked.*nothing was written"):
            write_table(table, two_batches())
    assert write_table(table, two_batches()) == 4


def test_a_server_that_does_not_answer_is_worth_another_try(tmp_path: Path) -> None:
    told = refusal(Table("scores", None, "postgresql://me:hunter2@localhost:1/crm", tmp_path, "OUT_URL"))
    assert told.exit_code == 75
    assert "hunter2" not in told.sentence
    assert "hunter2" not in repr(Table("scores", None, "postgresql://me:hunter2@localhost:1/crm", tmp_path, "OUT_URL"))


@pytest.mark.parametrize(
    ("output", "names"), [("table:scores", (None, "scores")), ("table:sales_2.to_call", ("sales_2", "to_call"))]
)
def test_a_table_is_named_with_or_without_its_schema(output: str, names: tuple[str | None, str]) -> None:
    assert names_of(output) == names


@pytest.mark.parametrize(
    "output", ["table:", "table:Scores", "table:a.b.c", "table:a b", 'table:a"b', "table:1st", "table:.a", "table:é"]
)
def test_names_that_databases_spell_differently_are_refused(output: str) -> None:
    with pytest.raises(ConfigError, match=r"a table such as table:scores or table:sales.scores was expected"):
        names_of(output)


def test_the_longest_name_is_that_of_postgresql() -> None:
    assert names_of(f"table:{'a' * 63}") == (None, "a" * 63)
    with pytest.raises(ConfigError):
        names_of(f"table:{'a' * 64}")
