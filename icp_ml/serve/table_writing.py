"""Scored rows into a table of a database: there at once and whole, or not there.

    create table icp_partial_...      rows go into a table that nobody else sees,
    count                             must be as many as were sent,
    drop table scores                 and take the place of what stood there,
    alter table ... rename to scores
    commit                            all in one transaction

Where anything goes wrong before the last line, the database does what it does with a transaction that was not
committed: what stood there before still does, also after the process was killed. As in `icp_ml.deals.sql_sources`, no
sentence holds the URL, a password, or what a driver says while it connects.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import uuid4

import pyarrow as pa

from icp_ml.deals.sql_drivers import DriverFailed, can_answer, file_of
from icp_ml.deals.sql_sources import BROKE_OFF, REFUSED_ENTRY, scrubbed
from icp_ml.deals.texts import as_strings
from icp_ml.errors import ConfigError, SourceUnavailable
from icp_ml.serve.table_drivers import TABLE, Database, is_embedded, writing_to
from icp_ml.serve.writing import Batch, IfExists, telling_of

PREFIX: Final = "table:"
"""What the name of an output begins with where it is a table."""
_NAME: Final = re.compile(r"(?:([a-z_][a-z0-9_]{0,62})\.)?([a-z_][a-z0-9_]{0,62})")
"""Names that mean the same with and without quotes in every database; PostgreSQL would cut longer ones."""

_PACKED: Final = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True)
class Table:
    """A table to write, and the database that holds it.

    schema: None for the one that the database takes where none is named. folder: what the path of a database file is
    relative to. variable: the environment variable that held the URL. if_exists: what becomes of a table of that name.
    """

    name: str
    schema: str | None
    url: str = field(repr=False)
    folder: Path
    variable: str
    if_exists: IfExists = "refuse"

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        named = self.name if self.schema is None else f"{self.schema}.{self.name}"
        return f"the table {named} through {self.variable}"


def names_of(output: str) -> tuple[str | None, str]:
    """Schema and table of an output such as "table:scores" or "table:sales.scores".

    Raises `ConfigError` for names of other letters than small ones, digits and underscores.
    """
    found = _NAME.fullmatch(output.removeprefix(PREFIX))
    if found is None:
        raise ConfigError(
            f"a table such as {PREFIX}scores or {PREFIX}sales.scores was expected, and '{output}' was named; use small "
            "letters, digits and underscores, at most 63 for a name"
        )
    return found[1], found[2]


def check_table(table: Table) -> None:
    """Whether rows could be written to the table, asked before any work is done.

    Raises as `write_table` does.
    """
    with _opened(table) as database:
        _checked_schema(database, table)


def write_table(table: Table, batches: Iterable[Batch]) -> int:
    """Write record batches of one schema to the table, and return the rows written.

    Texts, dictionaries of them, and what is neither number nor truth value become text. An error in `batches` leaves
    the database as it was. No batch at all writes no table.

    An embedded database is written to once the last batch is there: till then it is open to others, and the rows may
    come from it. They wait in a file without a name, in its folder.

    Raises `ConfigError` for a database or a table that cannot be used as it is, and for a table that exists while it
    is to be refused; `SourceUnavailable` where the database cannot be reached, breaks off, or lost rows.
    """
    if not is_embedded(table.url):
        return _loaded(table, batches)
    with _telling_of(table):
        folder = file_of(table.url, table.folder).parent
    with _waiting(batches, folder) as waited:
        return _loaded(table, waited)


def _loaded(table: Table, batches: Iterable[Batch]) -> int:
    rows = iter(batches)
    with _opened(table) as database:
        schema = _checked_schema(database, table)
        first = next(rows, None)
        if first is None:
            return 0
        partial = f"icp_partial_{uuid4().hex}"
        database.ask(f'create table "{schema}"."{partial}" ({_declared(first.schema)})')
        sent = _Sent(chain([first], rows))
        database.fill(schema, partial, _plain(first).schema, sent)
        _check_count(database, table, f'"{schema}"."{partial}"', sent.rows)
        if table.if_exists == "replace":
            database.ask(f'drop table if exists "{schema}"."{table.name}"')
        database.ask(f'alter table "{schema}"."{partial}" rename to "{table.name}"')
        database.commit()
    return sent.rows


class _Sent:
    """Batches as they are sent, counted as they pass. rows: how many so far."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.rows = 0
        self._batches = batches

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield _plain(batch)


