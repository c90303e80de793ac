"""MLflow's empty database, made once a process and copied: making one takes seconds, and is the same each time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache


@cache
def copy_empty_records() -> None:
    """From here on a new SQLite database of MLflow is a copy of the first one that MLflow made in this process."""
    from mlflow.store.db import utils  # noqa: PLC0415 - MLflow is loaded where it is asked for
    from sqlalchemy import Engine  # noqa: PLC0415 - as above

    make: Callable[[Engine], None] = utils._initialize_tables
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    made: list[int] = []

    def copy_or_make(engine: Engine) -> None:
        if engine.dialect.name != "sqlite":
            make(engine)
            return
        raw = engine.raw_connection()
        try:
            file = raw.driver_connection
            assert isinstance(file, sqlite3.Connection)
            if made:
                kept.backup(file)
            else:
                make(engine)
                file.backup(kept)
                made.append(1)
        finally:
            raw.close()

    utils._initialize_tables = copy_or_make
