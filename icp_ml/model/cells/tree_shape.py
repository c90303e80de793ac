"""The trees of a LightGBM text as plain values: splits, leaves, and the rows that passed each.

Tree=0                     one block for each tree, up to a line "end of trees"
split_feature=0 1          one entry for each split, the root first
threshold=1.5 0            of a category: the number of its set of codes
decision_type=2 9          bit 0: category; bit 1: default left; bits 2-3: missing is 0 nothing, 1 zero, 2 NaN
left_child=1 -1            a split by its number, leaf k as -k - 1
cat_boundaries=0 1         set s occupies the 32-bit words cat_threshold[boundaries[s]:boundaries[s + 1]]
leaf_count, internal_count reference rows that passed
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_CATEGORY_BIT: Final = 1
_DEFAULT_LEFT_BIT: Final = 2
_MISSING_SHIFT: Final = 2
_MISSING_MASK: Final = 3
_WORD_BITS: Final = 32


class Missing(IntEnum):
    """What a numeric split takes for missing. NaN stands for 0.0 where it is not the one that is asked for."""

    NOTHING = 0
    ZERO = 1
    NAN = 2


@dataclass(frozen=True)
class Split:
    """One split of one column.

    threshold: what is at most this goes left. codes: of a category, the set of codes that go left as the bits of an
    integer; None for a number. left, right: a split by its number, leaf k as -k - 1.
    """

    column: int
    threshold: float
    codes: int | None
    missing: Missing
    default_left: bool
    left: int
    right: int


@dataclass(frozen=True)
class TreeShape:
    """One tree. leaf_rows, split_rows: reference rows that reach each leaf and split; empty for a single leaf."""

    leaf_values: tuple[float, ...]
    leaf_rows: tuple[int, ...] = ()
    splits: tuple[Split, ...] = ()
    split_rows: tuple[int, ...] = ()

    @property
    def root(self) -> int:
        """Where every row starts."""
        return 0 if self.splits else -1

    def rows_at(self, node: int) -> int:
        """Reference rows that come to a split or leaf."""
        return self.split_rows[node] if node >= 0 else self.leaf_rows[-node - 1]

    def share_left(self, split: int) -> float:
        """Share of a split's reference rows that went left. Some rows must have come to it."""
        return self.rows_at(self.splits[split].left) / self.split_rows[split]

    @property
    def expectation(self) -> float:
        """Mean leaf over the reference rows."""
        if not self.splits:
            return self.leaf_values[0]
        total = sum(self.leaf_rows)
        return sum(value * rows / total for value, rows in zip(self.leaf_values, self.leaf_rows, strict=True))


def read_shapes(text: str) -> tuple[TreeShape, ...]:
    """All trees of a model's text, which has passed the check of a bundle or comes from LightGBM itself."""
    body = text.partition("\nend of trees")[0]
    return tuple(_read(block) for block in re.split(r"^Tree=\d+$", body, flags=re.MULTILINE)[1:])


def _read(block: str) -> TreeShape:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    values = tuple(float(word) for word in fields["leaf_value"].split())
    if len(values) == 1:
        return TreeShape(values)
    return TreeShape(
        leaf_values=values,
        leaf_rows=tuple(_integers(fields["leaf_count"])),
        splits=tuple(_splits(fields)),
        split_rows=tuple(_integers(fields["internal_count"])),
    )


def _splits(fields: Mapping[str, str]) -> list[Split]:
    sets = _code_sets(fields)
    columns = zip(
        _integers(fields["split_feature"]),
        (float(word) for word in fields["threshold"].split()),
        _integers(fields["decision_type"]),
        _integers(fields["left_child"]),
        _integers(fields["right_child"]),
        strict=True,
    )
    return [
        Split(
            column=column,
            threshold=threshold,
            codes=sets[int(threshold)] if kind & _CATEGORY_BIT else None,
            missing=Missing(kind >> _MISSING_SHIFT & _MISSING_MASK),
            default_left=bool(kind & _DEFAULT_LEFT_BIT),
            left=left,
            right=right,
        )
        for column, threshold, kind, left, right in columns
    ]


def _code_sets(fields: Mapping[str, str]) -> list[int]:
    """Each set of codes as the bits of one integer."""
    boundaries = _integers(fields.get("cat_boundaries", ""))
    words = _integers(fields.get("cat_threshold", ""))
    return [_joined(words[first:last]) for first, last in itertools.pairwise(boundaries)]


def _joined(words: Sequence[int]) -> int:
    return sum(word << _WORD_BITS * place for place, word in enumerate(words))


def _integers(text: str) -> list[int]:
    return [int(word) for word in text.split()]
