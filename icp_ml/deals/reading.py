"""Files to raw tables: CSV as texts, Parquet with its types, both in record batches of bounded size.

In CSV nothing is missing but the empty field; a text like "None" stays a text, because only the declaration
of a column can say what it means. Column names lose the white space around them. A name that is empty becomes
"(column 3)", by its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from icp_ml.deals import csv_files
from icp_ml.deals.words import listed, nearest, suggestion
from icp_ml.errors import InputError

BATCH_ROWS = 65_536
"""Rows in a batch at most: a few megabytes for forty attributes."""

_PAGE_BUFFER = 1 << 20  # bytes; with it a column of a row group is read page by page, never whole


def column_names(path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> tuple[str, ...]:
    """The names of the columns of a CSV file, a Parquet file or a folder of Parquet files.

    Raises `InputError` where the file is missing, empty, not in the encoding, or names a column twice.
    """
    _check_exists(path)
    if is_parquet(path):
        with _opened_parquet(_parquet_files(path)[0]) as parquet:
            return _checked_names(path, parquet.schema_arrow.names)
    return _checked_names(path, csv_files.recognise(path, delimiter, encoding).names)


def read_table(
    path: Path, *, delimiter: str = ",", encoding: str = "utf-8", columns: Sequence[str] | None = None
) -> pa.Table:
    """The whole file as one table. See `stream_batches`."""
    batches = stream_batches(path, delimiter=delimiter, encoding=encoding, columns=columns)
    return pa.Table.from_batches(list(batches))


def stream_batches(
    path: Path,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    columns: Sequence[str] | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Record batches of at most `batch_rows` rows, in the order of the file.

    `columns`: those to read, in this order; None for all.

    Raises `InputError`, before the first batch where that is possible, for a missing file, an empty one, a
    header without rows, another encoding or delimiter, rows of different lengths, a name that stands twice,
    a column that is not there, and one of `columns` with nested values.
    """
    _check_exists(path)
    rows = 0
    for batch in _batches(path, delimiter, encoding, columns, batch_rows):
        rows += batch.num_rows
        for start in range(0, batch.num_rows, batch_rows):
            yield batch.slice(start, batch_rows)
    if rows == 0:
        raise InputError(f"{path.name}: expected rows below the header, found none; export it again with its rows")


def _batches(
    path: Path, delimiter: str, encoding: str, columns: Sequence[str] | None, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    if is_parquet(path):
        _check_flat(path, columns or ())
        return _parquet_batches(path, _chosen(path, columns, column_names(path)), batch_rows)
    form = csv_files.recognise(path, delimiter, encoding)
    names = _checked_names(path, form.names)
    return csv_files.batches(form, names, _chosen(path, columns, names))


def _chosen(path: Path, columns: Sequence[str] | None, names: Sequence[str]) -> list[str]:
    wanted = list(names if columns is None else dict.fromkeys(columns))
    _check_present(path, wanted, names)
    return wanted


def _parquet_batches(path: Path, wanted: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
    for file in _parquet_files(path):
        with _opened_parquet(file) as parquet:
            raw_name = {name.strip(): name for name in parquet.schema_arrow.names}
            _check_present(file, wanted, tuple(raw_name))
            raw = [raw_name[name] for name in wanted]
            try:
                for batch in parquet.iter_batches(batch_size=batch_rows, columns=raw):
                    yield batch.select(raw).rename_columns(wanted)
            except (pa.ArrowInvalid, OSError) as error:
                reason = str(error).splitlines()[0]
                raise InputError(
                    f"{file.name}: expected a whole Parquet file, found a damaged one ({reason}); write it again"
                ) from None


def _check_flat(path: Path, wanted: Sequence[str]) -> None:
    """A column that is asked for by its name must hold one value a row, or a list of such values."""
    for file in _parquet_files(path):
        with _opened_parquet(file) as parquet:
            nested = [field for field in parquet.schema_arrow if field.name.strip() in wanted and _is_nested(field)]
        if nested:
            raise InputError(
                f"{file.name}: expected texts, numbers, dates or lists in the column '{nested[0].name.strip()}', found "
                f"values of type {nested[0].type}; flatten it before the export"
            )


def _is_nested(field: pa.Field) -> bool:
    if pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
        return bool(pa.types.is_nested(field.type.value_type))
    return bool(pa.types.is_nested(field.type))


def _opened_parquet(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file, pre_buffer=False, buffer_size=_PAGE_BUFFER)
    except (pa.ArrowInvalid, OSError):
        raise InputError(f"{file.name}: expected a Parquet file, found something else; write it again") from None


def _parquet_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.parquet"))
    if not found:
        raise InputError(f"{path}: expected a folder with .parquet files, found none; name a file or that folder")
    return found


def is_parquet(path: Path) -> bool:
    """Whether an existing path is a folder of Parquet files or such a file, by its name or its first "
    "bytes."""
    if path.is_dir() or path.suffix.lower() in (".parquet", ".pq"):
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _check_exists(path: Path) -> None:
    if path.exists():
        return
    folder = path.parent
    neighbours = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    near = nearest(path.name, neighbours)
    hint = f"did you mean '{near}'?" if near else "check its path"
    raise InputError(f"expected a file at {path}, found none; {hint}")


def _checked_names(path: Path, raw: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() or f"(column {place})" for place, name in enumerate(raw, 1))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{path.name}: expected every column name once, found {listed(twice)} more than once; "
            "rename or remove the others"
        )
    return names


def _check_present(path: Path, wanted: Sequence[str], names: Sequence[str]) -> None:
    lacking = [name for name in wanted if name not in names]
    if lacking:
        raise InputError(
            f"{path.name}: expected {'a column' if len(lacking) == 1 else 'columns'} {listed(lacking)}, "
            f"found none of that name; {suggestion(lacking[0], names)}"
        )
