"""The first Ideal Customer Profile: which attributes go with winning, in which direction, and how sure that is.

An attribute is presented when three things agree: given all others it goes with winning beyond chance (accounts
permuted, false-discovery rate 10 %); deals that it speaks for were won more often than deals that it speaks against,
where its voice was computed without those deals (95 % interval above zero); and it did so in most folds. Everything
else is listed too, with what was missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import false_discovery_control

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.monotone_settings import words_of
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.cells.contributing import explained
from icp_ml.model.scorecard import ColumnPoints, fit_scorecard
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.trees import fit_trees
from icp_ml.model.win_model import CrossFit, ModelParams, TrainingRows, WinModel
from icp_ml.profile.association import permuted_p_value, relative_to_time
from icp_ml.profile.rates import win_rate, win_rate_gap
from icp_ml.profile.records import Condition, IcpAttribute, Interval, Profile
from icp_ml.profile.wording import state_words

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Name = TypeVar("Name", bound=str)

FALSE_DISCOVERY_RATE = 0.10
STEADY = 0.8
LEAST_SHARE = 0.02
"""An ICP has 6 to 12 attributes; one that carries less than a fiftieth of the explanation is none of them."""
PROFILE_FOLDS = 5


@dataclass(frozen=True)
class Voices:
    """What each column says of each deal, computed without the deal's account.

    contributions: (n, p), in log-odds, centred on the deals the fold learnt from. log_odds: (n,), what they add up to
    with the fold's base. fold: which fold each deal is in. of_all: for each fold what its model says of all deals,
    (n, p), those that it learnt from included.
    """

    contributions: Floats
    log_odds: Floats
    fold: NDArray[np.intp]
    of_all: tuple[Floats, ...] = ()

    def take(self, rows: NDArray[np.intp]) -> Voices:
        """The same for the given deals, in their order."""
        of_all = tuple(each[rows] for each in self.of_all)
        return Voices(self.contributions[rows], self.log_odds[rows], self.fold[rows], of_all)


@dataclass(frozen=True)
class Evidence:
    """What the profile is drawn from: encoded deals, the model fitted on them, and its voices out of fold."""

    attributes: Sequence[Attribute]
    data: TrainingRows
    model: WinModel
    voices: Voices
    opened: NDArray[np.datetime64] | None

    @cached_property
    def used(self) -> Floats:
        """What each column adds to the log-odds of each deal by the model that is used, (n, p)."""
        return explained(self.model, self.data.rows).values


def cross_contributions(data: TrainingRows, params: ModelParams, crossed: CrossFit, seed: int) -> Voices:
    """Contributions out of fold: both members refitted on each fold's complement, the stack's weights kept."""
    folds = grouped_folds(data.groups, data.won, PROFILE_FOLDS, seed + 1)
    values, number = np.empty(data.rows.shape), np.empty(len(data.won), dtype=np.intp)
    log_odds = np.empty(len(data.won))
    columns, of_all = data.vocabulary.columns, []
    for k, held_out in enumerate(folds):
        rest = data.take(complement(held_out, len(data.won))).learnt()
        scorecard = fit_scorecard(rest.rows, rest.won, columns, params.scorecard, rest.weights)
        trees = fit_trees(
            rest.rows,
            rest.won,
            columns,
            params.trees,
            rounds=crossed.trees.rounds,
            seed=seed,
            weights=rest.weights,
        )
        fold_model = WinModel(data.vocabulary, scorecard, trees, crossed.stack)
        of_all.append(explained(fold_model, data.rows).values)
        values[held_out] = of_all[k][held_out]
        log_odds[held_out] = fold_model.log_odds(data.rows[held_out])
        number[held_out] = k
    return Voices(values, log_odds, number, tuple(of_all))


def draw_profile(evidence: Evidence, target: str, seed: int) -> Profile:
    """Judge every factor and put the ones that hold into the ICP, by their share of the explanation."""
    data, model = evidence.data, evidence.model
    columns = model.vocabulary.columns
    shares = _shares(evidence.used)
    attributes = [_attribute(factor, evidence) for factor in _factors(evidence, shares, seed)]
    ranked = sorted(attributes, key=lambda a: (-a.share, a.factor))
    everyone = np.ones(len(data.won), dtype=bool)
    return Profile(
        target=target,
        deals=len(data.won),
        accounts=len(np.unique(data.groups)),
        win_rate=win_rate(data.won, data.groups, everyone),
        attributes=tuple(ranked),
        layer_shares=_sum_shares([(c.layer, s) for c, s in zip(columns, shares, strict=True)]),
        axis_shares=_sum_shares([(c.axis, s) for c, s in zip(columns, shares, strict=True)]),
    )


@dataclass(frozen=True)
class _Factor:
    """A factor on its way to becoming an `IcpAttribute`."""

    attribute: Attribute
    column: ModelColumn
    points: ColumnPoints
    codes: NDArray[np.intp]
    used: Floats
    share: float
    p_value: float
    q_value: float
    position: int


def _factors(evidence: Evidence, shares: Sequence[float], seed: int) -> list[_Factor]:
    data, model = evidence.data, evidence.model
    used = evidence.used
    codes = [points.codes(data.rows[:, j]) for j, points in enumerate(model.scorecard.columns)]
    p_values = np.array([_p_value(evidence, j, level, seed) for j, level in enumerate(codes)])
    named = {attribute.name: attribute for attribute in evidence.attributes}
    q_values = false_discovery_control(p_values) if len(p_values) else p_values
    return [
        _Factor(
            named[column.attribute],
            column,
            points,
            codes[j],
            used[:, j],
            shares[j],
            float(p_values[j]),
            float(q_values[j]),
            j,
        )
        for j, (column, points) in enumerate(zip(model.vocabulary.columns, model.scorecard.columns, strict=True))
    ]


def _p_value(evidence: Evidence, position: int, codes: NDArray[np.intp], seed: int) -> float:
    """Of the association between a column's levels and what all other columns leave unexplained."""
    voices, data = evidence.voices, evidence.data
    by_others = expit(voices.log_odds - voices.contributions[:, position])
    left = relative_to_time(np.asarray(data.won - by_others, dtype=np.float64), evidence.opened)
    return permuted_p_value(codes, left, data.groups, seed)


