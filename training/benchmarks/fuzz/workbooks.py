"""Workbooks spoilt: their parts value by value and byte by byte in a zip that is whole, their cells, and the zip."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.fuzz.mutations import TOKENS, Rng, chosen, spoilt
from benchmarks.fuzz.sheets import (
    BOOK,
    CONTENT,
    LINKS,
    MAIN,
    SHEET,
    TEXTS,
    Parts,
    chosen_part,
    element,
    letters,
    relations,
    zipped,
)
from benchmarks.fuzz.zips import with_bomb, with_other_headers

VALUES: Final[Sequence[bytes]] = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"7",
    b"9999",
    b"16384",
    b"65536",
    b"1048576",
    b"1048577",
    b"2147483648",
    b"4294967295",
    b"4294967296",
    b"99999999999999999999",
    b"1e999",
    b"-1e308",
    b"5e-324",
    b"nan",
    b"inf",
    b"60",
    b"2958465.99999",
    b"2958466",
    b"-700000",
    b"1e15",
    b"0.1",
    b"A1",
    b"A0",
    b"B2",
    b"a1",
    b"1A",
    b"A",
    b"XFD1048576",
    b"XFE1048577",
    b"AB900000",
    b"ZZZ1",
    b"ZZZZZZZZZ9",
    b"A99999999999",
    b"A4294967296",
    b"$A$1",
    b"A1:XFD1048576",
    b"B2:A1",
    b"s",
    b"b",
    b"e",
    b"str",
    b"inlineStr",
    b"n",
    b"d",
    b"x",
    b"true",
    b"2024-02-30",
    b"2024-03-01T25:61:61Z",
    b"10000-01-01",
    b"#REF!",
    b"#DIV/0!",
    b"#X",
    b"r1",
    b"r2",
    b"hidden",
    b"veryHidden",
    b"styles.xml",
    b"/xl/worksheets/sheet1.xml",
    b"../../outside.xml",
    b"file:///etc/passwd",
    b"&#0;",
    b"&#27;[2J",
    b"&#xD800;",
    b"&#x202e;",
    b"&lt;script&gt;",
    b"&nothing;",
    b"&",
    b"<",
    b"]]>",
    b"_x000D__x0000_",
    b"x" * 40_000,
)
"""In the place of an attribute or of a text between tags."""
CELLS: Final[Sequence[str]] = (
    '<c r="{r}"><f>1+1</f><v>2</v></c>',
    '<c r="{r}" t="str"><f>HYPERLINK("http://x.example")</f><v>x</v></c>',
    '<c r="{r}"><f t="shared" si="0" ref="A1:XFD1048576">A1</f></c>',
    '<c r="{r}"><f t="shared" si="99"/><v>1</v></c>',
    '<c r="{r}" t="e"><v>#N/A</v></c>',
    '<c r="{r}" t="e"><v>#NONE</v></c>',
    '<c r="{r}" t="s"><v>999999999</v></c>',
    '<c r="{r}" t="s"><v>-1</v></c>',
    '<c r="{r}" t="s"><v></v></c>',
    '<c r="{r}" t="s"/>',
    '<c r="{r}" t="b"><v>7</v></c>',
    '<c r="{r}" t="b"><v>TRUE</v></c>',
    '<c r="{r}" t="d"><v>2024-03-01</v></c>',
    '<c r="{r}" t="d"><v>yesterday</v></c>',
    '<c r="{r}" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>c</t></rPh></is></c>',
    '<c r="{r}" t="inlineStr"><is/></c>',
    '<c r="{r}" t="inlineStr"><is><t>_x001b_[2J</t></is></c>',
    '<c r="{r}" s="1"><v>-1</v></c>',
    '<c r="{r}" s="1"><v>60</v></c>',
    '<c r="{r}" s="1"><v>1e300</v></c>',
    '<c r="{r}" s="1"><v>2958466</v></c>',
    '<c r="{r}" s="1"><v>0.99999999</v></c>',
    '<c r="{r}" s="999"><v>1</v></c>',
    '<c r="{r}"><v>1e308</v></c>',
    '<c r="{r}"><v>nan</v></c>',
    '<c r="{r}"><v>12</v><v>13</v></c>',
    '<c r="{r}"><c r="{r}"><v>1</v></c></c>',
    '<c r="{r}"><v><![CDATA[12]]></v></c>',
    '<c r="{r}"><!-- --><v>1<!-- -->2</v></c>',
    "<c><v>5</v></c>",
    '<c r="{r}"/>',
    '<row r="{n}"><c r="{r}"><v>1</v></c></row>',
)
FAR: Final = ("XFD1048576", "A1048576", "XFD1", "AB900000", "ZZZ3", "A99999999", "A4294967295", "AAAAAAAA2", "C2", "A0")
"""References of cells far from the others, or that are none."""
FORMATS: Final = ("General", "yyyy-mm-dd", "[h]:mm:ss", "0%", "[$-409]d/m/yy", "", "\\", "[Red]" * 5_000, '"d"0')
NAMES: Final = (
    "../sheet.xml",
    "xl\\worksheets\\sheet1.xml",
    "/xl/workbook.xml",
    "XL/WORKBOOK.XML",
    "",
    "a\x00b",
    "x" * 60_000,
    "xl/worksheets/",
)
_PLACE: Final = re.compile(rb'="([^"<>]*)"|>([^<>]+)<')
_CELL: Final = re.compile(rb'<c r="([A-Z]+)(\d+)".*?(?:</c>|/>)')
_DOCTYPES: Final = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>",
    b'<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x SYSTEM "http://x.example/x.dtd" [<!ENTITY j "12">]>',
    b'<!DOCTYPE x [<!ENTITY j "&j;">]>',
)


def spoilt_workbook(parts: Parts, rng: Rng) -> bytes:
    """The bytes of a workbook of these parts that is spoilt in one way."""
    draw = rng.random()
    if draw < 0.03:
        return zipped(parts)
    if draw < 0.18:
        return chosen(rng, (spoilt, spoilt, with_other_headers))(zipped(parts), rng)
    if draw < 0.19:
        return with_bomb(parts, rng)
    return zipped(chosen(rng, _CHANGES)(parts, rng))


def _values(parts: Parts, rng: Rng) -> Parts:
    """Attributes and texts of one part are others, and it stays XML, or nearly."""
    name = chosen_part(parts, rng)
    data = parts[name]
    for _ in range(int(rng.integers(1, 4))):
        if found := list(_PLACE.finditer(data)):
            match = chosen(rng, found)
            start, stop = match.span(1) if match[1] is not None else match.span(2)
            data = data[:start] + chosen(rng, VALUES) + data[stop:]
    return {**parts, name: data}


def _tokens(parts: Parts, rng: Rng) -> Parts:
    """An attribute or a text is a token that other readers stumble over, written as XML has to write it."""
    name = chosen_part(parts, rng)
    token = chosen(rng, TOKENS).replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b'"', b"&quot;")
    found = list(_PLACE.finditer(parts[name]))
    if not found:
        return parts
    match = chosen(rng, found)
    start, stop = match.span(1) if match[1] is not None else match.span(2)
    return {**parts, name: parts[name][:start] + token + parts[name][stop:]}


def _bytes(parts: Parts, rng: Rng) -> Parts:
    name = chosen_part(parts, rng)
    return {**parts, name: spoilt(parts[name], rng)}


def _cells(parts: Parts, rng: Rng) -> Parts:
    """Some cells are of odd types: errors, formulas, dates, indexes of texts that are not there."""
    data = parts.get(SHEET, b"")
    for _ in range(int(rng.integers(1, 6))):
        if found := list(_CELL.finditer(data)):
            match = chosen(rng, found)
            cell = chosen(rng, CELLS).format(r=f"{match[1].decode()}{match[2].decode()}", n=match[2].decode())
            data = data[: match.start()] + cell.encode() + data[match.end() :]
    return {**parts, SHEET: data} if data else _repeats(parts, rng)


def _repeats(parts: Parts, rng: Rng) -> Parts:
    """OpenDocument's cells and rows that stand for many."""
    count = chosen(rng, (b"0", b"-1", b"16384", b"1048576", b"4294967296", b"99999999999999999999", b"x"))
    of = chosen(rng, (b"columns", b"rows"))
    cell = b"<table:table-cell>" if of == b"columns" else b"<table:table-row>"
    repeated = cell[:-1] + b' table:number-%s-repeated="%s">' % (of, count)
    data = parts[CONTENT]
    if of == b"columns":
        data = data.replace(b'<table:table-cell office:value-type="string">', cell)
    return {**parts, CONTENT: data.replace(cell, repeated, chosen(rng, (1, 3, 100)))}


