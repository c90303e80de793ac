"""Choosing the members' parameters: Optuna over grouped folds of the training deals, and of nothing else.

The sampler is reseeded for every trial (seed x 100003 + trial number), so that an interrupted study and an
uninterrupted one try the same parameters. The first trials are fixed starting points that did well from 60 to
100,000 deals; a short search is therefore never worse than a good guess.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray

from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import DEEPEST, TreeParams
from icp_ml.model.win_model import CrossFit, ModelParams, TrainingRows, cross_fit

SEED_STRIDE = 100_003
MOST_SEARCH_ROWS = 20_000
"""What a trial sees at most, drawn by account; what is right for these may be too small a model for many more."""
GOOD_GUESSES: Sequence[ModelParams] = (
    ModelParams(ScorecardParams(20.0, 8), TreeParams(4, 2, learning_rate=0.1, min_data_in_leaf=10)),
    ModelParams(ScorecardParams(20.0, 8), TreeParams(num_leaves=7)),
    ModelParams(ScorecardParams(10.0, 20), TreeParams(31, learning_rate=0.1, cat_l2=2.0)),
)

OnTrial = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Budget:
    """trials: how many parameter sets to try, at least 1. minutes: stop earlier than that, or None.

    A time limit makes the outcome depend on the machine; the run says so.
    """

    trials: int = 30
    minutes: float | None = None

    def fifth(self) -> Budget:
        """What an outer fold may spend: a fifth of the trials, at least the fixed starting points."""
        shorter = None if self.minutes is None else self.minutes / 5
        return Budget(max(self.trials // 5, min(len(GOOD_GUESSES), self.trials)), shorter)


@dataclass(frozen=True)
class Tried:
    """One trial: its parameters, and the stack's mean log loss out of fold."""

    params: ModelParams
    loss: float


@dataclass(frozen=True)
class SearchResult:
    """The best parameters, and all that were tried in order. cut_short: the time limit ended it.

    crossed: the best parameters' out-of-fold predictions of all deals, with the seed that was given.
    """

    best: ModelParams
    crossed: CrossFit
    tried: tuple[Tried, ...]
    cut_short: bool


def search(data: TrainingRows, budget: Budget, seed: int, on_trial: OnTrial | None = None) -> SearchResult:
    """Try parameter sets on at most 20,000 rows and return the one whose stack has the least loss out of fold.

    Where there are more rows, the winner meets the largest of the fixed starting points on all of them: many rows bear
    a larger model than a sample of them does.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sample = _sample(data, seed)
    study = optuna.create_study(direction="minimize")
    for guess in GOOD_GUESSES[: budget.trials]:
        study.enqueue_trial(_flat(guess))
    tried: list[Tried] = []
    best: Finalist | None = None
    deadline = None if budget.minutes is None else time.monotonic() + 60 * budget.minutes
    for number in range(budget.trials):
        if tried and deadline is not None and time.monotonic() > deadline:
            break
        study.sampler = optuna.samplers.TPESampler(seed=seed * SEED_STRIDE + number, n_startup_trials=8)
        trial = study.ask()
        found = _finalist(sample, _suggest(trial, len(sample.won)), seed)
        study.tell(trial, found.crossed.loss)
        tried.append(Tried(found.params, found.crossed.loss))
        best = _better(best, found)
        if on_trial is not None:
            on_trial(number + 1, budget.trials, min(t.loss for t in tried))
    if best is None:
        raise ValueError("expected at least one trial in the budget, found none")
    if len(sample.won) < len(data.won):
        best = _better(_finalist(data, best.params, seed), _finalist(data, GOOD_GUESSES[-1], seed))
    return SearchResult(best.params, best.crossed, tuple(tried), len(tried) < budget.trials)


@dataclass(frozen=True)
class Finalist:
    """Parameters with their out-of-fold predictions."""

    params: ModelParams
    crossed: CrossFit


def _finalist(data: TrainingRows, params: ModelParams, seed: int) -> Finalist:
    return Finalist(params, cross_fit(data, params, seed))


def _better(first: Finalist | None, second: Finalist) -> Finalist:
    """The one with the smaller loss; the first where they are equal."""
    return second if first is None or second.crossed.loss < first.crossed.loss else first


def _suggest(trial: optuna.Trial, rows: int) -> ModelParams:
    most_in_leaf = max(10, min(200, rows // 8))
    return ModelParams(
        ScorecardParams(
            ridge=trial.suggest_float("ridge", 2.0, 100.0, log=True),
            bins=trial.suggest_int("bins", 4, 24, log=True),
        ),
        TreeParams(
            num_leaves=trial.suggest_int("num_leaves", 3, 31, log=True),
            max_depth=trial.suggest_int("max_depth", 2, DEEPEST),
            learning_rate=trial.suggest_float("learning_rate", 0.05, 0.15, log=True),
            min_data_in_leaf=min(trial.suggest_int("min_data_in_leaf", 5, 200, log=True), most_in_leaf),
            lambda_l2=trial.suggest_float("lambda_l2", 0.1, 50.0, log=True),
            feature_fraction=trial.suggest_float("feature_fraction", 0.3, 1.0),
            bagging_fraction=trial.suggest_float("bagging_fraction", 0.6, 1.0),
            cat_smooth=trial.suggest_float("cat_smooth", 1.0, 50.0, log=True),
            cat_l2=trial.suggest_float("cat_l2", 0.5, 50.0, log=True),
        ),
    )


def _flat(params: ModelParams) -> dict[str, float]:
    return {**vars(params.scorecard), **vars(params.trees)}


def _sample(data: TrainingRows, seed: int) -> TrainingRows:
    """Whole accounts, in random order, as many as fit; everything where all do."""
    if len(data.won) <= MOST_SEARCH_ROWS:
        return data
    return data.take(sample_groups(data.groups, MOST_SEARCH_ROWS, seed))


def sample_groups(groups: NDArray[np.int64], most: int, seed: int) -> NDArray[np.intp]:
    """Row numbers of randomly drawn whole groups, at most `most` rows, ascending; one too large is passed over."""
    _, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member)
    chosen, rows = np.zeros(len(size), dtype=bool), 0
    for group in np.random.default_rng(seed).permutation(len(size)).tolist():
        if rows + size[group] <= most:
            chosen[group] = True
            rows += int(size[group])
    return np.flatnonzero(chosen[member])
