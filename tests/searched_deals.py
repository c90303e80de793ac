"""Deals to search for types, made of flags and a category, without files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable
from icp_ml.profile.subgroup_conditions import SearchedDeals

Mask = NDArray[np.bool_]


def flag(name: str) -> Attribute:
    return Attribute(name, name, "flag", "firmographic", "fit")


def deals_of(
    columns: Mapping[str, ParsedColumn],
    won: NDArray[np.int8],
    groups: NDArray[np.int64] | None = None,
    opened: NDArray[np.datetime64] | None = None,
) -> SearchedDeals:
    """A category column is a category, any other a flag. groups: by default each deal has an account of its own."""
    attributes = tuple(
        Attribute(name, name, "category", "firmographic", "fit") if isinstance(column, CategoryColumn) else flag(name)
        for name, column in columns.items()
    )
    accounts = np.arange(len(won), dtype=np.int64) if groups is None else groups
    return SearchedDeals(attributes, ParsedTable(len(won), columns, ()), won, accounts, opened)


def flags(values: NDArray[np.int64] | NDArray[np.float64] | Mask) -> dict[str, ParsedColumn]:
    """One column each, named f0, f1, ...; values: (n, columns), 0 or 1."""
    return {f"f{place}": NumberColumn(column.astype(np.float64)) for place, column in enumerate(values.T)}


def taken(deals: SearchedDeals, rows: NDArray[np.intp]) -> SearchedDeals:
    """The given rows, in their order, perhaps more than once."""
    opened = None if deals.opened is None else deals.opened[rows]
    return SearchedDeals(deals.attributes, deals.parsed.take(rows), deals.won[rows], deals.groups[rows], opened)
