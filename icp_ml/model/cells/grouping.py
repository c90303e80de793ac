"""Which leaves share one table: those that ask about the same few columns, as long as the table stays small.

A table over a set of columns costs one look-up a row for each of its columns, and has a cell for each combination of
classes: codes that no condition of its leaves tells apart are one class. To move the leaves of a set into the table of
another set costs the look-ups of the columns that only the first one asks, and saves those of all its own. Tables are
merged greedily: first where a set adds no column to another one, then where it adds one, and so on while that saves
look-ups; among the tables that would do, the one that gains the fewest cells takes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.leaves import NO_COLUMN, Leaves

Places = NDArray[np.int64]
Flags = NDArray[np.uint8]

MOST_COLUMNS: Final = 16
"""Columns of one table. We chose it: beyond it the cells of two classes a column would leave every cache."""
MOST_CLASSES: Final = 256
"""Classes of one column in one table: their number is a byte."""
MOST_TRIED: Final = 64
"""Tables looked at for one that is to move. We chose it: more of them cost seconds and save hardly a look-up."""
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

    @property
    def numbers(self) -> int:
        """Cells times columns."""
        return math.prod(self.shape) * len(self.columns)


class _Groups(NamedTuple):
    """Groups while they are merged. columns: (g, most), ascending, -1 after the last. sizes: (g,), how many they are.

    classes: (g, most, codes). class_counts: (g, most). bits: (g, words), the columns as bits. counts: (p,), codes of
    each column.
    """

    columns: Places
    sizes: Places
    classes: Flags
    class_counts: Places
    bits: NDArray[np.uint64]
    counts: Places


class _State(NamedTuple):
    """into: the group that each is in by now, itself at first. numbers: of its table. seen: scratch of `_refined`."""

    into: Places
    numbers: Places
    seen: Places


def group_leaves(leaves: Leaves, counts: Places, budget: int) -> list[Group]:
    """Groups of all leaves, at least one, with tables of at most `budget` numbers each: cells times columns.

    counts: (p,), how many codes each column has. A path of its own may need more, and gets it.
    """
    asked, unit_of_leaf = np.unique(np.hstack([leaves.columns, leaves.parts]), axis=0, return_inverse=True)
    width = leaves.columns.shape[1]
    groups = _start(asked[:, :width], asked[:, width:], leaves.sides, counts)
    owner = _merged(groups, budget)[unit_of_leaf.ravel()]
    order = np.argsort(owner, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(owner[order])) + 1)
    return [_group(groups, int(owner[rows[0]]), rows) for rows in members]


def numbers_apart(leaves: Leaves) -> int:
    """Numbers of all tables where only leaves of the same conditions share one."""
    asked = np.unique(np.hstack([leaves.columns, leaves.parts]), axis=0)[:, : leaves.columns.shape[1]]
    sizes = (asked != NO_COLUMN).sum(axis=1)
    return int((sizes * 2**sizes).sum())


def _group(groups: _Groups, number: int, rows: Places) -> Group:
    size = int(groups.sizes[number])
    return Group(groups.columns[number, :size].copy(), groups.classes[number, :size].copy(), rows)


def _start(asked: Places, parts: Places, sides: Flags, counts: Places) -> _Groups:
    """Every distinct path as a group of its own, with room to grow."""
    columns = np.full((len(asked), MOST_COLUMNS), NO_COLUMN, dtype=np.int64)
    classes = np.empty((len(asked), MOST_COLUMNS, sides.shape[1]), dtype=np.uint8)
    width = asked.shape[1]
    columns[:, :width] = asked
    for place in range(width):
        classes[:, place] = sides[parts[:, place]]
    class_counts = np.ones(columns.shape, dtype=np.int64)
    class_counts[:, :width] += sides.max(axis=1)[parts]
    sizes = (columns != NO_COLUMN).sum(axis=1)
    return _Groups(columns, sizes, classes, class_counts, _bits(columns, len(counts)), counts)


def _bits(columns: Places, width: int) -> NDArray[np.uint64]:
    """Each group's columns as bits."""
    bits = np.zeros((len(columns), -(-width // _WORD)), dtype=np.uint64)
    for place in range(columns.shape[1]):
        rows = np.flatnonzero(columns[:, place] != NO_COLUMN)
        column = columns[rows, place]
        bits[rows, column // _WORD] |= np.uint64(1) << (column % _WORD).astype(np.uint64)
    return bits


@machine_code
def _ones(word: np.uint64) -> np.uint64:
    """How many bits of a word are set, by adding neighbouring fields of 1, 2, 4 and then all of 8 bits."""
    word -= word >> np.uint64(1) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (word >> np.uint64(2) & np.uint64(0x3333333333333333))
    word = word + (word >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return word * np.uint64(0x0101010101010101) >> np.uint64(56)


@machine_code
def _adds(bits: NDArray[np.uint64], group: int, other: int) -> np.int64:
    """How many columns of `group` the other one does not have."""
    count = np.uint64(0)
    for word in range(bits.shape[1]):
        count += _ones(bits[group, word] & ~bits[other, word])
    return np.int64(count)


@machine_code
def _refined(one: Flags, other: Flags, seen: Places, stamp: int) -> int:
    """How many classes remain where codes share one only if they do in both. seen: as long as MOST_CLASSES squared."""
    count = 0
    for code in range(len(one)):
        pair = np.int64(one[code]) * MOST_CLASSES + other[code]
        if seen[pair] != stamp:
            seen[pair] = stamp
            count += 1
    return count


@machine_code
def _least_numbers(groups: _Groups, group: int, other: int) -> int:
    """What `_numbers_of_union` cannot fall below: of a column in both, at least the classes of the finer one remain."""
    i = j = width = 0
    cells = 1
    while i < groups.sizes[group] or j < groups.sizes[other]:
        first = groups.columns[group, i] if i < groups.sizes[group] else len(groups.counts)
        second = groups.columns[other, j] if j < groups.sizes[other] else len(groups.counts)
        ours = groups.class_counts[group, i] if first <= second else 1
        theirs = groups.class_counts[other, j] if second <= first else 1
        cells *= max(ours, theirs)
        i += first <= second
        j += second <= first
        width += 1
    return cells * width


@machine_code
def _numbers_of_union(groups: _Groups, group: int, other: int, budget: int, seen: Places) -> int:
    """Cells times columns of a table for both groups; where they are over the budget, a number over it."""
    least = _least_numbers(groups, group, other)
    i = j = 0
    while least <= budget and i < groups.sizes[group] and j < groups.sizes[other]:
        first, second = groups.columns[group, i], groups.columns[other, j]
        if first == second:
            seen[-1] += 1
            n = groups.counts[first]
            found = _refined(groups.classes[group, i, :n], groups.classes[other, j, :n], seen, seen[-1])
            if found > MOST_CLASSES:
                return budget + 1
            least = least // max(groups.class_counts[group, i], groups.class_counts[other, j]) * found
        i += first <= second
        j += second <= first
    return least


@machine_code
def _make_room(groups: _Groups, group: int, place: int) -> None:
    for k in range(groups.sizes[group], place, -1):
        groups.columns[group, k] = groups.columns[group, k - 1]
        groups.classes[group, k] = groups.classes[group, k - 1]
        groups.class_counts[group, k] = groups.class_counts[group, k - 1]
    groups.sizes[group] += 1


@machine_code
def _take_in(groups: _Groups, group: int, other: int, ids: Places) -> None:
    """Make `other` a group of both. ids: as long as MOST_CLASSES squared."""
    for i in range(groups.sizes[group]):
        column, place = groups.columns[group, i], 0
        while place < groups.sizes[other] and groups.columns[other, place] < column:
            place += 1
        if place == groups.sizes[other] or groups.columns[other, place] != column:
            _make_room(groups, other, place)
            groups.columns[other, place] = column
            groups.classes[other, place] = groups.classes[group, i]
            groups.class_counts[other, place] = groups.class_counts[group, i]
        else:
            joined = groups.classes[other, place, : groups.counts[column]]
            groups.class_counts[other, place] = _divide(joined, groups.classes[group, i], ids)
    for word in range(groups.bits.shape[1]):
        groups.bits[other, word] |= groups.bits[group, word]


@machine_code
def _divide(classes: Flags, further: Flags, ids: Places) -> int:
    """Divide classes where `further` does, and number them by their first codes; how many there are."""
    for code in range(len(classes)):
        ids[np.int64(classes[code]) * MOST_CLASSES + further[code]] = -1
    count = 0
    for code in range(len(classes)):
        pair = np.int64(classes[code]) * MOST_CLASSES + further[code]
        if ids[pair] < 0:
            ids[pair] = count
            count += 1
        classes[code] = ids[pair]
    return count


@machine_code
def _best_for(groups: _Groups, group: int, level: int, state: _State, budget: int) -> int:
    """The group that takes this one, which adds `level` columns to it, at the least growth; -1 for none."""
    best, least, tried = -1, budget + 1, 0
    for other in range(len(groups.sizes)):
        if _adds(groups.bits, group, other) != level or state.into[other] != other or other == group:
            continue
        if groups.sizes[other] + level > groups.columns.shape[1]:
            continue
        tried += 1
        if tried > MOST_TRIED:
            break
        most = min(budget, state.numbers[other] + least - 1)
        found = _numbers_of_union(groups, group, other, most, state.seen)
        if found <= most:
            best, least = other, found - state.numbers[other]
    return best


@machine_code
def _merged(groups: _Groups, budget: int) -> Places:
    """For each group the one it ends in, which then is a group of all that did."""
    count = len(groups.sizes)
    room = MOST_CLASSES * MOST_CLASSES
    state = _State(np.arange(count), np.empty(count, dtype=np.int64), np.zeros(room + 1, dtype=np.int64))
    ids = np.empty(room, dtype=np.int64)
    for group in range(count):
        state.numbers[group] = np.prod(groups.class_counts[group]) * groups.sizes[group]
    for level in range(groups.columns.shape[1]):
        for group in np.argsort(groups.sizes):
            if state.into[group] != group or groups.sizes[group] <= level:
                continue
            best = _best_for(groups, group, level, state, budget)
            if best >= 0:
                _take_in(groups, group, best, ids)
                state.numbers[best] = np.prod(groups.class_counts[best]) * groups.sizes[best]
                state.into[group] = best
    for group in range(count):
        while state.into[group] != state.into[state.into[group]]:
            state.into[group] = state.into[state.into[group]]
    return state.into
