"""A sheet means what its CSV export would mean."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from icp_ml.deals import workbook_texts
from icp_ml.deals.reading import column_names, first_line, read_table
from icp_ml.deals.sheet_spans import Bounds
from icp_ml.errors import InputError
from tests.workbooks import Cell, workbook

DEALS: list[list[Cell]] = [
    ["id", "employees", "opened", "share", "partner", "closed"],
    ["007", 1200.0, datetime.datetime(2024, 3, 1), 0.25, True, datetime.datetime(2024, 5, 2, 9, 30)],
    ["8", None, None, -3.0, False, None],
]
AS_TEXTS = {
    "id": ["007", "8"],
    "employees": ["1200", None],
    "opened": ["2024-03-01", None],
    "share": ["0.25", "-3"],
    "partner": ["TRUE", "FALSE"],
    "closed": ["2024-05-02T09:30:00", None],
}


def refusal(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path, sheet=sheet)
    return caught.value.sentence


def test_cells_become_the_texts_of_a_csv_export(tmp_path: Path) -> None:
    path = workbook(tmp_path / "deals.xlsx", {"Sheet1": DEALS})
    assert read_table(path).to_pydict() == AS_TEXTS
    assert read_table(path, columns=["share", "id"]).to_pydict() == {"share": ["0.25", "-3"], "id": ["007", "8"]}


def test_a_workbook_is_told_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    assert read_table(workbook(tmp_path / "deals.csv", {"Sheet1": DEALS})).to_pydict() == AS_TEXTS


def test_the_header_is_the_first_row_that_is_not_blank_and_blank_rows_are_none(tmp_path: Path) -> None:
    blank: list[Cell] = [None]
    path = workbook(tmp_path / "deals.xlsx", {"Sheet1": [blank, blank, DEALS[0], blank, *DEALS[1:], blank]})
    assert read_table(path).to_pydict() == AS_TEXTS
    assert first_line(path) == 4


def test_a_column_without_a_name_counts_where_it_holds_something(tmp_path: Path) -> None:
    path = workbook(tmp_path / "deals.xlsx", {"Sheet1": [["a", None, None, "b"], ["1", None, "x", "2"]]})
    assert read_table(path).to_pydict() == {"a": ["1"], "(column 2)": ["x"], "b": ["2"]}


def test_the_only_visible_sheet_with_rows_is_meant(tmp_path: Path) -> None:
    sheets: dict[str, list[list[Cell]]] = {"Notes": [], "Lists": [["x"], ["y"]], "Deals": DEALS}
    path = workbook(tmp_path / "deals.xlsx", sheets, hidden=["Lists"])
    assert column_names(path) == tuple(AS_TEXTS)
    assert read_table(path, sheet="Lists").to_pydict() == {"x": ["y"]}


def test_which_of_several_sheets_is_meant_must_be_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "deals.xlsx", {"2023": DEALS, "2024": DEALS})
    assert "found '2023', '2024'; say which with 'sheet'" in refusal(path)
    assert read_table(path, sheet="2024").num_rows == 2
    assert "expected the sheet '2025', found none of that name" in refusal(path, "2025")


def test_more_sheets_than_are_looked_through_need_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "deals.xlsx", {f"s{n}": DEALS if n == 3 else [] for n in range(201)})
    assert "expected at most 200 sheets of 20,000,000 cells together" in refusal(path)
    assert read_table(path, sheet="s3").num_rows == 2
    # Each of the two has three rows of six cells.
    monkeypatch.setattr(workbook_texts, "BOUNDS", Bounds(cells=35, characters=1))
    assert "say which one is meant with 'sheet'" in refusal(workbook(tmp_path / "two.xlsx", {"a": DEALS, "b": DEALS}))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "found an empty workbook" in refusal(workbook(tmp_path / "empty.xlsx", {"Sheet1": []}))
    assert "expected rows below the header" in refusal(workbook(tmp_path / "header.xlsx", {"Sheet1": [["a", "b"]]}))
    with zipfile.ZipFile(tmp_path / "deals.zip", "w") as archive:
        archive.writestr("deals.csv", "a,b\n1,2\n")
    assert "found another archive" in refusal(tmp_path / "deals.zip")
    empty = workbook(tmp_path / "notes.xlsx", {"Notes": [], "Deals": DEALS})
    assert "expected a header and rows in the sheet 'Notes', found it empty; name another" in refusal(empty, "Notes")
    (tmp_path / "damaged.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"x" * 600)
    assert "a damaged workbook" in refusal(tmp_path / "damaged.xls")


def test_a_workbook_of_which_a_sheet_is_damaged_is_told(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", {"Sheet1": DEALS})
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(tmp_path / "damaged.xlsx", "w") as damaged:
        for name in parts.namelist():
            damaged.writestr(name, b"<worksheet><sheetData><row" if "worksheets/" in name else parts.read(name))
    assert "a damaged workbook" in refusal(tmp_path / "damaged.xlsx")


@pytest.mark.parametrize("first", [(0, 0), (1, 0), (0, 2), (3, 2)])
def test_rows_and_columns_are_counted_from_the_first_whatever_is_filled(tmp_path: Path, first: tuple[int, int]) -> None:
    """Against the reader's other way, which hands over every cell."""
    above, left = first
    filled: list[list[Cell]] = [["a", None, "b"], [None], ["1", "x", None]]
    none: Cell = None
    sheet = [[none]] * above + [[none] * left + row for row in filled]
    path = workbook(tmp_path / "list.xlsx", {"List": sheet})
    every = CalamineWorkbook.from_object(path).get_sheet_by_name("List").to_python(skip_empty_area=False)
    assert workbook_texts.sheet_texts(path, None)[1] == [[cell or None for cell in row] for row in every]
    assert len(every) == above + 3
    assert len(every[0]) == left + 3
