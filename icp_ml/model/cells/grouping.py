"""Which leaves share one table: those that ask about the same few columns, as long as the table stays small.

A table over a set of columns costs one look-up a row for each of its columns, and has a cell for each combination of
classes: codes that no condition of its leaves tells apart are one class. To move the leaves of a set into the table of
another set costs the look-ups of the columns that only the first one asks, and saves those of all its own. Tables are
merged greedily: first where a set adds no column to another one, then where it adds one, and so on while that saves
look-ups; among the tables that would do, the one that gains the fewest cells takes it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.leaves import NO_COLUMN, Leaves
from icp_ml.model.cells.merging import Groups, merged

Places = NDArray[np.int64]
Flags = NDArray[np.uint8]

MOST_COLUMNS: Final = 16
"""Columns of one table. We chose it: beyond it the cells of two classes a column would leave every cache."""


class Grouped(NamedTuple):
    """Leaves by the table that they share; the tables stand in the order of their columns.

    columns: (g, most), ascending, -1 after the last. sizes: (g,), how many they are. classes: (g, most, codes), the
    class of each code, the first one's being 0. class_counts: (g, most), 1 after the last column. leaves: (l,), the
    numbers of the leaves, ascending within a table. starts: (g + 1,), where each table's leaves begin.
    """

    columns: Places
    sizes: Places
    classes: Flags
    class_counts: Places
    leaves: Places
    starts: Places

    @property
    def cells(self) -> Places:
        """Cells of each table, (g,)."""
        return np.asarray(self.class_counts.prod(axis=1), dtype=np.int64)

    @property
    def numbers(self) -> Places:
        """Cells times columns of each table, (g,)."""
        return self.cells * self.sizes


def group_leaves(leaves: Leaves, counts: Places, budget: int) -> Grouped:
    """Groups of all leaves, at least one, with tables of at most `budget` numbers each: cells times columns.

    counts: (p,), how many codes each column has. A path of its own may need more, and gets it.
    """
    asked, unit_of_leaf = np.unique(np.hstack([leaves.columns, leaves.parts]), axis=0, return_inverse=True)
    width = leaves.columns.shape[1]
    groups = _start(asked[:, :width], asked[:, width:], leaves.sides, counts)
    owner = merged(groups, budget)[unit_of_leaf.ravel()]
    kept = np.unique(owner)
    kept = kept[np.lexsort(groups.columns[kept].T[::-1])]
    rank = np.empty(len(groups.sizes), dtype=np.int64)
    rank[kept] = np.arange(len(kept))
    ranks = rank[owner]
    return Grouped(
        groups.columns[kept],
        groups.sizes[kept],
        groups.classes[kept],
        groups.class_counts[kept],
        np.argsort(ranks, kind="stable"),
        np.searchsorted(np.sort(ranks), np.arange(len(kept) + 1)),
    )


def numbers_apart(leaves: Leaves) -> int:
    """Numbers of all tables where only leaves of the same conditions share one."""
    asked = np.unique(np.hstack([leaves.columns, leaves.parts]), axis=0)[:, : leaves.columns.shape[1]]
    sizes = (asked != NO_COLUMN).sum(axis=1)
    return int((sizes * 2**sizes).sum())


def _start(asked: Places, parts: Places, sides: Flags, counts: Places) -> Groups:
    """Every distinct path as a group of its own, with room to grow."""
    columns = np.full((len(asked), MOST_COLUMNS), NO_COLUMN, dtype=np.int64)
    classes = np.empty((len(asked), MOST_COLUMNS, sides.shape[1]), dtype=np.uint8)
    width = asked.shape[1]
    columns[:, :width] = asked
    for place in range(width):
        classes[:, place] = sides[parts[:, place]]
    class_counts = np.ones(columns.shape, dtype=np.int64)
    class_counts[:, :width] += np.where(asked == NO_COLUMN, 0, sides.max(axis=1)[parts])
    sizes = (columns != NO_COLUMN).sum(axis=1)
    return Groups(columns, sizes, classes, class_counts, counts)
