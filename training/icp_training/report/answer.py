"""The first screen: may this be used, whom to look for, what the tiers are worth, and what changed. No jargon."""

from __future__ import annotations

from collections.abc import Iterator

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.profile.definition import Definition, Match
from icp_ml.profile.records import Verdict
from icp_ml.profile.tiers import TierTable
from icp_ml.serve.bundle import Bundle
from icp_ml.watch.definition_diff import CriterionChange, DefinitionDiff, RuleChange
from icp_training.report import charts
from icp_training.report.numbers import count, parted, percent, rate, share
from icp_training.report.parts import Chart, Listed, Part, Section, Table, Words, rows_of

MOST_CHANGES = 6
"""Changes that the first screen names; the others are in `icp diff`."""


def answer(bundle: Bundle, changed: DefinitionDiff | None) -> Section:
    """changed: since the version that is live, None where there is none or this is it."""
    return Section("answer", "The answer", tuple(_parts(bundle, changed)), terms=("tier", "win rate", "interval"))


def _parts(bundle: Bundle, changed: DefinitionDiff | None) -> Iterator[Part]:
    yield usable(bundle.verdict)
    yield from (Words(warning, "warning") for warning in bundle.verdict.warnings)
    if bundle.definition is not None:
        yield from _looked_for(bundle.definition)
    yield tier_chart(bundle.tiering.table)
    yield from _changes(changed)


def usable(verdict: Verdict) -> Words:
    """May this be used? In words that nobody has to look up."""
    pairs = round(100 * verdict.ranking.value)
    seen = f"{verdict.deals:,} deals with {verdict.accounts:,} companies that it had never seen"
    how = "later than all it learned from" if verdict.kind == "forward" else "kept aside while it learned"
    if not verdict.reliable:
        return Words(
            f"This may not be used to choose companies. Tried on {seen}, {how}, it put the won one first in {pairs} of "
            "100 pairs of a won and a lost deal, and that may be chance.",
            "bad",
        )
    return Words(
        f"This may be used to choose companies. Tried on {seen}, {how}, it put the won one first in {pairs} of 100 "
        "pairs of a won and a lost deal; chance would be 50.",
        "good",
    )


def _looked_for(definition: Definition) -> Iterator[Part]:
    if not definition.criteria:
        yield Words("No single condition tells winners from losers surely enough to be part of a profile.")
        return
    match = definition.match
    if match is not None:
        sides = [each for each in (match.inside, match.outside) if each is not None]
        counts = tuple(each for side in sides for each in parted(side.won, side.deals))
        yield Words(_match_words(match, len(definition.criteria), definition), counts=counts)
    yield Listed(tuple(each.words for each in definition.criteria))
    if definition.assumed is not None and match is not None and match.inside is not None:
        assumed = definition.assumed
        yield Words(
            f"The profile that the company believed in wins {rate(assumed.inside.win_rate).text} of its deals and "
            f"holds {percent(assumed.share_of_wins)} of the wins; this one wins {rate(match.inside.win_rate).text} and "
            f"holds {percent(match.share_of_wins or 0.0)}.",
            counts=(*parted(assumed.inside.won, assumed.inside.deals), *parted(match.inside.won, match.inside.deals)),
        )


def _match_words(match: Match, criteria: int, definition: Definition) -> str:
    who = f"Look for companies that meet at least {match.least} of these {criteria} conditions."
    if match.inside is None or match.outside is None or match.share_of_wins is None:
        return f"{who} What that is worth was not measured since the conditions were changed."
    return (
        f"{who} Of deals with such companies {percent(match.inside.win_rate.value)} were won, of the others "
        f"{percent(match.outside.win_rate.value)}, and of all {percent(definition.win_rate.value)}; they hold "
        f"{percent(match.share_of_wins)} of the wins."
    )


def tier_chart(table: TierTable) -> Chart:
    """The win rate of each tier, on deals that had no part in drawing the tiers."""
    rows = table.rows
    bars = [
        charts.Bar(tier_name(each.label), each.win_rate, f"{each.won:,} of {each.deals:,} deals won") for each in rows
    ]
    whole = sum(each.won for each in rows) / max(sum(each.deals for each in rows), 1)
    numbers = Table(
        "Tiers, on deals that had no part in drawing them",
        ("tier", "score", "deals", "won", "win rate (90 %)", "share of wins"),
        rows_of(
            [
                (
                    tier_name(each.label),
                    f"{each.score_from:g} to {each.score_to:g}",
                    count(each.deals),
                    count(each.won, of=each.deals),
                    rate(each.win_rate),
                    share(each.share_of_wins),
                )
                for each in rows
            ]
        ),
        frozenset({2, 3, 4, 5}),
    )
    figure = charts.intervals(
        [charts.Series("win rate", charts.BLUE, bars)], "share of deals won (bars: 90 %)", line=whole
    )
    return Chart("tiers-answer", _tier_finding(table), figure, numbers, charts.height_of(len(rows)))


def tier_name(label: str) -> str:
    """A tier as the page calls it."""
    return label if label == OUT_OF_SCOPE else f"tier {label}"


def _tier_finding(table: TierTable) -> str:
    first = table.rows[0]
    said = (
        f"{tier_name(first.label).capitalize()} is {percent(first.share_of_deals)} of the deals and "
        f"{percent(first.share_of_wins)} of the wins"
    )
    ratio = table.first_to_last_ratio
    last = [each.label for each in table.rows if each.label != OUT_OF_SCOPE][-1]
    return f"{said}." if ratio is None else f"{said}; it wins {ratio.value:.1f} times as often as {tier_name(last)}."


def _changes(changed: DefinitionDiff | None) -> Iterator[Part]:
    if changed is None:
        return
    told = [*map(_criterion_told, changed.changed()), *map(_rule_told, changed.rules)]
    if not told:
        yield Words("Against the version in use nothing changed in the conditions and rules.")
        return
    yield Words(f"What changed against the version in use ({len(told)}):")
    rest = len(told) - MOST_CHANGES
    yield Listed((*told[:MOST_CHANGES], *([f"and {rest} more, in `icp diff`"] if rest > 0 else [])))


def _criterion_told(change: CriterionChange) -> str:
    before, after = change.before, change.after
    if before is None or after is None:
        there = after or before
        words = change.factor if there is None else there.words
        return f"new: {words}" if before is None else f"gone: {words}" + (f" ({change.why})" if change.why else "")
    if change.kind == "moved":
        return f"now {after.words}, was {before.words}"
    return f"{change.kind}: {after.words} ({before.points} points, now {after.points})"


def _rule_told(change: RuleChange) -> str:
    came = {"came": "new", "went": "gone", "changed": "changed"}[change.change]
    return f"{came} {change.kind}: {change.name} ({change.words})"
