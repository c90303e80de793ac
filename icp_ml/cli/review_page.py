"""What the terminal shows of a review: what to take from it, tiers, lists, and what has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.watch.drift import Drift
    from icp_ml.watch.review_records import Review


def review_page(found: Review) -> Iterator[RenderableType]:
    """The sentences first: the tables are for who wants to know why."""
    from rich.text import Text

    yield Text(
        f"Deals as of {found.extracted}; mature are those opened {found.gap} days before that or earlier.", style="bold"
    )
    yield from (Text(sentence) for sentence in found.sentences)
    if found.tiers:
        yield _tiers(found)
    yield _lists(found)
    yield from (Text(sentence, style="yellow") for sentence in map(drift_sentence, found.drift) if sentence)
    if found.drift and not any(each.is_alarm for each in found.drift):
        yield Text(f"No drift: {len(found.drift)} questions were asked of the deals since the live version's extract.")


def _tiers(found: Review) -> Table:
    names = ("tier", "accounts", "opened a deal", "deals", "won", "open", "win rate", "days", "ACV")
    table = plain_table("What became of each tier: mature deals, and days to a win", *names)
    for each in found.tiers:
        opened = f"{each.opportunity_rate.value:.1%}" if each.accounts else ""
        acv = "" if each.acv is None else f"{each.acv:,.0f}"
        days = "" if each.days_to_win is None else f"{each.days_to_win.value:,.0f}"
        counts = (f"{each.deals:,}", f"{each.won:,}", f"{each.still_open:,}")
        add_row(
            table,
            each.label,
            f"{each.accounts:,}",
            opened,
            *counts,
            "" if each.win_rate is None else percent(each.win_rate),
            days,
            acv,
        )
    return table


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
