"""The trees member: LightGBM with few leaves, native categories, and one reference population.

LightGBM weights its path-dependent expectations by the row counts it saw while growing (in-bag, unweighted by deal).
Here every count is rewritten from all reference rows, so that the base of the trees is their mean log-odds over
those rows and their contributions refer to the same population as the scorecard's.

The boosters that were grown on the complements of the inner folds are kept: their mean is the member (Breiman 1996,
bagging), as long as they have few enough trees together to be scored fast. It varies less than one booster of all
deals does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.monotone import tree_constraints
from icp_ml.model.splits import complement
from icp_ml.model.tree_texts import mean_text, recounted

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]

MOST_ROUNDS = 600
PATIENCE = 40
DEEPEST = 6
"""Deeper trees cannot become cell tables; on 78,025 deals the bound cost 0.0005 in log loss."""
ROWS_A_THREAD = 5_000
"""Under this many rows LightGBM's threads cost more than they bring (measured on two cores)."""
MOST_BAGGED = 1_000
"""Trees of all boosters together. More of them would make scoring slow, and deals that bear more need no bagging."""


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
        import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

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
class GrownFold:
    """A booster grown on the complement of a fold's rows, and its loss on the fold after each round."""

    held_out: NDArray[np.intp]
    booster: lgb.Booster
    losses: tuple[float, ...]

    def log_odds(self, rows: Floats, rounds: int | None = None) -> Floats:
        """Of the fold's rows, after so many rounds; without a number, after the best one for this fold."""
        at = rounds or int(np.argmin(self.losses)) + 1
        return np.asarray(self.booster.predict(rows[self.held_out], raw_score=True, num_iteration=at), dtype=np.float64)


@dataclass(frozen=True)
class CrossedTrees:
    """Trees out of fold. log_odds: (n,). rounds: at which the mean loss over all deals was least.

    boosters: one for each fold, grown on its complement, and on beyond `rounds`.
    """

    log_odds: Floats
    rounds: int
    boosters: tuple[lgb.Booster, ...] = field(compare=False, repr=False)


def grow_by_fold(
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    params: TreeParams,
    folds: Sequence[NDArray[np.intp]],
    *,
    seed: int,
    weights: Floats | None = None,
) -> Iterator[GrownFold]:
    """Fold by fold, grow trees on the complement until the loss on the fold has stopped falling."""
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    settings = _settings(params, len(won), seed) | tree_constraints(columns)
    whole = _dataset(rows, won, columns, weights, settings)
    for held_out in folds:
        losses: dict[str, dict[str, list[float]]] = {}
        booster = lgb.train(
            settings,
            whole.subset(complement(held_out, len(won)).tolist()),
            num_boost_round=MOST_ROUNDS,
            valid_sets=[whole.subset(held_out.tolist())],
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False), lgb.record_evaluation(losses)],
        )
        yield GrownFold(held_out, booster, tuple(losses["valid_0"]["binary_logloss"]))


def settle(grown: Sequence[GrownFold], rows: Floats) -> CrossedTrees:
    """One number of rounds for all folds: the best one among those that every fold came to."""
    reached = min(len(fold.losses) for fold in grown)
    sizes = [len(fold.held_out) for fold in grown]
    mean = np.average([fold.losses[:reached] for fold in grown], axis=0, weights=sizes)
    rounds = int(np.argmin(mean)) + 1
    log_odds = np.empty(len(rows))
    for fold in grown:
        log_odds[fold.held_out] = fold.log_odds(rows, rounds)
    return CrossedTrees(log_odds, rounds, tuple(fold.booster for fold in grown))


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
    """Predict every row by trees that did not see its fold, all folds with the same number of rounds."""
    return settle(list(grow_by_fold(rows, won, columns, params, folds, seed=seed, weights=weights)), rows)


def can_be_bagged(crossed: CrossedTrees) -> bool:
    """Whether the boosters of all folds have few enough trees together."""
    return crossed.rounds * len(crossed.boosters) <= MOST_BAGGED


def bagged_trees(crossed: CrossedTrees, rows: Floats) -> Trees:
    """The mean of the folds' boosters as one model, counted over all `rows`, the reference."""
    text = mean_text([booster.model_to_string(num_iteration=crossed.rounds) for booster in crossed.boosters])
    return Trees(_counted(text, rows))


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
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    settings = _settings(params, len(won), seed) | tree_constraints(columns)
    dataset = _dataset(rows, won, columns, weights, settings)
    booster = lgb.train(settings, dataset, num_boost_round=rounds)
    return Trees(_counted(booster.model_to_string(), rows))


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
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    weights: Floats | None,
    settings: dict[str, Any],
) -> lgb.Dataset:
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    return lgb.Dataset(
        rows,
        won,
        weight=weights,
        feature_name=[f"c{j}" for j in range(len(columns))],
        categorical_feature=[j for j, column in enumerate(columns) if column.is_category],
        params=settings,
        free_raw_data=False,
    )


def _counted(text: str, rows: Floats) -> str:
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    leaves = np.asarray(lgb.Booster(model_str=text).predict(rows, pred_leaf=True), dtype=np.int32)
    return recounted(text, leaves.reshape(len(rows), -1))
