"""A column as numbers, days and levels, and what is known of the deals beside it: all that evidence looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.moments import Days
from icp_ml.deals.parsing import parse_days, parse_numbers, parse_range_levels
from icp_ml.deals.texts import encode_texts, gather
from icp_training.column_texts import Texts, date_order, readable, spaced

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int64]

LIST_SHARE = 0.3
"""Share of rows with a semicolon from which a text is a list of members; we chose it."""
BINS = 20
"""Numbers are told apart by so many quantiles: fine enough for any curve that a few hundred deals can show."""
RARE = 5
"""Levels on fewer deals than this are one level: a rate of fewer says nothing."""


@dataclass(frozen=True)
class FieldHistory:
    """Rows of a field-history table, all of one length: which record changed which field on which day, and how.

    record: position of the deal among the rows judged, -1 where it is none of them. field: the column's name, as
    object[k]. day: days since 1970. was_empty: whether the field held nothing before.
    """

    record: Codes
    field: NDArray[np.object_]
    day: Floats
    was_empty: Flags


@dataclass(frozen=True)
class Facts:
    """What is known of the deals, one entry a row; every array has the same length n.

    won, decided, open: bool[n]; a row that is neither decided nor open is not looked at. opened, closed: float64[n],
    days since 1970, NaN where not known; None where the export has no such date. extracted: the day of the export.
    accounts: int64[n], -1 where not known; None where no column names the account. amount: float64[n] or None.
    outcome_fields: columns that are part of the outcome. listed: share of prospects with each column known, by the
    column's name in the deals; None where there is no list. history: changes of fields, None where there is no table.
    """

    won: Flags
    decided: Flags
    open: Flags
    opened: Floats | None = None
    closed: Floats | None = None
    extracted: float | None = None
    accounts: Codes | None = None
    amount: Floats | None = None
    outcome_fields: tuple[Texts, ...] = ()
    listed: Mapping[str, float] | None = None
    history: FieldHistory | None = None

    @cached_property
    def groups(self) -> Codes:
        """int64[n]: the account of each row; a row without one is an account of its own."""
        own = np.arange(len(self.won)) + (0 if self.accounts is None else int(self.accounts.max(initial=-1)) + 1)
        return own if self.accounts is None else np.where(self.accounts < 0, own, self.accounts)

    @cached_property
    def cycle(self) -> Floats | None:
        """float64[n]: days from the opening to the close, NaN where the deal is not decided."""
        if self.opened is None or self.closed is None:
            return None
        return np.where(self.decided, self.closed - self.opened, np.nan)


@dataclass(frozen=True)
class Column:
    """One column, read in every way that evidence needs.

    numbers: float64[n] where nearly all texts are numbers or ranges (by their lower end), members counted where they
    are lists. days: float64[n], days since 1970, where nearly all texts are dates. Else None. on_deal_row: whether it
    stands on the deal's row, where nothing says since when a value is there. rewound: in how many deals the value that
    it has today was replaced by that of the opening; None where it has no history.
    """

    texts: Texts
    numbers: Floats | None
    days: Floats | None
    is_list: bool
    on_deal_row: bool = field(default=True)
    rewound: int | None = None

    @property
    def name(self) -> str:
        """As the export calls it."""
        return self.texts.name

    @property
    def words(self) -> str:
        """The name as words."""
        return spaced(self.name)

    @property
    def known(self) -> Flags:
        """Where there is a text."""
        return self.texts.known

    @property
    def is_text(self) -> bool:
        """Whether it is neither a number, a date nor a list."""
        return self.numbers is None and self.days is None

    def levels(self, facts: Facts) -> Codes:
        """int64[n]: a level for each row, 0 for missing, 1 for rare texts, then texts or quantiles.

        Dates count as ages at the opening where there is one, as learning would read them.
        """
        if self.numbers is not None:
            return _quantiles(self.numbers)
        if self.days is not None:
            return _quantiles(self.days if facts.opened is None else facts.opened - self.days)
        often = np.bincount(self.texts.codes[facts.decided & self.known], minlength=len(self.texts.values)) >= RARE
        return gather(np.where(often, np.arange(len(often)) + 2, 1), self.texts.codes, 0)


def read_column(texts: Texts, *, on_deal_row: bool = True) -> Column:
    """Read a column in every way; each distinct text is read once."""
    values = pa.array(texts.values, pa.string())
    lists = np.array([";" in value for value in texts.values], dtype=bool)
    if len(lists) and lists[texts.codes[texts.known]].mean() > LIST_SHARE:
        members = np.array([float(len(value.split(";"))) for value in texts.values])
        return Column(texts, gather(members, texts.codes, np.nan), None, is_list=True, on_deal_row=on_deal_row)
    order = date_order(texts)
    if order is not None:
        days = as_days(parse_days(values, order[0]).values)
        return Column(texts, None, gather(days, texts.codes, np.nan), is_list=False, on_deal_row=on_deal_row)
    for read in (parse_numbers(values), parse_range_levels(values)):
        if texts.values and readable(read.trouble.rows, texts):
            numbers = gather(read.values, texts.codes, np.nan)
            return Column(texts, numbers, None, is_list=False, on_deal_row=on_deal_row)
    return Column(texts, None, None, is_list=False, on_deal_row=on_deal_row)


def as_days(days: Days) -> Floats:
    """Days since 1970, NaN for NaT."""
    return np.where(np.isnat(days), np.nan, days.astype("datetime64[D]").astype(np.int64).astype(np.float64))


def account_codes(column: pa.ChunkedArray) -> Codes:
    """A code for the account of each row, -1 where it is not known."""
    return encode_texts(column).codes.astype(np.int64)


def _quantiles(values: Floats) -> Codes:
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(known, np.searchsorted(edges, np.where(known, values, edges[0]), side="right") + 2, 0)