def _geometry(parts: Parts, rng: Rng) -> Parts:
    """Cells and rows that stand elsewhere than a sheet can have them, or twice, or in another order."""
    if SHEET not in parts:
        return _repeats(parts, rng)
    data, place = parts[SHEET], chosen(rng, FAR)
    digits = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{digits}"><c r="{place}"><v>1</v></c></row>'.encode()
    lines = data.replace(b"</row>", b"</row>\n").split(b"\n")
    merged = b"".join(b'<mergeCell ref="A1:XFD%d"/>' % n for n in range(1, 3_000))
    made = (
        data.replace(b"</sheetData>", far + b"</sheetData>"),
        data.replace(b"<sheetData>", b"<sheetData>" + far),
        data.replace(b"</row>", b'<c r="%s"><v>1</v></c></row>' % place.encode(), 2),
        b"\n".join([lines[0], *lines[-2:0:-1], lines[-1]]),
        data.replace(b"</row>", b"</row>" * 2, 1),
        re.sub(rb' r="[A-Z]*\d+"', b"", data, count=chosen(rng, (1, 3, 0))),
        re.sub(rb'<row r="\d+"', b'<row r="2"', data),
        data.replace(b"</sheetData>", b"</sheetData><mergeCells>%s</mergeCells>" % merged),
        data.replace(b"</sheetData>", b"<row/>" * 300_000 + b"</sheetData>"),
        data.replace(b"</row>", b"<c/>" * 20_000 + b"</row>", 1),
        re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % chosen(rng, VALUES), data),
    )
    return {**parts, SHEET: chosen(rng, made)}


