"""The true probability of winning a deal, fitted so that the world is as hard as was asked.

    log-odds = intercept + sum of weight x (condition - share) x interaction + account + drift - anti-ICP

Weights are found on a large sample that shares the seed's parameters and nothing else with the world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from icp_training.world.accounts import Population
from icp_training.world.observing import Rows
from icp_training.world.planting import Condition, Term
from icp_training.world.text import Bools, Floats

ANTI_PENALTY = 3.0
_ROUNDS = 40
# A condition that is said to help does help, whatever it is correlated with; and none decides alone.
_SMALLEST_WEIGHT, _LARGEST_WEIGHT = 0.15, 6.0


@dataclass(frozen=True)
class Turn:
    """From `day` on (since 1970), `model` decides instead."""

    day: int
    model: WinModel


@dataclass(frozen=True)
class WinModel:
    """`weights` and `shares` go with `terms`; `anti` holds where all its conditions do (none: no anti-ICP).

    `drift` is the change in log-odds over the whole span; `account_spread` the standard deviation between
    accounts. `turn`: when and by what the model is replaced, None where it never is.
    """

    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    shares: tuple[float, ...]
    anti: tuple[Condition, ...]
    intercept: float
    drift: float
    account_spread: float
    turn: Turn | None = None

    def probability(self, population: Population, rows: Rows) -> Floats:
        """The true probability of each row's deal, opened on its day."""
        chances = _logistic(
            self.intercept + _design(self, population, rows) @ np.array(self.weights) + self._rest(population, rows)
        )
        if self.turn is None:
            return chances
        return np.where(rows.as_of < self.turn.day, chances, self.turn.model.probability(population, rows))

    def _rest(self, population: Population, rows: Rows) -> Floats:
        effect = population.stream("account effect").normal(size=population.size)[rows.account]
        time = (rows.as_of - population.start) / (population.today - population.start) - 0.5
        rest = self.account_spread * effect + self.drift * time
        return rest - ANTI_PENALTY * self.in_anti_icp(population, rows)

    def in_anti_icp(self, population: Population, rows: Rows) -> Bools:
        """Whether each row is of the type that almost never buys."""
        inside = np.full(len(rows.account), bool(self.anti))
        for condition in self.anti:
            inside &= condition.holds(population, rows)
        return inside


def _design(model: WinModel, population: Population, rows: Rows) -> Floats:
    """What each weight is multiplied by (rows x terms)."""
    columns = np.zeros((len(rows.account), len(model.terms)))
    for index, term in enumerate(model.terms):
        columns[:, index] = term.condition.holds(population, rows) - model.shares[index]
        if term.modifier is not None:
            inside = term.modifier.holds(population, rows)
            columns[:, index] *= 1 + term.contrast * np.where(inside, 1.0, -1.0)
    return columns


def fitted(model: WinModel, population: Population, rows: Rows, base_rate: float, auc: float | None) -> WinModel:
    """The model with shares, weights and intercept such that each term shows its odds ratio on the rows.

    With `auc`, the weights are then scaled together until the true probability ranks the rows that well.
    """
    shares = tuple(float(term.condition.holds(population, rows).mean()) for term in model.terms)
    model = replace(model, shares=shares)
    design, rest = _design(model, population, rows), model._rest(population, rows)
    weights = _weights_for_odds(model.terms, design, rest, _seen_sides(model.terms, population, rows), base_rate)
    if auc is not None:
        weights = weights * _scale_for_auc(design @ weights, rest, base_rate, auc)
    intercept = intercept_for(design @ weights + rest, base_rate)
    return replace(model, weights=tuple(weights.tolist()), intercept=intercept)


def _seen_sides(terms: tuple[Term, ...], population: Population, rows: Rows) -> Bools:
    """Which side of each condition a row is on as the CRM sees it (terms x rows)."""
    sides = [term.condition.holds(population, rows, "crm") for term in terms]
    return np.array(sides, dtype=np.bool_).reshape(len(terms), len(rows.account))


def _weights_for_odds(terms: tuple[Term, ...], design: Floats, rest: Floats, sides: Bools, base_rate: float) -> Floats:
    """Fixed point: a weight grows by what its odds ratio still lacks, until every ratio is met."""
    targets = np.log([term.odds_ratio for term in terms])
    weights = targets.copy()
    for _ in range(_ROUNDS):
        margin = design @ weights + rest
        chances = _logistic(margin + intercept_for(margin, base_rate))
        found = np.array([_log_odds_ratio(chances, side) for side in sides])
        weights = np.clip(weights + 0.8 * (targets - found), _SMALLEST_WEIGHT, _LARGEST_WEIGHT)
    return weights


def _log_odds_ratio(chances: Floats, side: Bools) -> float:
    inside, outside = chances[side].mean(), chances[~side].mean()
    return float(np.log(inside / (1 - inside)) - np.log(outside / (1 - outside)))


def _scale_for_auc(margin: Floats, rest: Floats, base_rate: float, auc: float) -> float:
    """Bisection on the factor of the margin; the AUC rises with it."""
    low, high = 0.0, 16.0
    for _ in range(30):
        middle = (low + high) / 2
        total = middle * margin + rest
        if auc_of(_logistic(total + intercept_for(total, base_rate))) < auc:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def intercept_for(margin: Floats, base_rate: float) -> float:
    """What the margin lacks for its mean probability to be the base rate, by Newton from the logit."""
    intercept = float(np.log(base_rate / (1 - base_rate)) - margin.mean())
    for _ in range(50):
        chances = _logistic(margin + intercept)
        step = (base_rate - chances.mean()) / max(float((chances * (1 - chances)).mean()), 1e-9)
        intercept += float(np.clip(step, -1, 1))
        if abs(step) < 1e-12:
            break
    return intercept


def auc_of(chances: Floats) -> float:
    """Expected AUC of true probabilities: the chance that a won deal has a higher one than a lost deal, ties
    half.
    """
    distinct, codes = np.unique(chances, return_inverse=True)
    won = np.bincount(codes, weights=chances, minlength=len(distinct))
    lost = np.bincount(codes, weights=1 - chances, minlength=len(distinct))
    beaten = np.cumsum(lost) - lost / 2
    return float((won @ beaten) / (won.sum() * lost.sum()))


def _logistic(margin: Floats) -> Floats:
    chances: Floats = 1 / (1 + np.exp(-margin))
    return chances
