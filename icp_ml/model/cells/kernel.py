"""The loops: values to codes, codes to contributions, contributions to reasons, a block of rows at a time.

Within a block each table is gone through for all rows before the next, so that its cells stay in the processor's
cache, and each row adds the same numbers in the same order whatever block it is in. All of it runs without the lock of
the interpreter: several threads may each take a slice of the rows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.program import Encoding, Program

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Codes = NDArray[np.unsignedinteger]
Offsets = NDArray[np.uint16]
Flags = NDArray[np.bool_]

Layout = tuple[Encoding, Program]
Result = tuple[Floats, Floats]
"""Contributions (p, n) and log-odds (n,)."""
Joint = tuple[Flags, Places, Places]
"""Where sets are not known, (n, sets); the columns of all sets, and where each set's begin."""
Strongest = tuple[NDArray[np.int32], NDArray[np.int32], Floats]
"""Columns, their codes and effects, each (n, k)."""
Asked = tuple[Joint, Places]
"""What is asked of joint reasons; the group that each column is added to, (p,), or (0,) where none is."""
Reasoned = tuple[Floats, Floats, Strongest, Strongest]
"""Log-odds (n,), sums (n, groups), what speaks for a row, what speaks against it."""

SMALLEST_EFFECT: Final = 1e-9
"""Contributions are exact to this; what is smaller is rounding and no reason."""
NO_REASON: Final = -1
BLOCK: Final = 4096
"""Rows of a block. Measured: with fewer the tables' cells are fetched too often, with more the sums leave the cache."""
_PASSES: Final = (0, 1, 1, 3, 4, 5, 3, 4, 4)
"""How many columns the first pass over a table of so many columns takes; of more than that it takes five."""
_TILE: Final = 256
_CACHE_LINE: Final = 8
"""Numbers that are fetched together."""
_FEW_CUTS: Final = 8
_PADDING: Final = 16
"""Rows of a block stand this far apart from a power of two: caches place those badly."""


@machine_code
def encode_block(rows: Floats, encoding: Encoding, codes: Codes) -> None:
    """Codes of all values of some rows, shape (n, p), into `codes`, shape (p, n or more)."""
    values, passed = np.empty(_TILE), np.empty(_TILE, dtype=np.int32)
    for start in range(0, len(rows), _TILE):
        tile = rows[start : start + _TILE]
        for j in range(rows.shape[1]):
            for r in range(len(tile)):
                values[r] = tile[r, j]
            out = codes[j, start : start + len(tile)]
            _encode(values[: len(tile)], encoding, j, passed, out)


@machine_code
def _encode(values: Floats, encoding: Encoding, j: int, passed: NDArray[np.int32], out: Codes) -> None:
    """Codes of values of column j. passed: scratch, as long as the values or longer."""
    first, last = encoding.starts[j], encoding.starts[j + 1]
    if encoding.is_category[j]:
        _encode_levels(values, encoding.codes[first:last], out)
        return
    for r in range(len(values)):
        passed[r] = 0
    if last - first <= _FEW_CUTS:
        _count(values, encoding.cuts[first:last], passed)
    else:
        _halve(values, encoding.cuts[first:last], passed)
    for r in range(len(values)):
        out[r] = passed[r] if values[r] == values[r] else last - first + 1  # NaN differs from itself


@machine_code
def _encode_levels(values: Floats, code_of_level: NDArray[np.int64], out: Codes) -> None:
    levels = len(code_of_level)
    for r in range(len(values)):
        value = values[r]
        out[r] = code_of_level[int(value)] if -1.0 < value < levels else levels


@machine_code
def _count(values: Floats, cuts: Floats, passed: NDArray[np.int32]) -> None:
    """Cuts below each value, one by one."""
    for cut in cuts:
        for r in range(len(values)):
            passed[r] += cut < values[r]