def _styles(parts: Parts, rng: Rng) -> Parts:
    """Formats of numbers that are written in odd ways; one of them is that of days."""
    shown = chosen(rng, FORMATS).replace('"', "&quot;")
    many = int(chosen(rng, (1, 1, 2, 60_000)))
    body = (
        f'<numFmts><numFmt numFmtId="200" formatCode="{shown}"/></numFmts><cellXfs count="{many}">'
        + '<xf numFmtId="0"/><xf numFmtId="200"/>' * many
        + "</cellXfs>"
    )
    return {**parts, "xl/styles.xml": element("styleSheet", MAIN, body)}


def _entities(parts: Parts, rng: Rng) -> Parts:
    """Entities that expand to ten billion characters, or to a file; or elements within one another without end."""
    name = chosen_part(parts, rng)
    data = parts[name]
    if rng.random() < 0.3:
        opening, closing = chosen(rng, ((b"<x>", b"</x>"), (b"<x>", b""), (b"<c>", b"</c>"), (b"<row>", b"</row>")))
        depth = int(chosen(rng, (200, 100_000)))
        return {**parts, name: data.replace(b"</", opening * depth + closing * depth + b"</", 1)}
    head, mark, tail = data.partition(b"?>")
    tail = re.sub(rb">[^<>]+<", b">&j;<", tail, count=3)
    return {**parts, name: head + mark + chosen(rng, _DOCTYPES) + tail}


