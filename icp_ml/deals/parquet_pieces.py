"""A Parquet list in pieces that can be read apart from one another, in the order of the list.

    universe/country=DE/a.parquet  row groups 0 to 3     piece 0
                                   row groups 4 to 6     piece 1
    universe/country=FR/b.parquet  row group 0           piece 2

A piece is neighbouring row groups of one file. The names of folders such as `country=DE` are the keys of a piece, as
texts, the way Hive writes them; they are no columns of the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import pyarrow as pa

from icp_ml.deals.reading import column_names, opened_parquet, parquet_files
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import InputError

Records: TypeAlias = Any

PIECE_ROWS: Final = 1_000_000
"""Rows of a piece where row groups allow it. We chose it: a piece takes seconds, beside which starting one costs
nothing, and a list of hundreds of millions makes some hundreds of them."""

HIVE_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
"""What Hive calls the folder of rows whose key is null."""


@dataclass(frozen=True)
class Piece:
    """Row groups of one file. rows: in all of them. keys: name and value of each folder on the way to the file."""

    file: Path
    groups: tuple[int, ...]
    rows: int
    keys: tuple[tuple[str, str | None], ...] = ()


def pieces_of(path: Path, at_least: int = 1) -> tuple[Piece, ...]:
    """The pieces of a file, or of a folder of files by their names: `at_least` so many, where row groups allow it.

    Raises `InputError` where there is no Parquet file, where one cannot be read, and where files do not lie below
    folders of the same keys.
    """
    opened = [(file, _rows_of_groups(file), _keys(file, path)) for file in parquet_files(path)]
    _check_same_keys(path, [(file, keys) for file, _, keys in opened])
    total = sum(sum(rows) for _, rows, _ in opened)
    if not total:
        raise InputError(f"{path.name}: expected rows, found none; export it again with its rows")
    limit = min(PIECE_ROWS, -(-total // max(at_least, 1)))
    return tuple(
        Piece(file, groups, sum(rows[group] for group in groups), keys)
        for file, rows, keys in opened
        for groups in _together(rows, limit)
    )


def piece_batches(piece: Piece, columns: Sequence[str], batch_rows: int) -> Iterator[Records]:
    """Record batches of at most `batch_rows` rows with these columns, in this order, and types as they are stored.

    Raises `InputError` where the file lacks one of the columns, or is damaged.
    """
    names = column_names(piece.file)
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise InputError(
            f"{piece.file.name}: expected the column '{lacking[0]}', found none of that name; "
            f"{suggestion(lacking[0], names)}"
        )
    with opened_parquet(piece.file) as parquet:
        raw_name = {name.strip(): name for name in parquet.schema_arrow.names}
        raw = [raw_name[name] for name in columns]
        try:
            for batch in parquet.iter_batches(batch_size=batch_rows, row_groups=list(piece.groups), columns=raw):
                batch.validate(full=True)  # as `reading` does
                yield batch.select(raw).rename_columns(list(columns))
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"{piece.file.name}: expected a whole Parquet file, found a damaged one ({reason}); write it again"
            ) from None


def _rows_of_groups(file: Path) -> list[int]:
    with opened_parquet(file) as parquet:
        found = parquet.metadata
        return [found.row_group(group).num_rows for group in range(found.num_row_groups)]


def _together(rows: Sequence[int], limit: int) -> Iterator[tuple[int, ...]]:
    """Neighbouring row groups up to `limit` rows; one that is larger stands alone, and empty ones are left out."""
    held: list[int] = []
    for group, count in enumerate(rows):
        if held and sum(rows[each] for each in held) + count > limit:
            yield tuple(held)
            held = []
        if count:
            held.append(group)
    if held:
        yield tuple(held)


def _keys(file: Path, root: Path) -> tuple[tuple[str, str | None], ...]:
    folders = file.relative_to(root).parent.parts if root.is_dir() else ()
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return tuple((unquote(name), None if value == HIVE_NULL else unquote(value)) for name, _, value in pairs)


def _check_same_keys(path: Path, files: Sequence[tuple[Path, tuple[tuple[str, str | None], ...]]]) -> None:
    expected = [name for name, _ in files[0][1]]
    for file, keys in files:
        found = [name for name, _ in keys]
        if found != expected:
            raise InputError(
                f"{path.name}: expected every file below folders of the same keys ({listed(expected) or 'none'}, as "
                f"{files[0][0].name} has), found {listed(found) or 'none'} above {file.name}; move it, or name its "
                "folder as the others are"
            )
