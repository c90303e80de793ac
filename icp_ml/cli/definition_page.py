"""The ICP as a definition in the terminal: criteria with their evidence, what makes a match, what was believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.definition import Assumed, Criterion, Definition, Match, PointsScorecard, Side
    from icp_ml.profile.records import Interval


def definition_page(definition: Definition) -> Iterator[RenderableType]:
    """Criteria, match, points, and the assumed ICP beside the derived one."""
    yield _criteria_table(definition)
    yield definition.breadth_sentence
    if definition.match is not None:
        yield _match_words(definition.match, len(definition.criteria))
    if definition.points is not None:
        yield _points_words(definition.points)
    yield from _people(definition)
    if definition.assumed is not None:
        yield from _assumed_page(definition.assumed, definition.match)


def _criteria_table(definition: Definition) -> Table:
    from icp_ml.cli.pages import add_row, percent, plain_table

    table = plain_table("The criteria", "criterion", "points", "meets it", "does not", "gap (95 %)", "found again")
    for each in definition.criteria:
        found = each.evidence
        if found is None:
            add_row(table, _name(each), f"{each.points}", "", "", "", "")
            continue
        sides = (_side(found.inside), _side(found.outside))
        again = "" if each.origin == "pinned" else f"{found.stability:.0%}"
        add_row(table, _name(each), f"{each.points}", *sides, _gap(found.gap), again)
    if not definition.criteria:
        add_row(table, "no condition held on deals that it was not found on", "", "", "", "", "")
    else:
        everyone = f"{percent(definition.win_rate)} of {definition.deals:,}"
        add_row(table, "all deals", f"{sum(each.points for each in definition.criteria)}", everyone, "", "", "")
    return table


def _name(criterion: Criterion) -> str:
    pinned = f"; pinned: {criterion.reason}" if criterion.origin == "pinned" else ""
    return f"{criterion.words}\n({criterion.layer}, {criterion.axis}{pinned})"


def _side(side: Side) -> str:
    return f"{side.won:,} of {side.deals:,} won" + ("" if not side.deals else f", {side.won / side.deals:.0%}")


def _gap(gap: Interval) -> str:
    return f"{100 * gap.value:+.0f} [{100 * gap.low:+.0f}, {100 * gap.high:+.0f}]"


def _match_words(match: Match, criteria: int) -> str:
    from icp_ml.cli.pages import percent

    words = f"A company matches the ICP where it meets at least {match.least} of these {criteria} criteria"
    if match.inside is None or match.outside is None or match.share_of_wins is None:
        return f"{words}; what that is worth was not measured since the criteria were changed."
    return (
        f"{words}: {percent(match.inside.win_rate)} of such deals were won, {percent(match.outside.win_rate)} of the "
        f"others, by criteria found without them; they hold {match.share_of_wins:.0%} of the wins."
    )


def _points_words(points: PointsScorecard) -> str:
    tiers = ", ".join(f"{each.label} from {each.points_from}" for each in points.tiers)
    agreement = points.agreement
    if agreement is None:
        return f"Tiers by points: {tiers}."
    return f"Tiers by points: {tiers}; they are the model's own in {agreement.value:.0%} of the deals."


def _people(definition: Definition) -> Iterator[str]:
    yield from (f"Banned: {each.factor} ({each.reason})" for each in definition.left_out if each.banned)


def _assumed_page(assumed: Assumed, match: Match | None) -> Iterator[RenderableType]:
    from icp_ml.cli.pages import add_row, percent, plain_table

    table = plain_table("The assumed ICP on the same deals", "condition", "meets it", "does not", "gap (95 %)")
    for each in assumed.conditions:
        add_row(table, each.words, _side(each.inside), _side(each.outside), _gap(each.gap))
    add_row(table, "all of them", _side(assumed.inside), _side(assumed.outside), _gap(assumed.gap))
    yield table
    if match is not None and match.inside is not None and match.share_of_wins is not None:
        yield (
            f"The assumed ICP wins {percent(assumed.inside.win_rate)} and holds {assumed.share_of_wins:.0%} of the "
            f"wins; the derived one wins {percent(match.inside.win_rate)} and holds {match.share_of_wins:.0%}."
        )
