"""CSV files as record batches of texts, and what can be wrong with such a file, said in one sentence."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from icp_ml.errors import InputError

_BLOCK = 8 << 20
"""Bytes read at a time.

A single row must fit, and eight megabytes hold any row that a person would look at.
"""

_MOST_LINES = 20
"""Line breaks in one field of a row of the wrong length from which a quote was left open; we chose it."""

_DELIMITERS = {";": "';'", "\t": "'tab'", "|": "'|'", ",": "','"}
_OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or another archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"\xff\xfe": "text in UTF-16; set the encoding to utf-16, or save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; set the encoding to utf-16, or save it as UTF-8",
}


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written, and where its rows begin.

    names: the fields of the header, as they stand. header_at: the number of records up to the header, with
    it.
    """

    path: Path
    delimiter: str
    encoding: str
    names: tuple[str, ...]
    header_at: int


def recognise(path: Path, delimiter: str, encoding: str) -> CsvForm:
    """Read the header, which is the first line that is not blank.

    Raises `InputError` for an empty file, another format, another encoding, and for a delimiter that leaves
    one column where another delimiter would make several.
    """
    _check_format(path, encoding)
    try:
        for place, record in enumerate(_records(path, delimiter, encoding), 1):
            if record:
                _check_delimiter(path, record, delimiter)
                return CsvForm(path, delimiter, encoding, tuple(record), place)
    except UnicodeError:
        raise _wrong_encoding(path, encoding) from None
    except csv.Error:  # the only one that reading raises: a field without end
        raise _open_quote(path, 1) from None
    raise _empty(path)


def batches(form: CsvForm, names: Sequence[str], wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The wanted columns as strings; only the empty field is null.

    `names`: what the columns are to be called, in the order of the file. Blank lines are no rows.
    """
    ragged: list[arrow_csv.InvalidRow] = []
    try:
        yield from _open(form, names, wanted, ragged)
    except pa.ArrowInvalid as error:
        raise _explained(form, ragged, error) from None
    except UnicodeError:
        raise _wrong_encoding(form.path, form.encoding) from None


def _open(
    form: CsvForm, names: Sequence[str], wanted: Sequence[str], ragged: list[arrow_csv.InvalidRow]
) -> Iterator[pa.RecordBatch]:
    def refuse(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    read = arrow_csv.ReadOptions(
        block_size=_BLOCK,
        encoding=_plain_encoding(form.encoding),
        column_names=list(names),
        skip_rows_after_names=form.header_at,
    )
    parse = arrow_csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True, invalid_row_handler=refuse)
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=list(wanted),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    yield from arrow_csv.open_csv(form.path, read_options=read, parse_options=parse, convert_options=convert)


def _plain_encoding(encoding: str) -> str:
    """The reader removes a byte order mark itself, and knows no encoding that is named for having one."""
    return "utf-8" if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig") else encoding


def _marked_encoding(encoding: str) -> str:
    return "utf-8-sig" if _plain_encoding(encoding) == "utf-8" else encoding


def _records(path: Path, delimiter: str, encoding: str) -> Iterator[list[str]]:
    with (
        pa.input_stream(str(path)) as stream,
        io.TextIOWrapper(stream, _marked_encoding(encoding), newline="") as text,
    ):
        yield from csv.reader(text, delimiter=delimiter)


def _empty(path: Path) -> InputError:
    return InputError(f"{path.name}: expected a header and rows, found an empty file; export it again")


def _check_format(path: Path, encoding: str) -> None:
    with pa.input_stream(str(path)) as stream:
        start = stream.read(4)
    if not start.strip():
        raise _empty(path)
    for mark, format_and_fix in _OTHER_FORMATS.items():
        if start.startswith(mark) and not encoding.lower().replace("_", "-").startswith("utf-16"):
            raise InputError(f"{path.name}: expected CSV text, found {format_and_fix}")


def _check_delimiter(path: Path, record: list[str], delimiter: str) -> None:
    if record[0].lower().startswith("sep="):
        raise InputError(
            f"{path.name}: expected the header in the first line, found '{record[0]}', a note to a spreadsheet; "
            "remove that line"
        )
    if len(record) > 1:
        return
    name = record[0]
    for other, spelled in _DELIMITERS.items():
        if other != delimiter and other in name:
            raise InputError(
                f"{path.name}: expected columns separated by {_DELIMITERS.get(delimiter, repr(delimiter))}, "
                f"found one column with {spelled} in its name; set the delimiter to {spelled}"
            )


def _explained(form: CsvForm, ragged: list[arrow_csv.InvalidRow], error: pa.ArrowInvalid) -> InputError:
    if ragged:
        return _ragged_row(form)
    if "UTF8" in str(error) or "UTF-8" in str(error):
        return _wrong_encoding(form.path, form.encoding)
    reason = str(error).splitlines()[0]
    return InputError(
        f"{form.path.name}: expected CSV with delimiter {form.delimiter!r}, found what cannot be read "
        f"({reason}); look for a quote that is never closed"
    )


def _ragged_row(form: CsvForm) -> InputError:
    """The reader does not number its rows, so the file is read again up to the first one of another length."""
    width, number = len(form.names), 0
    try:
        for number, record in enumerate(_records(form.path, form.delimiter, form.encoding), 1):
            if record and number > form.header_at and len(record) != width:
                return _wrong_width(form, record, number)
    except csv.Error:  # the only one that reading raises: a field without end
        return _open_quote(form.path, number + 1)
    return InputError(
        f"{form.path.name}: expected {width} fields in every row, found a row with another number of them; "
        "put a field that holds the delimiter in quotes"
    )


def _wrong_width(form: CsvForm, record: Sequence[str], number: int) -> InputError:
    """A field of many lines is taken for a quote that was forgotten."""
    if any(field.count("\n") > _MOST_LINES for field in record):
        return _open_quote(form.path, number)
    return InputError(
        f"{form.path.name}: expected {len(form.names)} fields in every row, found {len(record)} in row {number} "
        "(counted as a spreadsheet does); put a field that holds the delimiter in quotes"
    )


def _open_quote(path: Path, number: int) -> InputError:
    return InputError(
        f"{path.name}: expected every quote to be closed, found one in row {number} (counted as a spreadsheet does) "
        "that is not; close it, or write it twice where it is part of the text"
    )


def _wrong_encoding(path: Path, encoding: str) -> InputError:
    line = _first_undecodable_line(path, encoding)
    place = f"line {line} is not" if line else "it is not"
    other = "utf-8" if _plain_encoding(encoding) != "utf-8" else "cp1252"
    return InputError(
        f"{path.name}: expected text in {encoding}, found that {place}; set the encoding to {other}, or save it as "
        "UTF-8"
    )


def _first_undecodable_line(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(_plain_encoding(encoding))()
    with pa.input_stream(str(path)) as stream:
        for number, line in enumerate(io.BufferedReader(stream), 1):
            try:
                decoder.decode(line)
            except UnicodeError:
                return number
    return None
