"""What changed, in sentences: one for each criterion and rule, with the deals that say so, then and now."""

from __future__ import annotations

from collections.abc import Iterator

from icp_ml.profile.definition import Side
from icp_ml.profile.records import Interval
from icp_ml.watch.definition_diff import CriterionChange, CriterionThen, DefinitionDiff, RuleChange
from icp_ml.watch.list_moves import ListMoves
from icp_ml.watch.tier_moves import NO_TIER


def changed_sentence(diff: DefinitionDiff) -> str:
    """How many criteria came, went and moved."""
    kinds = [each.kind for each in diff.changed()]
    counts = {kind: kinds.count(kind) for kind in ("came", "went", "moved", "weighs more", "weighs less")}
    told = [f"{count} {_with_number(kind, count)}" for kind, count in counts.items() if count]
    before, after = diff.criteria_count
    if not told:
        return f"The {after} criteria are what they were."
    return f"{before} criteria then, {after} now: {', '.join(told)}."


def criterion_sentence(change: CriterionChange) -> str:
    """What became of a criterion, with the evidence then and now."""
    before, after = change.before, change.after
    if before is None and after is not None:
        why = f" Then it was none: {change.why}." if change.why else ""
        return f"{after.words} came, with {_points(after)}: {evidence_words(after)}.{why}"
    if after is None and before is not None:
        why = f" Now it is none: {change.why}." if change.why else ""
        return f"{before.words} went, with {_points(before)}: then {evidence_words(before)}.{why}"
    if before is None or after is None:
        return ""
    verb = {"moved": "moved to", "stays": "stays"}.get(change.kind, f"{change.kind}:")
    names = f"{before.words} moved to {after.words}" if change.kind == "moved" else f"{after.words} {verb}".rstrip(":")
    points = f"{before.points} points then, {after.points} now"
    return f"{names}, {points}: then {evidence_words(before)}; now {evidence_words(after)}."


def rule_sentence(rule: RuleChange) -> str:
    """What became of a rule."""
    what = {"boundary": "boundary", "exclusion": "exclusion", "proposal": "proposed rule"}[rule.kind]
    words = f"{rule.words_before}, now {rule.words}" if rule.change == "changed" else rule.words
    hit = "" if rule.deals is None else f"; {rule.won:,} of {rule.deals:,} such deals won"
    reason = f" ({rule.reason})" if rule.reason else ""
    return f"The {what} '{rule.name}' {rule.change}: {words}{reason}{hit}."


def level_sentence(diff: DefinitionDiff) -> str:
    """The win rate of all deals, and what makes a match, then and now."""
    then, now = diff.win_rate
    least = tuple("none" if each is None else f"{each}" for each in diff.least)
    return (
        f"Win rate of all deals: {_rate(then)} then, {_rate(now)} now. Criteria that make a match: {least[0]} of "
        f"{diff.criteria_count[0]} then, {least[1]} of {diff.criteria_count[1]} now."
    )


def evidence_words(criterion: CriterionThen) -> str:
    """The deals that meet it and those that do not; a pinned criterion may have none."""
    if criterion.inside is None or criterion.outside is None:
        return "no deals bear on it"
    return f"{_won(criterion.inside)} of such deals won, {_won(criterion.outside)} of the others"


def moves_sentences(moves: ListMoves) -> Iterator[str]:
    """How many accounts moved and why; the causes add up to the total."""
    counts = moves.counts
    by_cause = ", ".join(f"{cause}: {count:,}" for cause, count in counts.by_cause.items())
    yield f"{counts.moved:,} of {counts.accounts:,} accounts change tier, by main cause: {by_cause}."
    if counts.returned:
        yield f"{counts.returned:,} more left their tier by one step and came back by another."
    if moves.came or moves.gone:
        yield f"{moves.came:,} accounts are new in the list, {moves.gone:,} are gone; they are not counted."
    yield from moves.notes


def tier_words(label: str) -> str:
    """A tier as a sentence has it."""
    return f"tier {label}" if label[:1].isdecimal() else label if label != NO_TIER else "no tier"


def _won(side: Side) -> str:
    rate = f" ({side.won / side.deals:.0%})" if side.deals else ""
    return f"{side.won:,} of {side.deals:,}{rate}"


def _points(criterion: CriterionThen) -> str:
    return f"{criterion.points} point{'' if criterion.points == 1 else 's'}"


def _rate(found: Interval) -> str:
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"


def _with_number(kind: str, count: int) -> str:
    return kind.replace("weighs", "weigh") if count > 1 else kind
