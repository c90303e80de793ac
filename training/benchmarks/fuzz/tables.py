"""Spoilt tables: lists of prospects that are scored, and exports of deals that are read.

Rows in are rows out. What went in is counted by another reader: Python's own of CSV, of zip and of XML, and what a
Parquet file says of itself.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.fuzz.answers import spoilt_answer
from benchmarks.fuzz.binary_sheets import spoilt_binary
from benchmarks.fuzz.cases import Ready, RowsLostError
from benchmarks.fuzz.mutations import Rng, chosen, spoilt
from benchmarks.fuzz.project import ANSWERED, ANSWERS, AS_OF, BUNDLE, csv_of
from benchmarks.fuzz.sheets import excel_parts, open_parts, rows_of_workbook
from benchmarks.fuzz.workbooks import spoilt_workbook
from icp_ml.cli.lists import batches_in, open_list
from icp_ml.deals.contract import read_deals
from icp_ml.deals.csv_files import recognise
from icp_ml.deals.excel_files import is_workbook
from icp_ml.deals.reading import is_parquet
from icp_ml.deals.settings import AUTO
from icp_ml.serve.loading import AnyScorer, load
from icp_training.config import Config, load_config

NAMES: Final = (
    "list.csv",
    "list.csv",
    "list.csv",
    "list.txt",
    "list.csv.gz",
    "list.parquet",
    "list.xlsx",
    "list.csv.bz2",
)
BOOKS: Final = ("list.xlsx",) * 5 + ("list.csv", "list.xls", "list.parquet", "list.csv.gz", "list.ods")
OPEN_BOOKS: Final = ("list.ods",) * 4 + ("list.csv", "list.xlsx")
"""Names of workbooks; among `NAMES`, which are those of texts, is one of a workbook too."""
OPEN_SHARE: Final = 0.12
"""Of the workbooks: OpenDocument's."""
BINARY_SHARE: Final = 0.2
"""Of the workbooks: .xls and .xlsb."""
FORMS: Final = ((AUTO, AUTO),) * 4 + ((",", "utf-8"), (";", "utf-8"), ("\t", "utf-16"), (",", "cp1252"), ("|", "utf-7"))
"""Delimiters and encodings that somebody declared."""
COLUMNS: Final = (3_000, 12_000)
"""Of a wide table, and of one that is too wide."""
BOMB: Final = 40
"""Gzip members of 64 MiB in a bomb: 2.5 GiB in 2.6 MB."""
SHOWN: Final = 40
"""Rows of a workbook, or of a table of answers, at most."""
Judge: TypeAlias = Callable[[Path, tuple[str, str]], int | None]
"""Rows of a file by another reader; None where it cannot say."""


