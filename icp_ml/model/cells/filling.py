"""The cells of a table: for each combination of classes what all leaves of a group contribute, added up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.grouping import Grouped
from icp_ml.model.cells.leaves import Leaves, pattern_contributions, set_weights

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.uint8]


class _Paths(NamedTuple):
    """The fields of `Leaves`."""

    values: Floats
    columns: Places
    shares: Floats
    parts: Places
    met: Flags
    sizes: Places
    sides: Flags


def fill_cells(groups: Grouped, leaves: Leaves) -> Floats:
    """Contributions of all leaves in log-odds, table after table.

    A table's numbers are (cells, a) for its a columns; the last column's class changes fastest from cell to cell.
    """
    numbers = np.zeros(int(groups.numbers.sum()))
    paths = _Paths(leaves.values, leaves.columns, leaves.shares, leaves.parts, leaves.met, leaves.sizes, leaves.sides)
    _fill(groups, paths, set_weights(leaves.columns.shape[1]), numbers)
    return numbers


@machine_code
def _fill(groups: Grouped, paths: _Paths, weights: Floats, numbers: Floats) -> None:
    """Add each leaf to every cell of its table."""
    width = paths.shares.shape[1]
    table = np.empty((1 << width, width))
    places = np.empty(width, dtype=np.int64)
    first = 0
    for group in range(len(groups.sizes)):
        size = groups.sizes[group]
        count = np.prod(groups.class_counts[group, :size])
        cells = numbers[first : first + count * size].reshape((count, size))
        patterns = np.empty(count, dtype=np.int64)
        for leaf in groups.leaves[groups.starts[group] : groups.starts[group + 1]]:
            d = paths.sizes[leaf]
            pattern_contributions(paths.values[leaf], paths.shares[leaf, :d], weights[d], table)
            _match(groups, group, paths, leaf, (places, patterns))
            for cell in range(count):
                pattern = patterns[cell]
                for i in range(d):
                    cells[cell, places[i]] += table[pattern, i]
        first += count * size


@machine_code
def _match(groups: Grouped, group: int, paths: _Paths, leaf: int, out: tuple[Places, Places]) -> None:
    """Where the columns of a leaf stand in its table, and which of its conditions each cell meets, as bits."""
    places, patterns = out
    bits = np.empty(groups.classes.shape[2], dtype=np.int64)
    patterns[:] = 0
    i, stride = paths.sizes[leaf] - 1, 1
    for place in range(groups.sizes[group] - 1, -1, -1):
        classes = groups.class_counts[group, place]
        if i >= 0 and paths.columns[leaf, i] == groups.columns[group, place]:
            places[i] = place
            side = paths.sides[paths.parts[leaf, i]]
            for code in range(len(side)):
                bits[groups.classes[group, place, code]] = (side[code] == paths.met[leaf, i]) << i
            _mark(patterns, bits, classes, stride)
            i -= 1
        stride *= classes


@machine_code
def _mark(patterns: Places, bits: Places, classes: int, stride: int) -> None:
    """Set the bit of each cell's class on an axis whose classes are `stride` cells apart."""
    first = 0
    while first < len(patterns):
        for number in range(classes):
            bit = bits[number]
            for cell in range(first, first + stride):
                patterns[cell] |= bit
            first += stride
