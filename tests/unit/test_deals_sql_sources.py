"""A query is a source like a file: the same rows, one sentence where it fails, and no secret anywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.reading import column_names, read_table, stream_batches
from icp_ml.deals.settings import AccountsSettings, DealsSettings, OutcomeSettings, ProspectsSettings, parse_settings
from icp_ml.deals.sources import connected, digest_of, first_line_of, place_of, rows_of, title_of
from icp_ml.deals.sql_drivers import driver_of
from icp_ml.deals.sql_sources import Query, scrubbed
from icp_ml.deals.texts import encode_texts
from icp_ml.errors import ConfigError, IcpError, InputError, SourceUnavailable

ROWS = [(1, "Acme", 1.5, "2024-01-31"), (2, None, None, None), (3, "Zoë", -2.0, "2023-12-01")]
TABLE = "create table deals (id integer, name text, amount double precision, opened date)"


def duckdb_at(folder: Path) -> str:
    with duckdb.connect(folder / "crm.duckdb") as database:
        database.execute(TABLE)
        database.executemany("insert into deals values (?, ?, ?, ?)", ROWS)
    return "duckdb:///crm.duckdb"


def sqlite_at(folder: Path) -> str:
    database = sqlite3.connect(folder / "crm.db")
    with database:
        database.execute(TABLE)
        database.executemany("insert into deals values (?, ?, ?, ?)", ROWS)
    database.close()
    return "sqlite:///crm.db"


EMBEDDED = pytest.mark.parametrize("made", [duckdb_at, sqlite_at])
Made = Callable[[Path], str]


def query(folder: Path, url: str, sql: str = "select * from deals order by id") -> Query:
    return Query(sql, url, folder, "CRM_URL")


def texts_of(table: pa.Table) -> dict[str, list[str]]:
    """Every column as the texts that are learned from."""
    rows = np.arange(table.num_rows)
    return {name: encode_texts(table.column(name)).texts(rows).tolist() for name in table.schema.names}


def refusal(asked: Query) -> IcpError:
    with pytest.raises(IcpError) as caught:
        read_table(asked)
    assert asked.url not in caught.value.sentence
    return caught.value


@EMBEDDED
def test_the_rows_are_those_of_the_database(tmp_path: Path, made: Made) -> None:
    asked = query(tmp_path, made(tmp_path))
    table = read_table(asked)
    assert column_names(asked) == ("id", "name", "amount", "opened")
    assert texts_of(table) == {
        "id": ["1", "2", "3"],
        "name": ["Acme", "", "Zoë"],
        "amount": ["1.5", "", "-2"],
        "opened": ["2024-01-31", "", "2023-12-01"],
    }
    assert read_table(asked, columns=["name", "id"]).schema.names == ["name", "id"]


@EMBEDDED
def test_batches_hold_the_same_rows_whether_they_are_kept_or_not(tmp_path: Path, made: Made) -> None:
    url = made(tmp_path)
    streamed = list(stream_batches(query(tmp_path, url), batch_rows=2))
    assert [batch.num_rows for batch in streamed] == [2, 1]
    kept = query(tmp_path, url)
    whole = read_table(kept)
    assert [batch.num_rows for batch in stream_batches(kept, batch_rows=2)] == [2, 1]
    assert whole.to_pylist() == [row for batch in streamed for row in batch.to_pylist()]


@EMBEDDED
def test_a_query_is_asked_once_for_all_that_is_read_of_it(tmp_path: Path, made: Made) -> None:
    asked = query(tmp_path, made(tmp_path))
    before = read_table(asked).to_pylist()
    for file in tmp_path.iterdir():
        file.unlink()
    assert read_table(asked).to_pylist() == before
    assert len(asked.digest()) == 32


@EMBEDDED
def test_the_digest_is_that_of_the_rows_in_any_order(tmp_path: Path, made: Made) -> None:
    url = made(tmp_path)
    digest = query(tmp_path, url).digest()
    assert query(tmp_path, url, "select * from deals order by id desc").digest() == digest
    assert query(tmp_path, url, "select opened, amount, name, id from deals;").digest() == digest
    others = ["select * from deals where id < 3", "select id, name, amount, null as opened from deals"]
    others += [
        "select id, name as amount, amount as name, opened from deals",
        "select * from deals union all select * from deals",
    ]
    assert digest not in {query(tmp_path, url, sql).digest() for sql in others}


NO_SELECT = ["drop table deals", "delete from deals", "select 1; drop table deals", "select * from nowhere", "selec"]
NO_SELECT += ["insert into deals values (9, 'x', 1, null)", "select 1) as a; drop table deals; select * from (select 1"]


@EMBEDDED
@pytest.mark.parametrize("sql", NO_SELECT)
def test_nothing_but_one_select_statement_is_asked(tmp_path: Path, made: Made, sql: str) -> None:
    url = made(tmp_path)
    told = refusal(query(tmp_path, url, sql))
    assert isinstance(told, InputError)
    assert "the query through CRM_URL: expected rows, and the database refused" in told.sentence
    assert told.sentence.endswith("correct the query")
    assert read_table(query(tmp_path, url)).num_rows == 3


@EMBEDDED
@pytest.mark.parametrize("end", [";", " ; \n", " -- all of them", "\n-- all of them\n"])
def test_a_query_may_end_with_a_semicolon_or_a_remark(tmp_path: Path, made: Made, end: str) -> None:
    assert read_table(query(tmp_path, made(tmp_path), f"select * from deals{end}")).num_rows == 3


@EMBEDDED
def test_no_rows_and_two_columns_of_one_name_are_refused(tmp_path: Path, made: Made) -> None:
    url = made(tmp_path)
    assert (
        "expected rows, and it has none" in refusal(query(tmp_path, url, "select * from deals where id > 9")).sentence
    )
    twice = query(tmp_path, url, 'select name, id as "name " from deals')
    assert "found 'name' more than once" in refusal(twice).sentence


@pytest.mark.parametrize(
    "url", ["duckdb:///nowhere.duckdb", "sqlite:///nowhere.db", "duckdb:///junk", "sqlite:///junk"]
)
def test_a_file_that_is_no_database_is_told_and_not_made(tmp_path: Path, url: str) -> None:
    (tmp_path / "junk").write_text("junk" * 1000)
    assert isinstance(refusal(query(tmp_path, url)), InputError)
    assert [path.name for path in tmp_path.iterdir()] == ["junk"]


def test_another_kind_of_url_is_told(tmp_path: Path) -> None:
    told = refusal(query(tmp_path, "mysql://me:hunter2@db/crm"))
    assert isinstance(told, ConfigError)
    assert "CRM_URL: expected a URL that starts with duckdb:///, sqlite:/// or postgresql://" in told.sentence


def test_a_server_that_does_not_answer_is_worth_another_try(tmp_path: Path) -> None:
    told = refusal(query(tmp_path, "postgresql://me:hunter2@localhost:1/crm"))
    assert isinstance(told, SourceUnavailable)
    assert told.exit_code == 75
    assert "hunter2" not in told.sentence


def test_a_column_whose_type_changes_is_told_with_the_fix(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "crm.db")
    with database:
        database.execute("create table deals (size)")
        database.executemany("insert into deals values (?)", [(1,)] * 70_000 + [("many",)])
    database.close()
    assert "cast that column to text" in refusal(query(tmp_path, "sqlite:///crm.db", "select * from deals")).sentence
    cast = query(tmp_path, "sqlite:///crm.db", "select cast(size as text) as size from deals")
    assert read_table(cast).column("size").to_pylist()[-1] == "many"


@pytest.mark.parametrize("shown", ["{'a': 1}", "interval 1 day", "'x'::blob", "[[1]]"])
def test_a_column_of_no_plain_type_is_told_with_the_fix(tmp_path: Path, shown: str) -> None:
    told = refusal(query(tmp_path, duckdb_at(tmp_path), f"select {shown} as odd"))
    assert "in the column 'odd'" in told.sentence
    assert "cast it to text in the query" in told.sentence


def test_identifiers_and_lists_of_a_database_are_plain(tmp_path: Path) -> None:
    # The second row is null throughout: bytes beside values must not slip.
    sql = """select * from (values
        (uuid '00112233-4455-6677-8899-aabbccddeeff', ['a', 'b'], 1.50::decimal(9, 2), 'x'::enum('x', 'y')),
        (null, null, null, null)) as t(u, l, d, e)"""
    table = read_table(query(tmp_path, duckdb_at(tmp_path), sql))
    assert texts_of(table) == {
        "u": ["00112233-4455-6677-8899-aabbccddeeff", ""],
        "l": ["a;b", ""],
        "d": ["1.50", ""],
        "e": ["x", ""],
    }


# --- settings -----------------------------------------------------------------------------------------------------


def settings(source: object) -> AccountsSettings:
    return parse_settings(AccountsSettings, {"source": source, "id": "id"})


DECLARED = {"sql": "select * from deals order by id", "connection": "env:CRM_URL"}


def test_a_declared_query_is_read_through_the_environment(tmp_path: Path) -> None:
    bound = connected(settings(DECLARED), {"CRM_URL": duckdb_at(tmp_path)}, tmp_path)
    assert rows_of(bound, tmp_path, ["name"]).column("name").to_pylist() == ["Acme", None, "Zoë"]
    assert (title_of(bound), first_line_of(bound, tmp_path)) == ("the query through CRM_URL", 1)
    assert digest_of(bound, tmp_path) == query(tmp_path, "duckdb:///crm.duckdb").digest()


def test_a_variable_that_is_not_set_is_told_when_the_rows_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="environment variable CRM_URL, found it not set; export it"):
        place_of(connected(settings(DECLARED), {"CRM_URL": ""}, tmp_path), tmp_path)


def test_settings_never_hold_the_url(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@db/crm"
    bare = settings(DECLARED)
    bound = connected(bare, {"CRM_URL": url}, tmp_path)
    assert bound.model_dump() == bare.model_dump()
    assert "hunter2" not in repr(bound) + str(bound) + bound.model_dump_json() + repr(place_of(bound, tmp_path))


@pytest.mark.parametrize(
    "source",
    [
        "postgresql://me:hunter2@db/crm",
        {"sql": "select 1", "connection": "postgresql://me:hunter2@db/crm"},
        {"sql": "select 1", "connection": "hunter2"},
        {"sql": "select 1", "connection": {"url": "hunter2"}},
        {"sql": "select 1", "connection": ["hunter2"]},
        {"sql": "select 1", "connection": "env:CRM_URL", "password": "hunter2"},
        {"sql": "select 1", "url": "postgresql://me:hunter2@db/crm"},
        ["postgresql://me:hunter2@db/crm"],
    ],
)
def test_a_url_or_password_in_the_configuration_is_refused_and_not_repeated(source: object) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(source)
    assert caught.value.sentence.startswith("source")
    assert "hunter2" not in caught.value.sentence


def test_a_misspelt_key_of_a_query_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"deals.source.conection is not a known key; did you mean 'connection'\?"):
        parse_settings(Wrapped, {"deals": {"source": {"sql": "select 1", "conection": "env:X"}}})


class Wrapped(DealsSettings):
    """Settings within settings, as a configuration has them."""

    deals: AccountsSettings


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    declared = DealsSettings(source="deals.csv", outcome=OutcomeSettings(column="stage", won=("Won",), lost=("Lost",)))
    with pytest.raises(InputError, match=r"deals\.csv was expected where it had been read from"):
        digest_of(declared, tmp_path)


def test_a_driver_that_is_not_installed_is_named_with_what_to_run() -> None:
    with pytest.raises(ConfigError, match=r"this database needs adbc-driver-nobody, which is not installed here; run"):
        driver_of("adbc_driver_nobody")


def test_a_url_that_cannot_be_taken_apart_is_not_told_either() -> None:
    url = "postgresql://me:geheim@[nowhere/crm"
    said = scrubbed(f"no host in {url} for me:geheim", url)
    assert said == "no host in *** for ***"


def test_rows_without_a_source_are_asked_for() -> None:
    with pytest.raises(ConfigError, match="expected a source, found none; name a file, a folder or a query"):
        place_of(ProspectsSettings(), Path())
