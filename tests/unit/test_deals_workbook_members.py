"""Few bytes of a workbook that stand for more than memory holds are refused before anything makes them whole."""

from __future__ import annotations

import re
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from icp_ml.deals import workbook_members
from icp_ml.deals.reading import read_table
from icp_ml.deals.sheet_spans import Bounds, TooLargeError, check_span, text_lengths
from icp_ml.errors import InputError
from tests.workbooks import Cell, workbook

SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
ROWS: list[list[Cell]] = [["a", "b"], ["1", 2.0], ["3", 4.0]]
BILLION = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OPEN = """<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>
<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""
OPEN_CELL = '<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'
OPEN_ROW = "<table:table-row>{cells}</table:table-row>"


def changed(path: Path, **parts: Callable[[bytes], bytes]) -> Path:
    """A workbook of which some parts are others; `sheet` and `texts` name them."""
    name_of = {"sheet": SHEET, "texts": TEXTS}
    workbook(path, {"List": ROWS})
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    content |= {name_of[part]: change(content.get(name_of[part], b"")) for part, change in parts.items()}
    return zipped(path, content)


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            file.writestr(name, data)
    return path


def open_document(path: Path, *rows: str) -> Path:
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    content = OPEN.format(rows="".join(rows)).encode()
    return zipped(path, {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def open_row(*texts: str, more: str = "") -> str:
    return OPEN_ROW.format(cells="".join(OPEN_CELL.format(text=text, more=more) for text in texts))


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path)
    return caught.value.sentence


def test_two_cells_in_two_corners_are_refused_and_the_process_lives(tmp_path: Path) -> None:
    """17 thousand million cells of 32 bytes: the reader would end the process."""
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data.replace(b"</sheetData>", far))
    assert "expected a workbook of at most 20,000,000 cells, found more" in refusal(path)


@pytest.mark.parametrize("place", ["XFE2", "ZZZZZZZZ3", "A1048577", "A99999999999", "A-1", "3"])
def test_a_cell_where_no_sheet_has_one_is_damage(place: str, tmp_path: Path) -> None:
    at = place.encode()
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data.replace(b'r="B3"', b'r="%s"' % at))
    assert "a damaged workbook" in refusal(path)


def test_an_empty_cell_far_away_is_no_cell(tmp_path: Path) -> None:
    far = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data.replace(b"</sheetData>", far))
    assert read_table(path).num_rows == 2


def test_cells_without_a_place_stand_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: re.sub(rb' r="[A-Z]*\d+"', b"", data))
    # Three rows of two cells.
    monkeypatch.setattr(workbook_members, "BOUNDS", Bounds(cells=6, characters=100))
    assert read_table(path).num_rows == 2
    monkeypatch.setattr(workbook_members, "BOUNDS", Bounds(cells=5, characters=100))
    (tmp_path / "again.xlsx").write_bytes(path.read_bytes())
    assert "at most 5 cells" in refusal(tmp_path / "again.xlsx")


def shared(cells: int, length: int) -> dict[str, Callable[[bytes], bytes]]:
    """A text of `length` characters, and cells that share it."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(4, 4 + cells)).encode()
    return {
        "texts": lambda _: b"<sst><si><t>" + b"x" * length + b"</t></si></sst>",
        "sheet": lambda data: data.replace(b"</sheetData>", rows + b"</sheetData>"),
    }


def test_a_long_text_that_many_cells_share_is_refused(tmp_path: Path) -> None:
    """400 cells of a megabyte each in a file of some kilobytes."""
    path = changed(tmp_path / "list.xlsx", **shared(400, 1_000_000))
    assert path.stat().st_size < 20_000
    assert "at most 268,435,456 characters" in refusal(path)


def test_blanks_between_texts_and_cells_that_name_none_count_nothing(tmp_path: Path) -> None:
    more = b'<row r="4"><c r="A4" t="s"><v>0</v></c><c r="B4" t="s"><v> </v></c></row></sheetData>'
    path = changed(
        tmp_path / "list.xlsx",
        texts=lambda _: b"<sst>\n  <si><t>x</t></si>\n</sst>",
        sheet=lambda data: data.replace(b"</sheetData>", more),
    )
    with zipfile.ZipFile(path) as file:
        lengths = text_lengths(bytearray(file.read(TEXTS)))
        check_span(bytearray(file.read(SHEET)), lengths, Bounds(cells=8, characters=2))
        with pytest.raises(TooLargeError, match="1 characters"):
            check_span(bytearray(file.read(SHEET)), lengths, Bounds(cells=8, characters=1))
    assert lengths == [2]  # the blanks after a text are counted with it, which is no less than it holds


