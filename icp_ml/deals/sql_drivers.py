"""Three kinds of database behind one call: a URL and a select statement in, a reader of record batches out.

    duckdb:///crm.duckdb                 a file relative to a folder; duckdb:////data/crm.duckdb is absolute
    sqlite:///crm.db                     the same
    postgresql://user:password@host/crm  a server

Each is opened for reading only; what writes is `icp_ml.serve.table_drivers`. What a driver raises leaves as
`DriverFailed`, whose words may hold anything.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final

import pyarrow as pa

from icp_ml.errors import ConfigError

Reader = Any  # pa.RecordBatchReader; pyarrow ships no types

BATCH_ROWS: Final = 65_536
"""Rows in a batch. SQLite has no types of columns: the driver settles them by the first batch."""

EXTRA: Final = "pip install 'icp-ml[sql]'"


class DriverFailed(Exception):
    """told: the driver's own words, on one line. connecting: nothing had been asked yet."""

    def __init__(self, told: str, *, connecting: bool = False) -> None:
        super().__init__(told)
        self.told = told
        self.connecting = connecting


def can_answer(url: str) -> bool:
    """Whether a URL is of a kind of database that can be read."""
    return scheme_of(url) in _ANSWERS


def answer_of(url: str, sql: str, folder: Path) -> AbstractContextManager[Reader]:
    """A reader of the rows of one select statement; it is closed with its connection when the context ends.

    folder: what the path of a database file is relative to. Raises `DriverFailed`, also while rows are read;
    `ConfigError` where the driver is not installed.
    """
    return _ANSWERS[scheme_of(url)](url, sql, folder)


@contextmanager
def _duckdb(url: str, sql: str, folder: Path) -> Iterator[Reader]:
    import duckdb  # noqa: PLC0415 - a heavy library, for those who read from it

    file = file_of(url, folder)
    with failing_as(duckdb.Error, connecting=True):
        # An extension that is not there would be downloaded, and run.
        connection = duckdb.connect(file, read_only=True, config={"autoinstall_known_extensions": "false"})
    with closing(connection), failing_as(duckdb.Error):
        yield connection.sql(sql).to_arrow_reader(BATCH_ROWS)


@contextmanager
def _sqlite(url: str, sql: str, folder: Path) -> Iterator[Reader]:
    dbapi, errors = driver_of("adbc_driver_sqlite"), driver_errors()
    file = file_of(url, folder)
    with failing_as(errors, connecting=True):
        connection = dbapi.connect(f"{file.as_uri()}?mode=ro")
    with closing(connection), closing(connection.cursor()) as cursor, failing_as(errors):
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
        cursor.execute(sql)
        yield cursor.fetch_record_batch()


@contextmanager
def _postgresql(url: str, sql: str, _folder: Path) -> Iterator[Reader]:
    dbapi, errors = driver_of("adbc_driver_postgresql"), driver_errors()
    with failing_as(errors, connecting=True):
        connection = dbapi.connect(url)
    with closing(connection), closing(connection.cursor()) as cursor, failing_as(errors):
        cursor.execute("set transaction read only")
        cursor.execute(sql)
        yield cursor.fetch_record_batch()


_ANSWERS: Final[Mapping[str, Callable[[str, str, Path], AbstractContextManager[Reader]]]] = MappingProxyType(
    {"duckdb": _duckdb, "sqlite": _sqlite, "postgresql": _postgresql, "postgres": _postgresql}
)


def scheme_of(url: str) -> str:
    """What a URL begins with, such as duckdb."""
    return url.partition("://")[0].strip().lower()


def file_of(url: str, folder: Path) -> Path:
    """The file of an embedded database. folder: what its path is relative to.

    Raises `DriverFailed` where there is none; nobody wants a new and empty one made in its place.
    """
    file = (folder / url.partition("://")[2].removeprefix("/")).absolute()
    if not file.is_file():
        raise DriverFailed("there is no such file", connecting=True)
    return file


def driver_of(module: str) -> ModuleType:
    """The DBAPI of an ADBC driver. Raises `ConfigError` where it is not installed."""
    try:
        return importlib.import_module(f"{module}.dbapi")
    except ImportError:
        raise ConfigError(
            f"this database needs {module.replace('_', '-')}, which is not installed here; run: {EXTRA}"
        ) from None


def driver_errors() -> type[Exception]:
    """The base of what ADBC drivers raise."""
    found: type[Exception] = importlib.import_module("adbc_driver_manager").Error
    return found


@contextmanager
def failing_as(errors: type[Exception], *, connecting: bool = False) -> Iterator[None]:
    """What is raised in here leaves as `DriverFailed`. errors: the base of what the driver raises.

    A query that breaks off while rows arrive shows as an error of Arrow's, which is one of the system's.
    """
    try:
        yield
    except (errors, pa.ArrowException, OSError) as error:
        raise DriverFailed(" ".join(str(error).split()), connecting=connecting) from None