@dataclass(frozen=True)
class Lists:
    """Lists of prospects as `icp score` reads and scores them; every fourth case is an export of deals."""

    project: Path
    room: Path
    scorer: AnyScorer
    config: Config

    def csv_case(self, rng: Rng) -> Ready:
        """A list or an export as text."""
        if rng.random() < 0.25:
            path = self._written("deals.csv", spoilt_csv((self.project / "deals.csv").read_bytes()[:4_000], rng))
            return lambda: self._deals(path, rows_of_csv)
        content = spoilt_csv((self.project / "prospects.csv").read_bytes(), rng)
        form = chosen(rng, FORMS)
        path = self._written(chosen(rng, NAMES), content)
        return lambda: self._scored(path, form, rows_of_csv)

    def parquet_case(self, rng: Rng) -> Ready:
        """A list as Parquet: half of them whole files of odd types, half of them damaged."""
        data = io.BytesIO()
        parquet.write_table(odd_table(rng), data, compression=chosen(rng, ("snappy", "zstd", "none")))
        content = data.getvalue() if rng.random() < 0.5 else damaged(data.getvalue(), rng)
        path = self._written(chosen(rng, ("list.parquet", "list.parquet", "list.csv")), content)
        return lambda: self._scored(path, (AUTO, AUTO), rows_of_parquet)

    def workbook_case(self, rng: Rng) -> Ready:
        """A list or an export as a workbook."""
        is_export = rng.random() < 0.25
        rows = self._rows("deals.csv" if is_export else "prospects.csv")
        is_open = bool(rng.random() < OPEN_SHARE)
        if rng.random() < BINARY_SHARE:
            content = spoilt_binary(rows, rng)
        else:
            content = spoilt_workbook(open_parts(rows) if is_open else excel_parts(rows, rng), rng)
        if is_export:
            path = self._written("deals.csv", content)
            return lambda: self._deals(path, rows_of_book)
        path = self._written(chosen(rng, OPEN_BOOKS if is_open else BOOKS), content)
        return lambda: self._scored(path, (AUTO, AUTO), rows_of_book)

    def answers_case(self, rng: Rng) -> Ready:
        """A list or an export of which a column holds answers in JSON."""
        is_export = rng.random() < 0.25
        header, *rows = self._rows("deals.csv" if is_export else "prospects.csv")
        place = header.index(ANSWERED)
        for number in rng.permutation(len(rows))[: int(rng.integers(1, 4))]:
            rows[number][place] = spoilt_answer(rows[number][place], rng)
        name = "deals.csv" if is_export else "list.csv"
        content = csv_of(header, rows).encode("utf-8", "surrogatepass")
        path = self._written(name, content)
        return (
            (lambda: self._deals(path, rows_of_csv))
            if is_export
            else lambda: self._scored(path, (AUTO, AUTO), rows_of_csv)
        )

    def _rows(self, name: str) -> list[list[str]]:
        """The header and the first rows of a table of the project."""
        with (self.project / name).open(encoding="utf-8", newline="") as file:
            return list(itertools.islice(csv.reader(file), SHOWN + 1))

    def _written(self, name: str, content: bytes) -> Path:
        for left in self.room.iterdir():
            left.unlink()
        path = self.room / name
        path.write_bytes(content)
        return path

    def _scored(self, path: Path, form: tuple[str, str], judge: Judge) -> str:
        opened = open_list(
            path, self.scorer, id_column=None, columns=(), delimiter=form[0], encoding=form[1], sheet=None
        )
        read = scored = 0
        for batch in self.scorer.score_stream(batches_in(opened, self.scorer, None, AS_OF), as_of=AS_OF):
            read += batch.source.records.num_rows
            scored += batch.records.num_rows
            self._check(batch.records, sum(batch.notes.by_status.values()))
        expected = judge(path, form)
        if scored != read or expected not in (None, scored):
            raise RowsLostError(f"{expected} rows in, {read} read, {scored} out")
        return f"{scored} rows"

    def _check(self, records: Any, counted: int) -> None:
        if counted != records.num_rows or records.column("status").null_count:
            raise RowsLostError(f"{records.num_rows} rows out, {counted} with a status")

    def _deals(self, path: Path, judge: Judge) -> str:
        config = self.config
        deals = read_deals(config.deals, config.tables, config.resolved(), path.parent, config.besides())
        expected = judge(path, (AUTO, AUTO))
        deals.ledger.check()
        if expected not in (None, deals.ledger.read):
            raise RowsLostError(f"{expected} rows in, {deals.ledger.read} in the ledger")
        return f"{deals.ledger.read} rows"


def lists_in(project: Path, room: Path) -> Lists:
    """The project opened; spoilt files go into `room`, which is empty."""
    return Lists(project, room, load(project / BUNDLE), load_config(project / "icp.yaml"))


def answers_in(project: Path, room: Path) -> Lists:
    """The same for the project that reads answers."""
    return lists_in(project / ANSWERS, room)


