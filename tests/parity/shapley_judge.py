"""The independent judge of contributions: Shapley values straight from their definition, read off the model's text.

    v(S)   the path-dependent expectation: at a split on an attribute of S go where the row goes, at any other split
           take both children, weighted by the share of reference rows that went there
    phi_j  sum over sets S without j of |S|! (p - |S| - 1)! / p! (v(S + j) - v(S))

All 2^p sets are visited, so p is at most eight. Nothing here asks LightGBM or shap for anything: that is what makes
the agreement of the two mean something.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from tests.parity.tree_text import (
    DEFAULT_LEFT,
    IS_CATEGORY,
    MISSING_NAN,
    MISSING_SHIFT,
    MISSING_ZERO,
    WrittenTree,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_ATTRIBUTES = 8
NEARLY_ZERO = float(np.float32(1e-35))
"""Where zero means missing, LightGBM takes for zero what is at most this far from it."""


def shapley_values(trees: Sequence[WrittenTree], rows: Floats) -> tuple[float, Floats]:
    """The base (the value of the empty set) and the Shapley values, shape (n, p), of the sum of all trees."""
    attributes = rows.shape[1]
    if attributes > MOST_ATTRIBUTES:
        raise ValueError(f"at most {MOST_ATTRIBUTES} attributes are judged, found {attributes}")
    members = (np.arange(2**attributes)[:, None] >> np.arange(attributes)) % 2 == 1
    value = np.zeros((len(rows), 2**attributes))
    for tree in trees:
        value += _expectation(tree, rows, members, 0 if tree.feature else -1)
    return float(value[0, 0]), value @ _shapley_weights(members)


def _shapley_weights(members: Flags) -> Floats:
    """How much each set's value counts for each attribute, shape (2^p, p)."""
    p = members.shape[1]
    size = members.sum(axis=1)
    joining = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) if s < p else 0.0 for s in size])
    joined = np.array([factorial(s - 1) * factorial(p - s) / factorial(p) if s else 0.0 for s in size])
    return np.where(members, joined[:, None], -joining[:, None])


def _expectation(tree: WrittenTree, rows: Floats, members: Flags, node: int) -> Floats:
    """v(S) below `node` for each row and each set, shape (n, 2^p)."""
    if node < 0:
        return np.full((len(rows), len(members)), tree.leaf_value[-node - 1])
    left = _expectation(tree, rows, members, tree.left[node])
    right = _expectation(tree, rows, members, tree.right[node])
    share = _count(tree, tree.left[node]) / _count(tree, node)
    feature = tree.feature[node]
    followed = np.where(goes_left(tree, node, rows[:, feature])[:, None], left, right)
    return np.where(members[:, feature], followed, share * left + (1.0 - share) * right)


def _count(tree: WrittenTree, node: int) -> int:
    return tree.internal_count[node] if node >= 0 else tree.leaf_count[-node - 1]


def goes_left(tree: WrittenTree, split: int, values: Floats) -> Flags:
    """Which of the values a split sends left."""
    kind = tree.decision[split]
    missing = np.isnan(values)
    if kind & IS_CATEGORY:
        codes = np.where(missing, -1, values).astype(int)
        return np.isin(codes, list(tree.codes_to_the_left(split)))
    gap = kind >> MISSING_SHIFT & 3
    present = values if gap == MISSING_NAN else np.where(missing, 0.0, values)
    undecided = missing if gap == MISSING_NAN else (np.abs(present) <= NEARLY_ZERO) & (gap == MISSING_ZERO)
    return np.where(undecided, bool(kind & DEFAULT_LEFT), present <= tree.threshold[split])


def leaves_reached(tree: WrittenTree, rows: Floats) -> NDArray[np.intp]:
    """The number of the leaf that each row reaches."""
    node = np.full(len(rows), 0 if tree.feature else -1)
    for split in range(len(tree.feature)):
        here = node == split
        left = goes_left(tree, split, rows[here, tree.feature[split]])
        node[here] = np.where(left, tree.left[split], tree.right[split])
    return -node - 1


def rows_passed(tree: WrittenTree, rows: Floats) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many rows reach each leaf and pass each split, counted one split at a time."""
    passed = [0] * len(tree.feature)
    for row in rows:
        node = 0 if tree.feature else -1
        while node >= 0:
            passed[node] += 1
            left = bool(goes_left(tree, node, row[tree.feature[node]][None])[0])
            node = tree.left[node] if left else tree.right[node]
    at_leaf = np.bincount(leaves_reached(tree, rows), minlength=len(tree.leaf_value))
    return tuple(at_leaf.tolist()), tuple(passed)


def log_odds(trees: Sequence[WrittenTree], rows: Floats) -> Floats:
    """The sum of the leaves that each row reaches, shape (n,)."""
    total = np.zeros(len(rows))
    for tree in trees:
        total += np.array(tree.leaf_value)[leaves_reached(tree, rows)]
    return total
