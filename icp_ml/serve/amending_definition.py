"""What people change about the ICP itself without training: criteria pinned and banned, proposals approved.

    criteria:
      pin: [{name: our sizes, attribute: employees, at_least: 50, reason: onboarding is built for them}]
      ban: [{factor: "tools:HubSpot", reason: an artefact of a campaign}]
    approve: [small and settled]              # a proposed exclusion or boundary; it is in force from then on

No deals are at hand: points are shared out anew among the criteria that stand, and what a match or a tier by points is
worth is not known again until the next training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.criteria_settings import CriteriaSettings, PinnedCriterion
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError
from icp_ml.profile.condition_words import condition_words, rule_words
from icp_ml.profile.definition import Criterion, Definition, LeftOut, Match, PointsScorecard
from icp_ml.profile.points import whole_points
from icp_ml.profile.tiering import Policy


@dataclass(frozen=True)
class DefinitionChange:
    """One thing that differs: what it is, what it was before and what it is after, in words."""

    what: str
    before: str
    after: str


def approved(definition: Definition, policy: Policy, names: Sequence[str]) -> tuple[Definition, Policy]:
    """Proposals become rules that are in force. Raises `ConfigError` for a name that is not proposed."""
    proposed = {each.rule.name: each for each in definition.proposals}
    for name in names:
        if name not in proposed:
            there = suggestion(name, list(proposed)) if proposed else "nothing is proposed"
            raise ConfigError(f"approve: expected the name of a proposal, found '{name}'; {there}")
    chosen = [proposed[name] for name in names]
    left = tuple(each for each in definition.proposals if each.rule.name not in names)
    exclusions = (*policy.exclusions, *(each.rule for each in chosen if each.kind == "exclusion"))
    boundary = (*policy.boundary, *(each.rule for each in chosen if each.kind == "boundary"))
    kept = policy.model_copy(update={"exclusions": exclusions, "boundary": boundary})
    return definition.model_copy(update={"proposals": left}), kept


def with_criteria(definition: Definition, said: CriteriaSettings, attributes: Sequence[Attribute]) -> Definition:
    """The same with criteria pinned and banned.

    Raises `ConfigError` where a pinned condition does not fit its attribute, or a banned factor has no criterion.
    """
    by_name = {each.name: each for each in attributes}
    pinned = tuple(_pinned(each, by_name[each.attribute], definition) for each in _fitting(said.pin, by_name))
    gone = {name for each in said.ban for name in _criteria_of(definition, each.factor)}
    replaced = {each.attribute for each in said.pin}
    kept = [each for each in definition.criteria if each.name not in gone and each.condition.attribute not in replaced]
    criteria = _shared_out((*pinned, *kept))
    banned = tuple(LeftOut(factor=each.factor, reason=each.reason, banned=True) for each in said.ban)
    match, points = definition.match, definition.points
    return definition.model_copy(
        update={
            "criteria": criteria,
            "left_out": (*definition.left_out, *banned),
            "match": Match(least=min(match.least, len(criteria))) if match and criteria else None,
            "points": PointsScorecard(tiers=points.tiers) if points and criteria else None,
        }
    )


def definition_changes(before: Definition, after: Definition) -> Iterator[DefinitionChange]:
    """Criteria in, out and changed, what was banned, and proposals that were approved."""
    old, new = ({each.name: each.words for each in definition.criteria} for definition in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield DefinitionChange(f"criterion '{name}'", old.get(name, "none"), new.get(name, "none"))
    for each in before.proposals:
        if each.rule.name not in {other.rule.name for other in after.proposals}:
            yield DefinitionChange(f"proposal '{each.rule.name}'", f"proposed: {rule_words(each.rule)}", "approved")


def _fitting(pins: Sequence[PinnedCriterion], by_name: dict[str, Attribute]) -> Sequence[PinnedCriterion]:
    for each in pins:
        bind_condition(each.condition, by_name, f"the pinned criterion '{each.name}'")
    return pins


def _pinned(said: PinnedCriterion, attribute: Attribute, definition: Definition) -> Criterion:
    """With the points of the criterion whose place it takes, else as many as the others have in the mean."""
    others = definition.criteria
    own = [each.points for each in others if each.condition.attribute == attribute.name]
    usual = round(sum(each.points for each in others) / len(others)) if others else 1
    return Criterion(
        name=said.name,
        condition=said.condition,
        words=condition_words(said.condition, attribute),
        factor=attribute.name,
        layer=attribute.layer,
        axis=attribute.axis,
        points=max(sum(own) or usual, 1),
        origin="pinned",
        reason=said.reason,
        review_by=others[0].review_by if others else None,
    )


def _criteria_of(definition: Definition, factor: str) -> list[str]:
    found = [each.name for each in definition.criteria if factor in (each.factor, each.condition.attribute)]
    if not found:
        there = suggestion(factor, [each.factor for each in definition.criteria])
        raise ConfigError(f"criteria.ban: expected a factor that has a criterion, found '{factor}'; {there}")
    return found


def _shared_out(criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
    points = whole_points([float(each.points) for each in criteria])
    given = [each.model_copy(update={"points": p}) for each, p in zip(criteria, points, strict=True)]
    return tuple(sorted(given, key=lambda each: (-each.points, each.name)))
