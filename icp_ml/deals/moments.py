"""Dates and years as people write them, as whole days and whole years.

    order "iso"   "2024-03-01"  "2024/3/1"  "20240301"  "2024-03-01T09:30:00Z"
    order "mdy"   "3/1/2024"    "03-01-2024 9:30 AM"    and the forms above, which leave no doubt
    order "dmy"   "1.3.2024"    "01/03/2024"            and the forms above
    any order     "1709285400000"                       milliseconds since 1970, in thirteen digits

A time of day is dropped: nothing here is finer than a day, and time zones of exports are seldom known.
A year of two digits is unreadable, because its century is a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.settings import DateOrder
from icp_ml.deals.texts import Column, Flags, Floats

Days: TypeAlias = npt.NDArray[np.datetime64]
Wholes: TypeAlias = npt.NDArray[np.int64]

YEARS = (1000, 2200)
"""The first and last year that can be meant; 9999-12-31 and its like say "no end", not a date."""

_TIME = r"(?:(?:T|,? )\s*\d{1,2}:\d{2}.*)?$"
_YEAR_FIRST = (
    r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _TIME,
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME,
)
_FORMS: dict[DateOrder, tuple[str, ...]] = {
    "iso": _YEAR_FIRST,
    "mdy": (*_YEAR_FIRST, r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})" + _TIME),
    "dmy": (*_YEAR_FIRST, r"^(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})" + _TIME),
}


def read_days(texts: Sequence[str], order: DateOrder) -> Days:
    """Each text as a day, datetime64[D], NaT where it is no day of the calendar or outside `YEARS`."""
    spelled = pa.array(texts, pa.string())
    days = _days_of_milliseconds(spelled)
    for form in _FORMS[order]:
        parts = pc.extract_regex(spelled, form)
        fits = np.asarray(pc.is_valid(parts), dtype=bool) & np.isnat(days)
        if fits.any():
            found = parts.filter(pa.array(fits))
            days[fits] = _calendar_day(_part(found, "y"), _part(found, "m"), _part(found, "d"))
    return days


def orders_of(texts: Sequence[str]) -> tuple[DateOrder, ...]:
    """The orders in which every one of the texts is a day."""
    return tuple(order for order in _FORMS if not np.isnat(read_days(texts, order)).any())


def read_years(texts: Sequence[str]) -> Floats:
    """Each text as a year, NaN where it is none or outside `YEARS`.

    "1999.0", as spreadsheets leave it, is 1999.
    """
    parts = pc.extract_regex(pa.array(texts, pa.string()), r"^(?P<y>\d{4})(?:\.0+)?$")
    years = pc.struct_field(parts, "y").cast(pa.float64())
    read = np.array(pc.fill_null(years, np.nan), dtype=np.float64)
    return np.where((read >= YEARS[0]) & (read <= YEARS[1]), read, np.nan)


def plausible_days(days: Days) -> Days:
    """The same days, NaT outside `YEARS`."""
    years = year_of(days)
    fits: Flags = (years >= YEARS[0]) & (years <= YEARS[1])
    return np.where(fits, days, np.datetime64("NaT", "D"))


def year_of(days: Days) -> Floats:
    """The calendar year of each day, NaN for NaT."""
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970.0
    return np.where(np.isnat(days), np.nan, years)


def _part(found: Column, name: str) -> Wholes:
    return np.asarray(pc.struct_field(found, name).cast(pa.int64()), dtype=np.int64)


def _days_of_milliseconds(spelled: Column) -> Days:
    """The day, in universal time, of each text that counts milliseconds since 1970; NaT for every other text."""
    numbers = pc.if_else(pc.match_substring_regex(spelled, r"^\d{13}$"), spelled, pa.scalar(None, pa.string()))
    since = np.asarray(pc.fill_null(numbers.cast(pa.int64()), -1), dtype=np.int64)
    return np.where(since < 0, np.datetime64("NaT", "D"), since.astype("datetime64[ms]").astype("datetime64[D]"))


def _calendar_day(year: Wholes, month: Wholes, day: Wholes) -> Days:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    in_calendar = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    return plausible_days(np.where(in_calendar, days, np.datetime64("NaT", "D")))
