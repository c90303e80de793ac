"""Which leaves share one table: those that ask about the same few columns, as long as the table stays small.

A table over a set of columns costs one look-up a row for each of its columns, and has a cell for each combination of
classes: codes that no condition of its leaves tells apart are one class. To move the leaves of a set into the table of
another set costs the look-ups of the columns that only the first one asks, and saves those of all its own. Tables are
merged greedily: first where a set adds no column to another one, then where it adds one, and so on while that saves
look-ups; among the tables that would do, the one that gains the fewest cells takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.leaves import NO_COLUMN, Leaves

Places = NDArray[np.int64]
Flags = NDArray[np.uint8]

MOST_COLUMNS: Final = 16
"""Columns of one table. We chose it: beyond it the cells of two classes a column would leave every cache."""
_WORD: Final = 64


@dataclass(frozen=True)
class Group:
    """Leaves that share a table.

    columns: (a,), ascending. classes: (a, codes), the class of each code, the first one's being 0. leaves: their
    numbers, ascending.
    """

    columns: Places
    classes: Flags
    leaves: Places

    @property
    def shape(self) -> tuple[int, ...]:
        """How many classes each column has here."""
        return tuple(int(codes.max()) + 1 for codes in self.classes)


def group_leaves(leaves: Leaves, counts: Places, budget: int) -> list[Group]:
    """Groups of all leaves with tables of at most `budget` numbers each: cells times columns.

    counts: (p,), how many codes each column has. A path of its own may need more, and gets it.
    """
    asked, unit_of_leaf = np.unique(np.hstack([leaves.columns, leaves.parts]), axis=0, return_inverse=True)
    width = leaves.columns.shape[1]
    columns, classes = _start(asked[:, :width], asked[:, width:], leaves.sides)
    sizes = (columns != NO_COLUMN).sum(axis=1)
    bits = _bits(columns, len(counts))
    into = _merged(bits, columns, sizes, classes, counts, budget)
    owner = into[unit_of_leaf.ravel()]
    order = np.argsort(owner, kind="stable")
    ends = np.flatnonzero(np.diff(owner[order], append=-1)) + 1
    members = np.split(order, ends[:-1])
    return [_group(int(owner[rows[0]]), columns, sizes, classes, rows) for rows in members]


def _group(number: int, columns: Places, sizes: Places, classes: Flags, rows: Places) -> Group:
    size = int(sizes[number])
    return Group(columns[number, :size].copy(), classes[number, :size].copy(), rows)


def _start(asked: Places, parts: Places, sides: Flags) -> tuple[Places, Flags]:
    """Every distinct path as a group of its own, with room to grow."""
    columns = np.full((len(asked), MOST_COLUMNS), NO_COLUMN, dtype=np.int64)
    classes = np.empty((len(asked), MOST_COLUMNS, sides.shape[1]), dtype=np.uint8)
    width = asked.shape[1]
    columns[:, :width] = asked
    for place in range(width):
        classes[:, place] = sides[parts[:, place]]
    return columns, classes


def _bits(columns: Places, width: int) -> NDArray[np.uint64]:
    """Each group's columns as bits."""
    bits = np.zeros((len(columns), -(-width // _WORD)), dtype=np.uint64)
    for place in range(columns.shape[1]):
        rows = np.flatnonzero(columns[:, place] != NO_COLUMN)
        column = columns[rows, place]
        bits[rows, column // _WORD] |= np.uint64(1) << (column % _WORD).astype(np.uint64)
    return bits


@machine_code
def _ones(word: np.uint64) -> int:
    count = 0
    while word != np.uint64(0):
        word &= word - np.uint64(1)
        count += 1
    return count


@machine_code
def _extra(bits: NDArray[np.uint64], group: int, other: int) -> int:
    """How many columns of `group` the other one does not have."""
    count = 0
    for word in range(bits.shape[1]):
        count += _ones(bits[group, word] & ~bits[other, word])
    return count


@machine_code
def _refined(one: Flags, other: Flags, seen: Places, stamp: int) -> int:
    """How many classes remain where codes share one only if they do in both. seen: as long as 256 * 256."""
    count = 0
    for code in range(len(one)):
        pair = np.int64(one[code]) * 256 + other[code]
        if seen[pair] != stamp:
            seen[pair] = stamp
            count += 1
    return count


@machine_code
def _numbers_of_union(
    pair: tuple[int, int],
    columns: Places,
    sizes: Places,
    classes: Flags,
    class_counts: Places,
    counts: Places,
    budget: int,
    seen: Places,
) -> int:
    """Cells times columns of a table for both groups; -1 where that is over the budget. seen[-1]: the last stamp."""
    group, other = pair
    i = j = width = 0
    cells = 1
    while i < sizes[group] or j < sizes[other]:
        first = columns[group, i] if i < sizes[group] else np.int64(1 << 40)
        second = columns[other, j] if j < sizes[other] else np.int64(1 << 40)
        if first < second:
            cells *= class_counts[group, i]
            i += 1
        elif second < first:
            cells *= class_counts[other, j]
            j += 1
        else:
            seen[-1] += 1
            n = counts[first]
            cells *= _refined(classes[group, i, :n], classes[other, j, :n], seen, seen[-1])
            i += 1
            j += 1
        width += 1
        if cells * width > budget:
            return -1
    return cells * width


@machine_code
def _take_in(
    group: int,
    other: int,
    columns: Places,
    sizes: Places,
    classes: Flags,
    class_counts: Places,
    counts: Places,
    ids: Places,
) -> None:
    """Make `other` a group of both. ids: as long as 256 * 256."""
    for i in range(sizes[group]):
        column = columns[group, i]
        n = counts[column]
        place = 0
        while place < sizes[other] and columns[other, place] < column:
            place += 1
        if place == sizes[other] or columns[other, place] != column:
            for k in range(sizes[other], place, -1):
                columns[other, k] = columns[other, k - 1]
                classes[other, k] = classes[other, k - 1]
                class_counts[other, k] = class_counts[other, k - 1]
            columns[other, place] = column
            classes[other, place] = classes[group, i]
            class_counts[other, place] = class_counts[group, i]
            sizes[other] += 1
            continue
        ids[:] = -1
        count = 0
        for code in range(n):
            pair = np.int64(classes[other, place, code]) * 256 + classes[group, i, code]
            if ids[pair] < 0:
                ids[pair] = count
                count += 1
            classes[other, place, code] = ids[pair]
        class_counts[other, place] = count


@machine_code
def _merged(
    bits: NDArray[np.uint64], columns: Places, sizes: Places, classes: Flags, counts: Places, budget: int
) -> Places:
    """For each group the one it ends in; `columns`, `sizes` and `classes` of that one are those of all in it."""
    groups = len(sizes)
    into = np.arange(groups)
    class_counts = np.full(columns.shape, 2)
    numbers = np.empty(groups, dtype=np.int64)
    seen, ids = np.zeros(256 * 256 + 1, dtype=np.int64), np.empty(256 * 256, dtype=np.int64)
    for group in range(groups):
        for i in range(sizes[group]):
            seen[-1] += 1
            own = classes[group, i, : counts[columns[group, i]]]
            class_counts[group, i] = _refined(own, own, seen, seen[-1])
        numbers[group] = np.prod(class_counts[group, : sizes[group]]) * sizes[group]
    for level in range(columns.shape[1]):
        for group in np.argsort(sizes):
            if into[group] != group or sizes[group] <= level:
                continue
            best, least = -1, budget + 1
            for other in range(groups):
                if into[other] != other or other == group or _extra(bits, group, other) != level:
                    continue
                if sizes[other] + level > columns.shape[1]:
                    continue
                found = _numbers_of_union(
                    (group, other), columns, sizes, classes, class_counts, counts, budget, seen
                )
                growth = found - numbers[other]
                if found >= 0 and growth < least:
                    best, least = other, growth
            if best < 0:
                continue
            _take_in(group, best, columns, sizes, classes, class_counts, counts, ids)
            numbers[best] += least
            into[group] = best
            for word in range(bits.shape[1]):
                bits[best, word] |= bits[group, word]
    for group in range(groups):
        while into[group] != into[into[group]]:
            into[group] = into[into[group]]
    return into
