"""A trial that is clearly behind is given up after a few folds; one that may be the best never is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from icp_ml.model.win_model import INNER_FOLDS, ModelParams, OnFold, TrainingRows
from icp_training import search as searching
from icp_training.search import Budget, search
from icp_training.search_space import GOOD_GUESSES, Values, values_of
from icp_training.trials import CHUNKS, Plan, chunk_means, make_trial
from tests.model_columns import number, training_data

Floats = NDArray[np.float64]

ROWS = 300
GROUPS = np.arange(ROWS, dtype=np.int64) // 2
FOLDS = [np.flatnonzero(fold == GROUPS % INNER_FOLDS) for fold in range(INNER_FOLDS)]
START = values_of(GOOD_GUESSES[0])
LUCK = np.random.default_rng(3).exponential(0.5, ROWS)
"""How hard each deal is for every trial: deals differ far more than trials do."""


class Crossing:
    """Crosses fold by fold with given losses, and counts the folds."""

    def __init__(self, losses: Floats) -> None:
        self.losses, self.folds = losses, 0

    def __call__(self, values: Values, on_fold: OnFold) -> float:
        for held_out in FOLDS:
            self.folds += 1
            on_fold(held_out, self.losses[held_out])
        return float(self.losses.mean())


def best() -> FrozenTrial:
    return make_trial(Plan(1, START, may_give_up=False), (), GROUPS, Crossing(LUCK))


def after_the_best(losses: Floats, *, may_give_up: bool = True) -> tuple[TrialState, int]:
    crossing = Crossing(losses)
    made = make_trial(Plan(2, None, may_give_up=may_give_up), (best(),), GROUPS, crossing)
    return made.state, crossing.folds


def worse_in(*folds: int) -> Floats:
    losses = LUCK.copy()
    for fold in folds:
        losses[FOLDS[fold]] += 0.1
    return losses


@pytest.mark.parametrize(
    ("losses", "state", "folds"),
    [
        pytest.param(worse_in(0, 1, 2, 3, 4), TrialState.PRUNED, 1, id="worse everywhere: known after one fold"),
        pytest.param(LUCK - 0.1, TrialState.COMPLETE, 5, id="better everywhere"),
        pytest.param(LUCK, TrialState.COMPLETE, 5, id="the same"),
        pytest.param(worse_in(4), TrialState.COMPLETE, 5, id="worse in the last fold: there is nothing left to save"),
        pytest.param(worse_in(1, 2, 3) - 0.001, TrialState.PRUNED, 3, id="worse from the second fold on"),
    ],
)
def test_a_trial_is_given_up_when_it_is_behind_beyond_doubt(losses: Floats, state: TrialState, folds: int) -> None:
    assert after_the_best(losses) == (state, folds)


def test_a_starting_point_is_never_given_up() -> None:
    assert after_the_best(worse_in(0, 1, 2, 3, 4), may_give_up=False) == (TrialState.COMPLETE, 5)


def test_trials_as_good_as_the_best_one_are_given_up_as_seldom_as_promised() -> None:
    """Under 8 %: their losses differ from the best one's by luck alone. 200 of them: at most 26 with 99.9 %."""
    rng = np.random.default_rng(5)
    states = [after_the_best(LUCK + rng.normal(0, 0.05, ROWS))[0] for _ in range(200)]
    assert states.count(TrialState.PRUNED) <= 26


def test_a_chunk_holds_whole_accounts_and_every_row_once() -> None:
    """Accounts 3, 5, 7 in turn to chunks 0, 1, 2: mean losses (1 + 2) / 2, 4, (8 + 16 + 32) / 3."""
    groups = np.array([3, 5, 7, 7, 3, 7])
    assert chunk_means(groups, np.array([1.0, 4.0, 8.0, 16.0, 2.0, 32.0])) == pytest.approx([1.5, 4.0, 56 / 3])


@pytest.mark.parametrize("accounts", [1, 5, 6, 7, 40])
def test_there_are_six_chunks_or_one_for_each_of_fewer_accounts(accounts: int) -> None:
    losses = np.random.default_rng(accounts).random(3 * accounts)
    found = chunk_means(np.arange(3 * accounts) % accounts, losses)
    assert len(found) == min(accounts, CHUNKS)
    assert losses.min() <= min(found) <= max(found) <= losses.max()


@pytest.fixture
def fold_by_fold(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """A crossing whose loss is least at lambda_l2 = 3, told fold by fold. Says how many folds trials have crossed."""
    folds = [0]

    def crossed(
        data: TrainingRows, params: ModelParams, seed: int, on_fold: OnFold, *, once: bool = False, **_: object
    ) -> SimpleNamespace:
        losses = 0.1 * LUCK + abs(np.log(params.trees.lambda_l2 / 3))
        for held_out in FOLDS:
            folds[0] += once
            if on_fold is not None:
                on_fold(held_out, losses[held_out])
        return SimpleNamespace(loss=float(losses.mean()))

    monkeypatch.setattr(searching, "cross_fit", crossed)
    return lambda: folds[0]


def test_giving_up_saves_folds_and_changes_no_repetition(fold_by_fold: Callable[[], int]) -> None:
    data = training_data((number("a"),), ROWS, 0, deals_per_account=2)
    found = search(data, Budget(20), 5)
    given_up = sum(each.given_up for each in found.tried)
    assert given_up > 5
    assert fold_by_fold() == 5 * (20 - given_up) + given_up
    assert not any(each.given_up for each in found.tried[: len(GOOD_GUESSES)])
    assert search(data, Budget(20), 5).tried == found.tried


def test_a_trial_that_was_given_up_is_never_the_best(fold_by_fold: Callable[[], int]) -> None:
    """Each new best beats the earlier ones, so that none of those given up can be better than what they met."""
    found = search(training_data((number("a"),), ROWS, 0, deals_per_account=2), Budget(20), 5)
    finished = [each for each in found.tried if not each.given_up]
    assert found.best in [each.params for each in finished]
    running = [min(each.loss for each in finished[: k + 1]) for k in range(len(finished))]
    assert all(later <= earlier for earlier, later in pairwise(running))
    assert min(each.loss for each in found.tried) == running[-1]
