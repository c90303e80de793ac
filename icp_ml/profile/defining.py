"""From criteria to the definition: points, what counts as a match, the verdict on breadth, the ICP believed today.

A match is a number of criteria met. How many is the number at which the share of won deals that match is most above
the share of lost ones (Youden 1950), chosen on four folds of accounts and measured on the fifth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.criteria_settings import CriteriaSettings, PinnedCriterion
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.texts import Flags
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.errors import ConfigError
from icp_ml.model.tiers import Cuts
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.criteria import Found, FoundCriteria, Ground, crossed, find_criteria, measured_side
from icp_ml.profile.definition import (
    FEWEST_CRITERIA,
    MOST_CRITERIA,
    OVER_CONSTRAINED,
    Assumed,
    AssumedCondition,
    Breadth,
    Criterion,
    CriterionEvidence,
    Definition,
    LeftOut,
    Match,
    PointsScorecard,
    PointsTier,
    Proposal,
)
from icp_ml.profile.observed import observed_states
from icp_ml.profile.points import ALL_POINTS, whole_points
from icp_ml.profile.rates import win_rate, win_rate_gap
from icp_ml.profile.records import Profile

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Said:
    """What people said. review_by: the day by which each criterion should be looked at again, or None."""

    criteria: CriteriaSettings = CriteriaSettings()
    assumed: tuple[ConditionSettings, ...] = ()
    review_by: date | None = None


@dataclass(frozen=True)
class Tiered:
    """The model's tiers of the deals. log_odds: (n,), out of fold."""

    cuts: Cuts
    log_odds: Floats


def define(
    ground: Ground, profile: Profile, tiered: Tiered, said: Said, proposals: Sequence[Proposal] = ()
) -> Definition:
    """The definition of a profile.

    Raises `ConfigError` where a pinned, banned or assumed condition does not fit the attributes.
    """
    check_said(said, ground.evidence.attributes, ground.data.vocabulary.columns)
    found = _with_people(find_criteria(ground, profile), ground, said)
    weighed = _weighed(found.kept)
    criteria = tuple(each.criterion.model_copy(update={"review_by": said.review_by}) for each in weighed)
    breadth, sentence = _breadth(len(criteria))
    return Definition(
        target=profile.target,
        deals=profile.deals,
        accounts=profile.accounts,
        win_rate=profile.win_rate,
        criteria=criteria,
        left_out=found.left_out,
        breadth=breadth,
        breadth_sentence=sentence,
        match=_match(ground, weighed) if weighed else None,
        points=_points_tiers(ground, weighed, tiered) if weighed else None,
        proposals=tuple(proposals),
        assumed=_assumed(ground, said.assumed) if said.assumed else None,
        observed=observed_states(ground.evidence.model, ground.evidence.attributes, ground.data, ground.parsed),
    )


def reweighed(definition: Definition, ground: Ground, tiered: Tiered) -> Definition:
    """The same criteria with the evidence that they had, and points by what the ground's model makes of its deals."""
    if not definition.criteria:
        return definition
    weighed = _weighed([_met_again(each, ground) for each in definition.criteria])
    criteria = tuple(each.criterion for each in weighed)
    return definition.model_copy(update={"criteria": criteria, "points": _points_tiers(ground, weighed, tiered)})


def _met_again(criterion: Criterion, ground: Ground) -> Found:
    """A criterion of an earlier model on these deals."""
    named = {each.name: each for each in ground.evidence.attributes}
    condition = bind_condition(criterion.condition, named, "the ICP")
    inside, outside = condition.holds(ground.parsed), condition.fails(ground.parsed)
    asked = {criterion.factor, *([criterion.condition.attribute] if criterion.origin == "pinned" else [])}
    columns = ground.data.vocabulary.columns
    own = ground.evidence.used[:, [column.factor in asked or column.attribute in asked for column in columns]].sum(1)
    effect = float(own[inside].mean() - own[outside].mean()) if inside.any() and outside.any() else 0.0
    return Found(criterion, effect, inside, ())


