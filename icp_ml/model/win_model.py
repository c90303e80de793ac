"""The model that is used: one vocabulary, two members, one stack.

    log-odds(x) = base + sum over columns of contribution_j(x)        probability = logistic(log-odds)

Every number of the explanation is a number of the prediction: the contributions are the members' own, times their
weights in the stack.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.vocabulary import Vocabulary, fit_vocabulary
from icp_ml.errors import NoSignal
from icp_ml.model.masked_copies import Learnt, ready_for_gaps, with_copies
from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import Scorecard, ScorecardParams, fit_scorecard
from icp_ml.model.skill import anchor
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.stack import Stack, fit_stack
from icp_ml.model.trees import (
    CrossedTrees,
    TreeParams,
    Trees,
    bagged_trees,
    can_be_bagged,
    fit_trees,
    grow_by_fold,
    settle,
)

Floats = NDArray[np.float64]

INNER_FOLDS = 5
REPEATED_UNDER, REPETITIONS = 5_000, 2
"""With few deals, how the accounts happen to be divided moves the choice of parameters and the stack's weights."""
REPETITION_STRIDE = 7_919
OnFold = Callable[[NDArray[np.intp], Floats], None]
Scorecards = MutableMapping[tuple[ScorecardParams, int], Floats]


@dataclass(frozen=True)
class ModelParams:
    """The parameters of both members; the search chooses them, the stack decides how much each member counts."""

    scorecard: ScorecardParams = ScorecardParams()
    trees: TreeParams = TreeParams()


@dataclass(frozen=True)
class Contributions:
    """values: (n, p) in log-odds, one column for each of the vocabulary's. base: mean log-odds of the reference rows.

    Law: base + values.sum(axis=1) is the log-odds that is used, to 1e-9.
    """

    base: float
    values: Floats


@dataclass(frozen=True)
class WinModel:
    """A fitted model. `rows` everywhere are encoded by `vocabulary`: float64, shape (n, p).

    anchor: log-odds added for the probability alone, where the base rate was found to have moved; 0 otherwise.
    stated: what is added instead where somebody states a base rate (see `icp_ml.model.levels`), or None.
    Order, contributions and reasons use the log-odds without either.
    """

    vocabulary: Vocabulary
    scorecard: Scorecard
    trees: Trees
    stack: Stack
    anchor: float = 0.0
    stated: float | None = None

    def log_odds(self, rows: Floats) -> Floats:
        """Log-odds of winning a closed opportunity, shape (n,)."""
        return self.stack.combine([self.scorecard.log_odds(rows), self.trees.log_odds(rows)])

    def contributions(self, rows: Floats) -> Contributions:
        """What each column adds to the log-odds of each row, relative to the mean over the reference rows."""
        on_scorecard, on_trees = self.stack.weights
        values = on_scorecard * self.scorecard.contributions(rows) + on_trees * self.trees.contributions(rows)
        return Contributions(self.base, values)

    @property
    def base(self) -> float:
        """Mean log-odds over the reference rows, which are all training deals, unweighted."""
        bases = [np.array([self.scorecard.base]), np.array([self.trees.base])]
        return float(self.stack.combine(bases)[0])

    @property
    def shift(self) -> float:
        """Log-odds added for the probability alone."""
        return self.anchor if self.stated is None else self.stated

    def probability(self, log_odds: Floats) -> Floats:
        """Probability of winning a closed opportunity from its log-odds, same shape, in [0, 1]."""
        return np.asarray(expit(log_odds + self.shift), dtype=np.float64)


@dataclass(frozen=True)
class CrossFit:
    """Members out of fold, and how well their stack did: what the search minimises.

    trees: of the first repetition. stack: fitted to the members' out-of-fold log-odds. log_odds: what it makes of
    them, shape (n,), each of a deal whose account the members had not seen. loss: the mean log loss, of masked copies
    too.
    """

    trees: CrossedTrees
    stack: Stack
    log_odds: Floats
    loss: float


