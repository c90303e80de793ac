"""Files and queries to raw tables: CSV and Excel as texts, Parquet and databases with their types, in record batches.

In CSV nothing is missing but the empty field; a text like "None" stays a text, because only the declaration
of a column can say what it means. Column names lose the white space around them. A name that is empty becomes
"(column 3)", by its place. What a file is, is told by its first bytes, not by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from icp_ml.deals import csv_files, excel_files
from icp_ml.deals.settings import AUTO
from icp_ml.deals.sql_sources import Query
from icp_ml.deals.words import listed, nearest, suggestion
from icp_ml.errors import InputError

BATCH_ROWS = 65_536
"""Rows in a batch at most: a few megabytes for forty attributes."""

MOST_COLUMNS = 10_000
"""Columns of a file or query at most; we chose it. Each column of deals is tried for leaks, and a CRM allows a record
a thousand fields or two."""

_PAGE_BUFFER = 1 << 20  # bytes; with it a column of a row group is read page by page, never whole

Place: TypeAlias = Path | Query
"""A file, a folder of Parquet files, or a query."""


def column_names(
    place: Place, *, delimiter: str = AUTO, encoding: str = AUTO, sheet: str | None = None
) -> tuple[str, ...]:
    """The names of the columns of a file, of a folder of Parquet files, or of the answer to a query.

    Raises `InputError` where the file is missing, empty, not in the encoding, names a column twice or has more than
    `MOST_COLUMNS`, and what `excel_files.read_sheet` and `Query.names` raise.
    """
    if isinstance(place, Query):
        return _checked_names(place, place.names)
    _check_exists(place)
    if is_parquet(place):
        with opened_parquet(parquet_files(place)[0]) as parquet:
            return _checked_names(place, parquet.schema_arrow.names)
    if excel_files.is_workbook(place):
        return _checked_names(place, excel_files.read_sheet(place, sheet).names)
    return _checked_names(place, csv_files.recognise(place, delimiter, encoding).names)


def read_table(
    place: Place,
    *,
    delimiter: str = AUTO,
    encoding: str = AUTO,
    sheet: str | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """All rows as one table. See `stream_batches`; a query is asked once, and its answer kept."""
    if isinstance(place, Query):
        table = place.rows.rename_columns(_checked_names(place, place.rows.schema.names))
        _check_some_rows(place, table.num_rows)
        return table.select(_chosen(place, columns, table.schema.names))
    batches = stream_batches(place, delimiter=delimiter, encoding=encoding, sheet=sheet, columns=columns)
    return pa.Table.from_batches(list(batches))


def stream_batches(
    place: Place,
    *,
    delimiter: str = AUTO,
    encoding: str = AUTO,
    sheet: str | None = None,
    columns: Sequence[str] | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Record batches of at most `batch_rows` rows, in the order of the source.

    `columns`: those to read, in this order; None for all. `sheet`: of an Excel workbook, which need not be named
    where only one sheet holds anything.

    Raises `InputError`, before the first batch where that is possible, for a missing file, an empty one, a
    header without rows, another encoding or delimiter, rows of different lengths, a name that stands twice,
    a column that is not there, and one of `columns` with nested values; and what `Query.batches` raises.
    """
    rows = 0
    for batch in _batches(place, (delimiter, encoding, sheet), columns, batch_rows):
        rows += batch.num_rows
        for start in range(0, batch.num_rows, batch_rows):
            yield batch.slice(start, batch_rows)
    _check_some_rows(place, rows)


def rows_known(place: Place) -> int | None:
    """How many rows there are, where that is written down before the first is read; None else.

    Raises `InputError` where a file is no Parquet file though it is called one.
    """
    if isinstance(place, Query) or not place.exists() or not is_parquet(place):
        return None
    total = 0
    for file in parquet_files(place):
        with opened_parquet(file) as parquet:
            total += parquet.metadata.num_rows
    return total


def first_line(place: Place, *, delimiter: str = AUTO, encoding: str = AUTO, sheet: str | None = None) -> int:
    """The number of the first row of data: below the header in a text file or a sheet, 1 where there is no header.

    Raises as `column_names` does.
    """
    if isinstance(place, Query):
        return 1
    _check_exists(place)
    if is_parquet(place):
        return 1
    if excel_files.is_workbook(place):
        return excel_files.read_sheet(place, sheet).header_at + 1
    return csv_files.recognise(place, delimiter, encoding).header_at + 1


def _check_some_rows(place: Place, rows: int) -> None:
    if rows:
        return
    if isinstance(place, Query):
        raise InputError(f"{place.name}: expected rows, and it has none; correct its conditions")
    raise InputError(f"{place.name}: expected rows below the header, found none; export it again with its rows")