def check_said(said: Said, attributes: Sequence[Attribute], columns: Sequence[ModelColumn] = ()) -> None:
    """Raise `ConfigError` where what people said asks about something that is not there.

    columns: of the model; without them only attributes are looked at.
    """
    by_name = {each.name: each for each in attributes}
    for pinned in said.criteria.pin:
        bind_condition(pinned.condition, by_name, f"the pinned criterion '{pinned.name}'")
    for place, condition in enumerate(said.assumed, start=1):
        bind_condition(condition, by_name, f"condition {place} of assumed_icp")
    factors = {column.factor for column in columns}
    for banned in said.criteria.ban:
        is_attribute = banned.factor.partition(":")[0] in by_name or banned.factor in by_name
        if not is_attribute and banned.factor not in factors:
            raise ConfigError(
                f"criteria.ban: expected a factor of the model, found '{banned.factor}', which is none; name an "
                "attribute, or a member of a set as in tools:HubSpot"
            )


def _with_people(found: FoundCriteria, ground: Ground, said: Said) -> FoundCriteria:
    """Without what is banned, with what is pinned; a pinned condition takes the place of its attribute's own."""
    banned = {each.factor: each.reason for each in said.criteria.ban}
    pinned = {each.attribute: each for each in said.criteria.pin}
    kept, left_out = list[Found](), [each for each in found.left_out if each.factor not in banned]
    for each in found.kept:
        factor, attribute = each.criterion.factor, each.criterion.condition.attribute
        if factor in banned:
            continue
        if attribute in pinned:
            reason = f"a person pinned a condition on it: {pinned[attribute].name}"
            left_out.append(LeftOut(factor=factor, reason=reason))
        else:
            kept.append(each)
    left_out += [LeftOut(factor=factor, reason=reason, banned=True) for factor, reason in banned.items()]
    return FoundCriteria((*(_pinned(each, ground) for each in said.criteria.pin), *kept), tuple(left_out))


def _pinned(settings: PinnedCriterion, ground: Ground) -> Found:
    """A person's condition with the deals on its sides. No deal chose it, so that the plain rates are honest."""
    attribute = next(each for each in ground.evidence.attributes if each.name == settings.attribute)
    condition = _bound(settings.condition, attribute)
    inside, outside = condition.holds(ground.parsed), condition.fails(ground.parsed)
    unknown = ~inside & ~outside
    data = ground.data
    values = ground.evidence.used
    places = [j for j, column in enumerate(data.vocabulary.columns) if column.attribute == attribute.name]
    own = values[:, places].sum(axis=1)
    strength = np.abs(values).mean(axis=0)
    evidence = CriterionEvidence(
        inside=measured_side(ground, inside, inside),
        outside=measured_side(ground, outside, outside),
        not_known=measured_side(ground, unknown, unknown),
        gap=win_rate_gap(data.won, data.groups, inside, outside),
        share=float(strength[places].sum() / max(float(strength.sum()), np.finfo(float).tiny)),
        stability=1.0,
    )
    criterion = Criterion(
        name=settings.name,
        condition=settings.condition,
        words=condition_words(settings.condition, attribute),
        factor=attribute.name,
        layer=attribute.layer,
        axis=attribute.axis,
        points=0,
        evidence=evidence if inside.any() or outside.any() else None,
        origin="pinned",
        reason=settings.reason,
    )
    effect = float(own[inside].mean() - own[outside].mean()) if inside.any() and outside.any() else 0.0
    return Found(criterion, effect, inside, (inside,) * len(ground.evidence.voices.of_all))


def _bound(settings: ConditionSettings, attribute: Attribute) -> Condition:
    return bind_condition(settings, {attribute.name: attribute}, "the ICP")


def _weighed(found: Sequence[Found]) -> tuple[Found, ...]:
    """With points by effect, most first."""
    points = whole_points([each.effect for each in found])
    given = [
        replace(each, criterion=each.criterion.model_copy(update={"points": p}))
        for each, p in zip(found, points, strict=True)
    ]
    return tuple(sorted(given, key=lambda each: (-each.criterion.points, each.criterion.name)))


def _breadth(count: int) -> tuple[Breadth, str]:
    number = f"{count} {'criterion' if count == 1 else 'criteria'}"
    usual = f"{FEWEST_CRITERIA} to {MOST_CRITERIA} are workable"
    if count < FEWEST_CRITERIA:
        return "too broad", f"{number}: under {FEWEST_CRITERIA} an ICP is broad, and {usual}."
    if count > OVER_CONSTRAINED:
        return "over-constrained", f"{number}: over {OVER_CONSTRAINED} an ICP fits hardly anybody, and {usual}."
    return "workable", f"{number}: {usual}."


