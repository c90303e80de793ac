"""CSV as programs write it: the same table comes out of every spelling of it, or a refusal."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.reading import column_names, first_line, read_table, stream_batches
from icp_ml.errors import InputError

ROWS = {"name": ["Zoë & Söhne", "two\nlines", 'a "quote"'], "size": ["1", None, "3"]}


def spelled(delimiter: str, end: str = "\r\n") -> str:
    """The rows by hand: every text in quotes, quotes doubled."""
    lines = ['"name"', '"Zoë & Söhne"', '"two\nlines"', '"a ""quote"""']
    sizes = ['"size"', "1", "", "3"]
    return end.join(f"{name}{delimiter}{size}" for name, size in zip(lines, sizes, strict=True)) + end


def written(folder: Path, content: bytes, name: str = "deals.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with a mark", "utf-16-be with a mark"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_the_file_shows_beyond_doubt_needs_no_declaration(
    tmp_path: Path, delimiter: str, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    bare, _, marked = encoding.partition(" with")
    text = ("\ufeff" if marked else "") + spelled(delimiter)
    path = written(tmp_path, pack(text.encode(bare)))
    assert read_table(path).to_pydict() == ROWS
    assert column_names(path) == tuple(ROWS)


def test_cp1252_is_refused_with_the_fix_and_read_when_declared(tmp_path: Path) -> None:
    path = written(tmp_path, spelled(";").encode("cp1252"))
    with pytest.raises(InputError, match="found that line 2 is not; set the encoding to cp1252"):
        read_table(path)
    assert read_table(path, encoding="cp1252").to_pydict() == ROWS


def test_gzip_is_told_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    plain_in_disguise = written(tmp_path, spelled(",").encode(), "deals.csv.gz")
    assert read_table(plain_in_disguise).to_pydict() == ROWS


def test_utf_16_is_read_across_the_blocks_of_the_reader(tmp_path: Path) -> None:
    rows = 700_000  # 14 bytes each and more: several blocks of 8 MiB
    text = "number,word\n" + "".join(f"{number},ä€\n" for number in range(rows))
    table = read_table(written(tmp_path, text.encode("utf-16")))
    assert table.column("number").to_pylist() == [str(number) for number in range(rows)]
    assert table.column("word").unique().to_pylist() == ["ä€"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b;c\n1,2\n3,4\n", ("a", "b;c")),  # ';' splits the header and no row
        ("a;b,c;d\n1;2,5;3\n1;2;3\n", ("a", "b,c", "d")),  # ',' splits some rows in two and some not
        ("only\n1;2\n", ("only",)),  # the rows of a single column may hold anything
        ("a\tb,c\n1\t2\n", ("a", "b,c")),
    ],
)
def test_rows_decide_where_the_header_leaves_a_choice(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert column_names(written(tmp_path, text.encode())) == names


def test_two_delimiters_that_would_both_do_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b;c\n1,5;2\n3,1;4\n")
    with pytest.raises(InputError, match=r"found that ';' and ',' could; set the delimiter"):
        column_names(path)
    assert column_names(path, delimiter=";") == ("a,b", "c")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_header_without_rows_is_told_however_it_ends(tmp_path: Path, end: str) -> None:
    path = written(tmp_path, f"a,b{end}".encode())
    assert column_names(path) == ("a", "b")
    with pytest.raises(InputError, match="expected rows below the header, found none"):
        list(stream_batches(path))


def test_the_last_row_needs_no_line_break(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, b"a,b\n1,2")).to_pydict() == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize(("text", "line"), [("a\n1\n", 2), ("\n\na\n1\n", 4)])
def test_the_first_row_is_numbered_as_an_editor_does(tmp_path: Path, text: str, line: int) -> None:
    assert first_line(written(tmp_path, text.encode())) == line


def test_a_packed_file_that_is_damaged_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 5_000, mtime=0)
    path = tmp_path / "list.csv.gz"
    for damaged in (whole[:-6], whole[:40], b"\x1f\x8b" + whole[12:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"list\.csv\.gz: expected a file that can be read to its end"):
            read_table(path)


@pytest.mark.parametrize("filling", [b"x", b"\x00", b",", b'"'])
def test_what_unpacks_to_a_line_without_end_is_refused_before_it_is_unpacked(tmp_path: Path, filling: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(gzip.compress(filling * (9 << 20), mtime=0))
    with pytest.raises(InputError, match=r"rows of less than 8,388,608 characters|every quote to be closed"):
        column_names(path)


def test_a_header_is_looked_for_in_a_thousand_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbf" + b"\n" * 1_000 + b"a,b\n1,2\n")
    assert column_names(path) == ("a", "b")
    for blank in (10, 100_000):
        path.write_bytes(b"\xef\xbb\xbf" + b"\n" * blank)
        with pytest.raises(InputError, match="found an empty file"):
            column_names(path)


def test_a_header_of_any_length_shows_what_separates_it(tmp_path: Path) -> None:
    """Python's own reader allows a field 131,072 characters, and the header is one field of every other delimiter."""
    names = [f"column{place:030}" for place in range(4_000)]
    path = written(tmp_path, f"{','.join(names)}\n{'1,' * 3_999}1\n".encode())
    assert column_names(path) == tuple(names)


@pytest.mark.parametrize("name", ["wide.csv", "wide.parquet"])
def test_columns_beyond_ten_thousand_are_refused_with_their_number(tmp_path: Path, name: str) -> None:
    columns = [f"c{place}" for place in range(10_001)]
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text(",".join(columns) + "\n" + ",".join("1" * len(columns)) + "\n")
    else:
        pq.write_table(pa.table({column: ["1"] for column in columns}), path)
    with pytest.raises(InputError, match="10,000 columns at most, found 10,001; export those"):
        column_names(path)


FAR_BELOW = "a,b\n" + "1,2\n" * 5_000  # more than is looked at to tell how the file is written


@pytest.mark.parametrize("last", ["3,é\n", '"3\né",4\n'])
def test_another_encoding_far_below_the_header_is_told_with_its_line(tmp_path: Path, last: str) -> None:
    path = written(tmp_path, (FAR_BELOW + last).encode("cp1252"))
    line = 5_002 + last.index("é") // 3  # the second text has the letter one line below
    with pytest.raises(InputError, match=f"in utf-8, found that line {line} is not; set the encoding to cp1252"):
        read_table(path)


def test_half_of_a_utf_16_character_far_below_the_header_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, FAR_BELOW.encode("utf-16") + b"\x00\xd8" + ",4\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="expected text in utf-16, found that line 5002 is not"):
        read_table(path)


@pytest.mark.parametrize("text", ["a,b\n1,é", FAR_BELOW + "1,é"])
def test_a_file_that_breaks_off_within_a_character_is_not_taken_for_another_encoding(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text.encode()[:-1])
    with pytest.raises(InputError, match="to its end, found that it breaks off within a character; export it again"):
        read_table(path)


def test_utf_16_that_is_declared_as_something_else_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n".encode("utf-16"))
    with pytest.raises(InputError, match="expected text in cp1252, found text in UTF-16; set the encoding to utf-16"):
        read_table(path, encoding="cp1252")
    assert read_table(path, encoding="UTF_16").to_pydict() == {"a": ["1"], "b": ["2"]}


def test_a_field_without_end_right_below_the_header_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n"' + b"x" * 200_000)
    with pytest.raises(InputError, match="expected every quote to be closed, found one in row 2"):
        read_table(path)


@pytest.mark.parametrize("delimiter", ["auto", ","])
def test_a_quote_of_the_header_that_is_never_closed_is_told_by_its_row(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_text('a,"b\n' + "1,2\n" * 50_000, encoding="utf-8")
    with pytest.raises(InputError, match="expected every quote to be closed, found one in row 1 "):
        read_table(path, delimiter=delimiter)


def test_a_delimiter_that_opens_a_field_without_end_is_not_the_one(tmp_path: Path) -> None:
    path = written(tmp_path, b'a;b,c\n1;"x,y\n' + b"2;3,4\n" * 30_000)
    assert column_names(path) == ("a;b", "c")


def test_a_row_longer_than_what_is_read_at_a_time_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n1,2\n"' + (b"x" * 1_000 + b"\n") * 17_000 + b'",3\n')
    with pytest.raises(InputError, match=r"found what cannot be read .*; look for a quote that is never closed"):
        read_table(path)
