"""Workbooks in the binary forms, made by hand: .xls, a file system with records in it; .xlsb, a zip of records.

Both as Microsoft describes them, [MS-CFB], [MS-XLS] and [MS-XLSB], and no more of them than a reader asks for.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

from benchmarks.fuzz.mutations import Rng, chosen, spoilt
from benchmarks.fuzz.sheets import Parts, Rows, relations, zipped

Cell: TypeAlias = tuple[int, int, str | float]
"""Its row and its column, from 0, and what it holds."""
Cells: TypeAlias = Sequence[Cell]

SECTOR: Final = 512
LEAST_STREAM: Final = 4096
"""Bytes below which a stream stands elsewhere in the file."""
NUMBERS: Final = (b"\0", b"\1", b"\xff", b"\0\0", b"\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\x10\0")
"""In the place of whatever counts, measures or points."""
_HEAD: Final = 3 * SECTOR
"""Bytes in which most that counts, measures or points stands."""
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def spoilt_binary(rows: Rows, rng: Rng) -> bytes:
    """An .xls or an .xlsb of these texts that is spoilt in one way."""
    cells = [(row, column, text) for row, texts in enumerate(rows) for column, text in enumerate(texts) if text]
    change = chosen(rng, (_renumbered, _renumbered, spoilt))
    if rng.random() < 0.5:
        parts = binary_parts(cells)
        name = chosen(rng, [name for name in parts if name.endswith(".bin")])
        return zipped({**parts, name: change(parts[name], rng)})
    return compound(change(old_records(cells), rng)) if rng.random() < 0.5 else change(old_workbook(cells), rng)


def _renumbered(data: bytes, rng: Rng) -> bytes:
    """Some bytes are others, and all stay where they are."""
    within = _HEAD if rng.random() < 0.7 else len(data)
    for _ in range(int(rng.integers(1, 4))):
        number, at = chosen(rng, NUMBERS), int(rng.integers(min(within, len(data))))
        data = (data[:at] + number + data[at + len(number) :])[: len(data)]
    return data


def old_workbook(cells: Cells) -> bytes:
    """An .xls with one sheet, called List."""
    return compound(old_records(cells))


def old_records(cells: Cells) -> bytes:
    """The stream of an .xls: first what stands for all sheets, then a sheet."""
    sheet = (
        _old(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + b"".join(map(_old_cell, cells)) + _old(0x0A)
    )
    begins = _old(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = struct.pack("<IBBBB", 0, 0, 0, 4, 0) + b"List"
    globals_ = len(begins) + 4 + len(name) + 4
    return begins + _old(0x85, struct.pack("<I", globals_) + name[4:]) + _old(0x0A) + sheet


def _old(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _old_cell(cell: Cell) -> bytes:
    row, column, held = cell
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(held, str):
        return _old(0x0204, place + struct.pack("<HB", len(held), 1) + held.encode("utf-16-le"))
    return _old(0x0203, place + struct.pack("<d", held))


def compound(stream: bytes) -> bytes:
    """A file of sectors: the header, the table of sectors, the directory, the stream."""
    stream = stream.ljust(max(LEAST_STREAM, -len(stream) % SECTOR + len(stream)), b"\0")
    sectors = len(stream) // SECTOR
    tables = 1
    while (tables + 1 + sectors) * 4 > tables * SECTOR:
        tables += 1
    next_of = [_TABLE] * tables + [_END] + [tables + 2 + n for n in range(sectors - 1)] + [_END]
    next_of += [_FREE] * (tables * SECTOR // 4 - len(next_of))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, tables, 0, LEAST_STREAM, _END, 0, _END, 0)
    header += struct.pack("<109I", *(list(range(tables)) + [_FREE] * (109 - tables)))
    root = _entry("Root Entry", 5, 1, _END, 0)
    entries = root + _entry("Workbook", 2, _FREE, tables + 1, len(stream)) + 2 * _entry("", 0, _FREE, 0, 0)
    return header + struct.pack(f"<{len(next_of)}I", *next_of) + entries + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    links = struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def binary_parts(cells: Cells) -> Parts:
    """The members of an .xlsb with one sheet, called List."""
    link = _wide("r1")
    book = (
        _new(0x83) + _new(0x8F) + _new(0x9C, struct.pack("<II", 0, 1) + link + _wide("List")) + _new(0x90) + _new(0x84)
    )
    rows = b"".join(
        _new(0, struct.pack("<I", row) + bytes(13)) + b"".join(_new_cell(cell) for cell in cells if cell[0] == row)
        for row in sorted({cell[0] for cell in cells})
    )
    last = (max(cell[0] for cell in cells), max(cell[1] for cell in cells)) if cells else (0, 0)
    size = _new(0x94, struct.pack("<IIII", 0, last[0], 0, last[1]))
    kinds = '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    return {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{kinds}</Types>'.encode(),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": relations([("r1", "worksheet", "worksheets/sheet1.bin")]),
        "xl/worksheets/sheet1.bin": _new(0x81) + size + _new(0x91) + rows + _new(0x92) + _new(0x82),
    }


def _new(kind: int, content: bytes = b"") -> bytes:
    first = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, left = b"", len(content)
    while left > 0x7F:
        length, left = length + bytes([left & 0x7F | 0x80]), left >> 7
    return first + length + bytes([left]) + content


def _new_cell(cell: Cell) -> bytes:
    _, column, held = cell
    place = struct.pack("<II", column, 0)
    return _new(6, place + _wide(held)) if isinstance(held, str) else _new(5, place + struct.pack("<d", held))


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
