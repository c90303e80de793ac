"""Scored rows are in their file whole, or the file is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import ConfigError
from icp_ml.serve.writing import check_keeps, check_output, whole_file, write_batches
from tests.serve_models import AS_OF, raw_list, scorer


def scored_batches() -> Iterator[pa.RecordBatch]:
    batches: Iterator[pa.RecordBatch] = scorer().score(iter(raw_list(50, 1).to_batches(max_chunksize=20)), as_of=AS_OF)
    return batches


def test_parquet_and_csv_hold_the_same_rows(tmp_path: Path) -> None:
    assert write_batches(tmp_path / "out.parquet", scored_batches()) == 50
    assert write_batches(tmp_path / "out.csv", scored_batches()) == 50
    expected = scorer().score(raw_list(50, 1), as_of=AS_OF)
    assert pq.read_table(tmp_path / "out.parquet").equals(expected)
    text_of = {name: pa.string() for name in expected.schema.names}
    from_csv = pa_csv.read_csv(tmp_path / "out.csv", convert_options=pa_csv.ConvertOptions(column_types=text_of))
    for name in expected.schema.names:
        read = [None if text == "" else text for text in from_csv[name].to_pylist()]
        ours = expected[name].to_pylist()
        if pa.types.is_floating(expected.schema.field(name).type):
            assert [None if text is None else float(text) for text in read] == ours, name
        else:
            assert read == [None if value is None else str(value) for value in ours], name


def test_labels_are_dictionaries_in_the_file_and_numbers_are_not(tmp_path: Path) -> None:
    write_batches(tmp_path / "out.parquet", scored_batches())
    schema = next(scored_batches()).schema
    group = pq.ParquetFile(tmp_path / "out.parquet").metadata.row_group(0)
    for i, field in enumerate(schema):
        is_dictionary = "RLE_DICTIONARY" in group.column(i).encodings
        assert is_dictionary == pa.types.is_dictionary(field.type), field.name


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_an_error_on_the_way_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("before")

    def breaking() -> Iterator[pa.RecordBatch]:
        yield next(scored_batches())
        raise RuntimeError("the list ended in the middle")

    with pytest.raises(RuntimeError, match="in the middle"), whole_file(tmp_path / name) as partial:
        write_batches(partial, breaking())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_what_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "there.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    for name, words in (
        ("out.xlsx", r"\.parquet or \.csv"),
        ("nowhere/out.csv", "a folder was expected"),
        ("folder.csv", "is a folder"),
        ("there.csv", "exists already"),
    ):
        with pytest.raises(ConfigError, match=words):
            check_output(tmp_path / name, "refuse")
    check_output(tmp_path / "there.csv", "replace")
    check_output(tmp_path / "new.CSV", "refuse")
    with pytest.raises(ConfigError, match="could not be written"):
        write_batches(tmp_path / "nowhere" / "out.csv", scored_batches())


def test_nothing_is_written_into_what_it_is_made_from_and_beside_it_anything_is(tmp_path: Path) -> None:
    folder, file = tmp_path / "parts", tmp_path / "list.csv"
    folder.mkdir()
    file.write_text("a\n")
    for source, place in ((folder, folder / "scored.csv"), (folder, folder), (file, file)):
        with pytest.raises(ConfigError, match="the list"):
            check_keeps(source, place, "the list")
    for source in (folder, file, tmp_path / "nothing"):
        check_keeps(source, tmp_path / "scored.csv", "the list")


def test_no_batch_at_all_writes_no_file(tmp_path: Path) -> None:
    assert write_batches(tmp_path / "out.csv", ()) == 0
    assert list(tmp_path.iterdir()) == []