@dataclass(frozen=True)
class CrossedMembers:
    """log_odds: scorecard and trees out of fold, each (m,), of the deals and of their copies after them.

    trees: of the first repetition. folds: the rows held out by each of its folds.
    """

    log_odds: tuple[Floats, Floats]
    trees: CrossedTrees
    folds: tuple[NDArray[np.intp], ...]


@dataclass(frozen=True)
class TrainingRows:
    """What both members learn from: encoded rows (n, p), outcomes (n,), account groups (n,), and weights or None.

    copies: each of shape (n, p), the same deals with fewer known values (`masked_copies`).
    """

    vocabulary: Vocabulary
    rows: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    weights: Floats | None = None
    copies: tuple[Floats, ...] = ()

    def take(self, rows: NDArray[np.intp]) -> TrainingRows:
        """The same for the given deals, in their order; the vocabulary stays."""
        weights = None if self.weights is None else self.weights[rows]
        copies = tuple(copy[rows] for copy in self.copies)
        return TrainingRows(self.vocabulary, self.rows[rows], self.won[rows], self.groups[rows], weights, copies)

    def learnt(self) -> Learnt:
        """What members are fitted to: the deals, and their copies below them."""
        return with_copies(self.rows, self.won, self.weights, self.copies)


def training_rows(
    parsed: ParsedTable,
    attributes: Sequence[Attribute],
    won: NDArray[np.int8],
    groups: NDArray[np.int64],
    weights: Floats | None = None,
    *,
    copies: Sequence[ParsedTable] = (),
) -> TrainingRows:
    """Fit the vocabulary to these deals and encode them with it. copies: the same deals with fewer known values.

    Raises `NoSignal` where no attribute has two values that enough deals share.
    """
    vocabulary = fit_vocabulary(parsed, attributes)
    if not vocabulary.columns:
        raise NoSignal(
            f"expected an attribute with at least two values, found none among {len(attributes)} over {len(won):,} "
            f"deals; name columns that differ between deals"
        )
    vocabulary = ready_for_gaps(vocabulary, copies)
    encoded = tuple(vocabulary.encode(copy) for copy in copies)
    return TrainingRows(vocabulary, vocabulary.encode(parsed), won, groups, weights, encoded)


def inner_folds(data: TrainingRows, seed: int) -> list[list[NDArray[np.intp]]]:
    """Folds of whole accounts, drawn anew for each repetition; few deals are divided more than once."""
    repetitions = REPETITIONS if len(data.won) < REPEATED_UNDER else 1
    return [grouped_folds(data.groups, data.won, INNER_FOLDS, seed + REPETITION_STRIDE * r) for r in range(repetitions)]


def cross_fit(
    data: TrainingRows,
    params: ModelParams,
    seed: int,
    on_fold: OnFold | None = None,
    *,
    known: Scorecards | None = None,
    once: bool = False,
) -> CrossFit:
    """Predict every row by members that did not see its group, and stack them.

    Where the deals have masked copies, members and stack are those of both; only the log-odds are of the deals alone.
    on_fold: is told, fold by fold of the first repetition, rows and their log losses under equal weights; what it
    raises ends the crossing. known: scorecards out of fold on these data and this seed, by their parameters and the
    repetition; new ones are added. once: the first repetition alone.
    """
    members = cross_members(data, params, seed, on_fold, known=known, once=once)
    learnt = data.learnt()
    stack = fit_stack(members.log_odds, learnt.won, members.folds)
    log_odds = stack.combine(members.log_odds)
    loss = float(log_losses(log_odds, learnt.won).mean())
    return CrossFit(members.trees, stack, log_odds[: learnt.deals], loss)