def _match(ground: Ground, found: Sequence[Found]) -> Match:
    won = ground.data.won == 1
    matches = crossed(ground, [_matched_without(ground, found, k) for k in range(len(found[0].by_fold))])
    met = _met([each.holds for each in found])
    least = _best_number(met, won)
    inside = met >= least
    return Match(
        least=least,
        inside=measured_side(ground, inside, matches),
        outside=measured_side(ground, ~inside, ~matches),
        share_of_wins=float((won & matches).sum() / won.sum()),
    )


def _matched_without(ground: Ground, found: Sequence[Found], fold: int) -> Flags:
    """Which deals match by conditions, and by a number of them, that were found without this fold."""
    met = _met([each.by_fold[fold] for each in found])
    rest = ground.evidence.voices.fold != fold
    return np.asarray(met >= _best_number(met[rest], (ground.data.won == 1)[rest]), dtype=bool)


def _met(holds: Sequence[Flags]) -> Counts:
    return np.asarray(np.sum(holds, axis=0), dtype=np.int64)


def _best_number(met: Counts, won: Flags) -> int:
    numbers = range(1, int(met.max(initial=1)) + 1)
    return max(numbers, key=lambda k: (float((met[won] >= k).mean() - (met[~won] >= k).mean()), -k))


def _points_tiers(ground: Ground, found: Sequence[Found], tiered: Tiered) -> PointsScorecard:
    """Tiers of as nearly the model's sizes as whole points allow, and how often the two agree."""
    points = np.asarray(sum(each.criterion.points * each.holds.astype(np.int64) for each in found), dtype=np.int64)
    cuts, places = tiered.cuts, tiered.cuts.tiers(tiered.log_odds)
    starts = [_start(points, float((places <= place).mean())) for place in range(len(cuts.labels) - 1)]
    falling = [min(starts[: place + 1]) for place in range(len(starts))]
    tiers = [*falling, 0]
    by_points = np.array([next(k for k, start in enumerate(tiers) if each >= start) for each in points.tolist()])
    same = (by_points == places).astype(np.int8)
    agreement = win_rate(same, ground.data.groups, np.ones(len(same), dtype=bool))
    labelled = zip(cuts.labels, tiers, strict=True)
    return PointsScorecard(
        tiers=tuple(PointsTier(label=label, points_from=start) for label, start in labelled), agreement=agreement
    )


def _start(points: Counts, share: float) -> int:
    """The number of points that leaves a share of the deals nearest to this one at or above it, at least 1."""
    return min(range(1, ALL_POINTS + 1), key=lambda start: (abs(float((points >= start).mean()) - share), start))


def _assumed(ground: Ground, conditions: Sequence[ConditionSettings]) -> Assumed:
    by_name = {each.name: each for each in ground.evidence.attributes}
    bound = [_bound(each, by_name[each.attribute]) for each in conditions]
    data = ground.data
    everyone = np.ones(len(data.won), dtype=bool)
    inside = np.logical_and.reduce([each.holds(ground.parsed) for each in bound], initial=True) & everyone
    return Assumed(
        conditions=tuple(_assumed_condition(ground, each) for each in bound),
        inside=measured_side(ground, inside, inside),
        outside=measured_side(ground, ~inside, ~inside),
        gap=win_rate_gap(data.won, data.groups, inside, ~inside),
        share_of_wins=float(data.won[inside].sum() / data.won.sum()),
    )


def _assumed_condition(ground: Ground, condition: Condition) -> AssumedCondition:
    inside, outside = condition.holds(ground.parsed), condition.fails(ground.parsed)
    unknown = ~inside & ~outside
    return AssumedCondition(
        condition=condition.settings,
        words=condition_words(condition.settings, condition.attribute),
        inside=measured_side(ground, inside, inside),
        outside=measured_side(ground, outside, outside),
        not_known=measured_side(ground, unknown, unknown),
        gap=win_rate_gap(ground.data.won, ground.data.groups, inside, outside),
    )
