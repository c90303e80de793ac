"""A model of some deals that borrows strength from all others, which count less; by how much, its own deals say.

    members   fitted to all deals, those outside weighted by a discount d between 0 and 1 (the power prior of Ibrahim
              and Chen 2000: d = 1 is the model of all, d = 0 knows its own deals alone)
    stack     fitted to its own deals, out of fold: level and calibration are those of its own
    discount  the largest whose log loss on its own deals, out of fold, is within one standard error of the least

Where a profile has too few deals to be judged, it keeps the model of all, and only the level of its probabilities moves
towards that of its own deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.metrics import log_losses
from icp_ml.model.stack import Stack, fit_stack
from icp_ml.model.win_model import CrossFit, ModelParams, TrainingRows, WinModel, cross_members, fit_members

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

DISCOUNTS: Final = (1.0, 0.3, 0.1, 0.0)
"""From the model of all deals to that of its own, largest first."""
LEVEL_SPREAD: Final = 0.5
"""Standard deviation, in log-odds, that is expected between the levels of profiles and of the whole. We chose it: of a
win rate of 30 % it reaches from 21 to 41 %. It decides only how soon the level of a few deals is believed."""


@dataclass(frozen=True)
class Borrowed:
    """The model of `own` among the rows of `data`, which the members learned from, weighted.

    discount: weight of a deal outside. losses: log loss on its own deals out of fold, by discount tried.
    crossed: out of fold, of all rows of `data`; stack and loss are those of its own.
    """

    data: TrainingRows
    own: Rows
    discount: float
    losses: tuple[tuple[float, float], ...]
    crossed: CrossFit
    model: WinModel

    @property
    def log_odds(self) -> Floats:
        """Out of fold, of its own deals in their order."""
        return self.crossed.log_odds[self.own]


@dataclass(frozen=True)
class _Tried:
    discount: float
    data: TrainingRows
    own: Rows
    crossed: CrossFit
    losses: Floats


def borrow(data: TrainingRows, own: Rows, params: ModelParams, seed: int) -> Borrowed:
    """Choose the discount and fit. own: row numbers in `data`, ascending, with wins and losses of several accounts."""
    tried = [_try(discount, data, own, params, seed) for discount in DISCOUNTS]
    groups = data.groups[own]
    best = min(tried, key=lambda each: float(each.losses.mean()))
    chosen = next(each for each in tried if _is_as_good(each.losses, best.losses, groups))
    return Borrowed(
        data=chosen.data,
        own=chosen.own,
        discount=chosen.discount,
        losses=tuple((each.discount, float(each.losses.mean())) for each in tried),
        crossed=chosen.crossed,
        model=fit_members(chosen.data, params, chosen.crossed, seed),
    )


def weighted(data: TrainingRows, own: Rows, discount: float) -> tuple[TrainingRows, Rows]:
    """What members learn from at a discount, and where its own rows are there; weights have mean 1."""
    if discount == 0.0:
        return data.take(own), np.arange(len(own))
    weights = np.full(len(data.won), discount)
    weights[own] = 1.0
    weights *= 1.0 if data.weights is None else data.weights
    return replace(data, weights=weights / weights.mean()), own


def _try(discount: float, data: TrainingRows, own: Rows, params: ModelParams, seed: int) -> _Tried:
    learnt, rows = weighted(data, own, discount)
    members = cross_members(learnt, params, seed)
    stack = _own_stack(members.log_odds, learnt.won, members.folds, rows)
    log_odds = stack.combine(members.log_odds)[: len(learnt.won)]
    losses = log_losses(log_odds[rows], learnt.won[rows])
    return _Tried(discount, learnt, rows, CrossFit(members.trees, stack, log_odds, float(losses.mean())), losses)


def _own_stack(members: Sequence[Floats], won: NDArray[np.int8], folds: Sequence[Rows], own: Rows) -> Stack:
    """Shift and weights by its own deals; folds without one of them have nothing to say of lambda2."""
    place = np.full(len(members[0]), -1, dtype=np.intp)
    place[own] = np.arange(len(own))
    inside = [place[fold][place[fold] >= 0] for fold in folds]
    return fit_stack([member[own] for member in members], won[own], [rows for rows in inside if len(rows)])


def _is_as_good(losses: Floats, best: Floats, groups: NDArray[np.int64]) -> bool:
    """Whether losses are not above the least by more than the standard error of the difference, over accounts."""
    excess = losses - best
    _, member = np.unique(groups, return_inverse=True)
    by_account = np.bincount(member, weights=excess - excess.mean())
    error = float(np.sqrt(np.sum(by_account**2))) / len(excess)
    return float(excess.mean()) <= error


def shrunken_level(log_odds: Floats, won: NDArray[np.int8]) -> float:
    """The shift of log-odds by which a few deals move a level: a normal prior around 0, `LEVEL_SPREAD` wide.

    log_odds, won: (n,), predicted without the deal's own account; 0 for no deal. The penalised likelihood has one
    maximum, which Newton's method finds.
    """
    shift, pull = 0.0, 1.0 / LEVEL_SPREAD**2
    for _ in range(100):
        p = expit(log_odds + shift)
        step = (float(np.sum(won - p)) - pull * shift) / (float(np.sum(p * (1.0 - p))) + pull)
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-12:
            break
    return shift