def cross_members(
    data: TrainingRows,
    params: ModelParams,
    seed: int,
    on_fold: OnFold | None = None,
    *,
    known: Scorecards | None = None,
    once: bool = False,
) -> CrossedMembers:
    """Both members out of fold, before they are stacked; the arguments are those of `cross_fit`."""
    learnt, repetitions = data.learnt(), inner_folds(data, seed)
    repetitions = repetitions[:1] if once else repetitions
    known = {} if known is None else known
    for r, folds in enumerate(repetitions):
        if (params.scorecard, r) not in known:
            known[params.scorecard, r] = cross_scorecard(data, params.scorecard, folds)
    scorecard = np.asarray(np.mean([known[params.scorecard, r] for r in range(len(repetitions))], axis=0))
    crossed = [_crossed_trees(data, params.trees, repetitions[0], seed, _watched(on_fold, scorecard, data))]
    for r, folds in enumerate(repetitions[1:], start=1):
        crossed.append(_crossed_trees(data, params.trees, folds, seed + REPETITION_STRIDE * r, None))
    trees = np.asarray(np.mean([each.log_odds for each in crossed], axis=0))
    return CrossedMembers((scorecard, trees), crossed[0], tuple(learnt.and_copies(fold) for fold in repetitions[0]))


def _watched(on_fold: OnFold | None, scorecard: Floats, data: TrainingRows) -> OnFold | None:
    """Tells the losses of the members' mean on a fold's deals, given the trees' log-odds of these and their copies."""
    if on_fold is None:
        return None

    def tell(held_out: NDArray[np.intp], trees: Floats) -> None:
        is_deal = held_out < len(data.won)
        deals = held_out[is_deal]
        on_fold(deals, log_losses((scorecard[deals] + trees[is_deal]) / 2.0, data.won[deals]))

    return tell


def _crossed_trees(
    data: TrainingRows, params: TreeParams, folds: Sequence[NDArray[np.intp]], seed: int, tell: OnFold | None
) -> CrossedTrees:
    grown, learnt, columns = [], data.learnt(), data.vocabulary.columns
    held_out = [learnt.and_copies(fold) for fold in folds]
    for fold in grow_by_fold(learnt.rows, learnt.won, columns, params, held_out, seed=seed, weights=learnt.weights):
        grown.append(fold)
        if tell is not None:
            tell(fold.held_out, fold.log_odds(learnt.rows))
    return settle(grown, learnt.rows)


def cross_scorecard(data: TrainingRows, params: ScorecardParams, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Out-of-fold log-odds of the scorecard, shape (m,): of the deals, and of their copies after them."""
    learnt = data.learnt()
    log_odds = np.empty(len(learnt.won))
    for fold in folds:
        held_out = learnt.and_copies(fold)
        rest = complement(held_out, len(learnt.won))
        weights = None if learnt.weights is None else learnt.weights[rest]
        fitted = fit_scorecard(learnt.rows[rest], learnt.won[rest], data.vocabulary.columns, params, weights)
        log_odds[held_out] = fitted.log_odds(learnt.rows[held_out])
    return log_odds


def fit_win_model(data: TrainingRows, params: ModelParams, seed: int) -> WinModel:
    """Stack on out-of-fold log-odds, then refit both members on all rows. All rows are the reference population."""
    return fit_members(data, params, cross_fit(data, params, seed), seed)


def anchored(model: WinModel, rows: Floats, won: NDArray[np.int8]) -> WinModel:
    """The same model with its level set by these deals: their mean probability becomes their win rate."""
    return replace(model, anchor=anchor(model.log_odds(rows), won))


def fit_members(data: TrainingRows, params: ModelParams, crossed: CrossFit, seed: int) -> WinModel:
    """The scorecard on all rows and the trees of the folds, or trees on all rows, under the stack of the crossing."""
    learnt = data.learnt()
    scorecard = fit_scorecard(learnt.rows, learnt.won, data.vocabulary.columns, params.scorecard, learnt.weights)
    return WinModel(data.vocabulary, scorecard, _final_trees(data, params.trees, crossed.trees, seed), crossed.stack)


def _final_trees(data: TrainingRows, params: TreeParams, crossed: CrossedTrees, seed: int) -> Trees:
    learnt, columns = data.learnt(), data.vocabulary.columns
    if can_be_bagged(crossed):
        return bagged_trees(crossed, learnt.rows)
    return fit_trees(learnt.rows, learnt.won, columns, params, rounds=crossed.rounds, seed=seed, weights=learnt.weights)
