"""Every row without a score is in the side file, as it was read, and the file is whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import ConfigError
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.sidefile import side_file, unusable_rows

STATUS = pa.array(["scored", "not scored: no id"]).dictionary_encode()


def batch() -> NamedBatch:
    records = pa.record_batch(
        {
            "employees": pa.array([5, None, 7], pa.int64()),
            "tools": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
            "company": pa.array(["x.example", "  ", None]),
            "day": pa.array(["2024-01-01", 'quoted "text", twice', None]).dictionary_encode(),
        }
    )
    return NamedBatch(records, "company", frozenset())


def statuses(codes: list[int]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), STATUS.dictionary)


def test_rows_keep_their_number_their_status_and_what_was_read() -> None:
    rows = unusable_rows(batch(), 11, statuses([0, 1, 1]), np.array([False, True, True]))
    assert rows.to_pydict() == {
        "row": [12, 13],
        "status": ["not scored: no id", "not scored: no id"],
        "company": ["  ", None],
        "employees": [None, "7"],
        "tools": ["", None],
        "day": ['quoted "text", twice', None],
    }


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_batches_add_up_in_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"unusable.{suffix}"
    with side_file(path) as side:
        side.add(batch(), 1, statuses([0, 0, 0]), np.zeros(3, dtype=bool))
        assert not path.exists()
        side.add(batch(), 4, statuses([1, 0, 1]), np.array([True, False, True]))
        side.add(batch(), 7, statuses([0, 1, 0]), np.array([False, True, False]))
        assert side.rows == 3
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    if suffix == "parquet":
        found = pq.read_table(path)
    else:
        types = dict.fromkeys(("status", "company", "employees", "tools", "day"), pa.string())
        options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
        found = pa_csv.read_csv(path, convert_options=options)
    assert found.column_names == ["row", "status", "company", "employees", "tools", "day"]
    assert found["row"].to_pylist() == [4, 6, 8]
    assert found["company"].to_pylist() == ["x.example", None, "  "]
    assert found["tools"].to_pylist() == ["a;b", None, ""]
    assert found["day"].to_pylist()[2] == 'quoted "text", twice'


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_no_unusable_row_leaves_a_file_with_its_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"unusable.{suffix}"
    path.write_text("of yesterday")
    with side_file(path) as side:
        side.add(batch(), 1, statuses([0, 0, 0]), np.zeros(3, dtype=bool))
    read = pq.read_table(path) if suffix == "parquet" else pa_csv.read_csv(path)
    assert read.num_rows == 0
    assert read.column_names[:3] == ["row", "status", "company"]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_error_on_the_way_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"unusable.{suffix}"
    path.write_text("before")

    def breaking() -> None:
        with side_file(path) as side:
            side.add(batch(), 1, statuses([1, 1, 1]), np.ones(3, dtype=bool))
            raise RuntimeError("the list ended in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        breaking()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "before"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    def writing() -> None:
        with side_file(tmp_path / "nowhere" / "side.csv") as side:
            side.add(batch(), 1, statuses([1, 1, 1]), np.ones(3, dtype=bool))

    with pytest.raises(ConfigError, match=r"nowhere.side.csv could not be written"):
        writing()


def test_columns_of_the_list_make_room_for_ours() -> None:
    names = ["status", "row", "row (in the list)"]
    records = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"]), pa.array(["c"])], names=names)
    rows = unusable_rows(NamedBatch(records, None, frozenset()), 1, statuses([1]), np.array([True]))
    assert rows.schema.names == [
        "row",
        "status",
        "status (in the list)",
        "row (in the list) (in the list)",
        "row (in the list)",
    ]
    assert [rows.column(place)[0].as_py() for place in range(5)] == [1, "not scored: no id", "a", "b", "c"]
