"""The smallest Excel workbooks there are: a zip of XML, written by hand."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

Cell: TypeAlias = str | float | bool | datetime.datetime | None

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_DAY_ZERO: Final = datetime.datetime(1899, 12, 30)
_STYLES: Final = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
"""Style 0 shows a number as it is, style 1 as a day and time."""


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Cell]]], hidden: Sequence[str] = ()) -> Path:
    """Write the sheets, by name, to a workbook; those of `hidden` are not shown."""
    states = {name: ' state="hidden"' if name in hidden else "" for name in sheets}
    numbered = list(enumerate(sheets, 1))
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"{states[name]}/>' for n, name in numbered)
    links = [("r0", "styles", "styles.xml"), *((f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in numbered)]
    parts = {
        "[Content_Types].xml": _element("Types", _TYPES, '<Default Extension="xml" ContentType="application/xml"/>'),
        "_rels/.rels": _relations([("r1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _element("workbook", _MAIN, f"<sheets>{listed}</sheets>"),
        "xl/_rels/workbook.xml.rels": _relations(links),
        "xl/styles.xml": _element("styleSheet", _MAIN, _STYLES),
    }
    for number, name in numbered:
        rows = "".join(_row(place, row) for place, row in enumerate(sheets[name], 1))
        parts[f"xl/worksheets/sheet{number}.xml"] = _element("worksheet", _MAIN, f"<sheetData>{rows}</sheetData>")
    with zipfile.ZipFile(path, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return path


def _element(name: str, space: str, body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{space}" xmlns:r="{_LINK}">{body}</{name}>'


def _relations(links: Sequence[tuple[str, str, str]]) -> str:
    found = (f'<Relationship Id="{id_}" Type="{_LINK}/{kind}" Target="{target}"/>' for id_, kind, target in links)
    return _element("Relationships", _LINKS, "".join(found))


def _row(number: int, cells: Sequence[Cell]) -> str:
    written = "".join(_cell(f"{_letters(place)}{number}", cell) for place, cell in enumerate(cells))
    return f'<row r="{number}">{written}</row>'


def _letters(place: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    if isinstance(cell, datetime.datetime):
        return f'<c r="{place}" s="1"><v>{(cell - _DAY_ZERO) / datetime.timedelta(days=1)!r}</v></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'
