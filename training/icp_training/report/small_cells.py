"""A page for other eyes: no count of deals or accounts under a floor, nothing that such a count follows from.

A row of a table with a count under the floor keeps its first cell and loses the rest, and so do further rows, the
smallest first, until the rows that were left out hold at least the floor of each thing together: what a total less the
other rows says is then no small count either. What a figure shows of such a row goes with it, in marks and in what is
told on hover. A sentence that states such a count is left out whole.

A group of no deal at all is no small count: it says nothing of anybody. That all of some deals were won, or none, is
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from plotly.graph_objects import Figure

from icp_training.report.parts import Cell, Chart, Listed, Part, Section, Table, Words

LEFT_OUT: Final = "not shown"
_WHO: Final = r"(?:deals?|accounts?|companies|company|wins?|loss(?:es)?|won|lost|customers?)\b"
_NUMBER: Final = r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+)"
_SO_MANY: Final = re.compile(rf"{_NUMBER}(?![.,]?\d|\s?%)\s+(?:[\w'-]+\s+){{0,2}}?{_WHO}", re.IGNORECASE)
_OF_SO_MANY: Final = re.compile(
    rf"{_NUMBER}(?![.,]?\d|\s?%)\s+of\s+(?:\w+\s+){{0,2}}?{_NUMBER}\s+(?:[\w'-]+\s+){{0,2}}?{_WHO}", re.IGNORECASE
)
_SHARE_OF: Final = re.compile(rf"(\d+(?:\.\d+)?)\s?%\s+of\s+(?:\w+\s+){{0,2}}?{_NUMBER}")


def without_small_cells(sections: Sequence[Section], least: int) -> tuple[Section, ...]:
    """The same sections for those who must not learn of fewer than `least` deals or accounts."""
    told = Words(
        f"Counts of deals and accounts under {least} are left out of this page, with their rates, and other rows with "
        "them where the count would follow from a total."
    )
    first, *others = (replace(each, parts=tuple(_parts(each.parts, least))) for each in sections)
    return (replace(first, parts=(told, *first.parts)), *others)


def _parts(parts: Sequence[Part], least: int) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Table):
            yield _table(part, least)
        elif isinstance(part, Chart):
            yield from _chart(part, least)
        elif isinstance(part, Words):
            if not (_is_small(part.counts, least) or states_small_count(part.text, least)):
                yield part
        elif isinstance(part, Listed):
            points = tuple(each for each in part.points if not states_small_count(each, least))
            if points:
                yield Listed(points)
        else:
            raise TypeError("single prospects are no page for other eyes")


def states_small_count(text: str, least: int) -> bool:
    """Whether a sentence states a number of deals or accounts under `least`, or shares of a number that come to one."""
    counts = [_int(found[1]) for found in _SO_MANY.finditer(text)]
    for found in _OF_SO_MANY.finditer(text):
        part, whole = _int(found[1]), _int(found[2])
        counts += [part, whole - part]
    for found in _SHARE_OF.finditer(text):
        whole = _int(found[2])
        part = round(float(found[1]) / 100 * whole)
        counts += [part, whole - part]
    return any(0 <= each < least for each in counts)


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def _is_small(counts: Sequence[int], least: int) -> bool:
    return any(each < least for each in counts)


def _table(table: Table, least: int) -> Table:
    left = rows_left_out(table, least)
    rows = tuple(
        _without_numbers(row, least) if place in left else tuple(_without_prose(cell, least) for cell in row)
        for place, row in enumerate(table.rows)
    )
    return replace(table, rows=rows)


def rows_left_out(table: Table, least: int) -> frozenset[int]:
    """The places of the rows that lose their numbers: those with a small count, and as many as hide it."""
    counts = [tuple(each for cell in row for each in cell.counts) for row in table.rows]
    left = [place for place, found in enumerate(counts) if _is_small(found, least)]
    if not left:
        return frozenset()
    others = [place for place, found in enumerate(counts) if found and place not in left]
    for place in sorted(others, key=lambda place: max(counts[place])):  # the same order in all tables with these rows
        if _is_hidden([counts[each] for each in left], least):
            break
        left.append(place)
    return frozenset(left)


def _is_hidden(found: Sequence[Sequence[int]], least: int) -> bool:
    """Whether what these rows hold together is no small count of anything."""
    width = max(map(len, found))
    return len(found) > 1 and not _is_small(
        [sum(each[k] for each in found if k < len(each)) for k in range(width)], least
    )


def _without_numbers(row: tuple[Cell, ...], least: int) -> tuple[Cell, ...]:
    """A count that is small is called so; whether another one is, is not said."""
    first, *others = row
    return (
        Cell(first.text),
        *(Cell(f"under {least}" if _is_small(each.counts, least) else LEFT_OUT) for each in others),
    )


def _without_prose(cell: Cell, least: int) -> Cell:
    return Cell(LEFT_OUT) if not cell.counts and states_small_count(cell.text, least) else cell


def _chart(chart: Chart, least: int) -> Iterator[Part]:
    left, numbers = rows_left_out(chart.numbers, least), _table(chart.numbers, least)
    figure: Figure | None = chart.figure
    finding = chart.finding
    if left or states_small_count(finding, least):
        finding = numbers.caption
    if _is_small(chart.counts, least):
        figure = None
    elif left:
        figure = _figure_without(chart.figure, left, len(numbers.rows))
    if figure is None:
        yield Words(f"{finding}: the figure is left out, because a small count could be read off it.")
        yield numbers
    else:
        yield replace(chart, finding=finding, figure=figure, numbers=numbers)


def _figure_without(figure: Figure, left: frozenset[int], rows: int) -> Figure | None:
    """The figure without the marks of some rows; None where its marks are not row by row those of its table."""
    drawn = figure.to_plotly_json()
    traces = drawn["data"]
    if len(left) == rows or any(len(each.get(axis) or ()) != rows for each in traces for axis in ("x", "y")):
        return None
    kept = [place for place in range(rows) if place not in left]
    return Figure({"data": [_kept(each, kept, rows) for each in traces], "layout": drawn["layout"]})


def _kept(value: object, kept: Sequence[int], rows: int) -> object:
    """Every list with an item a row, wherever it stands in a trace, without the items of the other rows."""
    if isinstance(value, dict):
        return {name: _kept(each, kept, rows) for name, each in value.items()}
    if isinstance(value, list | tuple) and len(value) == rows:
        return [value[place] for place in kept]
    return value
