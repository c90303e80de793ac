"""CSV files as record batches of texts, and what can be wrong with such a file, said in one sentence.

With delimiter and encoding "auto" the file itself decides, where it leaves no doubt:

    a byte order mark                                     UTF-8 or UTF-16, as the mark says
    no mark                                               UTF-8, or a refusal where the bytes are something else
    one candidate splits the header (, ; tab |)           that one
    several do, and one splits all rows like the header   that one
    several do as well                                    a refusal

A file that begins as gzip does is unpacked, whatever it is called.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from icp_ml.deals.settings import AUTO
from icp_ml.errors import InputError

_BLOCK = 8 << 20
"""Bytes read at a time.

A single row must fit, and eight megabytes hold any row that a person would look at.
"""

_MOST_BLANK = 1_000
"""Blank lines above a header; we chose it. A packed file of a megabyte can hold a thousand million of them."""

_MOST_LINES = 20
"""Line breaks in one field of a row of the wrong length from which a quote was left open; we chose it."""

_ROWS_TRIED = 100
"""Rows that a delimiter has to split like the header where the header leaves a choice; we chose it."""

_DELIMITERS = {";": "';'", "\t": "'tab'", "|": "'|'", ",": "','"}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GZIP = b"\x1f\x8b"


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

    delimiter, encoding: "auto" for what the file shows.

    Raises `InputError` for an empty file, another encoding, a delimiter that leaves one column where another
    delimiter would make several, for "auto" where several would do, and for a file that cannot be read or unpacked.
    """
    try:
        return _recognised(path, delimiter, _encoding_of(path, encoding))
    except OSError as error:
        raise _unreadable(path, error) from None


def _recognised(path: Path, delimiter: str, encoding: str) -> CsvForm:
    try:
        delimiter = _delimiter_of(path, encoding) if delimiter == AUTO else delimiter
        for place, record in enumerate(_records(path, delimiter, encoding), 1):
            if record:
                _check_delimiter(path, record, delimiter)
                return CsvForm(path, delimiter, encoding, tuple(record), place)
            if place > _MOST_BLANK:
                raise _empty(path)
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
        if _has_rows(form):
            yield from _open(form, names, wanted, ragged)
    except pa.ArrowInvalid as error:
        raise _explained(form, ragged, error) from None
    except UnicodeError:
        raise _wrong_encoding(form.path, form.encoding) from None
    except OSError as error:
        raise _unreadable(form.path, error) from None


def _has_rows(form: CsvForm) -> bool:
    """The reader takes a header for broken where nothing at all follows it, not even a line break."""
    below = itertools.islice(_records(form.path, form.delimiter, form.encoding), form.header_at, None)
    try:
        return any(below)
    except csv.Error:  # a field without end, which the reader is to find
        return True


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
    with _opened(form.path) as stream:
        yield from arrow_csv.open_csv(stream, read_options=read, parse_options=parse, convert_options=convert)


def _plain_encoding(encoding: str) -> str:
    """The reader removes a byte order mark itself, and knows no encoding that is named for having one."""
    return "utf-8" if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig") else encoding


def _marked_encoding(encoding: str) -> str:
    return "utf-8-sig" if _plain_encoding(encoding) == "utf-8" else encoding


def _records(path: Path, delimiter: str, encoding: str) -> Iterator[list[str]]:
    with (
        _opened(path) as stream,
        io.TextIOWrapper(stream, _marked_encoding(encoding), newline="") as text,
    ):
        yield from csv.reader(_lines(text, path), delimiter=delimiter)


def _lines(text: io.TextIOWrapper, path: Path) -> Iterator[str]:
    """Line by line, and never more than a block of a line: what is packed unpacks to a thousand times its length."""
    while line := text.readline(_BLOCK):
        if len(line) == _BLOCK:
            raise InputError(
                f"{path.name}: expected rows of less than {_BLOCK:,} characters, found a line that is longer; export "
                "it again, with a line break after each row"
            )
        yield line


def _opened(path: Path) -> pa.NativeFile:
    """The bytes of a file, unpacked. What gzip begins with decides, not the name; other packings go by the name."""
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP)) == _GZIP
    if is_gzip:
        return pa.input_stream(str(path), compression="gzip")
    return pa.input_stream(str(path), compression=None if path.suffix.lower() == ".gz" else "detect")


def _empty(path: Path) -> InputError:
    return InputError(f"{path.name}: expected a header and rows, found an empty file; export it again")


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error).partition("\n")[0]
    return InputError(
        f"{path.name}: expected a file that can be read to its end, found one that cannot ({reason}); export it again, "
        "or pack it again where it is packed"
    )


def _encoding_of(path: Path, encoding: str) -> str:
    """The declared encoding, or the one that the first bytes show. Raises `InputError` where they contradict it."""
    with _opened(path) as stream:
        start = stream.read(4)
    if not start.strip():
        raise _empty(path)
    is_utf_16 = start.startswith(_UTF_16)
    if encoding == AUTO:
        return "utf-16" if is_utf_16 else "utf-8"
    if is_utf_16 and not encoding.lower().replace("_", "-").startswith("utf-16"):
        raise InputError(
            f"{path.name}: expected text in {encoding}, found text in UTF-16; set the encoding to utf-16 or auto, "
            "or save it as UTF-8"
        )
    return encoding


def _delimiter_of(path: Path, encoding: str) -> str:
    """The candidate that splits the header; where several do, the only one that splits the rows like it."""
    splitting = [candidate for candidate in _DELIMITERS if _width(path, candidate, encoding) > 1]
    if len(splitting) > 1:
        splitting = [candidate for candidate in splitting if _splits_alike(path, candidate, encoding)] or splitting
    if len(splitting) > 1:
        raise InputError(
            f"{path.name}: expected a header that shows what separates the columns, found that "
            f"{' and '.join(_DELIMITERS[each] for each in splitting)} could; set the delimiter"
        )
    return splitting[0] if splitting else ","


def _width(path: Path, delimiter: str, encoding: str) -> int:
    """Fields of the header by this candidate; 0 where one of them is longer than a field may be."""
    try:
        return next((len(record) for record in _records(path, delimiter, encoding) if record), 0)
    except csv.Error:
        return 0


def _splits_alike(path: Path, delimiter: str, encoding: str) -> bool:
    """Whether the header and the first rows have as many fields; blank lines are no rows."""
    try:
        rows = [len(record) for record in itertools.islice(_records(path, delimiter, encoding), _ROWS_TRIED) if record]
    except csv.Error:  # a field without end, which another delimiter may close
        return False
    return len(set(rows)) == 1


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
    if line is None:
        return InputError(
            f"{path.name}: expected text in {encoding} to its end, found that it breaks off within a character; export "
            "it again"
        )
    other = "utf-8" if _plain_encoding(encoding) != "utf-8" else "cp1252"
    return InputError(
        f"{path.name}: expected text in {encoding}, found that line {line} is not; set the encoding to {other}, or "
        "save it as UTF-8"
    )


def _first_undecodable_line(path: Path, encoding: str) -> int | None:
    """None where each line can be read and the last one is cut within a character."""
    decoder = codecs.getincrementaldecoder(_plain_encoding(encoding))()
    with _opened(path) as stream:
        for number, line in enumerate(io.BufferedReader(stream), 1):
            try:
                decoder.decode(line)
            except UnicodeError:
                return number
    return None
