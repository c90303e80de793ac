"""A Parquet list in pieces is the list: every row once, in the order in which one process reads it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.parquet_pieces import piece_batches, pieces_of
from icp_ml.deals.reading import read_table
from icp_ml.errors import InputError

GROUP = 4  # rows in a row group


def write(path: Path, rows: int, start: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = list(range(start, start + rows))
    table = pa.table({" n ": pa.array(numbers, pa.int32()), "t": [f"t{each}" for each in numbers]})
    pq.write_table(table, path, row_group_size=GROUP)


@pytest.fixture
def universe(tmp_path: Path) -> Path:
    """Row groups of 4, 4 and 2 rows; of none; of 4 and 1: by name, since "10" comes before "9"."""
    write(tmp_path / "10.parquet", 10)
    write(tmp_path / "9.parquet", 0)
    write(tmp_path / "a" / "b.parquet", 5, 10)
    return tmp_path


@pytest.mark.parametrize(
    ("at_least", "rows"),
    [
        (1, [10, 5]),  # at most 15 rows: a file is never joined with another
        (2, [8, 2, 5]),  # at most 8: two row groups of 4, then what is left
        (15, [4, 4, 2, 4, 1]),  # at most 1: a row group is never cut
    ],
)
def test_pieces_are_neighbouring_row_groups_up_to_a_share_of_the_rows(
    universe: Path, at_least: int, rows: list[int]
) -> None:
    pieces = pieces_of(universe, at_least)
    assert [piece.rows for piece in pieces] == rows
    batches = [batch for piece in pieces for batch in piece_batches(piece, ["t", "n"], 3)]
    assert max(batch.num_rows for batch in batches) <= 3
    whole = read_table(universe, columns=["t", "n"])
    assert pa.Table.from_batches(batches).equals(whole)
    assert whole.column("n").to_pylist() == list(range(15))


def test_keys_are_the_names_of_folders_as_hive_writes_them(tmp_path: Path) -> None:
    write(tmp_path / "month=01" / "zone=a%2Fb" / "x.parquet", 1)
    write(tmp_path / "month=02" / "zone=__HIVE_DEFAULT_PARTITION__" / "deep" / "x.parquet", 1)
    found = [piece.keys for piece in pieces_of(tmp_path)]
    assert found == [(("month", "01"), ("zone", "a/b")), (("month", "02"), ("zone", None))]
    (alone,) = pieces_of(tmp_path / "month=01" / "zone=a%2Fb" / "x.parquet")
    assert alone.keys == ()


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "empty" / "x.parquet", 0)
    with pytest.raises(InputError, match="expected rows, found none"):
        pieces_of(tmp_path / "empty")
    write(tmp_path / "mixed" / "month=01" / "x.parquet", 1)
    write(tmp_path / "mixed" / "y.parquet", 1)
    with pytest.raises(InputError, match=r"same keys \('month', as x.parquet has\), found none above y.parquet"):
        pieces_of(tmp_path / "mixed")
    (piece,) = pieces_of(tmp_path / "mixed" / "y.parquet")
    with pytest.raises(InputError, match=r"y.parquet: expected the column 'm', found none of that name"):
        list(piece_batches(piece, ["m"], 10))
