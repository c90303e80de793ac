"""A query to a database as a place that rows come from, beside files and folders.

No sentence holds the URL, a password, or what a driver says while it connects: a driver that cannot read a URL quotes
parts of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.sql_drivers import BATCH_ROWS, DriverFailed, Reader, answer_of, can_answer
from icp_ml.deals.sql_types import plain_batch, plain_schema
from icp_ml.deals.texts import Column, as_array, as_strings
from icp_ml.errors import ConfigError, InputError, SourceUnavailable

_LONGEST_REASON: Final = 200  # characters of a driver's words that a sentence can carry
BROKE_OFF: Final = ("terminat", "cancel", "timeout", "timed out", "connection", "locked", "set lock", "shutting down")
"""Words of drivers for a query that was broken off or never got through; all others are mistakes in the query."""
REFUSED_ENTRY: Final = ("authentication failed", "no such file", "does not exist", "not a valid", "not a database")
"""Words of drivers for a database that will be no other when it is asked again."""


@dataclass(frozen=True)
class Query:
    """A select statement, and the database that answers it.

    folder: what the path of a database file is relative to. variable: the environment variable that held the URL.

    `rows` is asked for once and kept, so that the names of the columns, the rows and their digest are of one moment.
    """

    sql: str
    url: str = field(repr=False)
    folder: Path
    variable: str

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return f"the query through {self.variable}"

    @cached_property
    def rows(self) -> pa.Table:
        """All rows, in the order in which the database gives them. Raises as `batches` does."""
        self._check_one_select()
        with self._answer(self.sql) as answer:
            schema = plain_schema(self.name, answer.schema)
            return pa.Table.from_batches([plain_batch(batch, schema) for batch in answer], schema)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, as the database gives them. Raises as `batches` does."""
        return tuple(self.rows.schema.names) if self._is_kept else self._check_one_select()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in the order in which the database gives them, as they arrive, without keeping them.

        Raises `ConfigError` for a URL that cannot be used, `InputError` for a query that the database refuses and
        for a column that holds no texts, numbers, dates or lists, `SourceUnavailable` where the database cannot be
        reached or breaks off; what it gave before is then no result.
        """
        if self._is_kept:
            yield from self.rows.to_batches(max_chunksize=BATCH_ROWS)
            return
        self._check_one_select()
        with self._answer(self.sql) as answer:
            schema = plain_schema(self.name, answer.schema)
            for batch in answer:
                yield plain_batch(batch, schema)

    def digest(self) -> bytes:
        """SHA-256 of the rows as texts, whatever their order, since a database promises none. 32 bytes."""
        names = sorted(self.rows.schema.names)
        texts = [_spelled(self.rows.column(name)) for name in names]
        rows = pc.binary_join_element_wise(*texts, pa.scalar("\x1f", pa.large_string()))
        digest = hashlib.sha256("\x1f".join(names).encode())
        for buffer in rows.take(pc.array_sort_indices(rows)).buffers():
            digest.update(b"" if buffer is None else buffer)
        return digest.digest()

    @property
    def _is_kept(self) -> bool:
        return "rows" in self.__dict__

    def _check_one_select(self) -> tuple[str, ...]:
        """Asked for no row, inside brackets, where nothing but one select statement can stand."""
        with self._answer(f"select * from (\n{self.sql.strip().rstrip(';')}\n) as answer limit 0") as answer:
            return tuple(answer.schema.names)

    @contextmanager
    def _answer(self, sql: str) -> Iterator[Reader]:
        if not can_answer(self.url):
            raise ConfigError(
                f"{self.variable}: expected a URL that starts with duckdb:///, sqlite:/// or postgresql://, found "
                "another one; export it anew"
            )
        try:
            with answer_of(self.url, sql, self.folder) as answer:
                yield answer
        except DriverFailed as failure:
            raise self._explained(failure) from None

    def _explained(self, failure: DriverFailed) -> InputError | SourceUnavailable:
        told = failure.told.lower()
        if failure.connecting:
            known = next((words for words in REFUSED_ENTRY if words in told), None)
            if known is not None:
                return InputError(
                    f"{self.name}: expected a database that can be opened, and it cannot ({known}); check the URL in "
                    f"{self.variable}"
                )
            return SourceUnavailable(
                f"{self.name}: expected a database that answers, and there is no connection; check the URL in "
                f"{self.variable}, or try again later"
            )
        reason = scrubbed(failure.told, self.url)
        if any(words in told for words in BROKE_OFF):
            return SourceUnavailable(
                f"{self.name}: expected all rows, and the database broke off ({reason}); nothing of them is used, try "
                "again later"
            )
        if "type mismatch" in told:
            return InputError(
                f"{self.name}: expected one type in each column, found two ({reason}); cast that column to text in "
                "the query"
            )
        return InputError(f"{self.name}: expected rows, and the database refused ({reason}); correct the query")


def scrubbed(told: str, url: str) -> str:
    """A driver's words without the URL and whatever in it is a password, cut to a bearable length."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        told = told.replace(secret, "***")
    return told if len(told) <= _LONGEST_REASON else f"{told[:_LONGEST_REASON]}..."


def _secrets(url: str) -> set[str]:
    found = {url, url.partition("://")[2].rpartition("@")[0]}
    try:
        parts = urlsplit(url)
    except ValueError:
        return found - {""}
    found |= {parts.password or "", unquote(parts.password or "")}
    found |= {value for key, value in parse_qsl(parts.query) if "pass" in key.lower()}
    return found - {""}


def _spelled(column: Column) -> Column:
    """Each value as the text that is learned from; what is missing is told from the empty text."""
    return pc.fill_null(as_strings(as_array(column)), "\x00").cast(pa.large_string())
