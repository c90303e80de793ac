"""The closed-won analysis of a table of deals: what is known of its wins, taken from where it stands.

    deal size        the amounts of deal potential
    cycle            days from opening to closing
    expansion rate   the measure of `ideal` that is called expansion: a flag, or an amount, of which above zero counts
    churn rate       the measure of `ideal` of kind `left`

The five figures are about deals that were won, whatever is predicted. Wins minus losses is about what is predicted, as
the model is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from icp_ml.deals.contract import DealTable
from icp_ml.deals.measures import Measure
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.deals.texts import Flags, Floats
from icp_ml.model.splits import maturity
from icp_ml.profile.closed_won_records import ClosedWon, StaleDeals
from icp_ml.profile.field_figures import field_figures
from icp_ml.profile.prevalence import wins_minus_losses
from icp_ml.profile.segments import ClosedDeals, by_segment

EXPANSION: Final = "expansion"
"""The measure of `ideal`, in any case of letters, that says whether a customer grew."""


def closed_won(deals: DealTable, seed: int, *, unit: str = "", settings: SegmentsSettings | None = None) -> ClosedWon:
    """The five figures by segment, and wins minus losses. unit: the currency of the amounts, empty where not declared.

    Raises `ConfigError` where `settings` gives bands to what is not there or has none.
    """
    closed = closed_deals(deals, unit)
    return ClosedWon(
        segments=by_segment(closed, settings),
        wins_minus_losses=wins_minus_losses(
            replace(closed, won=deals.won), seed, target=deals.predicted, settings=settings
        ),
        field=field_figures(deals.attributes, deals.parsed, deals.won, closed.groups),
    )


def closed_deals(deals: DealTable, unit: str = "") -> ClosedDeals:
    """The deals, and what is known of their wins. `won` is whether a deal was won, whatever is predicted."""
    won = deals.won if deals.graded is None else deals.graded.won
    is_won = won == 1
    kept = measure_of(deals, "left")
    return ClosedDeals(
        attributes=deals.attributes,
        parsed=deals.parsed,
        won=won,
        groups=deals.groups(),
        opened=deals.opened,
        sizes=deals.amounts,
        cycles=_cycles(deals, is_won),
        expanded=_expanded(measure_of(deals, EXPANSION), is_won),
        left=None if kept is None else np.where(is_won, 1.0 - kept.values, np.nan),
        stale=stale_deals(deals),
        unit=unit if deals.amounts is not None else "",
    )


def stale_deals(deals: DealTable) -> StaleDeals | None:
    """How many deals are open for longer than 95 % of deals take; None without dates of opening and closing."""
    if deals.opened is None or deals.closed is None or deals.extracted is None:
        return None
    waiting = deals.open_deals.opened
    after = maturity(deals.opened, deals.closed, waiting, deals.extracted).stale_after
    waited = (deals.extracted - waiting).astype(np.int64)
    stale = 0 if after is None else int((waited > after).sum())
    return StaleDeals(open_deals=len(waiting), after_days=after, stale=stale)


def _cycles(deals: DealTable, is_won: Flags) -> Floats | None:
    if deals.opened is None or deals.closed is None:
        return None
    days = (deals.closed - deals.opened).astype(np.float64)
    return np.where(is_won & (days >= 0), days, np.nan)


def _expanded(measure: Measure | None, is_won: Flags) -> Floats | None:
    if measure is None:
        return None
    known = is_won & ~np.isnan(measure.values)
    return np.where(known, np.nan_to_num(measure.values) > 0, np.nan)


def measure_of(deals: DealTable, what: str) -> Measure | None:
    """The measure of that kind, or of that name where it is a number or a flag."""
    measures = () if deals.graded is None else deals.graded.measures
    for measure in measures:
        is_named = measure.name.casefold() == what and measure.settings.kind in ("number", "flag")
        if is_named or measure.settings.kind == what:
            return measure
    return None
