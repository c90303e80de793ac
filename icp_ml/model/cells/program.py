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
    """A table's offsets. first: of code 0 on every column that is stepped. steps: column, code, jump."""

    first: int
    steps: tuple[tuple[int, int, int], ...]
    looked_up: tuple[int, ...]


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
    found = [_ways(table) for table in tables.tables]
    steps = np.array([step for ways in found for step in ways.steps], dtype=np.int64).reshape(-1, 3)
    looked_up = [
        (table.columns[i], table.offsets[i])
        for table, ways in zip(tables.tables, found, strict=True)
        for i in ways.looked_up
    ]
    return Program(
        base=np.array([tables.base]),
        singles=tables.singles,
        cells=np.concatenate([np.empty(0), *(table.cells.ravel() for table in tables.tables)]),
        cells_of=_starts([table.cells.size for table in tables.tables]),
        columns=np.array([column for table in tables.tables for column in table.columns], dtype=np.int64),
        columns_of=_starts([len(table.columns) for table in tables.tables]),
        first=np.array([ways.first for ways in found], dtype=np.uint16),
        step_column=steps[:, 0].copy(),
        step_code=steps[:, 1].astype(np.uint16),
        step_jump=(steps[:, 2] % 2**16).astype(np.uint16),
        steps_of=_starts([len(ways.steps) for ways in found]),
        lookup_column=np.array([column for column, _ in looked_up], dtype=np.int64),
        lookup_start=_starts([len(offsets) for _, offsets in looked_up])[:-1],
        lookups_of=_starts([len(ways.looked_up) for ways in found]),
        offsets=np.concatenate([np.empty(0, dtype=np.uint16), *(offsets for _, offsets in looked_up)]),
    )


def _ways(table: Table) -> _Ways:
    first, steps, looked_up = 0, list[tuple[int, int, int]](), list[int]()
    for place, (column, offsets) in enumerate(zip(table.columns, table.offsets, strict=True)):
        jumps = np.diff(offsets.astype(np.int64))
        codes = np.flatnonzero(jumps)
        if len(codes) > MOST_STEPS:
            looked_up.append(place)
            continue
        first += int(offsets[0])
        steps += [(column, int(code), int(jumps[code])) for code in codes]
    return _Ways(first, tuple(steps), tuple(looked_up))


def _starts(lengths: Sequence[int]) -> Places:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
