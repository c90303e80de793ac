"""Sheets of Excel and OpenDocument workbooks as tables of texts. The header is the first row that is not blank; blank
rows below it are no rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa

from icp_ml.deals.binary_workbooks import is_binary, texts_apart
from icp_ml.deals.workbook_texts import is_blank, sheet_texts
from icp_ml.errors import InputError

_STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What an archive begins with, which current workbooks are, and what older workbooks begin with."""


@dataclass(frozen=True)
class Sheet:
    """names: the header's texts as they stand. header_at: the number of its row. table: the rows below, as texts."""

    names: tuple[str, ...]
    header_at: int
    table: pa.Table


def is_workbook(path: Path) -> bool:
    """Whether an existing file begins as a workbook does, whatever it is called."""
    with path.open("rb") as file:
        return file.read(len(_STARTS[0])) in _STARTS


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """One sheet of a workbook; columns without a name and without a value are left out.

    sheet: its name; None for the only visible one that holds anything.

    Raises `InputError` for what is no workbook or has a password, for a sheet that is not there or is empty, and
    where several sheets could be meant.
    """
    found = path.stat()
    return _read_sheet(path, sheet, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=1)
def _read_sheet(path: Path, sheet: str | None, _stamp: tuple[int, int]) -> Sheet:
    """Kept until another one is read: the header, its place and the rows are asked for one after the other."""
    name, rows = texts_apart(path, sheet) if is_binary(path) else sheet_texts(path, sheet)
    header_at = next((number for number, row in enumerate(rows, 1) if not is_blank(row)), None)
    if header_at is None:
        raise InputError(f"{path.name}: expected a header and rows in the sheet '{name}', found it empty; name another")
    header = [text or "" for text in rows[header_at - 1]]
    below = [row for row in rows[header_at:] if not is_blank(row)]
    columns = [[row[place] for row in below] for place in range(len(header))]
    kept = [place for place, texts in enumerate(columns) if header[place].strip() or any(texts)]
    arrays = [pa.array(columns[place], pa.string()) for place in kept]
    return Sheet(
        names=tuple(header[place] for place in kept),
        header_at=header_at,
        table=pa.Table.from_arrays(arrays, names=[header[place] for place in kept]),
    )
