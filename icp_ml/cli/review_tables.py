"""The tables of a review: parts of the mature deals, contacted accounts, representatives, and layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from icp_ml.profile.records import Interval
    from icp_ml.watch.review_records import LayersReview, Opportunities, OutreachReview, OutsideReview, PartReview


def parts_table(title: str, by: str, parts: Sequence[PartReview]) -> Table:
    """One row a part; accounts and opportunities where lists have such parts."""
    of_lists = any(each.opportunities for each in parts)
    lists = ("accounts", "opened a deal") if of_lists else ()
    table = plain_table(title, by, *lists, "deals", "won", "open", "win rate", "days", "ACV")
    for each in parts:
        add_row(
            table,
            each.label,
            *(_opened(each.opportunities) if of_lists else ()),
            f"{each.deals:,}",
            f"{each.won:,}",
            f"{each.still_open:,}",
            _rate(each.win_rate),
            _amount(each.days_to_win),
            _amount(each.acv),
        )
    return table


def _opened(found: Opportunities | None) -> tuple[str, str]:
    """Accounts, and the share of which a deal was opened."""
    if found is None or not found.accounts:
        return "", ""
    return f"{found.accounts:,}", f"{found.rate.value:.1%}"


def contact_tables(found: OutreachReview) -> Iterator[Table]:
    """One table a cut."""
    for cut in found.cuts:
        title = f"Accounts contacted 30 days before {found.until} or earlier, by {cut.by}"
        table = plain_table(title, cut.by, "contacted", "replied", "reply rate", "met", "meeting rate")
        for each in cut.parts:
            replied, met = ("" if count is None else f"{count:,}" for count in (each.replied, each.met))
            rates = (_rate(each.reply_rate), _rate(each.meeting_rate))
            add_row(table, each.label, f"{each.contacted:,}", replied, rates[0], met, rates[1])
        yield table


def outside_table(found: OutsideReview) -> Iterator[Table]:
    """One row a representative, where the deals say who worked them."""
    if not found.representatives:
        return
    title = "Who works outside of the recommended tiers: mature deals"
    table = plain_table(title, "representative", "deals", "outside", "share", "decided", "won", "win rate")
    for each in found.representatives:
        counts = (f"{each.decided:,}", f"{each.won:,}", _rate(each.win_rate))
        add_row(table, each.label, f"{each.deals:,}", f"{each.outside:,}", percent(each.share), *counts)
    yield table


def layers_table(found: LayersReview) -> Table:
    """What each layer told, alone and beside the others, and its points."""
    title = f"Which layer predicted: {found.deals:,} decided mature deals, scored by {found.model or 'one model'}"
    table = plain_table(title, "layer", "pairs in order, alone", "odds for 10 points more", "points", "proposed")
    for each in found.layers:
        now = "" if each.points is None else f"{each.points:.0f}"
        add_row(table, each.layer, _rate(each.ranking), _odds(each.effect), now, _amount(each.proposed))
    return table


def _odds(found: Interval | None) -> str:
    return "" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _rate(found: Interval | None) -> str:
    return "" if found is None else percent(found)


def _amount(found: Interval | None) -> str:
    return "" if found is None else f"{found.value:,.0f} [{found.low:,.0f}, {found.high:,.0f}]"
