"""The one way from a declared source to its rows, be it a file, a folder or a query.

connected    binds the URLs that environment variables hold; done once, at the edge, when settings are read
rows_of      the whole source as one table          columns_of   the names of its columns
batches_of   the same, in batches as they arrive    place_of     where it is, for `icp_ml.deals.reading`
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import pyarrow as pa
from pydantic import BaseModel

from icp_ml.deals import reading
from icp_ml.deals.reading import BATCH_ROWS, Place
from icp_ml.deals.source_settings import SqlSource
from icp_ml.deals.sql_sources import Query
from icp_ml.errors import ConfigError, InputError

M = TypeVar("M", bound=BaseModel)


class Declared(Protocol):
    """Settings that say where rows are and how a file of them is written. A protocol: types are all there is to it."""

    @property
    def source(self) -> str | SqlSource | None:
        """The path of a file or a folder, or a query."""

    @property
    def delimiter(self) -> str:
        """What separates the columns of a CSV file."""

    @property
    def encoding(self) -> str:
        """The encoding of a CSV file."""

    @property
    def sheet(self) -> str | None:
        """The sheet of an Excel workbook."""


def connected(settings: M, urls: Mapping[str, str], root: Path) -> M:
    """The same settings, in which every query knows its database.

    urls: the environment, or what stands in for it: a URL for each variable that a connection may name. root: the
    folder that database files are relative to. A variable that is not set is told when its rows are asked for.
    """
    changed = {name: _connected(value, urls, root) for name, value in settings if _may_hold_a_query(value)}
    return settings.model_copy(update=changed) if changed else settings


def _may_hold_a_query(value: object) -> bool:
    return isinstance(value, BaseModel | Mapping | tuple) and bool(value)


def _connected(value: object, urls: Mapping[str, str], root: Path) -> object:
    if isinstance(value, SqlSource):
        url = urls.get(value.variable)
        return value.bound_to(Query(value.sql, url, root, value.variable)) if url else value
    if isinstance(value, BaseModel):
        return connected(value, urls, root)
    if isinstance(value, Mapping):
        return {key: _connected(item, urls, root) for key, item in value.items()}
    return tuple(_connected(item, urls, root) for item in value) if isinstance(value, tuple) else value


def place_of(declared: Declared, root: Path) -> Place:
    """Where the rows are: a path, or a query that can be asked.

    root: the folder that paths are relative to. Raises `ConfigError` where no source is declared, or nobody has bound
    the variable that a connection names.
    """
    source = declared.source
    if source is None:
        raise ConfigError("expected a source, found none; name a file, a folder or a query")
    if isinstance(source, str):
        return root / source
    if source.query is None:
        raise ConfigError(
            f"expected the URL of a database in the environment variable {source.variable}, found it not set; export "
            "it and try again"
        )
    return source.query


def columns_of(declared: Declared, root: Path) -> tuple[str, ...]:
    """The names of the columns. Raises as `place_of` and `reading.column_names` do."""
    return reading.column_names(
        place_of(declared, root), delimiter=declared.delimiter, encoding=declared.encoding, sheet=declared.sheet
    )


def rows_of(declared: Declared, root: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The whole source as one table, all columns or the named ones in this order.

    Raises as `place_of` and `reading.read_table` do.
    """
    return reading.read_table(
        place_of(declared, root),
        delimiter=declared.delimiter,
        encoding=declared.encoding,
        sheet=declared.sheet,
        columns=columns,
    )


def batches_of(
    declared: Declared, root: Path, columns: Sequence[str] | None = None, *, batch_rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Record batches of at most `batch_rows` rows. Raises as `place_of` and `reading.stream_batches` do."""
    return reading.stream_batches(
        place_of(declared, root),
        delimiter=declared.delimiter,
        encoding=declared.encoding,
        sheet=declared.sheet,
        columns=columns,
        batch_rows=batch_rows,
    )


def first_line_of(declared: Declared, root: Path) -> int:
    """The number of the first row of data, as a person counts who looks at the source. Raises as `columns_of` does."""
    return reading.first_line(
        place_of(declared, root), delimiter=declared.delimiter, encoding=declared.encoding, sheet=declared.sheet
    )


def title_of(declared: Declared) -> str:
    """What to call the source in a sentence."""
    source = declared.source
    return f"the query through {source.variable}" if isinstance(source, SqlSource) else str(source)


def file_of(declared: Declared, root: Path) -> Path | None:
    """The file or folder that is declared; None where there is none, or a query in its place."""
    return root / declared.source if isinstance(declared.source, str) else None


def digest_of(declared: Declared, root: Path) -> bytes:
    """SHA-256 of the bytes of each file, one after the other; of a query, of the rows it gave, whatever their order.

    Never of a URL. 32 bytes for each file or query. Raises `InputError` where a file cannot be read any more.
    """
    place = place_of(declared, root)
    if isinstance(place, Query):
        return place.digest()
    found = b""
    for part in sorted(place.rglob("*.parquet")) if place.is_dir() else [place]:
        try:
            with part.open("rb") as file:
                found += hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            raise InputError(
                f"{part.name} was expected where it had been read from, and cannot be read ({error.strerror}); see "
                "that it stays there, and try again"
            ) from None
    return found