@machine_code
def _halve(values: Floats, cuts: Floats, passed: NDArray[np.int32]) -> None:
    """Cuts below each value, half of what is left at a time: the same steps for all values, without a branch."""
    left = len(cuts)
    while left > 1:
        half = left >> 1
        for r in range(len(values)):
            passed[r] += half if cuts[passed[r] + half - 1] < values[r] else 0
        left -= half
    for r in range(len(values)):
        passed[r] += cuts[passed[r]] < values[r]


@machine_code
def sum_block(codes: Codes, rows: int, program: Program, place: Offsets, sums: Floats) -> None:
    """Contributions of the first `rows` rows of a block into `sums`, shape (p, rows or more); place: scratch."""
    for j in range(len(codes)):
        own, single = codes[j], program.singles[j]
        for r in range(rows):
            sums[j, r] = single[own[r]]
    for t in range(len(program.first)):
        _find(codes, rows, program, t, place)
        _add(rows, program, t, place, sums)


@machine_code
def _find(codes: Codes, rows: int, program: Program, t: int, place: Offsets) -> None:
    """Where each row's numbers are in table t."""
    for r in range(rows):
        place[r] = program.first[t]
    for s in range(program.steps_of[t], program.steps_of[t + 1]):
        own, over, jump = codes[program.step_column[s]], program.step_code[s], program.step_jump[s]
        for r in range(rows):
            place[r] += jump if own[r] > over else np.uint16(0)
    for s in range(program.lookups_of[t], program.lookups_of[t + 1]):
        own, offsets = codes[program.lookup_column[s]], program.offsets[program.lookup_start[s] :]
        for r in range(rows):
            place[r] += offsets[own[r]]


@machine_code
def _add(rows: int, program: Program, t: int, place: Offsets, sums: Floats) -> None:
    """Add each row's numbers of table t, up to five columns in one pass."""
    cells = program.cells[program.cells_of[t] : program.cells_of[t + 1]]
    sums[0, sums.shape[1] - 1] = _touched(cells)
    columns = program.columns[program.columns_of[t] : program.columns_of[t + 1]]
    while len(columns) > 0:
        taken = _PASSES[len(columns)] if len(columns) < len(_PASSES) else 5
        if taken == 5:
            _add_five(place[:rows], cells, columns, sums)
        elif taken == 4:
            _add_four(place[:rows], cells, columns, sums)
        elif taken == 3:
            _add_three(place[:rows], cells, columns, sums)
        else:
            taken = 1
            _add_one(place[:rows], cells, columns, sums)
        cells, columns = cells[taken:], columns[taken:]


@machine_code
def _touched(cells: Floats) -> float:
    """Reads a table once from front to back, which is the order that fetches it into the cache fastest."""
    total = 0.0
    for at in range(0, len(cells), _CACHE_LINE):
        total += cells[at]
    return total


@machine_code
def _add_one(place: Offsets, cells: Floats, columns: Places, sums: Floats) -> None:
    a = sums[columns[0]]
    for r in range(len(place)):
        a[r] += cells[np.int64(place[r])]


@machine_code
def _add_three(place: Offsets, cells: Floats, columns: Places, sums: Floats) -> None:
    a, b, c = sums[columns[0]], sums[columns[1]], sums[columns[2]]
    for r in range(len(place)):
        at = np.int64(place[r])
        a[r] += cells[at]
        b[r] += cells[at + 1]
        c[r] += cells[at + 2]


@machine_code
def _add_four(place: Offsets, cells: Floats, columns: Places, sums: Floats) -> None:
    a, b, c, d = sums[columns[0]], sums[columns[1]], sums[columns[2]], sums[columns[3]]
    for r in range(len(place)):
        at = np.int64(place[r])
        a[r] += cells[at]
        b[r] += cells[at + 1]
        c[r] += cells[at + 2]
        d[r] += cells[at + 3]


@machine_code
def _add_five(place: Offsets, cells: Floats, columns: Places, sums: Floats) -> None:
    a, b, c, d, e = sums[columns[0]], sums[columns[1]], sums[columns[2]], sums[columns[3]], sums[columns[4]]
    for r in range(len(place)):
        at = np.int64(place[r])
        a[r] += cells[at]
        b[r] += cells[at + 1]
        c[r] += cells[at + 2]
        d[r] += cells[at + 3]
        e[r] += cells[at + 4]


