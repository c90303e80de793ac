"""The cells of a sheet of a workbook as texts, as a CSV export of the sheet would have them.

    number 1200.0        "1200"              date            "2024-03-01"
    number 0.25          "0.25"              date and time   "2024-03-01T09:30:00"
    true                 "TRUE"              empty cell      None

A percentage or an amount of money is its plain number: what a cell looks like is no part of what it holds.
"""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from icp_ml.deals.words import listed, suggestion
from icp_ml.deals.workbook_members import BOUNDS, looked_at, no_workbook
from icp_ml.errors import InputError

Cell: TypeAlias = (
    int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta | None
)
Texts: TypeAlias = list[list[str | None]]
"""Rows of equally many cells; None for an empty one, and never an empty text."""

MOST_SHEETS: Final = 200
"""Sheets that are looked through where none is named; we chose it."""
_MIDNIGHT: Final = datetime.time()


def sheet_texts(path: Path, sheet: str | None) -> tuple[str, Texts]:
    """The name of one sheet, and all its rows from the first, so that their numbers are those that a person sees.

    sheet: its name; None for the only visible one that holds anything.

    Raises `InputError` for what is no workbook or has a password, for a sheet that is not there, where several sheets
    could be meant, and for more than may be read.
    """
    with _opened(path) as workbook:
        return _rows_of(path, workbook, sheet)


def is_blank(row: Sequence[str | None]) -> bool:
    """Whether no cell of the row holds anything."""
    return not any(row)


def _opened(path: Path) -> CalamineWorkbook:
    """A zip is looked at before it is read; what it is called does not matter."""
    try:
        return CalamineWorkbook.from_object(looked_at(path) if zipfile.is_zipfile(path) else path)
    except CalamineError:
        raise no_workbook(path) from None


def _rows_of(path: Path, workbook: CalamineWorkbook, sheet: str | None) -> tuple[str, Texts]:
    names = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if sheet is not None:
        if sheet not in names:
            raise InputError(
                f"{path.name}: expected the sheet '{sheet}', found none of that name; {suggestion(sheet, names)}"
            )
        return sheet, _cells(path, workbook, sheet)
    hidden = {each.name for each in workbook.sheets_metadata if each.visible != SheetVisibleEnum.Visible}
    seen = _seen(path, workbook, [name for name in names if name not in hidden])
    filled = [name for name, rows in seen.items() if not all(map(is_blank, rows))]
    if not filled:
        raise InputError(f"{path.name}: expected a header and rows, found an empty workbook; export it again")
    if len(filled) > 1:
        raise InputError(f"{path.name}: expected one sheet with rows, found {listed(filled)}; say which with 'sheet'")
    return filled[0], seen[filled[0]]


def _seen(path: Path, workbook: CalamineWorkbook, names: Sequence[str]) -> dict[str, Texts]:
    """The rows of all these sheets: names are cheap, and a thousand of them can stand for one large sheet."""
    found: dict[str, Texts] = {}
    for name in names[: MOST_SHEETS + 1]:
        found[name] = _cells(path, workbook, name)
        cells = sum(len(rows) * len(rows[0]) for rows in found.values() if rows)
        if cells > BOUNDS.cells or len(found) > MOST_SHEETS:
            raise InputError(
                f"{path.name}: expected at most {MOST_SHEETS} sheets of {BOUNDS.cells:,} cells together, found more; "
                "say which one is meant with 'sheet'"
            )
    return found


def _cells(path: Path, workbook: CalamineWorkbook, name: str) -> Texts:
    try:
        sheet = workbook.get_sheet_by_name(name)
        rows, columns = (last + 1 for last in sheet.end or (-1, -1))
        if rows * columns > BOUNDS.cells:
            raise InputError(
                f"{path.name}: expected at most {BOUNDS.cells:,} cells in a sheet, found {rows:,} rows of {columns:,}; "
                "save the sheet as CSV, or remove the cells far from the others"
            )
        return _shared(sheet)
    except CalamineError:
        raise no_workbook(path) from None


def _shared(sheet: CalamineSheet) -> Texts:
    """A row like the one before it is that one: few bytes of a workbook can stand for a million of them."""
    before: list[str | None] = [None] * (sheet.start or (0, 0))[1]  # the reader's rows begin where a column is filled
    rows: Texts = []
    for row in sheet.iter_rows():
        texts = before + [_text(cell) for cell in row]
        rows.append(rows[-1] if rows and rows[-1] == texts else texts)
    return rows


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
