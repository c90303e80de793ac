"""What a win brings and how long it takes: the mean of a positive, skewed amount, given the attributes of the deal.

    log mean(x) = level + weight * shape(x)          an amount lies in [mean(x) * low, mean(x) * high] in 4 of 5 wins

`shape` is boosted trees with the gamma loss and log link, which suits amounts whose spread grows with their size. Its
weight, between 0 and 1, is fitted by gamma likelihood to predictions of accounts that the trees had not seen, so that
few wins leave little of the shape; the level makes these predictions add up to what was brought. Where the shape does
not beat the constant beyond noise, the constant is the answer. All of it is learned from wins alone: what is said of a
prospect holds if the prospect is won.

The bounds come from residuals of unseen accounts on the log scale (cross-conformal prediction, Vovk 2015), every
account counting as one fact however many deals it has (pooled, as in Dunn, Wasserman and Ramdas 2023). What they
promise is the coverage over new accounts of the same kind, in the mean over all; not for every prospect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.metrics import Estimate, resamples
from icp_ml.model.splits import complement, grouped_folds

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

OBJECTIVE = "gamma"
"""LightGBM's name of the loss: gamma likelihood with a log link."""
FOLDS = 5
COVERAGE = 0.8
MOST_ROUNDS = 500
PATIENCE = 40
ROWS_A_THREAD = 5_000
DRAWS = 2_000
SMALLEST_DEVIANCE = 1e-12
"""Under this all amounts are one and the same, but for rounding, and nothing is left to be told."""
ONE_SIDED_LEVEL = 0.025
"""Of the test for a shape. With amounts dealt out at random none of 70 sets of wins passed it: the shrunken weight
leaves chance nothing to gain."""


@dataclass(frozen=True)
class Wins:
    """What is learned from. rows: (n, p), encoded. amounts: (n,), positive and finite. groups: (n,), accounts."""

    rows: Floats
    amounts: Floats
    groups: NDArray[np.int64]
    columns: tuple[ModelColumn, ...]

    def __len__(self) -> int:
        return len(self.amounts)

    def take(self, rows: Rows) -> Wins:
        """The same for the given rows, in their order."""
        return Wins(self.rows[rows], self.amounts[rows], self.groups[rows], self.columns)


@dataclass(frozen=True)
class AmountTrees:
    """The shape, as LightGBM's text. `text` is all there is: what loads it executes nothing."""

    text: str

    @cached_property
    def booster(self) -> lgb.Booster:
        """The model, parsed."""
        import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

        return lgb.Booster(model_str=self.text)

    def log_mean(self, rows: Floats) -> Floats:
        """Logarithm of the mean amount by the trees alone, (n,)."""
        if not len(rows):
            return np.empty(0)
        return np.asarray(self.booster.predict(rows, raw_score=True), dtype=np.float64)


@dataclass(frozen=True)
class AmountModel:
    """The mean amount of a win. trees: None for a constant. low, high: factors of the mean that bound an amount."""

    level: float
    weight: float
    trees: AmountTrees | None
    low: float
    high: float

    def mean(self, rows: Floats) -> Floats:
        """The expected amount of each row if it is won, (n,), positive, in the unit of the amounts."""
        shape = self.weight * self.trees.log_mean(rows) if self.trees is not None else np.zeros(len(rows))
        return np.exp(self.level + shape)


@dataclass(frozen=True)
class Comparison:
    """The shape beside the constant, on wins of accounts that neither had seen.

    gain: gamma deviance saved a win, with its bounds at 2.5 % and 97.5 %. share: of the constant's deviance.
    typical_error, typical_error_of_median: mean absolute error of the model's median and of the median of all.
    """

    gain: Estimate
    share: float
    typical_error: float
    typical_error_of_median: float
    wins: int
    accounts: int

    @property
    def is_reliable(self) -> bool:
        """Whether the shape beats the constant beyond noise."""
        return self.gain.low > 0.0 and self.share > 0.0


@dataclass(frozen=True)
class Crossed:
    """Predictions of wins by models that had not seen their account. mean, constant, median: each (n,)."""

    wins: Wins
    mean: Floats
    constant: Floats
    median: Floats


