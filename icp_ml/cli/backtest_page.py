"""A backtest in the terminal: quarter by quarter, all of them together, and beside hand-weighted scorecards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.model.held_up import HeldUp
    from icp_ml.model.metrics import Estimate
    from icp_training.backtest.records import Outcomes, Pooled, QuarterReport
    from icp_training.line import Backtest


def backtest_page(found: Backtest, yardsticks: Sequence[str]) -> Iterator[RenderableType]:
    """The tables of a backtest. yardsticks: one sentence each. Where nothing was told, the quarters alone."""
    from rich.text import Text

    if found.predicted != "won":
        yield Text(f"Where this page says won, it means: {found.predicted}.")
    yield Text(found.sentence, style="bold")
    rows = [
        _quarter_row(quarter, quarter.outcomes, quarter.held_up)
        for quarter in found.quarters
        if quarter.outcomes is not None and quarter.held_up is not None
    ]
    if rows:
        yield _quarters_table(rows)
    yield from (Text(line) for line in _silent_quarters(found.quarters))
    if found.pooled is None:
        return
    yield _tiers_table(found.pooled, found.gap)
    yield _methods_table(found.pooled)
    yield from (Text(line) for line in _beside(found.pooled))
    yield from (Text(line) for line in yardsticks)


def _quarters_table(rows: Sequence[Sequence[str]]) -> Table:
    columns = ("quarter", "learned from", "told", "won", "tiers: deals, win rate", "ratio", "wins in tier 1")
    table = plain_table("Quarter by quarter", *columns, "wins over expected", "skill")
    for row in rows:
        add_row(table, *row)
    return table


def _quarter_row(quarter: QuarterReport, outcomes: Outcomes, held_up: HeldUp) -> tuple[str, ...]:
    tiers = "\n".join(f"{tier.label}: {tier.deals:,}, {tier.win_rate.value:.0%}" for tier in outcomes.tiers)
    counts = (f"{quarter.learnt:,}", f"{quarter.told:,}", f"{quarter.won:,}")
    lead = (_figure(outcomes.lead.ratio), _share(outcomes.lead.wins_in_first))
    level = (_figure(held_up.observed_over_expected), _share(held_up.skill))
    return (quarter.name, *counts, tiers, *lead, *level)


def _silent_quarters(quarters: Sequence[QuarterReport]) -> Iterator[str]:
    for quarter in quarters:
        if quarter.reason is not None:
            yield f"{quarter.name}: nothing was told; {quarter.reason}."


def _tiers_table(pooled: Pooled, gap: int) -> Table:
    title = f"{pooled.quarters} quarters together: {pooled.told:,} deals of {pooled.accounts:,} accounts"
    columns = ("tier", "deals", "won", "open", "win rate", "wins held", "days to win", f"days to close, to {gap}")
    table = plain_table(title, *columns)
    for tier in pooled.outcomes.tiers:
        rate = _share(tier.win_rate) if tier.deals else ""
        counts = (f"{tier.deals:,}", f"{tier.won:,}", f"{tier.still_open:,}")
        days = (_days(tier.days_to_win), _days(tier.days_to_close))
        add_row(table, tier.label, *counts, rate, f"{tier.share_of_wins:.0%}", *days)
    return table


def _methods_table(pooled: Pooled) -> Table:
    """The model beside the scorecards, on the same deals."""
    methods = {"icp-ml": pooled.outcomes, **dict(pooled.scorecards)}
    table = plain_table("The same deals, told by", "figure", *methods)
    rows = (
        ("win rate, tier 1 over last", [_figure(each.lead.ratio) for each in methods.values()]),
        ("odds, tier 1 over last", [_figure(each.lead.odds_ratio) for each in methods.values()]),
        ("deals in tier 1", [_share(each.lead.deals_in_first) for each in methods.values()]),
        ("wins in tier 1", [_share(each.lead.wins_in_first) for each in methods.values()]),
        ("wins in as many deals", [_share(each.wins_in_as_many) for each in methods.values()]),
        ("days to win, tier 1 sooner by", [_share(each.lead.sooner_won) for each in methods.values()]),
        ("days to close, tier 1 sooner by", [_share(each.lead.sooner_closed) for each in methods.values()]),
        ("pairs in the right order", [_share(each.ranking) for each in methods.values()]),
    )
    for name, cells in rows:
        add_row(table, name, *cells)
    return table


def _beside(pooled: Pooled) -> Iterator[str]:
    held_up = pooled.held_up
    yield (
        f"Skill: {_share(held_up.skill)} of the base rate's log loss removed. Wins over expected: "
        f"{_figure(held_up.observed_over_expected)}. Calibration slope: {_figure(held_up.slope)}."
    )
    if pooled.returning:
        ranked = "" if pooled.returning_ranking is None else f": {_share(pooled.returning_ranking)} of pairs in order"
        yield f"Beside them, {pooled.returning:,} deals of accounts that had been learned from{ranked}."


def _figure(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _share(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"


def _days(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.0f} [{found.low:.0f}, {found.high:.0f}]"
