"""The criteria of the ICP: one condition for each factor that holds, with what speaks for it.

A factor has a criterion where it is presented (see `icp`), its condition separates won from lost deals that the
condition was not found on, and the same condition is found again in most resamples. What says the same as a stronger
criterion is left out. Their number is what comes of that, and not a choice.

    on four of five folds of accounts:  the fold's model -> its contributions to those four -> a condition
    on the fifth:                       win rate inside and outside of that condition, pooled over the folds
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.texts import Flags
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard
from icp_ml.model.win_model import TrainingRows
from icp_ml.profile.base_rates import quarter_name, quarters
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.definition import Criterion, CriterionEvidence, LeftOut, PeriodGap, Side
from icp_ml.profile.finding import find_condition
from icp_ml.profile.icp import Evidence
from icp_ml.profile.rates import win_rate, win_rate_gap
from icp_ml.profile.records import IcpAttribute, Interval, Profile

Floats = NDArray[np.float64]

PAIRS: Final = 10
"""Pairs of half-samples of accounts (Shah and Samworth 2013): twenty chances to be found again."""
SAME: Final = 0.5
"""Two conditions agree where they share this part of the deals that either of them holds (Jaccard)."""
STEADY: Final = 0.6
REDUNDANT: Final = 0.8
"""Two factors say the same where the model's contributions of them have this rank correlation."""
LEAST_IN_A_QUARTER: Final = 20


@dataclass(frozen=True)
class Ground:
    """What criteria are found on. parsed: the attributes of the deals, row by row as in `evidence.data`.

    scorecard: the parameters with which half-samples are fitted.
    """

    evidence: Evidence
    parsed: ParsedTable
    scorecard: ScorecardParams
    seed: int

    @property
    def data(self) -> TrainingRows:
        """The encoded deals."""
        return self.evidence.data

    def attribute_of(self, place: int) -> Attribute:
        """The attribute of the model's column at `place`."""
        name = self.data.vocabulary.columns[place].attribute
        return next(each for each in self.evidence.attributes if each.name == name)


@dataclass(frozen=True)
class Found:
    """A criterion on its way.

    effect: mean contribution inside less that outside, in log-odds, by the model of all deals. holds: bool[n]. by_fold:
    for each fold of the voices, where the condition holds that was found without the fold's accounts. voice: (n,) out
    of fold, by which what says the same is recognised; empty for a pinned one.
    """

    criterion: Criterion
    effect: float
    holds: Flags
    by_fold: tuple[Flags, ...]
    voice: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class FoundCriteria:
    """kept: most share of the explanation first. left_out: every other factor with the reason."""

    kept: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]


def find_criteria(ground: Ground, profile: Profile) -> FoundCriteria:
    """The criteria of a profile's presented factors."""
    places = {column.factor: j for j, column in enumerate(ground.data.vocabulary.columns)}
    halves = list(_half_samples(ground))
    kept, left_out = list[Found](), list[LeftOut]()
    for factor in profile.attributes:
        found = _found(ground, factor, places[factor.factor], halves) if factor.presented else factor.reason
        if isinstance(found, Found):
            found = _unless_said_before(found, kept)
        if isinstance(found, str):
            left_out.append(LeftOut(factor=factor.factor, reason=found))
        else:
            kept.append(found)
    return FoundCriteria(tuple(kept), tuple(left_out))


def measured_side(ground: Ground, on: Flags, measured: Flags) -> Side:
    """A side of a condition. on: the deals that are on it. measured: those by whose rate it is judged."""
    data = ground.data
    return Side(deals=int(on.sum()), won=int(data.won[on].sum()), win_rate=win_rate(data.won, data.groups, measured))


def _found(
    ground: Ground, factor: IcpAttribute, place: int, halves: Sequence[tuple[NDArray[np.intp], Floats]]
) -> Found | str:
    """The criterion of a factor, or why there is none."""
    attribute, column = ground.attribute_of(place), ground.data.vocabulary.columns[place]
    own = ground.evidence.used[:, place]
    settings = find_condition(attribute, column, ground.parsed, own)
    if settings is None:
        return "what it says is no condition that a list can be asked for"
    condition = _bound(settings, attribute)
    inside, outside = condition.holds(ground.parsed), condition.fails(ground.parsed)
    found_by_fold = list(_found_by_fold(ground, place))
    crossed_in = crossed(ground, [holds for holds, _ in found_by_fold])
    crossed_out = crossed(ground, [fails for _, fails in found_by_fold])
    gap = win_rate_gap(ground.data.won, ground.data.groups, crossed_in, crossed_out)
    if not gap.low > 0:
        return f"on deals that its condition was not found on the gap in win rate may be none ({_points(gap)})"
    stability = _stability(ground, place, inside, halves)
    if stability < STEADY:
        return f"its condition was found again in only {stability:.0%} of {2 * PAIRS} half-samples of the accounts"
    unknown = ~inside & ~outside
    evidence = CriterionEvidence(
        inside=measured_side(ground, inside, crossed_in),
        outside=measured_side(ground, outside, crossed_out),
        not_known=measured_side(ground, unknown, unknown),
        gap=gap,
        share=factor.share,
        stability=stability,
        periods=tuple(_periods(ground, crossed_in)),
    )
    criterion = Criterion(
        name=factor.factor,
        condition=settings,
        words=condition_words(settings, attribute),
        factor=factor.factor,
        layer=factor.layer,
        axis=factor.axis,
        points=0,
        evidence=evidence,
    )
    return Found(
        criterion,
        effect=float(own[inside].mean() - own[outside].mean()),
        holds=inside,
        by_fold=tuple(holds for holds, _ in found_by_fold),
        voice=ground.evidence.voices.contributions[:, place],
    )


