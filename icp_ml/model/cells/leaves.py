"""What a leaf contributes depends only on which conditions of its path a row meets.

A path asks d columns, several splits on one column making one condition. With z_i the share of reference rows that
pass the splits of column i, one after the other, and o_i = 1 where a row meets the condition of column i, otherwise
0, the leaf of value v contributes to column i

    v (o_i - z_i) sum over S of the others   |S|! (d - |S| - 1)! / d!   prod_{j in S} o_j   prod_{j not in S} z_j

This is the path-dependent Shapley value (Lundberg et al. 2020, algorithm 2, of one leaf). There are 2^d patterns of
conditions met; their contributions are computed once. The inner sum is a polynomial in one variable: its factors are
z_j + o_j y, and the coefficient of y^k belongs to the sets of k columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import factorial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.codes import ColumnCodes
from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.tree_shape import TreeShape

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.uint8]

NO_COLUMN: Final = -1


@dataclass(frozen=True)
class Leaves:
    """All leaves that hang under a split, d the most columns on a path.

    values: (l,). columns: (l, d), ascending, -1 after the last. shares: (l, d). parts: (l, d), which way of dividing
    the column's codes in two the condition follows, a row of `sides`. met: (l, d), the side of the codes that meet it.
    Both are 0 after the last column. sides: (ways, codes), 0 or 1, the first code's side being 0.
    """

    values: Floats
    columns: Places
    shares: Floats
    parts: Places
    met: Flags
    sides: Flags

    @cached_property
    def sizes(self) -> Places:
        """How many columns each path asks, (l,)."""
        return np.asarray((self.columns != NO_COLUMN).sum(axis=1), dtype=np.int64)

    def take(self, rows: Places) -> Leaves:
        """The same for some leaves."""
        columns, shares, parts = self.columns[rows], self.shares[rows], self.parts[rows]
        return Leaves(self.values[rows], columns, shares, parts, self.met[rows], self.sides)


class _Splits(NamedTuple):
    """The splits of all trees, one tree after the other. starts: (trees + 1,), where each tree's begin.

    columns, left, right: as in `Split`. shares: of the rows that came to a split, those that went left. going_left:
    (s, codes), 1 for the codes that do. counts: (p,), how many codes each column has.
    """

    starts: Places
    columns: Places
    left: Places
    right: Places
    shares: Floats
    going_left: Flags
    counts: Places


class _Paths(NamedTuple):
    """What the ways to n nodes ask. sizes: (n,), of how many columns. columns: (n, d), ascending, -1 after the last.

    shares: (n, d), of the rows that passed the splits on the column, one after the other. codes: (n, d, codes), 1 for
    those that meet the condition.
    """

    sizes: Places
    columns: Places
    shares: Floats
    codes: Flags


def collect_leaves(trees: Sequence[TreeShape], columns: Sequence[ColumnCodes]) -> Leaves:
    """The leaves of all trees that have splits; the columns' codes know these splits.

    Leaves of a tree stand in the order of the splits that they hang under, the left one first.
    """
    grown = [tree for tree in trees if tree.splits]
    splits, width = _splits(grown, columns), max(1, longest_path(grown))
    codes = splits.going_left.shape[1]
    paths = _room(sum(len(tree.leaf_values) for tree in grown), width, codes)
    way = _room(max([1, *(len(tree.splits) for tree in grown)]), width, codes)
    met, numbers = np.zeros(paths.columns.shape, dtype=np.uint8), np.empty(len(paths.sizes), dtype=np.int64)
    _walk(splits, way, paths, numbers)
    _divide(paths, splits.counts, met)
    parts, sides = _numbered(paths)
    first = np.cumsum([0, *(len(tree.leaf_values) for tree in grown)])[:-1]
    of_tree = np.repeat(first, [len(tree.leaf_values) for tree in grown])
    values = np.array([value for tree in grown for value in tree.leaf_values], dtype=np.float64)
    return Leaves(values[of_tree + numbers], paths.columns, paths.shares, parts, met, sides)


def _splits(trees: Sequence[TreeShape], columns: Sequence[ColumnCodes]) -> _Splits:
    every = [split for tree in trees for split in tree.splits]
    asked = np.array([split.column for split in every], dtype=np.int64)
    going_left = np.zeros((len(every), max([1, *(column.count for column in columns)])), dtype=np.uint8)
    for j in np.unique(asked).tolist():
        rows = np.flatnonzero(asked == j)
        going_left[rows, : columns[j].count] = columns[j].going_left([every[row] for row in rows])
    return _Splits(
        starts=np.cumsum([0, *(len(tree.splits) for tree in trees)], dtype=np.int64),
        columns=asked,
        left=np.array([split.left for split in every], dtype=np.int64),
        right=np.array([split.right for split in every], dtype=np.int64),
        shares=np.array([tree.share_left(number) for tree in trees for number in range(len(tree.splits))], np.float64),
        going_left=going_left,
        counts=np.array([column.count for column in columns], dtype=np.int64),
    )


def _room(nodes: int, width: int, codes: int) -> _Paths:
    columns, shares = np.full((nodes, width), NO_COLUMN, dtype=np.int64), np.ones((nodes, width))
    return _Paths(np.zeros(nodes, dtype=np.int64), columns, shares, np.zeros((nodes, width, codes), dtype=np.uint8))


@machine_code
def _walk(splits: _Splits, way: _Paths, paths: _Paths, numbers: Places) -> None:
    """What the way to each leaf asks, and the leaf's number in its tree. way: scratch, with room for any tree."""
    row = 0
    for tree in range(len(splits.starts) - 1):
        first = splits.starts[tree]
        way.sizes[0] = 0
        for split in range(first, splits.starts[tree + 1]):
            for side in range(2):
                child = splits.right[split] if side else splits.left[split]
                if child >= 0:
                    _extend(splits, split, side, (way, split - first), (way, child))
                else:
                    _extend(splits, split, side, (way, split - first), (paths, row))
                    numbers[row] = -child - 1
                    row += 1


