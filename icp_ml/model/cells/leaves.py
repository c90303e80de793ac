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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.codes import ColumnCodes
from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.tree_shape import TreeShape

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

NO_COLUMN: Final = -1


@dataclass(frozen=True)
class Condition:
    """What a path asks of one column: the codes that meet it, as bits, and the share of rows that passed it."""

    codes: int
    share: float


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
    met: NDArray[np.uint8]
    sides: NDArray[np.uint8]

    @cached_property
    def sizes(self) -> Places:
        """How many columns each path asks, (l,)."""
        return np.asarray((self.columns != NO_COLUMN).sum(axis=1), dtype=np.int64)

    def take(self, rows: Places) -> Leaves:
        """The same for some leaves."""
        columns, shares, parts = self.columns[rows], self.shares[rows], self.parts[rows]
        return Leaves(self.values[rows], columns, shares, parts, self.met[rows], self.sides)


Path = Mapping[int, Condition]


def collect_leaves(trees: Sequence[TreeShape], columns: Sequence[ColumnCodes]) -> Leaves:
    """The leaves of all trees that have splits; the columns' codes know these splits."""
    found = [leaf for tree in trees if tree.splits for leaf in _leaves(tree, columns)]
    shape = (len(found), max([1, *(len(path) for _, path in found)]))
    asked, shares = np.full(shape, NO_COLUMN, dtype=np.int64), np.ones(shape)
    parts, met = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.uint8)
    numbers: dict[tuple[int, int], int] = {}
    for row, (_, path) in enumerate(found):
        for place, column in enumerate(sorted(path)):
            side, part = _divided(path[column].codes, columns[column])
            asked[row, place], shares[row, place] = column, path[column].share
            parts[row, place], met[row, place] = numbers.setdefault((column, part), len(numbers)), side
    values = np.array([value for value, _ in found], dtype=np.float64)
    sides = _as_flags([part for _, part in numbers], max([1, *(column.count for column in columns)]))
    return Leaves(values, asked, shares, parts, met, sides)


def _divided(codes: int, column: ColumnCodes) -> tuple[int, int]:
    """On which side of its division a set of codes is, and the division: the side without the first code."""
    return (0, codes ^ (1 << column.count) - 1) if codes & 1 else (1, codes)


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


def _leaves(tree: TreeShape, columns: Sequence[ColumnCodes]) -> Iterator[tuple[float, Path]]:
    """Each leaf with what its path asks. Children come after their parent, so that one pass suffices."""
    paths: dict[int, Path] = {tree.root: {}}
    for number, split in enumerate(tree.splits):
        path, codes = paths.pop(number), columns[split.column]
        every = (1 << codes.count) - 1
        left, share = codes.going_left(split), tree.share_left(number)
        before = path.get(split.column, Condition(every, 1.0))
        paths[split.left] = {**path, split.column: Condition(before.codes & left, before.share * share)}
        paths[split.right] = {**path, split.column: Condition(before.codes & ~left, before.share * (1.0 - share))}
    for node, path in paths.items():
        yield tree.leaf_values[-node - 1], path


def _as_flags(sets: Sequence[int], width: int) -> NDArray[np.uint8]:
    """Sets of codes as rows of zeros and ones, shape (len(sets), width)."""
    size = -(-width // 8)
    packed = np.frombuffer(b"".join(codes.to_bytes(size, "little") for codes in sets), dtype=np.uint8)
    return np.unpackbits(packed.reshape(len(sets), size), axis=1, bitorder="little")[:, :width]


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