def _members(parts: Parts, rng: Rng) -> Parts:
    """A member is missing, or one has another's content, or there are some that do not belong."""
    name, draw = chosen_part(parts, rng), rng.random()
    if draw < 0.3:
        return {key: data for key, data in parts.items() if key != name}
    if draw < 0.5:
        return {**parts, name: parts[chosen(rng, list(parts))]}
    if draw < 0.6:
        return {(key.upper() if rng.random() < 0.5 else key.replace("/", "\\")): data for key, data in parts.items()}
    if draw < 0.65:
        return {**parts, **{f"x{place}": b"" for place in range(12_000)}}
    return {**parts, chosen(rng, NAMES): chosen(rng, list(parts.values()))}


def _sheets(parts: Parts, rng: Rng) -> Parts:
    """Sheets that are named oddly, or are many, or lead elsewhere."""
    if BOOK not in parts:
        return _values(parts, rng)
    name = chosen(rng, ("", "&#27;[2J", "x" * 5_000, "&#x202e;x", "List", "a\nb", "'", "../x", "=1+1", "&#0;", "[1]"))
    state = chosen(rng, ("", ' state="hidden"', ' state="veryHidden"', ' state="x"'))
    link = chosen(rng, ("r1", "r1", "r2", "r9", ""))
    one = f'<sheet name="{name}" sheetId="1" r:id="{link}"{state}/>'
    many = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r1"/>' for n in range(2_000))
    listed = chosen(rng, (one, one, one, one * 2, '<sheet name="List" sheetId="1" r:id="r1"/>' + one, many, ""))
    base = chosen(rng, ("<workbookPr/>", '<workbookPr date1904="1"/>', ""))
    target = chosen(rng, (SHEET[3:], SHEET[3:], "workbook.xml", "../xl/" + SHEET[3:], "/" + SHEET, "nowhere.xml", ""))
    kind = chosen(rng, ("worksheet", "worksheet", "chartsheet", "dialogsheet", "x"))
    links = (("r1", kind, target), ("r2", "styles", "styles.xml"), ("r3", "sharedStrings", TEXTS[3:]))
    return {**parts, BOOK: element("workbook", MAIN, f"{base}<sheets>{listed}</sheets>"), LINKS: relations(links)}


def _repeated_text(parts: Parts, rng: Rng) -> Parts:
    """One long text that many cells share: some kilobytes that stand for gigabytes."""
    length, cells = chosen(rng, ((32_000, 60), (32_000, 5_000), (1_000_000, 3_000), (10_000_000, 3)))
    long = f"<si><t>{'x' * length}</t></si>"
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(50, 50 + cells))
    return {
        **parts,
        TEXTS: element("sst", MAIN, long * 60),
        SHEET: parts.get(SHEET, b"").replace(b"</sheetData>", rows.encode() + b"</sheetData>"),
    }


def _wide(parts: Parts, rng: Rng) -> Parts:
    """Thousands of columns, or names that stand twice."""
    if SHEET not in parts:
        return _repeats(parts, rng)
    count = int(chosen(rng, (300, 3_000)))
    cells = "".join(f'<c r="{letters(place)}1"><v>{place}</v></c>' for place in range(20, 20 + count))
    twice = re.sub(rb'<c r="B1".*?</c>', b'<c r="B1" t="inlineStr"><is><t>account</t></is></c>', parts[SHEET])
    data = chosen(rng, (parts[SHEET].replace(b"</row>", cells.encode() + b"</row>", 1), twice))
    return {**parts, SHEET: data}


_OFTEN: Final[tuple[Callable[[Parts, Rng], Parts], ...]] = (
    _values,
    _values,
    _tokens,
    _bytes,
    _cells,
    _cells,
    _geometry,
)
_CHANGES: Final = (*_OFTEN, *_OFTEN, _styles, _entities, _members, _sheets, _sheets, _wide, _repeated_text)
