"""The definition in Markdown, for the card and for anyone who will not open a YAML file. Nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from icp_ml.deals.attributes import Attribute
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.definition import Criterion, CriterionEvidence, Definition, Match, PointsScorecard, Side
from icp_ml.profile.records import Interval


def card_part(definition: Definition, attributes: Sequence[Attribute]) -> Iterator[str]:
    """The lines of the section about the ICP. attributes: those that its rules ask about."""
    yield "## The Ideal Customer Profile"
    yield ""
    yield (
        f"From {definition.deals:,} deals of {definition.accounts:,} accounts, {_percent(definition.win_rate)} of them "
        f"with the outcome `{definition.target}`. {definition.breadth_sentence}"
    )
    if definition.match is not None:
        yield ""
        yield _match(definition.match, len(definition.criteria))
    if definition.criteria:
        yield ""
        yield "| criterion | asks | layer | points | inside | outside | not known | gap | stability | review by |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        yield from (_row(each) for each in definition.criteria)
    yield from _points(definition.points)
    yield from _list("Without a criterion", (f"{_cell(each.factor)}: {each.reason}" for each in definition.left_out))
    yield from _list(
        "Proposed, and not in force until a person approves it",
        (f"{each.kind} **{each.rule.name}** ({rule_words(each.rule, attributes)}): {each.why}"
         for each in definition.proposals),
    )  # fmt: skip


def _match(match: Match, criteria: int) -> str:
    asks = f"A company matches where it meets at least {match.least} of the {criteria} criteria."
    if match.inside is None or match.outside is None or match.share_of_wins is None:
        return f"{asks} The criteria were changed since the deals were looked at, so that no rate is known."
    return (
        f"{asks} Deals that do: {_side(match.inside)}; that do not: {_side(match.outside)}. "
        f"{match.share_of_wins:.0%} of all wins match."
    )


def _row(criterion: Criterion) -> str:
    asks = criterion.words if criterion.origin == "learned" else f"{criterion.words} (pinned: {criterion.reason})"
    review = "" if criterion.review_by is None else criterion.review_by.isoformat()
    cells = (criterion.name, asks, criterion.layer, str(criterion.points), *_figures(criterion.evidence), review)
    return f"| {' | '.join(_cell(each) for each in cells)} |"


def _figures(evidence: CriterionEvidence | None) -> tuple[str, ...]:
    if evidence is None:
        return ("no deals", "", "", "", "")
    sides = (_side(side) for side in (evidence.inside, evidence.outside, evidence.not_known))
    return (*sides, _percent(evidence.gap), f"{evidence.stability:.0%}")


def _side(side: Side) -> str:
    """Counts over all deals, and the rate by conditions that were found without these deals."""
    if not side.deals:
        return "no deals"
    return f"{side.won:,} of {side.deals:,} won, {_percent(side.win_rate)}"


def _points(points: PointsScorecard | None) -> Iterator[str]:
    if points is None:
        return
    starts = ", ".join(f"tier {tier.label} from {tier.points_from}" for tier in points.tiers)
    yield ""
    agreement = points.agreement
    agrees = "" if agreement is None else f" In {_percent(agreement)} of the deals that is the tier of the model."
    yield f"By points alone: {starts}.{agrees}"


def _list(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    if found:
        yield from ("", f"{title}:", "", *found)


def _cell(text: str) -> str:
    """A text that neither ends a cell nor its row."""
    return " ".join(text.split()).replace("|", "\\|")


def _percent(found: Interval) -> str:
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