def _check_count(database: Database, table: Table, partial: str, sent: int) -> None:
    counted = database.ask(f"select count(*) from {partial}")[0][0]
    if counted != sent:
        raise SourceUnavailable(
            f"{table.title}: expected {sent:,} rows in the database before anybody sees them, found {counted:,}; "
            "nothing was written; see what the database does to new tables, and try again"
        )


def _checked_schema(database: Database, table: Table) -> str:
    """The schema that the table will stand in, once nothing stands in its way."""
    own = database.ask(database.own_schema_sql)[0][0]
    if table.schema is None and own is None:
        raise ConfigError(f"a schema was expected for {table.title}, and the database has none of its own; name one")
    schema = table.schema or str(own)
    if schema != "main" and table.url.lower().startswith("sqlite"):
        raise ConfigError(f"a table without a schema was expected, since SQLite has none; name it {PREFIX}{table.name}")
    found = [kind for (kind,) in database.ask(database.found_sql.format(schema=schema, name=table.name))]
    if any(kind != TABLE for kind in found):
        raise ConfigError(f"{table.title} is no table but a view or the like; name another one")
    if found and table.if_exists == "refuse":
        raise ConfigError(f"{table.title} exists already; name another one, or allow it to be replaced (--force)")
    return schema


@contextmanager
def _waiting(batches: Iterable[Batch], folder: Path) -> Iterator[Iterable[Batch]]:
    """All batches once more, after the last of them has come. Nothing is left of the file, however the process ends."""
    with ExitStack() as files:
        with telling_of(folder):
            file = files.enter_context(tempfile.TemporaryFile(dir=folder))
        writer = None
        for batch in batches:
            with telling_of(folder):
                writer = writer or pa.ipc.new_stream(file, batch.schema, options=_PACKED)
                writer.write_batch(batch)
        if writer is None:
            yield ()
            return
        with telling_of(folder):
            writer.close()
            file.seek(0)
        yield pa.ipc.open_stream(file)


def _declared(schema: Batch) -> str:
    """The columns of a table, in words of SQL that all three databases know."""
    quoted = (each.name.replace('"', '""') for each in schema)
    return ", ".join(f'"{name}" {_column_type(each.type)[0]}' for name, each in zip(quoted, schema, strict=True))


def _column_type(kind: Batch) -> tuple[str, Batch]:
    """What a column is in the database, and in what it is sent."""
    test = pa.types
    if test.is_boolean(kind):
        return "boolean", pa.bool_()
    if test.is_floating(kind):
        return "double precision", pa.float64()
    if test.is_integer(kind) and kind != pa.uint64():
        fits = kind.bit_width < 32 or kind == pa.int32()
        return ("integer", pa.int32()) if fits else ("bigint", pa.int64())
    return "text", pa.string()


def _plain(batch: Batch) -> Batch:
    """The rows as they are sent."""
    columns = []
    for column in batch.columns:
        kind = _column_type(column.type)[1]
        columns.append(as_strings(column).cast(kind) if kind == pa.string() else column.cast(kind))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


@contextmanager
def _opened(table: Table) -> Iterator[Database]:
    if not can_answer(table.url):
        raise ConfigError(
            f"{table.variable}: expected a URL that starts with duckdb:///, sqlite:/// or postgresql://, found another "
            "one; export it anew"
        )
    with _telling_of(table), writing_to(table.url, table.folder) as database:
        yield database


@contextmanager
def _telling_of(table: Table) -> Iterator[None]:
    """What a driver says, as a sentence about the table."""
    try:
        yield
    except DriverFailed as failure:
        raise _explained(table, failure) from None


def _explained(table: Table, failure: DriverFailed) -> ConfigError | SourceUnavailable:
    told = failure.told.lower()
    if failure.connecting:
        known = next((words for words in REFUSED_ENTRY if words in told), None)
        if known is not None:
            return ConfigError(
                f"{table.title}: expected a database that can be opened, and it cannot ({known}); check the URL in "
                f"{table.variable}"
            )
        return SourceUnavailable(
            f"{table.title}: expected a database that can be written to, and there is no connection; check the URL in "
            f"{table.variable}, or try again later"
        )
    reason = scrubbed(failure.told.rpartition("ERROR: ")[2].strip(), table.url)  # before it PostgreSQL's has our SQL
    if any(words in told for words in BROKE_OFF):
        return SourceUnavailable(
            f"{table.title}: expected to write all rows, and the database broke off ({reason}); nothing was written, "
            "try again later"
        )
    return ConfigError(f"{table.title} could not be written, the database refused ({reason}); name another place")
