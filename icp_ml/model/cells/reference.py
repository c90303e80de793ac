"""The same tables in plain numpy, one column and one table at a time: what the kernel is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.codes import ColumnCodes
from icp_ml.model.cells.tables import CellTables

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def encode(columns: tuple[ColumnCodes, ...], rows: Floats) -> Places:
    """The code of each value, shape (n, p)."""
    return np.column_stack([_encode(column, rows[:, j]) for j, column in enumerate(columns)])


def contributions(tables: CellTables, rows: Floats) -> Floats:
    """What each column adds to the log-odds of each row, shape (n, p), summed in the order of the tables."""
    codes = encode(tables.columns, rows)
    found = np.column_stack([single[codes[:, j]] for j, single in enumerate(tables.singles)])
    for table in tables.tables:
        numbers = sum(
            offsets.astype(np.int64)[codes[:, j]] for j, offsets in zip(table.columns, table.offsets, strict=True)
        )
        found[:, list(table.columns)] += table.cells[numbers // len(table.columns)]
    return found


def log_odds(tables: CellTables, rows: Floats) -> Floats:
    """Log-odds of winning, shape (n,): the base and the contributions, column by column."""
    total = np.full(len(rows), tables.base)
    for column in contributions(tables, rows).T:
        total += column
    return total


def _encode(column: ColumnCodes, values: Floats) -> Places:
    missing = np.isnan(values)
    if not column.is_category:
        return np.where(missing, column.missing, np.searchsorted(column.cuts, values, side="left"))
    levels = len(column.code_of_level)
    known = np.trunc(np.where(missing, -1.0, values))
    inside = (known >= 0) & (known < levels)
    codes = np.append(column.code_of_level, column.missing)
    return codes[np.where(inside, known, levels).astype(np.int64)]
