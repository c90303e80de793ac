"""Merging groups of leaves until no table would save a look-up: the loops, over all pairs that could share a table.

Which groups lack so many columns of another one is found for 64 of them at a time, as bits: n groups are no n squared
comparisons.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code

Places = NDArray[np.int64]
Flags = NDArray[np.uint8]
Words = NDArray[np.uint64]

MOST_CLASSES: Final = 256
"""Classes of one column in one table: their number is a byte."""
MOST_TRIED: Final = 64
"""Tables looked at for one that is to move. We chose it: more of them cost seconds and save hardly a look-up."""
_WORD: Final = 64


class Groups(NamedTuple):
    """Groups while they are merged. columns: (g, most), ascending, -1 after the last. sizes: (g,), how many they are.

    classes: (g, most, codes). class_counts: (g, most), 1 after the last column. counts: (p,), codes of each column.
    """

    columns: Places
    sizes: Places
    classes: Flags
    class_counts: Places
    counts: Places


class _State(NamedTuple):
    """into: the group that each is in by now, itself at first. numbers: of its table. seen: scratch of `_refined`.

    holders: (p, words), for each column the groups that have it, as bits. alive: (words,), those that are in no other.
    lacking: (most + 1, words), scratch: the groups that lack so many columns or more.
    """

    into: Places
    numbers: Places
    seen: Places
    holders: Words
    alive: Words
    lacking: Words


@machine_code
def _ones(word: np.uint64) -> np.int64:
    """How many bits of a word are set, by adding neighbouring fields of 1, 2, 4 and then all of 8 bits."""
    word -= word >> np.uint64(1) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (word >> np.uint64(2) & np.uint64(0x3333333333333333))
    word = word + (word >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(word * np.uint64(0x0101010101010101) >> np.uint64(56))


@machine_code
def _hold(groups: Groups, group: int, holders: Words) -> None:
    """Mark a group among the holders of each of its columns."""
    bit = np.uint64(1) << np.uint64(group % _WORD)
    for i in range(groups.sizes[group]):
        holders[groups.columns[group, i], group // _WORD] |= bit


@machine_code
def find_lacking(groups: Groups, group: int, level: int, state: _State) -> None:
    """Which groups alive lack exactly `level` columns of `group`, as bits in `state.lacking[level]`; never itself."""
    lacking = state.lacking
    lacking[0] = state.alive
    lacking[1 : level + 2] = 0
    lacking[0, group // _WORD] &= ~(np.uint64(1) << np.uint64(group % _WORD))
    for i in range(groups.sizes[group]):
        holders = state.holders[groups.columns[group, i]]
        for count in range(level, -1, -1):
            here, more = lacking[count], lacking[count + 1]
            for word in range(len(holders)):
                more[word] |= here[word] & ~holders[word]
    for word in range(lacking.shape[1]):
        lacking[level, word] &= ~lacking[level + 1, word]


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
def _least_numbers(groups: Groups, group: int, other: int) -> int:
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
def _numbers_of_union(groups: Groups, group: int, other: int, budget: int, seen: Places) -> int:
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
def _make_room(groups: Groups, group: int, place: int) -> None:
    for k in range(groups.sizes[group], place, -1):
        groups.columns[group, k] = groups.columns[group, k - 1]
        groups.classes[group, k] = groups.classes[group, k - 1]
        groups.class_counts[group, k] = groups.class_counts[group, k - 1]
    groups.sizes[group] += 1


@machine_code
def _take_in(groups: Groups, group: int, other: int, ids: Places) -> None:
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
def _best_for(groups: Groups, group: int, level: int, state: _State, budget: int) -> int:
    """The group that takes this one, which adds `level` columns to it, at the least growth; -1 for none."""
    best, least, tried = -1, budget + 1, 0
    find_lacking(groups, group, level, state)
    for word in range(state.lacking.shape[1]):
        left = state.lacking[level, word]
        while left and tried < MOST_TRIED:
            other = word * _WORD + int(_ones(~left & left - np.uint64(1)))
            left &= left - np.uint64(1)
            if groups.sizes[other] + level > groups.columns.shape[1]:
                continue
            tried += 1
            most = min(budget, state.numbers[other] + least - 1)
            found = _numbers_of_union(groups, group, other, most, state.seen)
            if found <= most:
                best, least = other, found - state.numbers[other]
    return best


@machine_code
def begin(groups: Groups) -> _State:
    """Every group by itself."""
    count, most = groups.columns.shape
    words = (count + _WORD - 1) // _WORD
    holders = np.zeros((len(groups.counts), words), dtype=np.uint64)
    alive = np.zeros(words, dtype=np.uint64)
    numbers = np.empty(count, dtype=np.int64)
    for group in range(count):
        alive[group // _WORD] |= np.uint64(1) << np.uint64(group % _WORD)
        numbers[group] = np.prod(groups.class_counts[group]) * groups.sizes[group]
        _hold(groups, group, holders)
    seen = np.zeros(MOST_CLASSES * MOST_CLASSES + 1, dtype=np.int64)
    return _State(np.arange(count), numbers, seen, holders, alive, np.empty((most + 1, words), dtype=np.uint64))


@machine_code
def merged(groups: Groups, budget: int) -> Places:
    """For each group the one it ends in, which then is a group of all that did."""
    state = begin(groups)
    ids = np.empty(MOST_CLASSES * MOST_CLASSES, dtype=np.int64)
    for level in range(groups.columns.shape[1]):
        for group in np.argsort(groups.sizes):
            if state.into[group] != group or groups.sizes[group] <= level:
                continue
            best = _best_for(groups, group, level, state, budget)
            if best >= 0:
                _take_in(groups, group, best, ids)
                state.numbers[best] = np.prod(groups.class_counts[best]) * groups.sizes[best]
                state.into[group] = best
                state.alive[group // _WORD] &= ~(np.uint64(1) << np.uint64(group % _WORD))
                _hold(groups, best, state.holders)
    for group in range(len(state.into)):
        while state.into[group] != state.into[state.into[group]]:
            state.into[group] = state.into[state.into[group]]
    return state.into