@pytest.mark.parametrize("number", [b"7", b"-1", b"0&#48;", b"x"])
def test_a_text_that_is_not_there_is_damage(number: bytes, tmp_path: Path) -> None:
    more = b'<row r="4"><c r="A4" t="s"><v>%s5</v></c></row></sheetData>' % number
    path = changed(
        tmp_path / "list.xlsx",
        texts=lambda _: b"<sst><si><t>x</t></si></sst>",
        sheet=lambda data: data.replace(b"</sheetData>", more),
    )
    assert "a damaged workbook" in refusal(path)


def test_a_member_that_unpacks_to_more_than_may_be_read_is_refused(tmp_path: Path) -> None:
    """By what it unpacks to, whatever it says: a gigabyte in a megabyte."""
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data + b" " * (workbook_members.LARGEST + 1))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert path.stat().st_size < 2 << 20
    assert "at most 536,870,912 bytes when it is unpacked" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < held + (2 << 20)


def test_what_is_no_xml_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = changed(tmp_path / "list.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/media/image1.png", b"\x89PNG" + b"\x00" * 1_000_000)
    monkeypatch.setattr(workbook_members, "LARGEST", 100_000)
    assert read_table(path).num_rows == 2


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = changed(tmp_path / "list.xlsx")
    with zipfile.ZipFile(path, "a") as file:
        for number in range(workbook_members.MOST_MEMBERS):
            file.writestr(f"x{number}", b"")
    assert "at most 10,000 members" in refusal(path)


@pytest.mark.parametrize("head", [BILLION, b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
def test_a_document_type_is_refused(head: bytes, tmp_path: Path) -> None:
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data.replace(b"?>", b"?>" + head, 1))
    assert "a damaged workbook" in refusal(path)


def test_an_encoding_in_which_bytes_are_other_elements_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path / "list.xlsx", sheet=lambda data: data.replace(b'"UTF-8"', b'"cp1026"', 1))
    assert "a damaged workbook" in refusal(path)


def test_what_an_open_document_ends_its_rows_by_is_nothing(tmp_path: Path) -> None:
    last = '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
    rows = [open_row("a", "b").replace("</table:table-row>", last), open_row("1", "2")]
    end = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    assert read_table(open_document(tmp_path / "list.ods", *rows, end)).to_pydict() == {"a": ["1"], "b": ["2"]}
    spaced = "\n ".join([*rows, end, end]).replace("><", ">\n  <").encode()
    check_span(bytearray(b"<table:table>" + spaced + b"</table:table>"), (), Bounds(cells=4, characters=100))


def test_the_characters_of_all_cells_of_an_open_document_count_together() -> None:
    def spans(rows: int, characters: int) -> bool:
        table = "<table:table>" + rows * open_row("five!", "six six") + "</table:table>"
        try:
            check_span(bytearray(table.encode()), (), Bounds(cells=100, characters=characters))
        except TooLargeError:
            return False
        return True

    of_a_row = next(most for most in range(1_000) if spans(1, most))
    assert of_a_row >= len("five!six six")
    assert [next(most for most in range(1_000) if spans(rows, most)) for rows in (2, 5)] == [2 * of_a_row, 5 * of_a_row]


@pytest.mark.parametrize(
    "rows",
    [
        (open_row("x", more=' table:number-columns-repeated="4000000000"'),),
        (open_row("x").replace("row>", 'row table:number-rows-repeated="4000000000">', 1),),
        (OPEN_ROW.replace("row>", 'row table:number-rows-repeated="30000000">', 1).format(cells=""), open_row("x")),
        (open_row('x<text:s text:c="4000000000"/>'),),
        (open_row("x" * 1_000_000, more=' table:number-columns-repeated="300"'),),
    ],
    ids=["cells", "rows", "rows before a row", "blanks", "long texts"],
)
def test_open_documents_that_repeat_without_end_are_refused(rows: tuple[str, ...], tmp_path: Path) -> None:
    path = open_document(tmp_path / "list.ods", open_row("a", "b"), *rows)
    assert "expected a workbook of at most" in refusal(path)


def test_a_name_does_not_decide_what_a_workbook_is(tmp_path: Path) -> None:
    path = open_document(tmp_path / "list.xlsx", open_row("a", "b"), open_row("1", "2"))
    assert read_table(path).to_pydict() == {"a": ["1"], "b": ["2"]}
