"""Lists as they were given, and the deals since: which of them are mature, and what each had been given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.watch.given import Codes, Given, GivenList

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]
Labels = NDArray[np.object_]

LEAST_DAYS: Final = 30
"""Days after a list before anything is read from it: outreach takes that long."""
NO_TIER: Final = "no tier"
NO_LIST: Final = "on no list"
NOT_KNOWN: Final = "not known"


@dataclass(frozen=True)
class Followed:
    """Lists, oldest first, and the n deals opened since the first. gap: days after which a deal counts as mature.

    opened, closed: closed is NaT where the deal is open. won: int8, 0 where open. groups: account. amounts: of wins,
    NaN where not known; None where nobody says. extracted: day of the deals' export. parted_by: object[n] of texts by
    what they part the deals by, "" for a deal that is in no part of it. worked_by: object[n] of texts, the deal's
    representative; None where nobody says.
    """

    lists: tuple[GivenList, ...]
    given: Given
    opened: Days
    closed: Days
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    amounts: Floats | None
    extracted: date
    gap: int
    parted_by: Mapping[str, Labels] = field(default_factory=dict)
    worked_by: Labels | None = None

    @cached_property
    def mature(self) -> Flags:
        """bool[n]: opened long enough ago."""
        return np.asarray(self.opened <= np.datetime64(self.extracted) - np.timedelta64(self.gap, "D"), dtype=bool)

    @cached_property
    def is_open(self) -> Flags:
        """bool[n]: nobody knows how it ends."""
        return np.isnat(self.closed)

    @cached_property
    def tier(self) -> Labels:
        """object[n]: the tier that each deal was given, `NO_TIER` or `NO_LIST`."""
        return labels_given(self.lists, self.given, "tier", NO_TIER)

    @cached_property
    def quadrant(self) -> Labels:
        """object[n]: the same by fit and intent, "" where the deal was given none."""
        found = labels_given(self.lists, self.given, "quadrant", "")
        return np.where(found == NO_LIST, "", found)

    @cached_property
    def known(self) -> Flags:
        """bool[n]: the account was a customer, or had an open deal, when the list was given."""
        found = np.zeros(len(self.opened), dtype=bool)
        for place, each in enumerate(self.lists):
            rows = self.given.at(place)
            found[rows] = each.known[self.given.row[rows]]
        return found

    @cached_property
    def told(self) -> Rows:
        """The mature deals that were given a tier."""
        return np.flatnonzero(self.mature & (self.tier != NO_TIER) & (self.tier != NO_LIST))

    def mature_of(self, place: int, *, in_tier: bool = True) -> Rows:
        """The mature deals of one list, with a tier or without one."""
        rows = self.given.at(place)
        has_tier = self.lists[place].tier[self.given.row[rows]] >= 0
        return np.asarray(rows[self.mature[rows] & (has_tier == in_tier)], dtype=np.intp)

    def counts_for_opportunities(self, place: int) -> bool:
        """Whether a list is old enough."""
        return self.lists[place].day + timedelta(days=LEAST_DAYS) <= self.extracted


def labels_given(lists: tuple[GivenList, ...], given: Given, column: str, absent: str) -> Labels:
    """object[n]: what each of n deals, or contacts, was given in a column, tier or quadrant.

    absent: for accounts that stood on a list and were given none. `NO_LIST` where no list knew the account.
    """
    found = np.full(len(given.list), NO_LIST, dtype=object)
    for place, each in enumerate(lists):
        rows = given.at(place)
        codes, names = column_of(each, column)
        found[rows] = np.array([*names, absent], dtype=object)[codes[given.row[rows]]]
    return found


def column_of(given: GivenList, column: str) -> tuple[Codes, tuple[str, ...]]:
    """The codes of tier or quadrant, -1 for none, and what they stand for."""
    return (given.tier, given.tiers) if column == "tier" else (given.quadrant, given.quadrants)