def fit_amounts(wins: Wins, seed: int) -> AmountModel:
    """The shape with its shrunken weight. low and high are 1: bounds need predictions of unseen accounts."""
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    folds = _folds(wins, seed)
    crossed: Any = lgb.cv(
        _settings(len(wins), seed),
        _dataset(wins),
        num_boost_round=MOST_ROUNDS,
        folds=[(complement(held_out, len(wins)), held_out) for held_out in folds],
        return_cvbooster=True,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    boosters = crossed["cvbooster"]
    rounds = int(boosters.best_iteration)
    unseen = np.empty(len(wins))
    for booster, held_out in zip(boosters.boosters, folds, strict=True):
        unseen[held_out] = booster.predict(wins.rows[held_out], raw_score=True, num_iteration=rounds)
    weight = _weight(unseen, wins.amounts)
    if weight == 0.0:
        return constant_of(wins)
    booster = lgb.train(_settings(len(wins), seed), _dataset(wins), num_boost_round=rounds)
    return AmountModel(_level(weight * unseen, wins.amounts), weight, AmountTrees(booster.model_to_string()), 1.0, 1.0)


def constant_of(wins: Wins) -> AmountModel:
    """The mean of all wins, whatever their attributes."""
    return AmountModel(float(np.log(wins.amounts.mean())), 0.0, None, 1.0, 1.0)


def cross_amounts(wins: Wins, seed: int) -> Crossed:
    """Each win's mean by a model of other accounts, weight and rounds chosen without it."""
    mean, constant, median = (np.empty(len(wins)) for _ in range(3))
    for held_out in _folds(wins, seed + 1):
        rest = wins.take(complement(held_out, len(wins)))
        mean[held_out] = fit_amounts(rest, seed).mean(wins.rows[held_out])
        constant[held_out] = rest.amounts.mean()
        median[held_out] = np.median(rest.amounts)
    return Crossed(wins, mean, constant, median)


def compare(crossed: Crossed, seed: int, widening: float) -> Comparison:
    """Does the shape beat the constant? widening: of the bounds, because folds share what they learn from."""
    wins = crossed.wins
    before, after = deviance(wins.amounts, crossed.constant), deviance(wins.amounts, crossed.mean)
    gain = _interval(before - after, wins.groups, seed, widening)
    centre = float(np.exp(np.median(np.log(wins.amounts / crossed.mean))))
    return Comparison(
        gain=gain,
        share=gain.value / float(before.mean()) if before.mean() > SMALLEST_DEVIANCE else 0.0,
        typical_error=float(np.abs(wins.amounts - centre * crossed.mean).mean()),
        typical_error_of_median=float(np.abs(wins.amounts - crossed.median).mean()),
        wins=len(wins),
        accounts=len(np.unique(wins.groups)),
    )


def deviance(amounts: Floats, mean: Floats) -> Floats:
    """Gamma deviance of each amount, (n,), 0 where it is what was expected; the unit of the amounts does not matter."""
    ratio = amounts / mean
    return 2.0 * (ratio - 1.0 - np.log(ratio))


def bounds(amounts: Floats, mean: Floats, groups: NDArray[np.int64], coverage: float = COVERAGE) -> tuple[float, float]:
    """Factors of the mean between which the amount of a new account lies with probability `coverage`.

    mean: of accounts not seen, (n,). With k accounts each tail is cut at (1 - coverage) / 2 less 1 / k of itself; with
    so few accounts that nothing is left of it, at the outermost amount.
    """
    _, member = np.unique(groups, return_inverse=True)
    weights = 1.0 / np.bincount(member)[member]
    order = np.argsort(amounts / mean, kind="stable")
    ratio, shares = (amounts / mean)[order], weights[order] / weights.sum()
    accounts = float(weights.sum())
    tail = (1.0 - coverage) / 2 - (1.0 + coverage) / 2 / accounts
    below, above = np.cumsum(shares), np.cumsum(shares[::-1])
    low = int(np.searchsorted(below, tail + 1e-12, side="right")) if tail > 0 else 0
    high = int(np.searchsorted(above, tail + 1e-12, side="right")) if tail > 0 else 0
    return float(ratio[low]), float(ratio[len(ratio) - 1 - high])


def _folds(wins: Wins, seed: int) -> list[Rows]:
    """By account, with large and small amounts in each."""
    is_large = (wins.amounts > np.median(wins.amounts)).astype(np.int8)
    return [fold for fold in grouped_folds(wins.groups, is_large, FOLDS, seed) if len(fold)]


def _weight(log_mean: Floats, amounts: Floats) -> float:
    """The share of the shape, in [0, 1], at which the gamma likelihood of unseen accounts is highest."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - loaded where a model is fitted

    scaled = amounts / amounts.mean()
    centred = log_mean - log_mean.mean()

    def loss(weight: float) -> float:
        expected = weight * centred + _level(weight * centred, scaled)
        return float(np.mean(expected + scaled * np.exp(-expected)))

    found = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded")
    candidates = (0.0, float(found.x), 1.0)
    return min(candidates, key=loss)


def _level(shape: Floats, amounts: Floats) -> float:
    """The level at which expectations add up to what was brought, so that sums of money are neither high nor low.

    The likelihood's own level makes amounts over expectations average to 1 instead; with a shrunken shape large
    amounts then bring more than expected, on ten synthetic worlds by 4 % of all money.
    """
    return float(np.log(amounts.mean()) - np.log(np.mean(np.exp(shape - shape.mean()))) - shape.mean())


def _interval(values: Floats, groups: NDArray[np.int64], seed: int, widening: float) -> Estimate:
    """Mean over wins with its bounds at 2.5 % and 97.5 %, accounts resampled."""
    _, member = np.unique(groups, return_inverse=True)
    size, total = np.bincount(member), np.bincount(member, weights=values)
    accounts = np.arange(len(size), dtype=np.int64)
    draws = np.array([(drawn @ total) / (drawn @ size) for drawn in resamples(accounts, DRAWS, seed)])
    low, high = np.quantile(draws, [ONE_SIDED_LEVEL, 1.0 - ONE_SIDED_LEVEL])
    value = float(values.mean())
    return Estimate(value, value - widening * (value - float(low)), value + widening * (float(high) - value))


def _settings(wins: int, seed: int) -> dict[str, Any]:
    """LightGBM's names. Shallow: an amount has a fraction of the rows that winning has."""
    least = min(max(wins // 20, 8), 40)
    return {
        "objective": OBJECTIVE,
        "num_leaves": 4,
        "max_depth": 3,
        "learning_rate": 0.03,
        "min_data_in_leaf": least,
        "min_data_per_group": least,
        "lambda_l2": 5.0,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "max_cat_to_onehot": 4,
        "feature_pre_filter": False,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1 if wins < ROWS_A_THREAD else 0,
        "verbosity": -1,
    }


def _dataset(wins: Wins) -> lgb.Dataset:
    import lightgbm as lgb  # noqa: PLC0415 - LightGBM is loaded where it is asked

    categorical = [j for j, column in enumerate(wins.columns) if column.is_category]
    names = [f"c{j}" for j in range(len(wins.columns))]
    return lgb.Dataset(
        wins.rows, wins.amounts, feature_name=names, categorical_feature=categorical, free_raw_data=False
    )
