"""From values to small codes: all values of a column that no split and no bin of the scorecard tells apart share one.

    number     code = how many cut points lie strictly below the value; one more code for NaN
    category   a code of its own for each level; one more for NaN and for whatever is no level

A condition on a column is then a set of codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.tree_shape import Missing, Split, TreeShape

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

NEARLY_ZERO: Final = float(np.float32(1e-35))
"""LightGBM takes for zero what is at most this far from it, in every row that it is asked about."""


@dataclass(frozen=True)
class ColumnCodes:
    """How the values of one column become codes.

    cuts: ascending cut points of a number; empty for a category. code_of_level: for each level its code, so that
    levels which trees treat alike stand together; empty for a number.
    """

    cuts: Floats
    code_of_level: NDArray[np.int64]
    is_category: bool

    @property
    def count(self) -> int:
        """How many codes there are; the last one is for missing values."""
        return len(self.code_of_level) + 1 if self.is_category else len(self.cuts) + 2

    @property
    def missing(self) -> int:
        """The code of NaN."""
        return self.count - 1

    def representatives(self) -> Floats:
        """For each code of a number a value that has it, NaN last, shape (count,)."""
        inside = np.append(self.cuts, np.inf)
        return np.append(inside, np.nan)

    def going_left(self, splits: Sequence[Split]) -> Flags:
        """Which codes each split sends left, 1 for these, shape (splits, count)."""
        return self._levels_going_left(splits) if self.is_category else self._numbers_going_left(splits)

    def _levels_going_left(self, splits: Sequence[Split]) -> Flags:
        levels = len(self.code_of_level)
        size = -(-levels // 8)
        packed = b"".join((split.codes or 0).to_bytes(size, "little") for split in splits)
        bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8).reshape(-1, size), axis=1, bitorder="little")
        left = np.zeros((len(splits), self.count), dtype=np.uint8)
        left[:, self.code_of_level] = bits[:, :levels]
        return left

    def _numbers_going_left(self, splits: Sequence[Split]) -> Flags:
        thresholds = np.array([split.threshold for split in splits])
        missing = np.array([split.missing for split in splits])
        default_left = np.array([split.default_left for split in splits], dtype=np.bool_)
        zero_left = np.where(missing == Missing.ZERO, default_left, thresholds >= 0.0)
        left = np.arange(self.count) <= np.searchsorted(self.cuts, thresholds)[:, None]
        left[:, self._zeros()] = zero_left[:, None]
        left[:, self.missing] = np.where(missing == Missing.NAN, default_left, zero_left)
        return left.astype(np.uint8)

    def _zeros(self) -> slice:
        """The codes of what is nearly zero; none where it shares its code with other values."""
        if not (np.abs(self.cuts) <= NEARLY_ZERO).any():
            return slice(0)
        low, high = (int(np.searchsorted(self.cuts, edge)) for edge in (-NEARLY_ZERO, NEARLY_ZERO))
        return slice(low, high + 1)


def number_codes(splits: Sequence[Split], cuts: Iterable[float]) -> ColumnCodes:
    """The codes of a number with these splits on it, and the cut points of its bins in the scorecard."""
    found = {float(cut) for cut in cuts} | {split.threshold for split in splits if split.threshold != np.inf}
    if any(abs(cut) <= NEARLY_ZERO for cut in found) or any(split.missing is Missing.ZERO for split in splits):
        found |= {float(np.nextafter(-NEARLY_ZERO, -np.inf)), NEARLY_ZERO}
    return ColumnCodes(np.array(sorted(found)), np.empty(0, dtype=np.int64), is_category=False)


def category_codes(splits: Sequence[Split], levels: int, leanings: Floats) -> ColumnCodes:
    """The codes of a category with these splits on it, and at least `levels` levels.

    leanings: for each split, by how much its left side is above its right one. Levels are sorted by the sum of what
    they get, so that a split's set is a few runs of codes.
    """
    count = max([levels, *((split.codes or 0).bit_length() for split in splits)])
    leaning = np.zeros(count)
    for split, weight in zip(splits, leanings.tolist(), strict=True):
        leaning[[level for level in range(count) if (split.codes or 0) >> level & 1]] += weight
    code_of_level = np.empty(count, dtype=np.int64)
    code_of_level[np.argsort(leaning, kind="stable")] = np.arange(count)
    return ColumnCodes(np.empty(0), code_of_level, is_category=True)


def leaning(tree: TreeShape) -> list[float]:
    """For each split the mean leaf on its left side less that on its right one, over the reference rows."""
    means = dict(zip(range(-1, -len(tree.leaf_values) - 1, -1), tree.leaf_values, strict=True))
    found = [0.0] * len(tree.splits)
    for number in reversed(range(len(tree.splits))):
        split, share = tree.splits[number], tree.share_left(number)
        left, right = means[split.left], means[split.right]
        means[number] = share * left + (1.0 - share) * right
        found[number] = left - right
    return found
