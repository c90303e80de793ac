"""What changed between two definitions of the ICP: criteria that came, went and moved, with the evidence then and now.

    strength   of a criterion: the mean of its points and its share of the explanation, both as shares of the whole,
               times its stability over resamples; a pinned one is as stable as the person who pinned it
    change     the difference of the two strengths; where the condition is another one, what the two have in common
               counts for less: twice the smaller strength more where no company can meet both

The largest change is the first line. Points alone would rank what shuffles among correlated attributes as high as
what became of the market; stability takes that out, and the share of the explanation is what the model says of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.definition import Criterion, Definition, Side
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.tiering import Policy
from icp_ml.watch.condition_distance import condition_distance

Came = Literal["came", "went", "moved", "weighs more", "weighs less", "stays"]
RuleCame = Literal["came", "went", "changed"]
RuleKind = Literal["exclusion", "boundary", "proposal"]

HARDLY: Final = 0.01
"""A change of strength of under a hundredth of the whole is none. We chose it."""


class CriterionThen(Record):
    """A criterion as one of the two definitions has it; evidence None for a pinned one that no deal bears on."""

    name: str
    words: str
    points: int
    share: float | None
    stability: float | None
    inside: Side | None
    outside: Side | None
    gap: Interval | None


class CriterionChange(Record):
    """What became of one criterion. before, after: None where the definition has none on the factor.

    change: how much it matters, as the head of the file says, in [0, 2]. distance: of the two conditions, 0 the same,
    1 that nothing meets both; 0 where there is one only. why: what the definition that lacks it says of the factor.
    """

    factor: str
    kind: Came
    before: CriterionThen | None
    after: CriterionThen | None
    change: float
    distance: float
    why: str = ""


class RuleChange(Record):
    """What became of an exclusion, a boundary or a proposal. words: as it is now, or was last."""

    name: str
    kind: RuleKind
    change: RuleCame
    words: str
    words_before: str
    deals: int | None = None
    won: int | None = None
    win_rate: Interval | None = None
    reason: str = ""


class DefinitionDiff(Record):
    """criteria: every factor that either has a criterion on, the largest change first. rules: by kind, then by deals.

    win_rate, criteria_count, least: then and now; least None where there is no criterion.
    """

    win_rate: tuple[Interval, Interval]
    criteria_count: tuple[int, int]
    least: tuple[int | None, int | None]
    criteria: tuple[CriterionChange, ...]
    rules: tuple[RuleChange, ...]

    def changed(self) -> tuple[CriterionChange, ...]:
        """The criteria that did not stay as they were."""
        return tuple(each for each in self.criteria if each.kind != "stays")


def definition_diff(old: Definition, new: Definition, old_policy: Policy, new_policy: Policy) -> DefinitionDiff:
    """What changed from `old` to `new`. Criteria are paired by their factor, and within one by name, then in order."""
    pairs = _pairs(old.criteria, new.criteria)
    changes = [_criterion_change(before, after, old, new) for before, after in pairs]
    return DefinitionDiff(
        win_rate=(old.win_rate, new.win_rate),
        criteria_count=(len(old.criteria), len(new.criteria)),
        least=(old.match.least if old.match else None, new.match.least if new.match else None),
        criteria=tuple(sorted(changes, key=lambda each: (-each.change, each.kind == "stays", each.factor))),
        rules=tuple(_rule_changes(old, new, old_policy, new_policy)),
    )


def strength(criterion: Criterion | None) -> float:
    """How much a criterion weighs, in [0, 1]; 0 for none. Without evidence its points alone say it."""
    if criterion is None:
        return 0.0
    points, evidence = criterion.points / 100, criterion.evidence
    if evidence is None:
        return points
    steady = 1.0 if criterion.origin == "pinned" else evidence.stability
    return (points + evidence.share) / 2 * steady


def _pairs(old: Sequence[Criterion], new: Sequence[Criterion]) -> Iterator[tuple[Criterion | None, Criterion | None]]:
    for factor in dict.fromkeys(each.factor for each in (*old, *new)):
        before = [each for each in old if each.factor == factor]
        after = [each for each in new if each.factor == factor]
        names = {each.name for each in before} & {each.name for each in after}
        for name in sorted(names):
            yield _named(before, name), _named(after, name)
        rest_before: list[Criterion | None] = [each for each in before if each.name not in names]
        rest_after: list[Criterion | None] = [each for each in after if each.name not in names]
        length = max(len(rest_before), len(rest_after))
        rest_before += [None] * (length - len(rest_before))
        rest_after += [None] * (length - len(rest_after))
        yield from zip(rest_before, rest_after, strict=True)


def _named(criteria: Sequence[Criterion], name: str) -> Criterion:
    return next(each for each in criteria if each.name == name)


def _criterion_change(
    before: Criterion | None, after: Criterion | None, old: Definition, new: Definition
) -> CriterionChange:
    was, is_now = strength(before), strength(after)
    distance = 0.0 if before is None or after is None else condition_distance(before.condition, after.condition)
    change = abs(is_now - was) + 2 * distance * min(was, is_now)
    there = after or before
    factor = "" if there is None else there.factor
    lacks = old if before is None else new if after is None else None
    return CriterionChange(
        factor=factor,
        kind=_kind(before, after, is_now - was, distance),
        before=_then(before),
        after=_then(after),
        change=change,
        distance=distance,
        why="" if lacks is None else next((each.reason for each in lacks.left_out if each.factor == factor), ""),
    )


def _kind(before: Criterion | None, after: Criterion | None, gained: float, distance: float) -> Came:
    if before is None:
        return "came"
    if after is None:
        return "went"
    if distance > 0:
        return "moved"
    if abs(gained) < HARDLY:
        return "stays"
    return "weighs more" if gained > 0 else "weighs less"


def _then(criterion: Criterion | None) -> CriterionThen | None:
    if criterion is None:
        return None
    evidence = criterion.evidence
    return CriterionThen(
        name=criterion.name,
        words=criterion.words,
        points=criterion.points,
        share=None if evidence is None else evidence.share,
        stability=None if evidence is None else evidence.stability,
        inside=None if evidence is None else evidence.inside,
        outside=None if evidence is None else evidence.outside,
        gap=None if evidence is None else evidence.gap,
    )


def _rule_changes(old: Definition, new: Definition, before: Policy, after: Policy) -> Iterator[RuleChange]:
    kinds: tuple[tuple[RuleKind, Sequence[RuleSettings], Sequence[RuleSettings]], ...] = (
        ("boundary", before.boundary, after.boundary),
        ("exclusion", before.exclusions, after.exclusions),
        ("proposal", [each.rule for each in old.proposals], [each.rule for each in new.proposals]),
    )
    for kind, then, now in kinds:
        changes = list(_changed_rules(kind, then, now, (old, new)))
        yield from sorted(changes, key=lambda each: (-(each.deals or 0), each.name))


def _changed_rules(
    kind: RuleKind,
    then: Sequence[RuleSettings],
    now: Sequence[RuleSettings],
    definitions: tuple[Definition, Definition],
) -> Iterator[RuleChange]:
    was, is_now = ({each.name.casefold(): each for each in rules} for rules in (then, now))
    for key in dict.fromkeys((*is_now, *was)):
        before, after = was.get(key), is_now.get(key)
        if before is not None and after is not None and _asks_the_same(before, after):
            continue
        there = after or before
        if there is None:  # a key comes from one of the two
            continue
        change: RuleCame = "came" if before is None else "went" if after is None else "changed"
        words = ("" if before is None else rule_words(before), rule_words(there))
        yield _with_evidence(
            RuleChange(
                name=there.name, kind=kind, change=change, words=words[1], words_before=words[0], reason=there.reason
            ),
            there,
            definitions,
        )


def _asks_the_same(before: RuleSettings, after: RuleSettings) -> bool:
    return before.conditions == after.conditions and before.until == after.until


def _with_evidence(change: RuleChange, rule: RuleSettings, definitions: tuple[Definition, Definition]) -> RuleChange:
    """With the deals that it hits, where either definition proposed it: the newer one says it."""
    for definition in reversed(definitions):
        for proposal in definition.proposals:
            if proposal.rule.conditions == rule.conditions:
                found = {"deals": proposal.deals, "won": proposal.won, "win_rate": proposal.win_rate}
                return change.model_copy(update=found)
    return change