def rows_of_csv(path: Path, form: tuple[str, str]) -> int | None:
    """Rows below the header by Python's own reader; None where that reader gives up, or the file is no text."""
    if is_parquet(path) or is_workbook(path):
        return None
    found = recognise(path, *form)
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b") or path.suffix == ".bz2":
        return None
    encoding = "utf-8-sig" if found.encoding in ("utf-8", "utf-8-sig") else found.encoding
    try:
        records = list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=found.delimiter))
    except (csv.Error, UnicodeError):
        return None
    return sum(bool(record) for record in records) - 1


def rows_of_parquet(path: Path, form: tuple[str, str]) -> int | None:
    """Rows by the footer; of what is read as text, as above."""
    return parquet.read_metadata(path).num_rows if is_parquet(path) else rows_of_csv(path, form)


def rows_of_book(path: Path, form: tuple[str, str]) -> int | None:
    """Rows of a workbook; of what is read as text, as above."""
    return rows_of_workbook(path) if is_workbook(path) else rows_of_csv(path, form)


def spoilt_csv(data: bytes, rng: Rng) -> bytes:
    """A table as text after one change of its shape or some of its bytes."""
    draw = rng.random()
    if draw < 0.85:
        return spoilt(data, rng)
    if draw < 0.8505:
        return bomb(rng)
    lines = data.split(b"\n")
    return chosen(rng, (_too_wide, _twice_named, _header_alone, _ragged, _much_quoted))(lines, rng)


def bomb(rng: Rng) -> bytes:
    """Few bytes that are gigabytes when they are unpacked."""
    import gzip  # noqa: PLC0415 - as rare as its use

    member = gzip.compress(chosen(rng, (b"\x00", b"a", b",", b"a,b\n", b'"', b"\n")) * (1 << 24), 9, mtime=0)
    return member * (BOMB * 4)


def _too_wide(lines: Sequence[bytes], rng: Rng) -> bytes:
    columns = chosen(rng, COLUMNS)
    header = b",".join(b"c%d" % place for place in range(columns))
    cell = chosen(rng, (b"", b"x", b'"x"'))
    added = [header, *(b",".join([cell] * columns) for _ in lines[1:-1])]
    return b"\n".join(line + b"," + more for line, more in zip(lines, added, strict=False))


def _twice_named(lines: Sequence[bytes], rng: Rng) -> bytes:
    names = lines[0].split(b",")
    place = int(rng.integers(len(names)))
    names[place] = chosen(rng, (names[place - 1], b" " + names[place - 1], names[place - 1].upper(), b"", b"Headcount"))
    return b"\n".join([b",".join(names), *lines[1:]])


def _header_alone(lines: Sequence[bytes], rng: Rng) -> bytes:
    return lines[0] + chosen(rng, (b"", b"\n", b"\r\n\r\n", b"\n ", b"\n,,,,,,,,", b"\n" * 1_000))


def _ragged(lines: Sequence[bytes], rng: Rng) -> bytes:
    place = int(rng.integers(len(lines)))
    spoilt_line = chosen(rng, (lines[place] + b",", lines[place].rpartition(b",")[0], b"", b'""', b'"a\nb"', b" "))
    return b"\n".join([*lines[:place], spoilt_line, *lines[place + 1 :]])


def _much_quoted(lines: Sequence[bytes], rng: Rng) -> bytes:
    mark = chosen(rng, (b'"', b"'", b'""', b'"\n', b'"\r'))
    return b"\n".join(b",".join(mark + cell + mark for cell in line.split(b",")) for line in lines if line)


def odd_table(rng: Rng) -> pa.Table:
    """A list whose columns have types that nobody expected of them."""
    rows = int(rng.integers(0, 12))
    names = ["account", "employees", "revenue", "industry", "founded", "funded", "size", "tools", "demo"]
    if rng.random() < 0.1:
        names += [f"c{place}" for place in range(300)]
    if rng.random() < 0.1:
        names[int(rng.integers(len(names)))] = chosen(
            rng, ("employees", " employees", "Headcount", "", "a\x1b[2Jb", "x" * 5_000)
        )
    return pa.Table.from_arrays([_odd_column(rows, rng) for _ in names], names=names)


