"""How much a member of a workbook holds once it is read: the rectangle of its cells, and the texts that stand often.

Few bytes can stand for many cells, so that the size of a file says nothing:

    <c r="XFD1048576"><v>1</v></c>                        a rectangle of 17 thousand million cells, in Excel
    <table:table-cell table:number-columns-repeated=...   as many cells as it says, in OpenDocument
    <c t="s"><v>0</v></c>                                 the whole of a text that stands elsewhere, once more
    <text:s text:c="4000000000"/>                         as many blanks as it says

A cell counts once it holds something: empty ones are written to the end of a row by many programs. Where a cell does
not say its place, it is the one after the last; where it does, the larger of both counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

MOST_COLUMNS: Final = 16_384
MOST_ROWS: Final = 1_048_576
"""Of a sheet of Excel."""

_PIECE: Final = 1 << 20
_ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
_DIGITS: Final = "0123456789"
_NOTHING: Final = frozenset({"number-columns-repeated", "style-name", "content-validation-name"})
"""Attributes of OpenDocument's cells that leave a cell empty."""


class NotWholeError(Exception):
    """A member is not as a program leaves it that writes workbooks."""


class TooLargeError(Exception):
    """A member stands for more than is to be read. The words say of what, and of how many."""


@dataclass(frozen=True)
class Bounds:
    """cells: of the rectangle from the first cell of a sheet to its last. characters: of all texts of a sheet."""

    cells: int
    characters: int


