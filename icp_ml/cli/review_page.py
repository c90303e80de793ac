"""What the terminal shows of a review: what to take from it, tiers and other parts, lists, and what has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from icp_ml.cli.pages import add_row, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.watch.drift import Drift
    from icp_ml.watch.review_records import PartReview, Review

PARTED: Final = ("quadrant", "channel")
"""Cuts with a table of their own; all others are criteria."""


def review_page(found: Review) -> Iterator[RenderableType]:
    """The sentences first: the tables are for who wants to know why."""
    from rich.text import Text

    from icp_ml.cli.plan_page import result_page
    from icp_ml.cli.review_tables import contact_tables, layers_table, outside_table, parts_table

    yield Text(
        f"Deals as of {found.extracted}; mature are those opened {found.gap} days before that or earlier.", style="bold"
    )
    yield from (Text(sentence) for sentence in found.sentences)
    yield from (Text(sentence) for sentence in (found.outreach.sentences if found.outreach else ()))
    if found.tiers:
        yield parts_table("What became of each tier: mature deals, days to a win, mean amount", "tier", found.tiers)
    for cut in found.cuts:
        if cut.by in PARTED:
            yield parts_table(f"By {cut.by}", cut.by, cut.parts)
    criteria = [_named(cut.by, part) for cut in found.cuts if cut.by not in PARTED for part in cut.parts]
    if criteria:
        yield parts_table("By criterion of the version that scored the list", "criterion", criteria)
    if found.outreach is not None:
        yield from contact_tables(found.outreach)
    if found.worked_outside is not None:
        yield parts_table("Inside and outside of the recommended tiers", "worked", found.worked_outside.parts)
        yield from outside_table(found.worked_outside)
    if found.layers is not None:
        yield layers_table(found.layers)
    yield _lists(found)
    for campaign in found.campaigns:
        yield Text(f"Campaign {campaign.assignment}, planned on {campaign.plan.made}:")
        yield from campaign.sentences if campaign.result is None else result_page(campaign.plan, campaign.result)
    yield from (Text(sentence, style="yellow") for sentence in map(drift_sentence, found.drift) if sentence)
    if found.drift and not any(each.is_alarm for each in found.drift):
        yield Text(f"No drift: {len(found.drift)} questions were asked of the deals since the live version's extract.")
    yield from (Text(sentence, style="dim") for sentence in found.absent)


def _named(criterion: str, part: PartReview) -> PartReview:
    return part.model_copy(update={"label": f"{criterion}: {part.label}"})


def _lists(found: Review) -> Table:
    table = plain_table("Lists", "day", "list", "model", "accounts", "deals since", "mature", "all mature on")
    for each in found.lists:
        counts = (f"{each.accounts:,}", f"{each.deals:,}", f"{each.mature:,}")
        add_row(table, each.day, each.name, each.model, *counts, each.matures if each.deals else "")
    return table


def drift_sentence(drift: Drift) -> str:
    """What an alarm says, and what it calls for; empty where there is no alarm."""
    if not drift.is_alarm:
        return ""
    if drift.kind == "concept":
        moved = "more" if drift.now > drift.was else "less"
        return (
            f"Concept: deals with {drift.about} {drift.where} are won {moved} often than the live version says "
            f"({drift.now:+.0%}, and {drift.was:+.0%} when it was made; {drift.deals:,} mature deals). Train anew."
        )
    was, now = f"{drift.was:.0%}", f"{drift.now:.0%}"
    if drift.kind == "base rate":
        return f"Base rate: {now} of {drift.deals:,} mature deals were won, {was} when the live version was made."
    if drift.kind == "scores":
        return f"Scores: {now} of {drift.deals:,} deals lie in a tenth that held {was} when the live version was made."
    if not drift.where:
        return f"Attributes: {drift.about} for {now} of {drift.deals:,} deals, {was} when the live version was made."
    return (
        f"Attributes: of {drift.deals:,} deals, {now} of those that say {drift.about} have {drift.where}; {was} had "
        "when the live version was made. See where they come from."
    )
