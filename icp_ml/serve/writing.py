"""Scored rows into a file: there at once and whole, or not there.

Rows go into a hidden file beside the one that was asked for, which takes its name when the last row is on
the disk. Where anything goes wrong before that, the hidden file is removed and what stood there before
still does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from uuid import uuid4

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from icp_ml.errors import ConfigError

Batch: TypeAlias = Any
IfExists = Literal["refuse", "replace"]

SUFFIXES: Final = (".parquet", ".csv")


def check_output(path: Path, if_exists: IfExists) -> None:
    """Whether rows could be written to `path`, asked before any work is done.

    Raises `ConfigError` for another suffix than .parquet or .csv, a folder that is not there, and a file
    that is.
    """
    check_place(path, if_exists)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"an output file ending in {' or '.join(SUFFIXES)} was expected, and {path.name} was named; change its end"
        )


def check_place(path: Path, if_exists: IfExists) -> None:
    """Whether a file of any kind could be written to `path`.

    Raises `ConfigError` for a folder, a folder that is not there, and a file that is.
    """
    if path.is_dir():
        raise ConfigError(f"an output file was expected, and {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise ConfigError(f"a folder was expected at {path.parent} for the output, and there is none; make it first")
    if path.exists() and if_exists == "refuse":
        raise ConfigError(f"{path} exists already; name another file, or allow it to be replaced (--force)")


def check_keeps(source: Path, path: Path, what: str) -> None:
    """Raise `ConfigError` where writing to `path` would take the place of `source`, or put a file into it.

    what: what the source is to the person, such as "the list".
    """
    if path.exists() and source.exists() and path.samefile(source):
        raise ConfigError(f"the output {path} is {what} itself; name another file, so that it is kept")
    if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
        raise ConfigError(f"the output {path} lies in the folder {source}, which is {what}; name a file elsewhere")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A hidden file beside `path` to write to, which takes its place at the end, and is removed after an
    error.
    """
    partial = path.with_name(f".{path.stem}.{uuid4().hex}.partial{path.suffix}")
    try:
        yield partial
        with telling_of(path):
            _flush(partial)
            partial.replace(path)
    finally:
        with suppress(OSError):  # where it cannot be removed either, what went wrong before is what to tell
            partial.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, all of it or nothing. Raises `ConfigError` where that cannot be done."""
    with whole_file(path) as partial, telling_of(path):
        partial.write_text(text, encoding="utf-8", newline="")


@contextmanager
def telling_of(path: Path) -> Iterator[None]:
    """What goes wrong in here went wrong with the output and with nothing else."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{path} could not be written ({error.strerror or error}); name a place that can be written"
        ) from error


def write_batches(path: Path, batches: Iterable[Batch]) -> int:
    """Write record batches of one schema to `path`, as Parquet or CSV by its suffix, and return the rows written.

    An error in `batches` leaves nothing behind but itself. No batch at all writes no file.
    """
    rows = 0
    writer: Batch = None
    try:
        for batch in batches:
            with telling_of(path):
                writer = writer or _writer(path, batch.schema)
                writer.write_batch(_plain(batch) if _is_csv(path) else batch)
            rows += batch.num_rows
    finally:
        if writer is not None:
            with telling_of(path):
                writer.close()
    return rows


def _writer(path: Path, schema: Batch) -> Batch:
    if _is_csv(path):
        return pa_csv.CSVWriter(path, pa.schema([_plain_field(field) for field in schema]))
    # Numbers seldom repeat: a dictionary of them took four times as long to write, into a file a fifth larger.
    return pq.ParquetWriter(path, schema, use_dictionary=[f.name for f in schema if pa.types.is_dictionary(f.type)])


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _plain(batch: Batch) -> Batch:
    """CSV has no dictionaries: labels are written out."""
    return batch.cast(pa.schema([_plain_field(field) for field in batch.schema]))


def _plain_field(field: Batch) -> Batch:
    return pa.field(field.name, field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