def _batches(
    place: Place, form: tuple[str, str, str | None], columns: Sequence[str] | None, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """form: delimiter, encoding and sheet."""
    if isinstance(place, Query):
        return _query_batches(place, columns)
    _check_exists(place)
    if is_parquet(place):
        _check_flat(place, columns or ())
        return _parquet_batches(place, _chosen(place, columns, column_names(place)), batch_rows)
    delimiter, encoding, sheet = form
    if excel_files.is_workbook(place):
        found = excel_files.read_sheet(place, sheet)
        table = found.table.rename_columns(_checked_names(place, found.names))
        return iter(table.select(_chosen(place, columns, table.schema.names)).to_batches())
    recognised = csv_files.recognise(place, delimiter, encoding)
    names = _checked_names(place, recognised.names)
    return csv_files.batches(recognised, names, _chosen(place, columns, names))


def _query_batches(query: Query, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    for batch in query.batches():
        names = _checked_names(query, batch.schema.names)
        yield batch.rename_columns(names).select(_chosen(query, columns, names))


def _chosen(path: Place, columns: Sequence[str] | None, names: Sequence[str]) -> list[str]:
    wanted = list(names if columns is None else dict.fromkeys(columns))
    _check_present(path, wanted, names)
    return wanted


def _parquet_batches(path: Path, wanted: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
    for file in parquet_files(path):
        with opened_parquet(file) as parquet:
            raw_name = {name.strip(): name for name in parquet.schema_arrow.names}
            _check_present(file, wanted, tuple(raw_name))
            raw = [raw_name[name] for name in wanted]
            try:
                for batch in parquet.iter_batches(batch_size=batch_rows, columns=raw):
                    batch.validate(full=True)  # a text that is no UTF-8, and an index that leads nowhere
                    yield batch.select(raw).rename_columns(wanted)
            except (pa.ArrowException, OSError) as error:
                reason = str(error).splitlines()[0]
                raise InputError(
                    f"{file.name}: expected a whole Parquet file, found a damaged one ({reason}); write it again"
                ) from None


def _check_flat(path: Path, wanted: Sequence[str]) -> None:
    """A column that is asked for by its name must hold one value a row, or a list of such values."""
    for file in parquet_files(path):
        with opened_parquet(file) as parquet:
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


def opened_parquet(file: Path) -> pq.ParquetFile:
    """A Parquet file, nothing but its footer read. Raises `InputError` where it is none."""
    try:
        return pq.ParquetFile(file, pre_buffer=False, buffer_size=_PAGE_BUFFER)
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the last of names of columns, or of metadata
        raise InputError(f"{file.name}: expected a Parquet file, found something else; write it again") from None


def parquet_files(path: Path) -> list[Path]:
    """The file itself, or the Parquet files of a folder in the order of their names, hidden ones left out.

    Raises `InputError` for a folder without any, and for one that a job has not finished.
    """
    if not path.is_dir():
        return [path]
    if (path / "_job.json").exists() and not (path / "_manifest.json").exists():
        raise InputError(
            f"{path}: expected whole scored parts, found those of a job that did not finish; finish it with --resume"
        )
    found = sorted(file for file in path.rglob("*.parquet") if not _is_hidden(file.relative_to(path)))
    if not found:
        raise InputError(f"{path}: expected a folder with .parquet files, found none; name a file or that folder")
    return found


def _is_hidden(path: Path) -> bool:
    """Whether a name on the way begins with a dot or an underscore, as those of unfinished and of side files do."""
    return any(part.startswith((".", "_")) for part in path.parts)


def is_parquet(path: Path) -> bool:
    """Whether an existing path is a folder of Parquet files or such a file, by its name or its first bytes."""
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


def _checked_names(path: Place, raw: Sequence[str]) -> tuple[str, ...]:
    if len(raw) > MOST_COLUMNS:
        raise InputError(
            f"{path.name}: expected {MOST_COLUMNS:,} columns at most, found {len(raw):,}; export those that say "
            "something of a company, and leave the others out"
        )
    names = tuple(name.strip() or f"(column {place})" for place, name in enumerate(raw, 1))
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise InputError(
            f"{path.name}: expected every column name once, found {listed(twice)} more than once; "
            "rename or remove the others"
        )
    return names


def _check_present(path: Place, wanted: Sequence[str], names: Sequence[str]) -> None:
    there = set(names)
    lacking = [name for name in wanted if name not in there]
    if lacking:
        raise InputError(
            f"{path.name}: expected {'a column' if len(lacking) == 1 else 'columns'} {listed(lacking)}, "
            f"found none of that name; {suggestion(lacking[0], names)}"
        )
