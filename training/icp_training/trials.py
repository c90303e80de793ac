"""One trial: parameters drawn in the light of the trials before it, crossed fold by fold, and given up when hopeless.

After each fold but the last the trial is compared with the best one so far: the losses of the same accounts under
both, in chunks of whole accounts, by Wilcoxon's signed-rank test (optuna.pruners.WilcoxonPruner). One that is behind
beyond doubt is given up. Nothing here is kept between trials.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState

from icp_ml.model.win_model import INNER_FOLDS, OnFold
from icp_training.search_space import Values, space

Floats = NDArray[np.float64]

DRAWN_FREELY: Final = 8
"""So many first trials tell the sampler about the whole space before it looks closer; the starts are among them."""
CHUNKS: Final = 6
"""Parts of a fold whose losses are compared; all six must be worse after one fold (p = 1/64), nearly all after two."""
DOUBT: Final = 0.02
"""The p-value under which a trial is given up. Four looks at it make at most 8 % of trials as good as the best."""


class GivenUp(Exception):
    """The trial is clearly behind the best one: nobody's error, and nothing that leaves this module."""


@dataclass(frozen=True)
class Plan:
    """How to make a trial. seed: of the sampler. start: the values to take, or None to draw them."""

    seed: int
    start: Values | None
    may_give_up: bool


Loss = Callable[[Values, OnFold], float]
"""Mean log loss out of fold by a trial's values; tells the losses of each fold as it goes."""


def make_trial(plan: Plan, before: Sequence[FrozenTrial], groups: NDArray[np.int64], loss: Loss) -> FrozenTrial:
    """Make the trial that follows `before`, all of which are over. groups: the account of each row, shape (n,)."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=plan.seed, n_startup_trials=DRAWN_FREELY)
    study = optuna.create_study(sampler=sampler, pruner=_pruner())
    study.add_trials(before)
    if plan.start is not None:
        study.enqueue_trial(plan.start)
    trial = study.ask(space())
    try:
        found = loss(trial.params, _watch(trial, groups, plan))
    except GivenUp:
        return study.tell(trial, state=TrialState.PRUNED)
    return study.tell(trial, found)


def _watch(trial: optuna.Trial, groups: NDArray[np.int64], plan: Plan) -> OnFold:
    seen = [0]

    def on_fold(held_out: NDArray[np.intp], losses: Floats) -> None:
        for chunk, value in enumerate(chunk_means(groups[held_out], losses)):
            trial.report(value, seen[0] * CHUNKS + chunk)
        seen[0] += 1
        if plan.may_give_up and seen[0] < INNER_FOLDS and trial.should_prune():
            raise GivenUp

    return on_fold


def chunk_means(groups: NDArray[np.int64], losses: Floats) -> list[float]:
    """Mean loss in each of at most six parts of a fold, each of whole accounts; the same parts for the same rows.

    Accounts are dealt out in turn, in the order of their numbers.
    """
    _, member = np.unique(groups, return_inverse=True)
    part = member % CHUNKS
    rows = np.bincount(part)
    return [float(mean) for mean in np.bincount(part, losses) / rows]


@cache
def _pruner() -> optuna.pruners.BasePruner:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # what the library says of it; the lock pins it
        return optuna.pruners.WilcoxonPruner(p_threshold=DOUBT)
