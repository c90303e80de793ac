"""How a set of deals is judged: forward in time where it can be, and said where it cannot.

forward   rolling origins: learnt from what was known at a cut, judged on deals opened after it.
blocked   too few later deals for that: consecutive blocks of opening dates, each judged by a model of all the others.
          Both model and base rate are re-anchored block by block, so a base rate that drifts is not taken for skill,
          nor is an attribute that only tells old deals from new ones.
grouped   no dates, or accounts that come back in every period: folds by account; the result says that it is not
          forward in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.model.skill import LEAST_JUDGED
from icp_ml.model.splits import Fold, Maturity, complement, forward_folds, grouped_folds, maturity

JudgementKind = Literal["forward", "blocked", "grouped"]

OUTER_FOLDS = 5
BLOCKS = 10
"""More than the folds, because there are few deals: each model then learns from nine tenths of them."""
LEAST_OUTCOMES_LEARNT = 12
"""Accounts won, and accounts lost, that a fold learns from at least; with fewer an inner fold may lack an outcome."""


@dataclass(frozen=True)
class Judgement:
    """kind: how. folds: the judgements. maturity: None without dates. sentence: what a report says of it."""

    kind: JudgementKind
    folds: tuple[Fold, ...]
    maturity: Maturity | None
    sentence: str

    @property
    def widening(self) -> float:
        """By how much an interval over the judged deals alone is too narrow: 1 forward in time.

        Crossed folds share most of what they learn from, so their errors go together: with K folds the variance is
        1 + K x (deals judged / deals learnt from) = 1 + K / (K - 1) times as large (Nadeau and Bengio 2003).
        """
        k = len(self.folds)
        return 1.0 if self.kind == "forward" or k < 2 else (1.0 + k / (k - 1)) ** 0.5


def plan_judgement(deals: DealTable, seed: int) -> Judgement:
    """Choose the folds. Deals of one account, and identical rows, are always on one side."""
    groups = deals.groups()
    horizon = deals.horizon()
    if horizon is None or deals.opened is None or deals.closed is None:
        return _grouped(groups, deals.won, seed)
    mature = maturity(deals.opened, deals.closed, horizon.open_since, horizon.until)
    forward = forward_folds(deals.opened, horizon.known_on, groups, horizon.until, mature.gap)
    usable = tuple(fold for fold in forward if _can_learn(deals.won, groups, fold.train) and len(fold.test))
    judged = sum(len(fold.test) for fold in usable)
    if judged >= LEAST_JUDGED:
        cost = usable[-1].immature + usable[-1].unusable
        sentence = (
            f"Judged forward in time: {judged:,} deals of accounts not learnt from, in {len(usable)} blocks, with a "
            f"maturity gap of {mature.gap} days, which kept {cost:,} deals out of the last block."
        )
        return Judgement("forward", usable, mature, sentence)
    blocked = _blocked(deals.opened, groups, deals.won, mature, judged)
    return blocked or _grouped(groups, deals.won, seed, mature)


def _can_learn(won: NDArray[np.int8], groups: NDArray[np.int64], rows: NDArray[np.intp]) -> bool:
    """Whether there are enough accounts of each outcome for inner folds; deals of one account are one fact."""
    accounts = (len(np.unique(groups[rows][won[rows] == outcome])) for outcome in (0, 1))
    return min(accounts) >= LEAST_OUTCOMES_LEARNT


def _grouped(groups: NDArray[np.int64], won: NDArray[np.int8], seed: int, mature: Maturity | None = None) -> Judgement:
    held_out = grouped_folds(groups, won, OUTER_FOLDS, seed)
    none = np.empty(0, dtype=np.intp)
    folds = tuple(Fold(f"fold {k + 1}", complement(test, len(won)), test, none) for k, test in enumerate(held_out))
    sentence = (
        f"Judged by {OUTER_FOLDS} folds of accounts, because there are no dates, or the same accounts come back in "
        f"every period; this is not forward in time."
    )
    return Judgement("grouped", folds, mature, sentence)


def _blocked(
    opened: NDArray[np.datetime64],
    groups: NDArray[np.int64],
    won: NDArray[np.int8],
    mature: Maturity,
    forward: int,
) -> Judgement | None:
    """Consecutive blocks of equal size; an account's deals in other blocks are not learnt from.

    None where accounts come back in so many blocks that too few deals could be judged.
    """
    order = np.lexsort((groups, opened))
    none = np.empty(0, dtype=np.intp)
    folds = []
    for test in np.array_split(order, BLOCKS):
        others = np.flatnonzero(~np.isin(groups, groups[test]))
        name = f"deals opened from {opened[test].min()} to {opened[test].max()}"
        folds.append(Fold(name, others, np.sort(test), none))
    sentence = (
        f"Only {forward:,} deals could be judged forward in time and {LEAST_JUDGED} are needed, so each tenth of the "
        f"deals, by opening date, was judged by a model of the others; this is not forward in time."
    )
    usable = tuple(fold for fold in folds if _can_learn(won, groups, fold.train))
    if sum(len(fold.test) for fold in usable) < min(LEAST_JUDGED, len(won)):
        return None
    return Judgement("blocked", usable, mature, sentence)
