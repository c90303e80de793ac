"""Files are read exactly or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.reading import column_names, read_table, stream_batches
from icp_ml.errors import InputError


def written(folder: Path, content: str | bytes, name: str = "deals.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, delimiter: str = ",", columns: list[str] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path, delimiter=delimiter, columns=columns)
    return caught.value.sentence


def test_only_the_empty_field_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\nNone,""\n NA ,\nnull,-\n')
    assert read_table(path).to_pydict() == {"a": ["None", " NA ", "null"], "b": [None, None, "-"]}


def test_a_quoted_line_break_and_a_byte_order_mark_are_no_trouble(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff"a",b\n"x\ny",1\n')
    assert read_table(path).to_pydict() == {"a": ["x\ny"], "b": ["1"]}


def test_blank_lines_before_and_between_rows_are_no_rows(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "\n\na,b\n\n1,2\n\n")).to_pydict() == {"a": ["1"], "b": ["2"]}


def test_column_names_lose_outer_space_and_empty_ones_are_called_by_their_place(tmp_path: Path) -> None:
    path = written(tmp_path, "id, REVENUE ,\n1,2,3\n")
    assert column_names(path) == ("id", "REVENUE", "(column 3)")
    assert read_table(path, columns=["REVENUE", "id"]).to_pydict() == {"REVENUE": ["2"], "id": ["1"]}


def test_other_encodings_are_read_when_declared(tmp_path: Path) -> None:
    path = written(tmp_path, "größe\nä\n".encode("cp1252"))
    assert read_table(path, encoding="cp1252").to_pydict() == {"größe": ["ä"]}


REFUSED = [
    ("", "expected a header and rows, found an empty file"),
    ("a,b\n", "expected rows below the header, found none"),
    ("a;b\n1;2\n", "found one column with ';' in its name; set the delimiter to ';'"),
    ("a\tb\n1\t2\n", "set the delimiter to 'tab'"),
    ("a,b\n1,2\n1\n", "expected 2 fields in every row, found 1 in row 3"),
    ('a,b\n"1\n1",2\n1,2,3\n', "expected 2 fields in every row, found 3 in row 3"),
    ("a, a\n1,2\n", "expected every column name once, found 'a' more than once"),
    (b"a,b\n1,2\n\xe9,3\n", "expected text in utf-8, found that line 3 is not; set the encoding to cp1252"),
    (b"\xe9,b\n1,2\n", "expected text in utf-8, found that line 1 is not"),
    ("a,b", "expected rows below the header, found none"),
    (b"PK\x03\x04....", "expected an Excel workbook or text, found another archive"),
]


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    assert sentence in refusal(written(tmp_path, content))


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    written(tmp_path, "a\n1\n", "opportunities.csv")
    assert "did you mean 'opportunities.csv'?" in refusal(tmp_path / "oportunities.csv")
    assert "check its path" in refusal(tmp_path / "nowhere" / "x.csv")


def test_a_missing_column_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    path = written(tmp_path, "Employees,Country\n1,2\n")
    assert refusal(path, columns=["employes"]).endswith("did you mean 'Employees'?")


def test_parquet_keeps_its_types_and_streams_in_small_batches(tmp_path: Path) -> None:
    table = pa.table({" n ": pa.array(range(10)), "t": pa.array([["x"]] * 10)})
    pq.write_table(table, tmp_path / "deals.parquet", row_group_size=10)
    batches = list(stream_batches(tmp_path / "deals.parquet", columns=["t", "n"], batch_rows=4))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert pa.Table.from_batches(batches).column("n").to_pylist() == list(range(10))


def test_a_folder_of_parquet_files_is_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in (1, 0):
        pq.write_table(pa.table({"n": [number]}), tmp_path / f"part-{number}.parquet")
    assert read_table(tmp_path).to_pydict() == {"n": [0, 1]}


def test_what_only_says_that_it_is_parquet_is_told(tmp_path: Path) -> None:
    assert "expected a Parquet file" in refusal(written(tmp_path, "junk", "deals.parquet"))
    pq.write_table(pa.table({"nnn": [1]}), tmp_path / "name.parquet")
    spoilt = (tmp_path / "name.parquet").read_bytes().replace(b"nnn", b"n\xffn")
    (tmp_path / "name.parquet").write_bytes(spoilt)
    assert "expected a Parquet file" in refusal(tmp_path / "name.parquet")
    (tmp_path / "empty").mkdir()
    assert "expected a folder with .parquet files" in refusal(tmp_path / "empty")


def test_csv_batches_hold_no_more_rows_than_asked_and_lose_none(tmp_path: Path) -> None:
    path = written(tmp_path, "n\n" + "".join(f"{number}\n" for number in range(10)))
    batches = list(stream_batches(path, batch_rows=3))
    assert max(batch.num_rows for batch in batches) == 3
    assert pa.Table.from_batches(batches).column("n").to_pylist() == [str(number) for number in range(10)]