def _attribute(factor: _Factor, evidence: Evidence) -> IcpAttribute:
    won, groups = evidence.data.won, evidence.data.groups
    voice = evidence.voices.contributions[:, factor.position]
    speaks_for, speaks_against = voice > 0, voice < 0
    gap = win_rate_gap(won, groups, speaks_for, speaks_against)
    steady = _stability(won, speaks_for, speaks_against, evidence.voices.fold)
    reason = _reason_left_out(factor, gap, steady)
    return IcpAttribute(
        factor=factor.column.factor,
        attribute=factor.column.attribute,
        layer=factor.column.layer,
        axis=factor.column.axis,
        share=factor.share,
        p_value=factor.p_value,
        gap=gap,
        stability=steady,
        helps=_condition(factor, evidence.data, speaks_for, sign=1),
        hurts=_condition(factor, evidence.data, speaks_against, sign=-1),
        presented=reason is None,
        reason=reason or "goes with winning given the others, and in deals it was not learnt from",
        asked=words_of(factor.attribute.monotone),
    )


def _reason_left_out(factor: _Factor, gap: Interval, steady: float) -> str | None:
    """Why a factor is not in the ICP, or None where it is."""
    if factor.q_value > FALSE_DISCOVERY_RATE:
        return f"given the others it does not go with winning beyond chance (p = {factor.p_value:.3f})"
    if not gap.low > 0:
        return "in deals it was not learnt from, its direction did not hold beyond chance"
    if steady < STEADY:
        return f"its direction held in only {steady:.0%} of the folds"
    if factor.share < LEAST_SHARE:
        return f"it carries {factor.share:.1%} of the explanation"
    return None


def _condition(factor: _Factor, data: TrainingRows, voiced: Mask, *, sign: int) -> tuple[Condition, ...]:
    """The values that pull in one direction; counts of all deals that have them, rate of deals voiced out of fold."""
    pulling = [int(c) for c in np.unique(factor.codes) if sign * float(factor.used[factor.codes == c].mean()) > 0]
    if not pulling or not voiced.any():
        return ()
    meets = np.isin(factor.codes, pulling)
    return (
        Condition(
            text=state_words(factor.attribute, factor.column, factor.points, pulling),
            effect=float(factor.used[meets].mean()),
            deals=int(meets.sum()),
            won=int(data.won[meets].sum()),
            win_rate=win_rate(data.won, data.groups, voiced),
        ),
    )


def _stability(won: NDArray[np.int8], voiced: Mask, against: Mask, fold: NDArray[np.intp]) -> float:
    """Share of folds in which deals spoken for were won more often than deals spoken against."""
    held = 0
    for k in np.unique(fold):
        here, there = voiced & (fold == k), against & (fold == k)
        held += bool(here.any() and there.any() and won[here].mean() > won[there].mean())
    return held / len(np.unique(fold))


def _shares(used: Floats) -> list[float]:
    strength = np.abs(used).mean(axis=0)
    total = float(strength.sum())
    return [float(s / total) if total else 0.0 for s in strength]


def _sum_shares(parts: Sequence[tuple[Name, float]]) -> dict[Name, float]:
    totals: dict[Name, float] = {}
    for name, share in parts:
        totals[name] = totals.get(name, 0.0) + share
    return totals