@machine_code
def _extend(splits: _Splits, split: int, side: int, here: tuple[_Paths, int], there: tuple[_Paths, int]) -> None:
    """The way to a split's child: what the way to the split asks, and that it went left (side 0), or right (1)."""
    (way, node), (out, to) = here, there
    column, size, place = splits.columns[split], way.sizes[node], 0
    while place < size and way.columns[node, place] < column:
        place += 1
    is_new = place == size or way.columns[node, place] != column
    for i in range(size):
        k = i + 1 if is_new and i >= place else i
        out.columns[to, k], out.shares[to, k] = way.columns[node, i], way.shares[node, i]
        out.codes[to, k] = way.codes[node, i]
    if is_new:
        out.columns[to, place], out.shares[to, place] = column, 1.0
        out.codes[to, place, : splits.counts[column]] = 1
        out.codes[to, place, splits.counts[column] :] = 0
    out.sizes[to] = size + 1 if is_new else size
    out.shares[to, place] *= 1.0 - splits.shares[split] if side else splits.shares[split]
    for code in range(splits.counts[column]):
        out.codes[to, place, code] &= splits.going_left[split, code] ^ np.uint8(side)


@machine_code
def _divide(paths: _Paths, counts: Places, met: Flags) -> None:
    """Turn each set of codes into the way that it divides the column's codes, the first one's side being 0.

    met: which side the set was.
    """
    for row in range(len(paths.sizes)):
        for i in range(paths.sizes[row]):
            codes = paths.codes[row, i, : counts[paths.columns[row, i]]]
            met[row, i] = 1 - codes[0]
            codes ^= codes[0]


def _numbered(paths: _Paths) -> tuple[Places, Flags]:
    """For each condition the number of its way of dividing the column, (n, d), and the ways, numbered as they come."""
    is_asked = np.arange(paths.columns.shape[1]) < paths.sizes[:, None]
    columns = paths.columns[is_asked].astype(np.uint32)
    packed = np.packbits(paths.codes, axis=2)[is_asked]
    keys = np.hstack([columns.view(np.uint8).reshape(-1, columns.itemsize), packed])
    ways: dict[bytes, int] = {}
    numbers = [ways.setdefault(key, len(ways)) for key in keys.view(f"V{keys.shape[1]}").ravel().tolist()]
    parts = np.zeros(paths.columns.shape, dtype=np.int64)
    parts[is_asked] = numbers
    _, first = np.unique(numbers, return_index=True)
    return parts, np.unpackbits(packed[first], axis=1)[:, : paths.codes.shape[2]]


def longest_path(trees: Sequence[TreeShape]) -> int:
    """The most columns that any path asks."""
    longest = 0
    for tree in trees:
        asked: dict[int, frozenset[int]] = {tree.root: frozenset()}
        for number, split in enumerate(tree.splits):
            here = asked[number] | {split.column}
            asked[split.left] = asked[split.right] = here
            longest = max(longest, len(here))
    return longest


@cache
def set_weights(longest: int) -> Floats:
    """Weight k! (d - k - 1)! / d! of a set of k among d columns, shape (longest + 1, longest + 1), at [d, k]."""
    weights = np.zeros((longest + 1, longest + 1))
    for d in range(1, longest + 1):
        weights[d, :d] = [factorial(k) * factorial(d - k - 1) / factorial(d) for k in range(d)]
    weights.setflags(write=False)
    return weights


@machine_code
def pattern_contributions(value: float, shares: Floats, weights: Floats, table: Floats) -> None:
    """Fill `table`, at least (2^d, d): bit i of a row's number says that the condition of column i is met.

    shares: (d,). weights: row d of `set_weights`.
    """
    d = len(shares)
    polynomial = np.empty(d + 1)
    for pattern in range(1 << d):
        for i in range(d):
            polynomial[0] = 1.0
            degree = 0
            for j in range(d):
                if j == i:
                    continue
                share = shares[j]
                if pattern >> j & 1:
                    polynomial[degree + 1] = polynomial[degree]
                    for k in range(degree, 0, -1):
                        polynomial[k] = polynomial[k] * share + polynomial[k - 1]
                    polynomial[0] *= share
                    degree += 1
                else:
                    for k in range(degree + 1):
                        polynomial[k] *= share
            total = 0.0
            for k in range(degree + 1):
                total += weights[k] * polynomial[k]
            met = 1.0 if pattern >> i & 1 else 0.0
            table[pattern, i] = value * (met - shares[i]) * total
