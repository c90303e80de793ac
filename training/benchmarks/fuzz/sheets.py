"""Whole workbooks made by hand, as parts of XML and as zips, and another reader that counts their rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from benchmarks.fuzz.mutations import Rng, chosen

Parts: TypeAlias = dict[str, bytes]
"""The members of a workbook by name."""
Rows: TypeAlias = Sequence[Sequence[str]]

SHEET: Final = "xl/worksheets/sheet1.xml"
BOOK: Final = "xl/workbook.xml"
LINKS: Final = "xl/_rels/workbook.xml.rels"
TEXTS: Final = "xl/sharedStrings.xml"
CONTENT: Final = "content.xml"
"""Of OpenDocument, where all sheets are in it."""
MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_OPEN: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_DAY_ZERO: Final = date(1899, 12, 30)
_NUMBER: Final = re.compile(r"\d{1,15}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_JUDGED: Final = 4 << 20
"""Bytes of a member that the other reader looks at."""


def excel_parts(rows: Rows, rng: Rng) -> Parts:
    """A sheet with these rows: numbers as numbers, days as styled numbers, texts shared or in their cells."""
    shared: list[str] = []
    is_shared = bool(rng.random() < 0.6)
    written = "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{letters(place)}{number}", text, shared, is_shared) for place, text in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    texts = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in shared)
    links = (("r1", "worksheet", SHEET[3:]), ("r2", "styles", "styles.xml"), ("r3", "sharedStrings", TEXTS[3:]))
    size = f"A1:{letters(len(rows[0]) - 1)}{len(rows)}"
    return {
        "[Content_Types].xml": element("Types", _TYPES, '<Default Extension="xml" ContentType="application/xml"/>'),
        "_rels/.rels": relations((("r1", "officeDocument", BOOK),)),
        BOOK: element("workbook", MAIN, '<workbookPr/><sheets><sheet name="List" sheetId="1" r:id="r1"/></sheets>'),
        LINKS: relations(links),
        "xl/styles.xml": element(
            "styleSheet", MAIN, '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        ),
        TEXTS: element("sst", MAIN, texts),
        SHEET: element("worksheet", MAIN, f'<dimension ref="{size}"/><sheetData>{written}</sheetData>'),
    }


def open_parts(rows: Rows) -> Parts:
    """The same as an OpenDocument sheet, as texts, with the empty cells and rows that its writers end a sheet by."""
    written = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
            for text in row
        )
        + '<table:table-cell table:number-columns-repeated="1000"/></table:table-row>'
        for row in rows
    )
    spaces = " ".join(f'xmlns:{name}="{_OPEN}{name}:1.0"' for name in ("office", "table", "text"))
    last = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    body = f'<office:spreadsheet><table:table table:name="List">{written}{last}</table:table></office:spreadsheet>'
    whole = f"<office:body>{body}</office:body>"
    text = f'<?xml version="1.0"?><office:document-content {spaces}>{whole}</office:document-content>'
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        CONTENT: text.encode(),
        "META-INF/manifest.xml": f'<?xml version="1.0"?><m:manifest xmlns:m="{manifest}"/>'.encode(),
    }


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """A whole zip of the members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return data.getvalue()


