"""A job killed while it writes into a database: what stood there still does, and a rerun succeeds. Real processes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests import postgresql_server, serve_models
from tests.cli_projects import icp

ROWS = 24_000
OLD = "create table scores as select 7 as one"
COUNT = "select count(*), count(distinct domain), count(reason_for_1) > 0 from scores"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, a list, and two databases with an old table."""
    root = tmp_path_factory.mktemp("tables")
    serve_models.write(root / "models" / "planted" / "v1")
    pq.write_table(serve_models.raw_list(ROWS, seed=5), root / "list.parquet")
    with closing(sqlite3.connect(root / "out.db")) as file, duckdb.connect(root / "out.duckdb") as database:
        file.execute(OLD)
        database.execute(OLD)
    return root


@pytest.fixture
def into(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Has jobs write to a URL, with the terminal in the project, and says where that is."""

    def set_up(url: str) -> Path:
        monkeypatch.chdir(project)
        monkeypatch.setenv("OUT_URL", url)
        return project

    return set_up


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql_server.server_url() as url:
        yield url


def words(*more: str) -> list[str]:
    asked = ["list.parquet", "-o", "table:scores", "--into", "env:OUT_URL", "--force", "--model", "models/planted/v1"]
    return ["score", *asked, *more]


def assert_killed_and_done(ask: Callable[[str], object], is_writing: Callable[[int], bool]) -> None:
    """Kill a job once it writes. ask: what the database answers. is_writing: of the process of that number."""
    command = [sys.executable, "-m", "icp_ml.cli.main", *words("--batch-rows", "500")]
    job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while job.poll() is None and not is_writing(job.pid):
        time.sleep(0.001)
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL
    assert ask("select * from scores") == [(7,)]
    again = icp(*words())
    assert again.code == 0, again.err
    assert ask(COUNT) == [(ROWS, ROWS, True)]
    assert {path.name for path in Path().iterdir()} <= {"models", "list.parquet", "out.db", "out.duckdb"}


def test_postgresql_keeps_the_old_table(server: str, into: Callable[[str], Path]) -> None:
    into(server)
    ask = partial(postgresql_server.ask, server)
    ask(OLD)
    sending = "select 1 from pg_stat_activity where query like 'COPY %icp_partial_%'"
    assert_killed_and_done(ask, lambda _: ask(sending) == [(1,)])
    assert ask("select relname from pg_class where relname like 'icp_partial%'") == []


def test_sqlite_keeps_the_old_table(into: Callable[[str], Path]) -> None:
    file = into("sqlite:///out.db") / "out.db"
    size = file.stat().st_size

    def ask(sql: str) -> object:
        with closing(sqlite3.connect(file)) as database:
            return database.execute(sql).fetchall()

    # The file itself is being changed: rows of the new table no longer fit into memory.
    assert_killed_and_done(ask, lambda _: file.with_name("out.db-journal").exists() and file.stat().st_size > size)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux says which files a process holds open")
def test_duckdb_keeps_the_old_table(into: Callable[[str], Path]) -> None:
    file = into("duckdb:///out.duckdb") / "out.duckdb"

    def ask(sql: str) -> object:
        with duckdb.connect(file) as database:
            return database.execute(sql).fetchall()

    def is_writing(process: int) -> bool:
        """The database is open, and beside it the file without a name from which rows go into it."""
        held = open_files(process)
        return str(file) in held and any(name.endswith("(deleted)") for name in held)

    assert_killed_and_done(ask, is_writing)


def open_files(process: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:  # closed meanwhile
            continue
    return found
