"""The deals as an export of an earlier day would have shown them.

On 2024-04-01, with a window of 24 months, of these deals

    opened 2024-01-10, closed 2024-02-20    known, with its outcome
    opened 2024-03-15, closed 2024-05-02    open, whatever became of it
    opened 2024-04-01                       not there yet
    opened 2021-11-02, closed 2022-03-01    out of the window that the configuration asks for

Attributes need no turning back: what a deal knows is what was known when it opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icp_ml.deals.admission import outside_window
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.settings import WindowSettings
from icp_ml.deals.table import OpenDeals
from icp_ml.errors import TooFewDeals
from icp_ml.model.splits import Maturity, maturity
from icp_training.config import Config
from icp_training.personal_attributes import personal_attributes, refuse_personal

Days = NDArray[np.datetime64]
Rows = NDArray[np.intp]

ONE_DAY = np.timedelta64(1, "D")
NO_DATES = (
    "there is nothing to backtest: expected deals with an opening and a closing date, found none that says when it was "
    "known; declare deals.opened and deals.closed"
)


@dataclass(frozen=True)
class StillOpen:
    """Deals that nobody knows the end of yet, one a row.

    groups: the code of the account among the decided deals, or one below 0 where it has none. parted_by: as of the
    decided deals.
    """

    opened: Days
    accounts: NDArray[np.object_]
    groups: NDArray[np.int64]
    parsed: ParsedTable
    parted_by: Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True)
class History:
    """All that the export tells.

    deals: decided ones, whenever they closed. groups: int64[n], deals that stay on one side (`DealTable.groups`).
    opened, closed, known_on: datetime64[D][n], days of opening, of closing, and of the outcome being known. extracted:
    the day of the export. until: the last day of closing of which it tells. still_open: None where the configuration
    names no open deals, or what is predicted is known later than the closing. window: which deals count on a day that
    had closed by it.
    """

    deals: DealTable
    groups: NDArray[np.int64]
    opened: Days
    closed: Days
    known_on: Days
    extracted: np.datetime64
    until: np.datetime64
    still_open: StillOpen | None
    window: WindowSettings


def read_history(config: Config, root: Path, kept: Sequence[str] = ()) -> History:
    """Read the deals once without a window. kept: columns whose texts are kept in `parted_by`.

    Raises what reading raises, `TooFewDeals` where there are no dates, and `ConfigError` for an attribute that is about
    people.
    """
    if config.deals.opened is None or config.deals.closed is None:
        raise TooFewDeals(NO_DATES)
    all_of_them = config.deals.model_copy(update={"window": WindowSettings(months=None)})
    whole = config.model_copy(update={"deals": all_of_them})
    deals = _read(whole, root, kept)
    refuse_personal(personal_attributes(deals.attributes, deals.parsed))
    horizon = deals.horizon()
    if horizon is None or deals.opened is None or deals.closed is None or deals.extracted is None:
        raise TooFewDeals(NO_DATES)
    groups = deals.groups()
    told = config.ideal is None and bool(config.deals.outcome.open)
    still_open = _read_open(whole, root, deals, groups, kept) if told else None
    return History(
        deals=deals,
        groups=groups,
        opened=deals.opened,
        closed=deals.closed,
        known_on=horizon.known_on,
        extracted=deals.extracted,
        until=horizon.until,
        still_open=still_open,
        window=config.deals.window,
    )


def _read(config: Config, root: Path, kept: Sequence[str]) -> DealTable:
    besides = config.besides()
    besides = replace(besides, parted_by=tuple(dict.fromkeys((*besides.parted_by, *kept))))
    return read_deals(config.deals, config.tables, config.resolved(), root, besides=besides)


def _read_open(
    config: Config, root: Path, decided: DealTable, groups: NDArray[np.int64], kept: Sequence[str]
) -> StillOpen | None:
    """The open deals with their attributes, by a reading that takes no closing date and calls them lost.

    Nothing but their attributes, accounts and opening days is used of it.
    """
    outcome = config.deals.outcome
    renamed = outcome.model_copy(update={"lost": (*outcome.lost, *outcome.open), "open": ()})
    changes = {
        "outcome": renamed,
        "closed": None,
        "extracted": None if decided.extracted is None else decided.extracted.item(),
    }
    both = _read(config.model_copy(update={"deals": config.deals.model_copy(update=changes)}), root, kept)
    known = [*decided.ids.tolist(), *(row.deal for row in decided.rejected)]
    rows = np.flatnonzero(~pd.Index(both.ids).isin(known))
    if both.opened is None or not len(rows):
        return None
    accounts = both.accounts[rows]
    return StillOpen(
        opened=both.opened[rows],
        accounts=accounts,
        groups=_groups_among(decided.accounts, groups, accounts),
        parsed=both.parsed.take(rows),
        parted_by={name: texts[rows] for name, texts in both.parted_by.items()},
    )


def _groups_among(
    known: NDArray[np.object_], groups: NDArray[np.int64], accounts: NDArray[np.object_]
) -> NDArray[np.int64]:
    """The group of each account by its deals in `known`; an account without one has a group of its own, below 0."""
    names = pd.Index(known)
    first = ~names.duplicated()
    place = names[first].get_indexer(pd.Index(accounts))
    return np.where(place >= 0, groups[first][place], -1 - pd.factorize(accounts)[0]).astype(np.int64)


def rows_known_on(history: History, day: np.datetime64) -> Rows:
    """The deals whose outcome was known before `day`, and that closed within the window."""
    outside = outside_window(history.opened, history.closed, day - ONE_DAY, history.window)
    return np.flatnonzero((history.known_on < day) & ~outside)


def as_known_on(history: History, day: np.datetime64) -> DealTable:
    """The export of the day before `day`: what had closed by then is decided, what else had opened is open."""
    deals = history.deals
    beside = [deals.open_deals.opened, deals.too_recent.opened]
    since = np.concatenate([history.opened[history.known_on >= day], *beside])
    return replace(
        deals.take(rows_known_on(history, day)),
        extracted=day - ONE_DAY,
        open_deals=OpenDeals(since[since < day]),
        too_recent=OpenDeals(since[:0]),
    )


def maturity_on(at: DealTable) -> Maturity:
    """The maturity gap as it is seen in an export. Assumes dates."""
    horizon = at.horizon()
    if horizon is None or at.opened is None or at.closed is None:
        raise TooFewDeals(NO_DATES)
    return maturity(at.opened, at.closed, horizon.open_since, horizon.until)