def element(name: str, space: str, body: str) -> bytes:
    """A document of one part."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{space}" xmlns:r="{_LINK}">{body}</{name}>'.encode()


def relations(links: Sequence[tuple[str, str, str]]) -> bytes:
    """The document that says which part is which. links: id, kind, target."""
    found = (f'<Relationship Id="{id_}" Type="{_LINK}/{kind}" Target="{target}"/>' for id_, kind, target in links)
    return element("Relationships", _LINKS, "".join(found))


def letters(place: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    return (letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _cell(place: str, text: str, shared: list[str], is_shared: bool) -> str:  # noqa: FBT001 - how all texts are kept
    if not text:
        return ""
    if _NUMBER.fullmatch(text):
        return f'<c r="{place}"><v>{text}</v></c>'
    if _DAY.fullmatch(text):
        return f'<c r="{place}" s="1"><v>{(date.fromisoformat(text) - _DAY_ZERO).days}</v></c>'
    if not is_shared:
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
    if text not in shared:
        shared.append(text)
    return f'<c r="{place}" t="s"><v>{shared.index(text)}</v></c>'


def rows_of_workbook(path: Path) -> int | None:
    """Rows below the header of the only sheet, by Python's own readers of zip and XML; None unless all is whole.

    Whole is a sheet whose rows and cells stand in order, each where its reference says, with the types that we know.
    """
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
            if len(set(names)) < len(names) or any(each.file_size > _JUDGED for each in file.infolist()):
                return None
            parts = {name: file.read(name) for name in names}
        if any(b"<!" in data for data in parts.values()) or _only_sheet(parts) != SHEET:
            return None
        texts = [_text_in(each) for each in ElementTree.fromstring(parts[TEXTS])]
        filled = sum(_filled_rows(ElementTree.fromstring(parts[SHEET]), texts))
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, LookupError, NotImplementedError):
        return None
    except (RuntimeError, OSError, EOFError):  # a member with a password, a place outside of the file
        return None
    return filled - 1


def _only_sheet(parts: Mapping[str, bytes]) -> str | None:
    """The member of the only sheet that the workbook names, where it names one."""
    sheets = [each for each in ElementTree.fromstring(parts[BOOK]).iter() if each.tag == f"{{{MAIN}}}sheet"]
    targets = {each.get("Id"): each.get("Target") for each in ElementTree.fromstring(parts[LINKS])}
    if len(sheets) != 1 or "state" in sheets[0].attrib:
        return None
    return f"xl/{targets[sheets[0].get(f'{{{_LINK}}}id')]}"


def _filled_rows(sheet: ElementTree.Element, texts: Sequence[str]) -> Iterator[bool]:
    """For each row whether it holds anything. Raises ValueError where something is not as whole sheets have it."""
    (data,) = (each for each in sheet if each.tag == f"{{{MAIN}}}sheetData")
    before = 0
    for row in data:
        number = int(row.attrib["r"])
        if row.tag != f"{{{MAIN}}}row" or number <= before or str(number) != row.attrib["r"]:
            raise ValueError("a row out of order")
        yield any(_held(row, number, texts))
        before = number


def _held(row: ElementTree.Element, number: int, texts: Sequence[str]) -> Iterator[str]:
    """What each cell of a row holds."""
    before = (0, "")
    for cell in row:
        found = _REFERENCE.fullmatch(cell.attrib["r"])
        if found is None or int(found[2]) != number or (len(found[1]), found[1]) <= before:
            raise ValueError("a cell out of order")
        before = (len(found[1]), found[1])
        yield _value(cell, texts)


def _value(cell: ElementTree.Element, texts: Sequence[str]) -> str:
    kind, names = cell.get("t", "n"), [each.tag for each in cell]
    if kind == "inlineStr" and names == [f"{{{MAIN}}}is"]:
        return _text_in(cell[0])
    if names != [f"{{{MAIN}}}v"] or len(cell[0]):
        raise ValueError("a cell of another form")
    held = cell[0].text or ""
    if kind == "s" and held.isdecimal():
        return texts[int(held)]
    if kind == "n" and _NUMBER.fullmatch(held):
        return held
    raise ValueError("a cell of another type")


def _text_in(holder: ElementTree.Element) -> str:
    """The only text of a string. Raises ValueError where it is made of several."""
    (text,) = holder
    if text.tag != f"{{{MAIN}}}t" or len(text):
        raise ValueError("a text of another form")
    return text.text or ""


def chosen_part(parts: Mapping[str, bytes], rng: Rng) -> str:
    """A member; those that hold the cells more often than the others."""
    held = [name for name in (SHEET, TEXTS, CONTENT) if name in parts]
    return chosen(rng, held) if rng.random() < 0.6 else chosen(rng, list(parts))
