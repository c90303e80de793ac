"""The conditions of which types of deals are made, as one table: which deals meet which condition.

    trade: Retail            1 0 0 1 ...
    trade: Retail, Software  1 0 1 1 ...      where a category has few levels, sets of them are asked for too
    employees 51 or more     0 1 1 1 ...
    employees 60 or more     -                meets nearly the same deals as the line above: left out

Which conditions stand in the table follows from the attributes alone and never from outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.table import DealTable
from icp_ml.profile.candidates import Candidate, candidates

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

LEAST_ACCOUNTS: Final = 20
"""Accounts under which a type is not spoken of."""
SLACK: Final = 1e-3
"""Accounts by which a sum of shares of accounts may miss a bound and count as there: twenty in thirds is not quite
twenty on every machine."""
ALIKE: Final = 0.7
"""Of two conditions on one attribute that share this part of their deals (Jaccard), the first is kept. We chose it: on
planted worlds of 2,000 deals it leaves 451 of 725 conditions, and a step of a cut is still about a tenth of the deals.
"""
FEW_LEVELS: Final = 5
"""Levels of a category up to which all sets of them are asked for: 25 sets. We chose it."""


@dataclass(frozen=True)
class SearchedDeals:
    """Closed deals, n of them: attributes as known at the opening, outcome, account and day of opening (None unknown).

    won: int8[n]. groups: int64[n], one code for all deals that belong to one account.
    """

    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    opened: NDArray[np.datetime64] | None = None


@dataclass(frozen=True)
class ConditionTable:
    """settings: of each of c conditions, those of one attribute side by side. attribute: intp[c], ascending.

    holds: bool[c, n], of all deals.
    """

    settings: tuple[ConditionSettings, ...]
    attribute: Rows
    holds: Mask


def deals_to_search(deals: DealTable) -> SearchedDeals:
    """The part of a table of deals that is searched."""
    return SearchedDeals(deals.attributes, deals.parsed, deals.won, deals.groups(), deals.opened)


def conditions_of(deals: SearchedDeals, rows: Rows) -> ConditionTable:
    """The conditions that can be said about the deals `rows`, which at least 20 of them meet and 20 do not.

    They are made from these deals alone; `holds` is of all. Raises `ConfigError` as `bind_condition` does.
    """
    settings, attribute, holds = [], [], []
    for place, each in enumerate(deals.attributes):
        for kept in _unlike(_candidates(each, deals.parsed, rows), rows):
            settings.append(kept.settings)
            attribute.append(place)
            holds.append(kept.holds)
    table = np.array(holds, dtype=bool).reshape(len(settings), len(deals.won))
    return ConditionTable(tuple(settings), np.array(attribute, dtype=np.intp), table)


def _candidates(attribute: Attribute, parsed: ParsedTable, rows: Rows) -> Iterator[Candidate]:
    found = list(candidates(attribute, parsed, LEAST_ACCOUNTS, rows))
    yield from found
    if isinstance(parsed.columns[attribute.name], CategoryColumn) and len(found) <= FEW_LEVELS:
        yield from _level_sets(found)


def _level_sets(levels: Sequence[Candidate]) -> Iterator[Candidate]:
    """Two or more of the levels, but never all of them."""
    for size in range(2, len(levels)):
        for chosen in combinations(levels, size):
            values = [each.settings.values[0] for each in chosen]
            asked = {"attribute": chosen[0].settings.attribute, "is": values}
            yield Candidate(
                ConditionSettings.model_validate(asked), np.logical_or.reduce([each.holds for each in chosen])
            )


def _unlike(found: Iterator[Candidate], rows: Rows) -> Iterator[Candidate]:
    """Those that are not nearly the same as one before them, on the deals `rows`."""
    kept: list[Mask] = []
    for each in found:
        here = each.holds[rows]
        if all(overlap(here, other) < ALIKE for other in kept):
            kept.append(here)
            yield each


def overlap(first: Mask, second: Mask) -> float:
    """Deals in both as a share of the deals in either (Jaccard 1901); 0 where both are empty."""
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else 0.0
