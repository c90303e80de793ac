"""The tables laid out for the kernel: flat arrays, and for each column of each table the cheaper way to its offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.tables import CellTables, Table

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Offsets = NDArray[np.uint16]

MOST_STEPS: Final = 8
"""An offset that changes at more codes is looked up. Measured: a step costs about a tenth of a look-up."""
MOST_SMALL_CODES: Final = 256


class Encoding(NamedTuple):
    """How values become codes. Column j is a number with the cuts from starts[j] to starts[j + 1], or a category
    whose levels have the codes from there to there; `is_category` says which."""

    cuts: Floats
    codes: Places
    starts: Places
    is_category: NDArray[np.bool_]


class Program(NamedTuple):
    """How codes become contributions. base: (1,).

    Table t adds the steps from steps_of[t] to steps_of[t + 1]: `step_jump` where the code in `step_column` is over
    `step_code`. It adds the look-ups from lookups_of[t] on: in `offsets`, from `lookup_start` on, by the code in
    `lookup_column`. It starts with `first[t]`, adds to the columns from columns_of[t] on, and its numbers begin in
    `cells` at cells_of[t].
    """

    base: Floats
    singles: Floats
    cells: Floats
    cells_of: Places
    columns: Places
    columns_of: Places
    first: Offsets
    step_column: Places
    step_code: NDArray[np.uint16]
    step_jump: Offsets
    steps_of: Places
    lookup_column: Places
    lookup_start: Places
    lookups_of: Places
    offsets: Offsets


@dataclass(frozen=True)
class _Ways:
    """The offsets of all columns of all tables, one after the other. lengths: (c,), of each column's.

    jumps: from each one to the next of its column. is_stepped: (c,), whether a column's offset is a sum of steps.
    """

    flat: Offsets
    lengths: Places
    jumps: Offsets
    is_stepped: NDArray[np.bool_]


def encoding_of(tables: CellTables) -> Encoding:
    """The encoding of all columns."""
    columns = tables.columns
    codes = [c.code_of_level if c.is_category else np.zeros(len(c.cuts), dtype=np.int64) for c in columns]
    cuts = [np.zeros(len(c.code_of_level)) if c.is_category else c.cuts for c in columns]
    return Encoding(
        cuts=np.concatenate([np.empty(0), *cuts]),
        codes=np.concatenate([np.empty(0, dtype=np.int64), *codes]),
        starts=_starts([len(each) for each in cuts]),
        is_category=np.array([column.is_category for column in columns]),
    )


def code_type(tables: CellTables) -> type[np.uint8 | np.uint16]:
    """The smallest type that holds all codes."""
    return np.uint8 if max([0, *(c.count for c in tables.columns)]) <= MOST_SMALL_CODES else np.uint16


def program_of(tables: CellTables) -> Program:
    """The layout of all tables."""
    columns = np.array([column for table in tables.tables for column in table.columns], dtype=np.int64)
    sizes = np.array([len(table.columns) for table in tables.tables], dtype=np.int64)
    table_of = np.repeat(np.arange(len(sizes)), sizes)
    ways = _ways(tables.tables)
    starts = _starts(ways.lengths)
    by_steps = np.repeat(ways.is_stepped, ways.lengths)
    steps = np.flatnonzero((ways.jumps != 0) & by_steps)
    of_step, looked_up = np.searchsorted(starts, steps, side="right") - 1, np.flatnonzero(~ways.is_stepped)
    first = np.zeros(len(sizes), dtype=np.int64)
    np.add.at(first, table_of[ways.is_stepped], ways.flat[starts[:-1]][ways.is_stepped])
    return Program(
        base=np.array([tables.base]),
        singles=tables.singles,
        cells=np.concatenate([np.empty(0), *(table.cells.ravel() for table in tables.tables)]),
        cells_of=_starts([table.cells.size for table in tables.tables]),
        columns=columns,
        columns_of=_starts(sizes),
        first=first.astype(np.uint16),
        step_column=columns[of_step],
        step_code=(steps - starts[of_step]).astype(np.uint16),
        step_jump=ways.jumps[steps],
        steps_of=_starts(np.bincount(table_of[of_step], minlength=len(sizes))),
        lookup_column=columns[looked_up],
        lookup_start=_starts(ways.lengths[looked_up])[:-1],
        lookups_of=_starts(np.bincount(table_of[looked_up], minlength=len(sizes))),
        offsets=ways.flat[~by_steps],
    )


def _ways(tables: Sequence[Table]) -> _Ways:
    offsets = [each for table in tables for each in table.offsets]
    flat = np.concatenate([np.empty(0, dtype=np.uint16), *offsets])
    lengths = np.array([len(each) for each in offsets], dtype=np.int64)
    jumps = np.diff(flat, append=np.uint16(0))
    jumps[np.cumsum(lengths) - 1] = 0
    changes = np.add.reduceat(jumps != 0, np.cumsum(lengths) - lengths, dtype=np.int64)
    return _Ways(flat, lengths, jumps, changes <= MOST_STEPS)


def _starts(lengths: Sequence[int] | Places) -> Places:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
