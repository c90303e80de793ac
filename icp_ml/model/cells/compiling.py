"""From the members of a model to tables, or to the reason why not.

A path of d columns has 2^d patterns, and a model of many deep trees more cells than a machine should hold. Such a
model is explained by LightGBM itself, as exactly and more slowly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.codes import ColumnCodes, category_codes, leaning, number_codes
from icp_ml.model.cells.filling import fill_cells
from icp_ml.model.cells.grouping import Grouped, group_leaves, numbers_apart
from icp_ml.model.cells.leaves import Leaves, collect_leaves, longest_path
from icp_ml.model.cells.tables import CellTables, Table, tables_of
from icp_ml.model.cells.tree_shape import Split, TreeShape, read_shapes
from icp_ml.model.scorecard import ColumnPoints, Scorecard
from icp_ml.model.stack import Stack
from icp_ml.model.trees import Trees

Floats = NDArray[np.float64]

DEEPEST_PATH: Final = 8
"""Columns that one path may ask: 256 patterns."""
MOST_BYTES: Final = 64 * 2**20
"""Of all cells of a model. We chose it: a few times the cache of a processor, shared by all threads."""
NUMBERS_A_TABLE: Final = (2048, 512)
"""Most numbers in a table that leaves are merged into, tried in this order until the model fits; measured, see
docs/cell-tables.md."""
_BYTES: Final = 8
_MIB: Final = 2**20


@dataclass(frozen=True)
class NotCompiled:
    """Why a model has no tables, as part of a sentence."""

    reason: str


def compile_members(scorecard: Scorecard, trees: Trees, stack: Stack) -> CellTables | NotCompiled:
    """Tables of both members under their weights in the stack.

    Law: contributions are the stack's weights times the members', to 1e-9; their sum and the base are the log-odds
    that the stack makes of the members', to 1e-12. A category's code that is none of the scorecard's
    levels gives NaN; the vocabulary makes none.
    """
    on_scorecard, on_trees = stack.weights
    shapes = read_shapes(trees.text)
    refused = _refused(shapes)
    if refused is not None:
        return refused
    expected = sum(shape.expectation for shape in shapes)
    base = float(stack.combine([np.array([scorecard.base]), np.array([expected])])[0])
    found = _compile(shapes, scorecard.columns, len(scorecard.columns), on_trees, base)
    if isinstance(found, NotCompiled):
        return found
    singles = found.singles.copy()
    for j, (column, points) in enumerate(zip(found.columns, scorecard.columns, strict=True)):
        singles[j, : column.count] += on_scorecard * _points(column, points)
    return replace(found, singles=singles)


def compile_trees(trees: Trees) -> CellTables | NotCompiled:
    """Tables of trees alone. A code that no split of its category names goes right everywhere, as in LightGBM."""
    shapes = read_shapes(trees.text)
    width = re.search(r"^max_feature_idx=(\d+)$", trees.text, flags=re.MULTILINE)
    if width is None:
        raise ValueError("expected a LightGBM model that says max_feature_idx, found none")
    refused = _refused(shapes)
    if refused is not None:
        return refused
    return _compile(shapes, (), int(width[1]) + 1, 1.0, sum(shape.expectation for shape in shapes))


def _compile(
    shapes: Sequence[TreeShape], points: Sequence[ColumnPoints], width: int, weight: float, base: float
) -> CellTables | NotCompiled:
    used = [shape for shape in shapes if shape.splits] if weight else []
    columns = _column_codes(used, points, width)
    found = collect_leaves(used, columns)
    leaves = replace(found, values=found.values * weight)
    alone = leaves.sizes == 1
    singles = _singles(leaves.take(np.flatnonzero(alone)), columns)
    tables = _tables(leaves.take(np.flatnonzero(~alone)), columns)
    return tables if isinstance(tables, NotCompiled) else CellTables(base, columns, singles, tables)


def _refused(shapes: Sequence[TreeShape]) -> NotCompiled | None:
    deepest = longest_path(shapes)
    if deepest > DEEPEST_PATH:
        return NotCompiled(f"a path of its trees asks about {deepest} columns, and tables hold at most {DEEPEST_PATH}")
    empty = sum(rows == 0 for shape in shapes for rows in shape.split_rows)
    if empty:
        return NotCompiled(f"{empty} splits of its trees were not passed by any reference row")
    return None


def _column_codes(shapes: Sequence[TreeShape], points: Sequence[ColumnPoints], width: int) -> tuple[ColumnCodes, ...]:
    splits: list[list[tuple[Split, float]]] = [[] for _ in range(width)]
    for shape in shapes:
        for split, leans in zip(shape.splits, leaning(shape), strict=True):
            splits[split.column].append((split, leans))
    return tuple(_codes(found, points[j] if points else None) for j, found in enumerate(splits))


def _codes(found: Sequence[tuple[Split, float]], points: ColumnPoints | None) -> ColumnCodes:
    splits = [split for split, _ in found]
    if points.is_category if points else any(split.codes is not None for split in splits):
        levels = len(points.points) if points else 0
        return category_codes(splits, levels, np.array([leans for _, leans in found]))
    return number_codes(splits, points.thresholds.tolist() if points else ())


def _singles(leaves: Leaves, columns: Sequence[ColumnCodes]) -> Floats:
    """What leaves that ask one column contribute, for each of its codes."""
    singles = np.zeros((len(columns), max([1, *(column.count for column in columns)])))
    for leaf, value in enumerate(leaves.values.tolist()):
        j = leaves.columns[leaf, 0]
        met = leaves.sides[leaves.parts[leaf, 0]] == leaves.met[leaf, 0]
        count = columns[j].count
        singles[j, :count] += value * (met[:count] - leaves.shares[leaf, 0])
    return singles


def _points(column: ColumnCodes, points: ColumnPoints) -> Floats:
    """Centred points for each code of a column."""
    centred = points.points - points.mean
    if not points.is_category:
        return np.asarray(centred[points.codes(column.representatives())])
    found = np.full(column.count, np.nan)
    found[column.code_of_level[: len(centred)]] = centred
    return found


def _tables(leaves: Leaves, columns: Sequence[ColumnCodes]) -> tuple[Table, ...] | NotCompiled:
    if not len(leaves.values):
        return ()
    apart = numbers_apart(leaves) * _BYTES
    if apart > MOST_BYTES:
        found, most = f"{apart / _MIB:,.0f}", f"{MOST_BYTES / _MIB:,.0f}"
        return NotCompiled(f"the cells of its trees would take {found} MiB, and tables hold at most {most}")
    counts = np.array([column.count for column in columns])
    groups = _grouped(leaves, counts)
    return tables_of(groups, counts, fill_cells(groups, leaves))


def _grouped(leaves: Leaves, counts: NDArray[np.int64]) -> Grouped:
    """Merged as far as all cells stay within their bytes; leaves that are left apart do."""
    for numbers in NUMBERS_A_TABLE:
        groups = group_leaves(leaves, counts, numbers)
        if int(groups.numbers.sum()) * _BYTES <= MOST_BYTES:
            return groups
    return group_leaves(leaves, counts, 0)