@machine_code
def add_up(rows: int, base: float, sums: Floats, margins: Floats) -> None:
    """Log-odds of the first rows of a block: the base and the contributions, in the columns' order."""
    for r in range(rows):
        margins[r] = base
    for j in range(len(sums)):
        for r in range(rows):
            margins[r] += sums[j, r]


@machine_code
def contributions_of(rows: Floats, encoding: Encoding, program: Program, codes: Codes, out: Result) -> None:
    """Contributions (p, n) and log-odds (n,) of rows (n, p) into `out`. codes: scratch, (p, block), of their type."""
    values, margins = out
    block = codes.shape[1]
    sums = np.empty((len(codes), block + _PADDING))
    place = np.empty(block, dtype=np.uint16)
    for start in range(0, len(rows), block):
        some = rows[start : start + block]
        encode_block(some, encoding, codes)
        sum_block(codes, len(some), program, place, sums)
        add_up(len(some), program.base[0], sums, margins[start:])
        for j in range(len(codes)):
            values[j, start : start + len(some)] = sums[j, : len(some)]


@machine_code
def reasons_of(rows: Floats, model: Layout, codes: Codes, asked: Asked, out: Reasoned) -> None:
    """Log-odds, sums and strongest contributions of rows (n, p) into `out`; contributions stay within a block."""
    encoding, program = model
    (unknown, joint_columns, joint_of), group_of = asked
    margins, by_group, for_it, against_it = out
    block = codes.shape[1]
    sums = np.empty((len(codes), block + _PADDING))
    place = np.empty(block, dtype=np.uint16)
    for start in range(0, len(rows), block):
        some = rows[start : start + block]
        end = start + len(some)
        encode_block(some, encoding, codes)
        sum_block(codes, len(some), program, place, sums)
        add_up(len(some), program.base[0], sums, margins[start:])
        _add_by_group(group_of, sums, by_group[start:end])
        for s in range(len(joint_of) - 1):
            _join(unknown[start:end, s], joint_columns[joint_of[s] : joint_of[s + 1]], sums)
        _strongest(codes, sums, 1.0, (for_it[0][start:end], for_it[1][start:end], for_it[2][start:end]))
        _strongest(codes, sums, -1.0, (against_it[0][start:end], against_it[1][start:end], against_it[2][start:end]))


@machine_code
def _add_by_group(group_of: Places, sums: Floats, by_group: Floats) -> None:
    """Contributions added up by group, in the columns' order."""
    by_group[:] = 0.0
    for j in range(len(group_of)):
        for r in range(len(by_group)):
            by_group[r, group_of[j]] += sums[j, r]


@machine_code
def _join(unknown: Flags, columns: Places, sums: Floats) -> None:
    """Where a set is not known all its columns are one reason, that of the first one."""
    for r in range(len(unknown)):
        if unknown[r]:
            for j in columns[1:]:
                sums[columns[0], r] += sums[j, r]
                sums[j, r] = 0.0


@machine_code
def _strongest(codes: Codes, sums: Floats, sign: float, out: Strongest) -> None:
    """The largest of `sign` times the contributions, largest first, ties to the earlier column; -1 after the last."""
    columns, states, effects = out
    rows, count = effects.shape
    least = np.full(rows, SMALLEST_EFFECT)
    columns[:] = NO_REASON
    states[:] = NO_REASON
    effects[:] = 0.0
    for j in range(len(codes)):
        for r in range(rows):
            value = sign * sums[j, r]
            if value > least[r]:
                k = count - 1
                while k > 0 and (columns[r, k - 1] == NO_REASON or sign * effects[r, k - 1] < value):
                    columns[r, k], states[r, k] = columns[r, k - 1], states[r, k - 1]
                    effects[r, k] = effects[r, k - 1]
                    k -= 1
                columns[r, k], states[r, k], effects[r, k] = j, codes[j, r], sign * value
                if columns[r, count - 1] != NO_REASON:
                    least[r] = sign * effects[r, count - 1]