def _odd_column(rows: int, rng: Rng) -> Any:
    texts = [
        "",
        "Software",
        "12",
        "-3.5",
        "2020-01-01",
        "1e999",
        "\x00",
        "a\u202eb",
        "=1+1",
        "NaN",
        "yes",
        "x" * 3_000,
        None,
    ]
    numbers = [0, 1, -1, 2**31, -(2**63), 2**63 - 1, 1985, None]
    floats = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, 12.5, None]
    makers: Sequence[Callable[[], Any]] = (
        lambda: pa.array(_some(texts, rows, rng), pa.string()),
        lambda: pa.array(_some(texts, rows, rng), pa.large_string()),
        lambda: pa.array(_some(texts, rows, rng), pa.string()).dictionary_encode(),
        lambda: pa.array(_some([b"\xff\x00", b"", b"ab", None], rows, rng), pa.binary()),
        lambda: pa.array(_some(numbers, rows, rng), pa.int64()),
        lambda: pa.array(_some(floats, rows, rng), pa.float64()),
        lambda: pa.array(_some(floats, rows, rng), pa.float32()),
        lambda: pa.array(_some([True, False, None], rows, rng), pa.bool_()),
        lambda: pa.array(_some([0, 1, 2**31 - 1, -(2**31), None], rows, rng), pa.int32()).cast(pa.date32()),
        lambda: pa.array(
            _some([0, 10**9, -(10**11), 10**15, None], rows, rng), pa.timestamp(chosen(rng, ("s", "ms", "us", "ns")))
        ),
        lambda: pa.array(_some([0, 1, None], rows, rng), pa.timestamp("us", tz="Europe/Berlin")),
        lambda: pa.array(_some([1, 2, None], rows, rng), pa.duration("s")),
        lambda: pa.array(_some([0, 1, None], rows, rng), pa.time64("us")),
        lambda: pa.array(_some([None], rows, rng), pa.null()),
        lambda: pa.array(_some([["a", None], [], None, ["HubSpot"] * 50], rows, rng), pa.list_(pa.string())),
        lambda: pa.array(_some([[1], [], None], rows, rng), pa.list_(pa.int64())),
        lambda: pa.array(_some([[[1]], [], None], rows, rng), pa.list_(pa.list_(pa.int64()))),
        lambda: pa.array(_some([{"a": 1}, None], rows, rng), pa.struct([("a", pa.int64())])),
        lambda: pa.array(_some([[("k", 1)], None], rows, rng), pa.map_(pa.string(), pa.int64())),
        lambda: pa.array(_some([1, None], rows, rng), pa.decimal128(20, 4)),
        lambda: pa.array(_some([1, 255, None], rows, rng), pa.uint8()),
        lambda: pa.array(_some([1, 2**64 - 1, None], rows, rng), pa.uint64()),
    )
    return makers[0]() if rng.random() < 0.5 else chosen(rng, makers)()


def _some(values: Sequence[object], rows: int, rng: Rng) -> list[object]:
    return [values[place] for place in rng.integers(len(values), size=rows)]


def damaged(data: bytes, rng: Rng) -> bytes:
    """A Parquet file with bytes changed, most of them in its footer, where its shape is told."""
    if rng.random() < 0.3:
        return spoilt(data, rng)
    found = bytearray(data)
    footer = int.from_bytes(data[-8:-4], "little")
    for _ in range(int(rng.integers(1, 6))):
        first = max(len(data) - 8 - footer, 0) if rng.random() < 0.8 else 0
        found[int(rng.integers(first, len(data)))] = int(
            rng.choice(np.array([0, 1, 127, 128, 255, int(rng.integers(256))]))
        )
    return bytes(found)
