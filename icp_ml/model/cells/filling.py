"""The cells of a table: for each combination of classes what all leaves of a group contribute, added up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiled import machine_code
from icp_ml.model.cells.grouping import Group
from icp_ml.model.cells.leaves import Leaves, pattern_contributions, set_weights

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.uint8]


class _Axes(NamedTuple):
    """The columns of a table: how many classes each has, how many cells apart they stand, the classes of its codes."""

    shape: Places
    strides: Places
    classes: Flags


class _Paths(NamedTuple):
    """Leaves of a group as in `Leaves`; places: where their columns stand among the group's, sizes: how many."""

    values: Floats
    shares: Floats
    parts: Places
    met: Flags
    places: Places
    sizes: Places


def fill_cells(group: Group, leaves: Leaves) -> Floats:
    """Contributions of a group's leaves in log-odds, shape (cells, a): the last column's class changes fastest."""
    shape = np.array(group.shape)
    cells = np.zeros((int(shape.prod()), len(shape)))
    strides = np.append(np.cumprod(shape[:0:-1])[::-1], 1)
    rows = group.leaves
    paths = _Paths(
        leaves.values[rows],
        leaves.shares[rows],
        leaves.parts[rows],
        leaves.met[rows],
        np.searchsorted(group.columns, leaves.columns[rows]),
        leaves.sizes[rows],
    )
    weights = set_weights(leaves.columns.shape[1])
    _add_leaves(paths, _Axes(shape, strides, group.classes), leaves.sides, weights, cells)
    return cells


@machine_code
def _add_leaves(paths: _Paths, axes: _Axes, sides: Flags, weights: Floats, cells: Floats) -> None:
    """Add each leaf to every cell."""
    width = paths.shares.shape[1]
    table = np.empty((1 << width, width))
    patterns = np.empty(len(cells), dtype=np.int64)
    bits = np.empty(axes.classes.shape[1], dtype=np.int64)
    for leaf in range(len(paths.values)):
        d = paths.sizes[leaf]
        pattern_contributions(paths.values[leaf], paths.shares[leaf, :d], weights[d], table)
        patterns[:] = 0
        for i in range(d):
            axis = paths.places[leaf, i]
            side = sides[paths.parts[leaf, i]]
            for code in range(axes.classes.shape[1] - 1, -1, -1):
                bits[axes.classes[axis, code]] = (side[code] == paths.met[leaf, i]) << i
            _mark(patterns, bits, axes.shape[axis], axes.strides[axis])
        for i in range(d):
            axis = paths.places[leaf, i]
            for cell in range(len(cells)):
                cells[cell, axis] += table[patterns[cell], i]


@machine_code
def _mark(patterns: Places, bits: Places, classes: int, stride: int) -> None:
    """Set the bit of each cell's class on an axis whose classes are `stride` cells apart."""
    for first in range(0, len(patterns), stride):
        bit = bits[first // stride % classes]
        for cell in range(first, first + stride):
            patterns[cell] |= bit
