"""Three kinds of database behind one connection that writes: all of a transaction, or nothing of it.

What can be asked of each is the same, but for how it says which tables there are. URLs are those of
`icp_ml.deals.sql_drivers`, and what a driver raises leaves as its `DriverFailed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import pyarrow as pa

from icp_ml.deals.sql_drivers import driver_errors, driver_of, failing_as, file_of, scheme_of

Connection: TypeAlias = Any
Batch: TypeAlias = Any
Schema: TypeAlias = Any
Answer: TypeAlias = list[tuple[object, ...]]

TABLE: Final = "table"
"""What `found_sql` says of a plain table."""

_SQLITE_WAIT: Final = 10_000
"""Milliseconds to wait for somebody who reads or writes the same file. We chose it."""

_DUCKDB_SETTINGS: Final[Mapping[str, str | int | float | list[str]]] = MappingProxyType(
    {
        "autoinstall_known_extensions": "false",  # one that is not there would be downloaded, and run
        "memory_limit": "256MB",  # we chose it; else it takes most of what the machine has
        "threads": 1,  # each takes its share of the memory, and a single reader feeds them
    }
)

_FOUND_POSTGRESQL: Final = (
    "select case c.relkind when 'r' then 'table' else 'other' end from pg_class c "
    "join pg_namespace n on n.oid = c.relnamespace where n.nspname = '{schema}' and c.relname = '{name}'"
)
_FOUND_DUCKDB: Final = (
    "select case table_type when 'BASE TABLE' then 'table' else 'other' end from information_schema.tables "
    "where lower(table_schema) = '{schema}' and lower(table_name) = '{name}'"
)
_FOUND_SQLITE: Final = "select type from {schema}.sqlite_master where lower(name) = '{name}'"


class Database(Protocol):
    """A connection in a transaction: nobody else sees anything of it before it is committed."""

    @property
    def own_schema_sql(self) -> str:
        """Asks for the schema where a table stands that is named without one."""

    @property
    def found_sql(self) -> str:
        """Asks what there is of a {name} in a {schema}: one row for each thing, `TABLE` for a plain table."""

    def ask(self, sql: str) -> Answer:
        """What a statement answers, nothing where it answers nothing. Raises `DriverFailed`."""

    def fill(self, schema: str, table: str, columns: Schema, batches: Iterable[Batch]) -> None:
        """Add all rows to a table of the same columns. Raises `DriverFailed`."""

    def commit(self) -> None:
        """Show everybody what was done. Raises `DriverFailed`, and then nothing was."""


def is_embedded(url: str) -> bool:
    """Whether the database is a file, which lets few people in while it is written to."""
    return scheme_of(url) in ("duckdb", "sqlite")


def writing_to(url: str, folder: Path) -> AbstractContextManager[Database]:
    """A connection that writes, closed when the context ends; what was not committed by then was not done.

    folder: what the path of a database file is relative to. Raises `DriverFailed`; `ConfigError` where the driver is
    not installed.
    """
    return _WRITING[scheme_of(url)](url, folder)


@dataclass(frozen=True)
class _Adbc:
    connection: Connection
    found_sql: str
    own_schema_sql: str
    names_schemas: bool

    def ask(self, sql: str) -> Answer:
        with failing_as(driver_errors()), closing(self.connection.cursor()) as cursor:
            cursor.execute(sql)
            found: Answer = cursor.fetchall() if cursor.description else []
            return found

    def fill(self, schema: str, table: str, columns: Schema, batches: Iterable[Batch]) -> None:
        """One batch at a time, so that what goes wrong with the next one is no failure of the driver's."""
        named = schema if self.names_schemas else None
        with closing(self.connection.cursor()) as cursor:
            for batch in batches:
                with failing_as(driver_errors()):
                    cursor.adbc_ingest(table, batch, mode="append", db_schema_name=named)

    def commit(self) -> None:
        with failing_as(driver_errors()):
            self.connection.commit()


@dataclass(frozen=True)
class _DuckDb:
    connection: Connection
    errors: type[Exception]
    found_sql: str = _FOUND_DUCKDB
    own_schema_sql: str = "select current_schema()"

    def ask(self, sql: str) -> Answer:
        with failing_as(self.errors):
            found: Answer = self.connection.execute(sql).fetchall()
            return found

    def fill(self, schema: str, table: str, columns: Schema, batches: Iterable[Batch]) -> None:
        """In one statement: rows of many statements are held in memory until the transaction ends."""
        with failing_as(self.errors):
            self.connection.register("icp_rows", pa.RecordBatchReader.from_batches(columns, batches))
            self.connection.execute(f'insert into "{schema}"."{table}" select * from icp_rows')

    def commit(self) -> None:
        with failing_as(self.errors):
            self.connection.commit()


@contextmanager
def _duckdb(url: str, folder: Path) -> Iterator[Database]:
    import duckdb  # noqa: PLC0415 - a heavy library, for those who write to it

    file = file_of(url, folder)
    with failing_as(duckdb.Error, connecting=True):
        connection = duckdb.connect(file, config=dict(_DUCKDB_SETTINGS))
    with closing(connection):
        connection.begin()
        yield _DuckDb(connection, duckdb.Error)


@contextmanager
def _sqlite(url: str, folder: Path) -> Iterator[Database]:
    dbapi, errors = driver_of("adbc_driver_sqlite"), driver_errors()
    file = file_of(url, folder)
    with failing_as(errors, connecting=True):
        connection = dbapi.connect(f"{file.as_uri()}?mode=rw")
    with closing(connection):
        database = _Adbc(connection, _FOUND_SQLITE, "select 'main'", names_schemas=False)
        database.ask(f"pragma busy_timeout = {_SQLITE_WAIT}")
        # Views on a table that is replaced outlive it, as in DuckDB.
        database.ask("pragma legacy_alter_table = on")
        yield database


@contextmanager
def _postgresql(url: str, _folder: Path) -> Iterator[Database]:
    dbapi, errors = driver_of("adbc_driver_postgresql"), driver_errors()
    with failing_as(errors, connecting=True):
        connection = dbapi.connect(url)
    with closing(connection):
        yield _Adbc(connection, _FOUND_POSTGRESQL, "select current_schema()", names_schemas=True)


_WRITING: Final[Mapping[str, Callable[[str, Path], AbstractContextManager[Database]]]] = MappingProxyType(
    {"duckdb": _duckdb, "sqlite": _sqlite, "postgresql": _postgresql, "postgres": _postgresql}
)
