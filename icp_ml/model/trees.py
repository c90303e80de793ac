"""The trees member: LightGBM with few leaves, native categories, and one reference population.

LightGBM weights its path-dependent expectations by the row counts it saw while growing (in-bag, unweighted by deal).
Here every count is rewritten from all reference rows, so that the base of the trees is their mean log-odds over
those rows and their contributions refer to the same population as the scorecard's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.splits import complement

Floats = NDArray[np.float64]

MOST_ROUNDS = 600
PATIENCE = 40
DEEPEST = 6
"""Deeper trees cannot become cell tables; on 78,025 deals the bound cost 0.0005 in log loss."""
ROWS_A_THREAD = 5_000
"""Under this many rows LightGBM's threads cost more than they bring (measured on two cores)."""


@dataclass(frozen=True)
class TreeParams:
    """What the search may choose about the trees; the names are LightGBM's own."""

    num_leaves: int = 7
    max_depth: int = DEEPEST
    learning_rate: float = 0.05
    min_data_in_leaf: int = 20
    lambda_l2: float = 5.0
    feature_fraction: float = 0.7
    bagging_fraction: float = 0.8
    cat_smooth: float = 10.0
    cat_l2: float = 10.0


@dataclass(frozen=True)
class Trees:
    """A LightGBM model as text. `text` is all there is: what loads it executes nothing."""

    text: str

    @cached_property
    def booster(self) -> lgb.Booster:
        """The model, parsed."""
        return lgb.Booster(model_str=self.text)

    @cached_property
    def base(self) -> float:
        """Mean log-odds over the reference rows."""
        width = self.booster.num_feature()
        return float(np.asarray(self.booster.predict(np.zeros((1, width)), pred_contrib=True))[0, -1])

    def log_odds(self, rows: Floats) -> Floats:
        """Log-odds of winning, shape (n,)."""
        if not len(rows):
            return np.empty(0)
        return np.asarray(self.booster.predict(rows, raw_score=True), dtype=np.float64)

    def contributions(self, rows: Floats) -> Floats:
        """Path-dependent Shapley values (Lundberg et al. 2020), shape (n, p), in log-odds; they add to z - base."""
        if not len(rows):
            return np.empty(rows.shape)
        return np.asarray(self.booster.predict(rows, pred_contrib=True), dtype=np.float64)[:, :-1]


@dataclass(frozen=True)
class CrossedTrees:
    """Out-of-fold log-odds of the trees, shape (n,), and the number of rounds at which their mean loss was least."""

    log_odds: Floats
    rounds: int


def cross_trees(
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    params: TreeParams,
    folds: Sequence[NDArray[np.intp]],
    *,
    seed: int,
    weights: Floats | None = None,
) -> CrossedTrees:
    """Grow trees on each fold's complement, all folds in step, until their mean loss on the folds stops falling."""
    crossed: Any = lgb.cv(
        _settings(params, len(won), seed),
        _dataset(rows, won, columns, weights),
        num_boost_round=MOST_ROUNDS,
        folds=[(complement(held_out, len(won)), held_out) for held_out in folds],
        return_cvbooster=True,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    boosters = crossed["cvbooster"]
    rounds = int(boosters.best_iteration)
    log_odds = np.empty(len(won))
    for booster, held_out in zip(boosters.boosters, folds, strict=True):
        log_odds[held_out] = booster.predict(rows[held_out], raw_score=True, num_iteration=rounds)
    return CrossedTrees(log_odds, rounds)


def fit_trees(
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    params: TreeParams,
    *,
    rounds: int,
    seed: int,
    weights: Floats | None = None,
) -> Trees:
    """Grow `rounds` trees on all rows, then count these rows, unweighted, through every leaf."""
    dataset = _dataset(rows, won, columns, weights)
    booster = lgb.train(_settings(params, len(won), seed), dataset, num_boost_round=rounds)
    return Trees(_recounted(booster.model_to_string(), np.atleast_2d(_leaves(booster, rows))))


def _settings(params: TreeParams, rows: int, seed: int) -> dict[str, Any]:
    return {
        **asdict(params),
        "objective": "binary",
        "bagging_freq": 1 if params.bagging_fraction < 1.0 else 0,
        "min_data_per_group": params.min_data_in_leaf,
        "max_cat_to_onehot": 4,
        "feature_pre_filter": False,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1 if rows < ROWS_A_THREAD else 0,
        "verbosity": -1,
    }


def _dataset(
    rows: Floats, won: NDArray[np.int8], columns: Sequence[ModelColumn], weights: Floats | None
) -> lgb.Dataset:
    categorical = [j for j, column in enumerate(columns) if column.is_category]
    names = [f"c{j}" for j in range(len(columns))]
    return lgb.Dataset(
        rows, won, weight=weights, feature_name=names, categorical_feature=categorical, free_raw_data=False
    )


def _leaves(booster: lgb.Booster, rows: Floats) -> NDArray[np.int32]:
    leaves = np.asarray(booster.predict(rows, pred_leaf=True), dtype=np.int32)
    return leaves.reshape(len(rows), -1)


def _recounted(text: str, leaves: NDArray[np.int32]) -> str:
    """The model's text with leaf and node counts taken from `leaves`, shape (reference rows, trees)."""
    head, *trees = re.split(r"(?=^Tree=\d+\n)", text, flags=re.MULTILINE)
    last, end, tail = trees[-1].partition("\nend of trees")
    trees[-1] = last
    counted = [_recounted_tree(tree, leaves[:, i]) for i, tree in enumerate(trees)]
    sizes = " ".join(str(len(tree.encode())) for tree in [*counted[:-1], counted[-1] + "\n"])
    head = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", head, flags=re.MULTILINE)
    return head + "".join(counted) + end + tail


def _recounted_tree(tree: str, leaf_of_row: NDArray[np.int32]) -> str:
    fields = dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)
    leaves = int(fields["num_leaves"])
    if leaves == 1:
        return tree
    counts = np.bincount(leaf_of_row, minlength=leaves)
    left = [int(child) for child in fields["left_child"].split()]
    right = [int(child) for child in fields["right_child"].split()]
    inner = _node_counts(counts, left, right)
    tree = re.sub(r"^leaf_count=.*$", "leaf_count=" + " ".join(map(str, counts)), tree, flags=re.MULTILINE)
    return re.sub(r"^internal_count=.*$", "internal_count=" + " ".join(map(str, inner)), tree, flags=re.MULTILINE)


def _node_counts(leaf_counts: NDArray[np.intp], left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Rows through each split. LightGBM numbers children after their parent; a leaf k is written as -k - 1."""
    inner = [0] * len(left)
    for node in reversed(range(len(left))):
        children = (left[node], right[node])
        inner[node] = sum(inner[child] if child >= 0 else int(leaf_counts[-child - 1]) for child in children)
    return inner