def text_lengths(content: bytearray) -> list[int]:
    """Characters of each text that a member holds for cells to share, in their order. Raises as `check_span` does."""
    lengths: list[int] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "si":
            lengths.append(0)

    def add(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    parser = _parser()
    parser.StartElementHandler, parser.CharacterDataHandler = start, add
    _parse(parser, content)
    return lengths


def check_span(content: bytearray, texts: Sequence[int], bounds: Bounds) -> None:
    """Read a member as XML, once. texts: characters of those that cells share.

    Raises `TooLargeError`; `NotWholeError` for a document type, a place that no sheet has and a text that is not there,
    and `expat.ExpatError` for what is no XML.
    """
    parser = _parser()
    parser.StartElementHandler = _Span(parser, content, texts, bounds).start
    _parse(parser, content)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_type
    parser.XmlDeclHandler = _check_encoding
    return parser


def _parse(parser: expat.XMLParserType, content: bytearray) -> None:
    for place in range(0, len(content), _PIECE):
        parser.Parse(content[place : place + _PIECE])
    parser.Parse(b"", True)  # noqa: FBT003 - the place of "is this the end" in a function that takes no names


def _refuse_type(*_said: object) -> None:
    raise NotWholeError("a document type, which can define texts that stand for ten thousand million characters")


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    """In others the same bytes can be other elements to another reader."""
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise NotWholeError(f"text in {encoding[:20]!r}")


class _Span:
    """Follows the elements of a member. row, column: of the cell that began last, from 1."""

    def __init__(self, parser: expat.XMLParserType, content: bytearray, texts: Sequence[int], bounds: Bounds) -> None:
        self._parser, self._content, self._texts, self._bounds = parser, content, texts, bounds
        self._row = self._column = self._last_row = self._last_column = self._characters = 0
        self._is_shared, self._row_digits = False, ""
        self._column_of: dict[str, int] = {}
        self._table = _Table(bounds)
        self._starts: Mapping[str, Callable[[Mapping[str, str]], None]] = {
            "c": self._cell,
            "v": self._value,
            "is": self._value,
            "row": self._next_row,
            "table": self._table.start,
            "table-row": self._table.row,
            "table-cell": self._open_cell,
            "covered-table-cell": self._open_cell,
            "s": self._table.blanks,
        }

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; its name counts without its prefix."""
        begins = self._starts.get(name) or self._starts.get(name.rpartition(":")[2])
        if begins is not None:
            begins(attributes)

    def _next_row(self, attributes: Mapping[str, str]) -> None:
        self._row = max(self._row + 1, _number(attributes.get("r", "0")))
        self._column, self._row_digits = 0, ""

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self._column += 1
        self._is_shared = attributes.get("t") == "s"
        if (place := attributes.get("r")) is not None:
            letters = place.rstrip(_DIGITS)
            if place[len(letters) :] != self._row_digits:
                self._go_to_row(place[len(letters) :])
            column = self._column_of.get(letters) or self._column_called(letters)
            self._column = max(self._column, column)

    def _go_to_row(self, digits: str) -> None:
        self._row, self._row_digits = max(self._row, _number(digits)), digits

    def _column_called(self, letters: str) -> int:
        """1 for A, 27 for AA; kept, because a sheet asks for each of its columns in every row."""
        if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
            raise NotWholeError(f"a cell in the column {letters[:20]!r}")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        self._column_of[letters] = number
        return number

    def _value(self, _attributes: Mapping[str, str]) -> None:
        if self._row > self._last_row or self._column > self._last_column:
            if self._row > MOST_ROWS or self._column > MOST_COLUMNS:
                raise NotWholeError("a cell beyond the last row or column")
            self._last_row, self._last_column = max(self._row, self._last_row), max(self._column, self._last_column)
            _check(self._last_row * self._last_column, self._bounds.cells, "cells")
        if self._is_shared:
            self._characters += self._shared()
            _check(self._characters, self._bounds.characters, "characters")

    def _shared(self) -> int:
        """The length of the text that a cell names, by its number as it stands in the bytes."""
        start = self._content.find(b">", self._parser.CurrentByteIndex) + 1
        held = self._content[start : self._content.find(b"<", start)].strip()
        if not held:
            return 0
        place = _number(held.decode("ascii", "replace"))
        if place >= len(self._texts):
            raise NotWholeError(f"the text {place}, and there are {len(self._texts)}")
        return self._texts[place]

    def _open_cell(self, attributes: Mapping[str, str]) -> None:
        self._table.cell(attributes)
        self._parser.CharacterDataHandler = self._table.text


class _Table:
    """OpenDocument's tables: rows and cells that say how often they stand."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._rows = self._columns = self._characters = 0
        self._row_repeats = self._row_column = self._repeats = 0
        self._is_row_filled = self._is_cell_filled = False

    def start(self, _attributes: Mapping[str, str]) -> None:
        """A table begins, or what is called so elsewhere."""
        self._rows = self._columns = self._characters = self._row_repeats = 0
        self._is_row_filled = False

    def row(self, attributes: Mapping[str, str]) -> None:
        """A row begins. The rows before it count, filled or not, once a filled one comes after them."""
        self._rows += self._row_repeats
        self._row_repeats = _said(attributes, "number-rows-repeated")
        self._row_column = self._repeats = 0
        self._is_row_filled = self._is_cell_filled = False

    def cell(self, attributes: Mapping[str, str]) -> None:
        """A cell begins."""
        self._row_column += self._repeats
        self._repeats = _said(attributes, "number-columns-repeated")
        self._is_cell_filled = False
        if any(name.rpartition(":")[2] not in _NOTHING for name in attributes):
            self.fill(sum(map(len, attributes.values())))

    def text(self, text: str) -> None:
        """A text in a cell, or between two, where it is blank."""
        if self._is_cell_filled or not text.isspace():
            self.fill(len(text))

    def blanks(self, attributes: Mapping[str, str]) -> None:
        """Blanks that are written as their number."""
        self.fill(_said(attributes, "c"))

    def fill(self, characters: int) -> None:
        """The cell that began last holds so many characters, or as many more."""
        self._is_cell_filled = self._is_row_filled = True
        self._columns = max(self._columns, self._row_column + self._repeats)
        _check((self._rows + self._row_repeats) * self._columns, self._bounds.cells, "cells")
        self._characters += characters * self._repeats * self._row_repeats
        _check(self._characters, self._bounds.characters, "characters")


def _said(attributes: Mapping[str, str], local: str) -> int:
    """What an attribute says, by its name without its prefix; 1 where it is not there."""
    return _number(next((said for name, said in attributes.items() if name.rpartition(":")[2] == local), "1"))


def _number(text: str) -> int:
    """A count, which has no sign and no more digits than any count needs."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise NotWholeError(f"{text[:20]!r} for a number")
    return int(text)


def _check(found: int, most: int, of: str) -> None:
    if found > most:
        raise TooLargeError(f"{most:,} {of}")
