"""Recent deals: those that have closed are the quick ones, and do not stand for all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from icp_ml.deals.contract import DealTable
from icp_ml.model.splits import Maturity
from icp_ml.profile.rates import win_rate, win_rate_gap


@dataclass(frozen=True)
class Maturing:
    """gap: the maturity gap in days. Recent is opened within it before the extract, older is opened before that.

    recent_closed, recent_open, older_open: deals, those that are learned from and those still open. recent_rate,
    older_rate: win rates of closed deals, 0 to 1, None where there are none. difference: recent less older with its
    95 % interval over accounts, None where either is empty. stale_after: days after which an open deal is stale, None
    where so many are open that this was never seen; stale: how many are.
    """

    gap: int
    recent_closed: int
    recent_open: int
    older_open: int
    recent_rate: float | None
    older_rate: float | None
    difference: tuple[float, float, float] | None
    stale_after: int | None
    stale: int
    sentence: str


def maturing(deals: DealTable, mature: Maturity | None) -> Maturing | None:
    """What is still to come, and how the early part of it differs. None without dates of opening and an extract day."""
    if mature is None or deals.opened is None or deals.extracted is None:
        return None
    since = deals.extracted - np.timedelta64(mature.gap, "D")
    recent = deals.opened > since
    waiting = deals.open_deals.opened
    groups = deals.groups()
    rates = [win_rate(deals.won, groups, rows).value if rows.any() else None for rows in (recent, ~recent)]
    gap = win_rate_gap(deals.won, groups, recent, ~recent) if recent.any() and (~recent).any() else None
    stale = 0
    if mature.stale_after is not None:
        stale = int(((deals.extracted - waiting).astype(np.int64) > mature.stale_after).sum())
    found = Maturing(
        gap=mature.gap,
        recent_closed=int(recent.sum()),
        recent_open=int((waiting > since).sum()),
        older_open=int((waiting <= since).sum()),
        recent_rate=rates[0],
        older_rate=rates[1],
        difference=None if gap is None else (gap.value, max(gap.low, -1.0), min(gap.high, 1.0)),
        stale_after=mature.stale_after,
        stale=stale,
        sentence="",
    )
    return replace(found, sentence=_told(found))


def _told(found: Maturing) -> str:
    opened = found.recent_closed + found.recent_open
    told = f"In the last {found.gap} days {opened:,} deals were opened, {found.recent_open:,} of them still open"
    if found.difference is None or found.recent_rate is None or found.older_rate is None:
        return f"{told}."
    value, low, high = found.difference
    beside = f"of those closed {found.recent_rate:.0%} were won, against {found.older_rate:.0%} of older deals"
    interval = f"a difference of {value:+.0%} [{low:+.0%}, {high:+.0%}]"
    if low > 0 or high < 0:
        return f"{told}; {beside}, {interval}: the quick ones do not stand for all, so these deals are not judged."
    return f"{told}; {beside}, {interval}, which may be chance. Deals that young are not judged."
