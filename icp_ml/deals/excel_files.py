"""Sheets of Excel and OpenDocument workbooks as tables of texts, as a CSV export of the sheet would have them.

    number 1200.0        "1200"              date            "2024-03-01"
    number 0.25          "0.25"              date and time   "2024-03-01T09:30:00"
    true                 "TRUE"              empty cell      null

The header is the first row that is not blank; blank rows below it are no rows. A percentage or an amount of money is
its plain number: what a cell looks like is no part of what it holds.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from icp_ml.deals.words import listed, suggestion
from icp_ml.deals.workbook_members import BOUNDS, looked_at, no_workbook
from icp_ml.errors import InputError

Cell: TypeAlias = (
    int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta | None
)

_ZIP: Final = b"PK\x03\x04"
_STARTS: Final = (_ZIP, b"\xd0\xcf\x11\xe0")
"""What an archive begins with, which current workbooks are, and what older workbooks begin with."""
MOST_SHEETS: Final = 200
"""Sheets that are looked through where none is named; we chose it."""
_MIDNIGHT: Final = datetime.time()


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
    with _opened(path) as workbook:
        name, rows = _rows_of(path, workbook, sheet)
    header_at = next((number for number, row in enumerate(rows, 1) if not _is_blank(row)), None)
    if header_at is None:
        raise InputError(f"{path.name}: expected a header and rows in the sheet '{name}', found it empty; name another")
    header = [_text(cell) or "" for cell in rows[header_at - 1]]
    below = [row for row in rows[header_at:] if not _is_blank(row)]
    columns = [[_text(row[place]) for row in below] for place in range(len(header))]
    kept = [place for place, texts in enumerate(columns) if header[place].strip() or any(texts)]
    arrays = [pa.array(columns[place], pa.string()) for place in kept]
    return Sheet(
        names=tuple(header[place] for place in kept),
        header_at=header_at,
        table=pa.Table.from_arrays(arrays, names=[header[place] for place in kept]),
    )


def _opened(path: Path) -> CalamineWorkbook:
    """A zip is looked at before it is read; what it is called does not matter."""
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP)) == _ZIP
    try:
        return CalamineWorkbook.from_object(looked_at(path) if is_zip else path)
    except CalamineError:
        raise no_workbook(path) from None


def _rows_of(path: Path, workbook: CalamineWorkbook, sheet: str | None) -> tuple[str, list[list[Cell]]]:
    names = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if sheet is not None:
        if sheet not in names:
            raise InputError(
                f"{path.name}: expected the sheet '{sheet}', found none of that name; {suggestion(sheet, names)}"
            )
        return sheet, _cells(path, workbook, sheet)
    hidden = {each.name for each in workbook.sheets_metadata if each.visible != SheetVisibleEnum.Visible}
    seen = _seen(path, workbook, [name for name in names if name not in hidden])
    filled = [name for name, rows in seen.items() if not all(map(_is_blank, rows))]
    if not filled:
        raise InputError(f"{path.name}: expected a header and rows, found an empty workbook; export it again")
    if len(filled) > 1:
        raise InputError(f"{path.name}: expected one sheet with rows, found {listed(filled)}; say which with 'sheet'")
    return filled[0], seen[filled[0]]


def _seen(path: Path, workbook: CalamineWorkbook, names: Sequence[str]) -> dict[str, list[list[Cell]]]:
    """The rows of all these sheets: names are cheap, and a thousand of them can stand for one large sheet."""
    found: dict[str, list[list[Cell]]] = {}
    for name in names[: MOST_SHEETS + 1]:
        found[name] = _cells(path, workbook, name)
        cells = sum(len(rows) * len(rows[0]) for rows in found.values() if rows)
        if cells > BOUNDS.cells or len(found) > MOST_SHEETS:
            raise InputError(
                f"{path.name}: expected at most {MOST_SHEETS} sheets of {BOUNDS.cells:,} cells together, found more; "
                "say which one is meant with 'sheet'"
            )
    return found


def _cells(path: Path, workbook: CalamineWorkbook, sheet: str) -> list[list[Cell]]:
    """All rows from the first, so that their numbers are those that a person sees."""
    try:
        return [list(row) for row in workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)]
    except CalamineError:
        raise no_workbook(path) from None


def _is_blank(row: Sequence[Cell]) -> bool:
    return all(cell is None or cell == "" for cell in row)


def _text(cell: Cell) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat(timespec="seconds")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1 << 53:
        return str(int(cell))
    return str(cell)