def _bound(settings: ConditionSettings, attribute: Attribute) -> Condition:
    return bind_condition(settings, {attribute.name: attribute}, "the search for criteria")


def _found_by_fold(ground: Ground, place: int) -> Iterator[tuple[Flags, Flags]]:
    """For each fold, where the condition holds and fails that is found without it; nowhere where none is found."""
    attribute, column = ground.attribute_of(place), ground.data.vocabulary.columns[place]
    nowhere = np.zeros(len(ground.data.won), dtype=bool)
    for k, voice in enumerate(ground.evidence.voices.of_all):
        rest = np.flatnonzero(ground.evidence.voices.fold != k)
        settings = find_condition(attribute, column, ground.parsed.take(rest), voice[rest, place])
        if settings is None:
            yield nowhere, nowhere
        else:
            condition = _bound(settings, attribute)
            yield condition.holds(ground.parsed), condition.fails(ground.parsed)


def crossed(ground: Ground, by_fold: Sequence[Flags]) -> Flags:
    """bool[n]: for each deal what was found without its fold."""
    return np.choose(ground.evidence.voices.fold, by_fold).astype(bool)


def _half_samples(ground: Ground) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Rows of half of the accounts, and what a scorecard fitted on them says of them; then of the other half."""
    data, rng = ground.data, np.random.default_rng(ground.seed + 2)
    accounts, member = np.unique(data.groups, return_inverse=True)
    for _ in range(PAIRS):
        first = rng.permutation(len(accounts)) < len(accounts) // 2
        for chosen in (first[member], ~first[member]):
            rows = np.flatnonzero(chosen)
            if 0 < data.won[rows].sum() < len(rows):
                weights = None if data.weights is None else data.weights[rows]
                fitted = fit_scorecard(
                    data.rows[rows], data.won[rows], data.vocabulary.columns, ground.scorecard, weights
                )
                yield rows, fitted.contributions(data.rows[rows])


def _stability(ground: Ground, place: int, inside: Flags, halves: Sequence[tuple[NDArray[np.intp], Floats]]) -> float:
    """The share of half-samples that lead to a condition which holds for most of the same deals."""
    attribute, column = ground.attribute_of(place), ground.data.vocabulary.columns[place]
    again = 0
    for rows, voices in halves:
        settings = find_condition(attribute, column, ground.parsed.take(rows), voices[:, place])
        again += settings is not None and _alike(inside, _bound(settings, attribute).holds(ground.parsed))
    return again / max(len(halves), 1)


def _alike(first: Flags, second: Flags) -> bool:
    either = int((first | second).sum())
    return either > 0 and int((first & second).sum()) >= SAME * either


def _unless_said_before(found: Found, kept: Sequence[Found]) -> Found | str:
    for stronger in kept:
        both = np.column_stack([found.voice, stronger.voice]).astype(np.float64)
        correlation = float(spearmanr(both).statistic)
        if correlation > REDUNDANT:
            return f"it says what {stronger.criterion.factor} says (rank correlation {correlation:.2f})"
    return found


def _periods(ground: Ground, inside: Flags) -> Iterator[PeriodGap]:
    opened, data = ground.evidence.opened, ground.data
    if opened is None:
        return
    quarter = quarters(opened)
    for each in np.unique(quarter).tolist():
        here = quarter == each
        if here.sum() >= LEAST_IN_A_QUARTER:
            gap = win_rate_gap(data.won, data.groups, here & inside, here & ~inside)
            yield PeriodGap(period=quarter_name(each), deals=int(here.sum()), gap=gap)


def _points(gap: Interval) -> str:
    return f"{100 * gap.value:+.0f} points, 95 % interval {100 * gap.low:+.0f} to {100 * gap.high:+.0f}"
