"""Choosing the members' parameters: Optuna over grouped folds of the training deals, and of nothing else.

A trial is a function of the deals, the seed, and the trials before it: the sampler is reseeded for each (seed x
100003 + how many there were). A trial is written down when it is over and never before, so that a search that was
killed, by whatever and whenever, goes on as if nothing had happened. The first trials are fixed starting points that
did well from 60 to 100,000 deals; a short search is therefore never worse than a good guess.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from icp_ml.model.win_model import REPEATED_UNDER, CrossFit, ModelParams, OnFold, Scorecards, TrainingRows, cross_fit
from icp_training.search_space import GOOD_GUESSES, Values, params_of, values_of
from icp_training.studies import Kept, Studies, Unkept
from icp_training.trials import Plan, make_trial

Floats = NDArray[np.float64]

SEED_STRIDE = 100_003
SEEDS = 2**32
"""How many seeds the sampler knows."""
MOST_SEARCH_ROWS = 20_000
"""What a trial sees at most, drawn by account; what is right for these may be too small a model for many more."""


@dataclass(frozen=True)
class Budget:
    """What a search may spend, and what it may build on.

    trials: how many parameter sets to try, at least 1. minutes: stop earlier than that, or None; a time limit makes
    the outcome depend on the machine, and the run says so. studies: where trials are kept and found again, or None.
    first: parameters to try before the fixed starting points, such as the champion's.
    """

    trials: int = 30
    minutes: float | None = None
    studies: Studies | None = None
    first: tuple[ModelParams, ...] = ()

    def fifth(self) -> Budget:
        """What an outer fold may spend: a fifth of the trials, at least the fixed starting points.

        Without the champion's parameters: they were chosen with deals that the fold judges.
        """
        shorter = None if self.minutes is None else self.minutes / 5
        trials = max(self.trials // 5, min(len(GOOD_GUESSES), self.trials))
        return replace(self, trials=trials, minutes=shorter, first=())


@dataclass(frozen=True)
class Tried:
    """One trial: its parameters, and the stack's mean log loss out of fold.

    given_up: it was clearly behind the best one after a few folds; the loss is then that of these folds.
    """

    params: ModelParams
    loss: float
    given_up: bool = False


@dataclass(frozen=True)
class SearchResult:
    """The best parameters, and all that were tried in order. cut_short: the time limit ended it.

    crossed: the best parameters' out-of-fold predictions of all deals, with the seed that was given. found: trials
    that were kept by an earlier search. several: another process made trials at the same time, so that a repetition
    would make others. trials: as Optuna records them.
    """

    best: ModelParams
    crossed: CrossFit
    tried: tuple[Tried, ...]
    cut_short: bool
    found: int = field(default=0, compare=False)
    several: bool = False
    trials: tuple[FrozenTrial, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class SoFar:
    """How a search is getting on. best: the least log loss. given_up: how many trials were."""

    done: int
    total: int
    best: float
    given_up: int

    @property
    def words(self) -> str:
        """For a bar: what is done, and after the colon how it is getting on."""
        given_up = f", {self.given_up} given up" if self.given_up else ""
        return f"searching parameters: best log loss {self.best:.4f}{given_up}"


OnTrial = Callable[[SoFar], None]


def search(data: TrainingRows, budget: Budget, seed: int, on_trial: OnTrial | None = None) -> SearchResult:
    """Try parameter sets on at most 20,000 rows and return the one whose stack has the least loss out of fold.

    Where there are more rows, the winner meets the largest of the fixed starting points on all of them: many rows bear
    a larger model than a sample of them does. Raises as `Studies.kept` does.
    """
    if budget.trials < 1:
        raise ValueError("expected at least one trial in the budget, found none")
    sample = _sample(data, seed)
    starts = _distinct([values_of(params) for params in (*budget.first, *GOOD_GUESSES)])
    kept: Kept = Unkept() if budget.studies is None else budget.studies.kept(sample, seed, starts)
    attempts = _Attempts(sample, seed, starts, kept)
    found = len(kept.trials()[: budget.trials])
    best = _made(attempts, budget, on_trial)
    trials = kept.trials()[: budget.trials]
    winner = attempts.finalist(min(_finished(trials), key=_loss), best)
    if len(sample.won) < len(data.won):
        winner = _better(_finalist(data, winner.params, seed), _finalist(data, GOOD_GUESSES[-1], seed))
    return SearchResult(
        winner.params,
        winner.crossed,
        tuple(attempts.tried(trial) for trial in trials),
        cut_short=len(trials) < budget.trials,
        found=found,
        several=kept.several,
        trials=trials,
    )


@dataclass(frozen=True)
class Finalist:
    """Parameters with their out-of-fold predictions."""

    params: ModelParams
    crossed: CrossFit


@dataclass(frozen=True)
class _Attempts:
    """What every trial of a search has in common.

    starts: values that the first trials take. scorecards: those crossed already, which other trials need too.
    """

    sample: TrainingRows
    seed: int
    starts: tuple[Values, ...]
    kept: Kept
    scorecards: Scorecards = field(default_factory=dict)

    def next(self, before: Sequence[FrozenTrial]) -> tuple[FrozenTrial, Finalist | None]:
        """Make the trial that follows those. Without a finalist where it was given up."""
        crossed: list[Finalist] = []

        def loss(values: Values, watch: OnFold) -> float:
            crossed.append(self._cross(params_of(values, len(self.sample.won)), watch))
            return crossed[0].crossed.loss

        made = make_trial(self._plan(before), before, self.sample.groups, loss)
        return made, crossed[0] if crossed else None

    def _plan(self, before: Sequence[FrozenTrial]) -> Plan:
        """Seed and start of the next trial. Beside another process both are drawn, or it would make the same one."""
        seed = self.seed * SEED_STRIDE + len(before)
        if not self.kept.several:
            start = self.starts[len(before)] if len(before) < len(self.starts) else None
            return Plan(seed % SEEDS, start, may_give_up=len(before) >= len(self.starts))
        rng = np.random.default_rng()
        tried = [trial.params for trial in before]
        left = [start for start in self.starts if start not in tried]
        start = left[rng.integers(len(left))] if left else None
        return Plan(int(rng.integers(SEEDS)), start, may_give_up=start is None)

    def tried(self, trial: FrozenTrial) -> Tried:
        """What a trial came to."""
        return Tried(params_of(trial.params, len(self.sample.won)), _loss(trial), trial.state == TrialState.PRUNED)

    def finalist(self, trial: FrozenTrial, at_hand: Finalist | None) -> Finalist:
        """A trial's predictions: those at hand where they are its own and whole, else made once more.

        A trial crosses few deals once; the winner's weights are fitted to all repetitions.
        """
        params = params_of(trial.params, len(self.sample.won))
        is_whole = len(self.sample.won) >= REPEATED_UNDER
        if is_whole and at_hand is not None and at_hand.params == params:
            return at_hand
        return Finalist(params, cross_fit(self.sample, params, self.seed, None, known=self.scorecards))

    def _cross(self, params: ModelParams, watch: OnFold | None) -> Finalist:
        return Finalist(params, cross_fit(self.sample, params, self.seed, watch, known=self.scorecards, once=True))


def _made(attempts: _Attempts, budget: Budget, on_trial: OnTrial | None) -> Finalist | None:
    """Make the trials that are not there yet. The best of those made; None where all were there, or given up."""
    deadline = None if budget.minutes is None else time.monotonic() + 60 * budget.minutes
    best: Finalist | None = None
    before = attempts.kept.trials()
    tell = on_trial or _tell_nobody
    if before:
        tell(_so_far(before, budget.trials))
    while len(before) < budget.trials:
        if before and deadline is not None and time.monotonic() > deadline:
            break
        made, finalist = attempts.next(before)
        attempts.kept.add(made, len(before))
        best = best if finalist is None else _better(best, finalist)
        before = attempts.kept.trials()
        tell(_so_far(before, budget.trials))
    return best


def _tell_nobody(_so_far: SoFar) -> None:
    """The progress of a search that nobody watches: there is nothing to do, and no trial has to ask."""


def _distinct(starts: Sequence[Values]) -> tuple[Values, ...]:
    """In their order; a champion that was a good guess is not tried twice."""
    return tuple(start for k, start in enumerate(starts) if start not in starts[:k])


def _so_far(trials: Sequence[FrozenTrial], total: int) -> SoFar:
    asked_for = trials[:total]
    finished = _finished(asked_for)
    return SoFar(len(asked_for), total, min(map(_loss, finished)), len(asked_for) - len(finished))


def _finished(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


def _loss(trial: FrozenTrial) -> float:
    """Of a trial that was given up, the mean over what it saw."""
    if trial.state == TrialState.COMPLETE:
        return float(trial.values[0])
    return float(np.mean(list(trial.intermediate_values.values())))


def _finalist(data: TrainingRows, params: ModelParams, seed: int) -> Finalist:
    return Finalist(params, cross_fit(data, params, seed))


def _better(first: Finalist | None, second: Finalist) -> Finalist:
    """The one with the smaller loss; the first where they are equal."""
    return second if first is None or second.crossed.loss < first.crossed.loss else first


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
