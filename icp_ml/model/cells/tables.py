"""The compiled form of a model: its contributions by looking up cells, exact to rounding.

    contribution_j(x) = single_j[code of x_j] + sum over tables with column j of table[classes of x's codes][j]
    log-odds(x)       = base + sum over columns of contribution_j(x)

Singles hold what depends on one column alone, the points of the scorecard among it. The cells of a table are numbered
so that its row in `cells` is found by adding, for each column, an offset that depends on the column's code. Where the
offset changes at few codes it is a sum of steps, which costs a comparison of small integers for each; otherwise it is
looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.codes import ColumnCodes
from icp_ml.model.cells.grouping import Grouped

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Offsets = NDArray[np.uint16]

MOST_NUMBERS: Final = 2**16
"""Numbers in one table, so that an offset fits into two bytes."""


@dataclass(frozen=True)
class Table:
    """One table. columns: (a,), ascending. offsets: for each column one for each of its codes, multiples of a.

    cells: (cells, a), what the row of the cell adds to each column, in log-odds.
    """

    columns: tuple[int, ...]
    offsets: tuple[Offsets, ...]
    cells: Floats


@dataclass(frozen=True)
class CellTables:
    """A model as tables. base: mean log-odds of the reference rows. columns: (p,), how values become codes.

    singles: (p, most codes), what each code of a column adds by itself. tables: the rest.
    """

    base: float
    columns: tuple[ColumnCodes, ...]
    singles: Floats
    tables: tuple[Table, ...]

    @property
    def lookups(self) -> int:
        """Numbers that are added up for one row, singles among them."""
        return len(self.columns) + sum(len(table.columns) for table in self.tables)

    @property
    def cells(self) -> int:
        """Cells of all tables."""
        return sum(len(table.cells) for table in self.tables)


def tables_of(groups: Grouped, counts: NDArray[np.int64], numbers: Floats) -> tuple[Table, ...]:
    """The tables of groups whose numbers stand one after the other. counts: (p,), codes of each column."""
    if groups.numbers.max(initial=0) > MOST_NUMBERS:
        raise ValueError(f"expected tables of at most {MOST_NUMBERS} numbers, found one of {groups.numbers.max()}")
    is_used = np.arange(groups.columns.shape[1]) < groups.sizes[:, None]
    apart = np.cumprod(groups.class_counts[:, ::-1], axis=1)[:, ::-1] // groups.class_counts * groups.sizes[:, None]
    offsets = groups.classes[is_used] * apart[is_used].astype(np.uint16)[:, None]
    columns = groups.columns[is_used].tolist()
    of_columns = [row[:count] for row, count in zip(offsets, counts[columns].tolist(), strict=True)]
    found, at, start = list[Table](), 0, 0
    for size, length in zip(groups.sizes.tolist(), groups.numbers.tolist(), strict=True):
        cells = numbers[start : start + length].reshape(-1, size)
        found.append(Table(tuple(columns[at : at + size]), tuple(of_columns[at : at + size]), cells))
        at, start = at + size, start + length
    return tuple(found)
