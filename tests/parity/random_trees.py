"""Random trees that no data grew: repeated attributes on a path, every kind of gap, categories beyond 32 codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.parity.tree_text import (
    DEFAULT_LEFT,
    IS_CATEGORY,
    MISSING_NAN,
    MISSING_NONE,
    MISSING_SHIFT,
    MISSING_ZERO,
    WORD,
    WrittenTree,
)

MOST_CODES = 70
GRID = (-1.5, -0.5, 0.0, 0.5, 1.5)
"""Thresholds and values share a grid, so that many values lie on a threshold."""


def random_trees(attributes: int, rng: np.random.Generator) -> tuple[WrittenTree, ...]:
    """One to four trees of one to eight leaves. Every third attribute is a category; some attribute may be unused."""
    return tuple(_random_tree(attributes, int(rng.integers(1, 9)), rng) for _ in range(rng.integers(1, 5)))


def random_inputs(attributes: int, rows: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rows for such trees, shape (rows, attributes): a quarter of the values missing, categories among them."""
    made = rng.choice(GRID, size=(rows, attributes))
    codes = [j for j in range(attributes) if _is_category(j)]
    made[:, codes] = rng.integers(0, MOST_CODES + 5, size=(rows, len(codes)))
    made[rng.random(made.shape) < 0.25] = np.nan
    return made


def _is_category(attribute: int) -> bool:
    return attribute % 3 == 1


@dataclass
class _Growing:
    """A tree while leaves are being split: `hangs` says where each leaf hangs, as (split, side)."""

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    decision: list[int] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    hangs: list[tuple[int, int]] = field(default_factory=list)
    boundaries: list[int] = field(default_factory=lambda: [0])
    words: list[int] = field(default_factory=list)

    def split(self, leaf: int, attribute: int, rng: np.random.Generator) -> None:
        """Turn a leaf into a split whose left child keeps the leaf's number; the right one gets the next."""
        split, new_leaf = len(self.feature), max(len(self.hangs), 1)
        if self.hangs:
            parent, side = self.hangs[leaf]
            self.children[parent][side] = split
        self.hangs = [*self.hangs[:leaf], (split, 0), *self.hangs[leaf + 1 :], (split, 1)]
        self.feature.append(attribute)
        self.children.append([-leaf - 1, -new_leaf - 1])
        if _is_category(attribute):
            self._split_codes(rng)
        else:
            gap = rng.choice([MISSING_NONE, MISSING_ZERO, MISSING_NAN])
            self.threshold.append(float(rng.choice(GRID)))
            self.decision.append(int(gap << MISSING_SHIFT | rng.choice([0, DEFAULT_LEFT])))

    def _split_codes(self, rng: np.random.Generator) -> None:
        self.threshold.append(float(len(self.boundaries) - 1))
        self.decision.append(IS_CATEGORY | MISSING_NAN << MISSING_SHIFT)
        self.words += rng.integers(0, 2**WORD, size=-(-MOST_CODES // WORD)).tolist()
        self.boundaries.append(len(self.words))


def _random_tree(attributes: int, leaves: int, rng: np.random.Generator) -> WrittenTree:
    tree = _Growing()
    for leaf in range(leaves - 1):
        tree.split(int(rng.integers(0, leaf + 1)), int(rng.integers(0, attributes)), rng)
    values = tuple(rng.normal(size=leaves).tolist())
    if leaves == 1:
        return WrittenTree(values)
    counts = rng.integers(1, 50, size=leaves).tolist()
    left, right = zip(*tree.children, strict=True)
    categories = len(tree.boundaries) > 1
    return WrittenTree(
        leaf_value=values,
        leaf_count=tuple(counts),
        feature=tuple(tree.feature),
        threshold=tuple(tree.threshold),
        decision=tuple(tree.decision),
        left=left,
        right=right,
        internal_count=tuple(_below(split, counts, tree.children) for split in range(leaves - 1)),
        cat_boundaries=tuple(tree.boundaries) if categories else (),
        cat_words=tuple(tree.words),
    )


def _below(node: int, counts: list[int], children: list[list[int]]) -> int:
    return counts[-node - 1] if node < 0 else sum(_below(child, counts, children) for child in children[node])
