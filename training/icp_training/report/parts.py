"""What a section of the page consists of. Texts are plain: the template escapes every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from plotly.graph_objects import Figure

Tone = Literal["plain", "good", "warning", "bad"]


@dataclass(frozen=True)
class Cell:
    """text: rounded for people. exact: the number itself, shown on hover; empty where text is all there is.

    counts: the numbers of deals or accounts that the text tells or can be worked back to, for `small_cells`.
    """

    text: str
    exact: str = ""
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """caption: what the rows are. numeric: places of the columns that are set to the right.

    folded: whether it is shown only when asked for, under its caption.
    """

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True)
class Chart:
    """A figure under the sentence that says what it shows. numbers: the same as a table, for those who cannot see it.

    name: unique in the page, of letters and dashes. height: in pixels. counts: as of a cell, beyond its table's.
    """

    name: str
    finding: str
    figure: Figure
    numbers: Table
    height: int
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Words:
    """Sentences in one paragraph. counts: of the groups of which a share is told in it, as of a cell."""

    text: str
    tone: Tone = "plain"
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Listed:
    """Points in no particular order."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Prospect:
    """A row of a scored list. facts: what its row shows. details: sentences. reasons: in words, with their log-odds.

    steps: what makes up its score, from the average deal's: names and points.
    """

    name: str
    facts: tuple[Cell, ...]
    reasons: tuple[tuple[str, float], ...]
    steps: tuple[tuple[str, float], ...]
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prospects:
    """Rows of a scored list, best first, which can be searched and sorted. headers: of name and facts."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[Prospect, ...]
    numeric: frozenset[int] = frozenset()


Part: TypeAlias = Table | Chart | Words | Listed | Prospects


@dataclass(frozen=True)
class Section:
    """One part of the page. name: its anchor. terms: words that it uses and explains."""

    name: str
    title: str
    parts: tuple[Part, ...]
    terms: tuple[str, ...] = field(default=())


Row: TypeAlias = Sequence[Cell | str]


def rows_of(rows: Sequence[Row]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of cells, a bare text being a cell of its own."""
    return tuple(tuple(each if isinstance(each, Cell) else Cell(each) for each in row) for row in rows)
