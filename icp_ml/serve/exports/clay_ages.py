"""Dates and years in JavaScript, read as `icp_ml.deals.moments` reads them, and their ages.

"2024-03-01"  "1/3/2024, 9:30 AM"  "1709285400000"      on 2025-06-30: an age of 1.33 years
"2019"        "2019.0"                                  on 2025-06-30: an age of 6 years
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from icp_ml.deals.kinds import DAYS_PER_YEAR
from icp_ml.deals.moments import YEARS
from icp_ml.deals.settings import DateOrder
from icp_ml.deals.texts import UNKNOWN_WORDS
from icp_ml.serve.exports.clay_cells import AS_OF, Cell, Column
from icp_ml.serve.exports.clay_texts import MARK, is_known, reference, replaced, understood_only

_TIME: Final = r"(?:(?:T|,? )\s*\d{1,2}:\d{2}.*)?$"
_YEAR_FIRST: Final = (
    (rf"^(\d{{4}})[-\/.](\d{{1,2}})[-\/.](\d{{1,2}}){_TIME}", "$1-$2-$3"),
    (rf"^(\d{{4}})(\d{{2}})(\d{{2}}){_TIME}", "$1-$2-$3"),
    (r"^(\d{13})$", "$1"),
)
_YEAR_LAST: Final = rf"^(\d{{1,2}})[-\/.](\d{{1,2}})[-\/.](\d{{4}}){_TIME}"
_FORMS: Final[Mapping[DateOrder, tuple[tuple[str, str], ...]]] = {
    "iso": _YEAR_FIRST,
    "mdy": (*_YEAR_FIRST, (_YEAR_LAST, "$3-$1-$2")),
    "dmy": (*_YEAR_FIRST, (_YEAR_LAST, "$3-$2-$1")),
}
_PER_DAY: Final = 86_400_000
"""Milliseconds."""


def date_readings(cell: Cell) -> tuple[Column, ...]:
    """The day as it is written, then its age in years of 365.25 days; empty after the day to which ages count."""
    forms = _FORMS[cell.attribute.date_order]
    read = "".join(replaced(form, f"{MARK}{by}") for form, by in forms)
    written = cell.step("day", cell.text(UNKNOWN_WORDS) + read + understood_only())
    counted = cell.step("days since 1970", _day(reference(written.name)))
    age = f"({_as_of()} - Number({reference(counted.name)}))"
    known = f"{is_known(reference(counted.name))} && {age} >= 0"
    return written, counted, cell.reading(f'{known} ? {age} / {DAYS_PER_YEAR} : ""', "as an age in years")


def year_readings(cell: Cell) -> tuple[Column, ...]:
    """The year as it is written, then its age in calendar years."""
    read = replaced(r"^(\d{4})(?:\.0+)?$", f"{MARK}$1") + understood_only()
    written = cell.step("year", cell.lower(UNKNOWN_WORDS) + read)
    year, now = f"Number({reference(written.name)} || NaN)", f"Number(String({reference(AS_OF)}).slice(0, 4))"
    first, last = YEARS
    is_past = f"{year} >= {first} && {year} <= {last} && {now} >= {year}"
    return written, cell.reading(f'{is_past} ? {now} - {year} : ""', "as an age in calendar years")


def _as_of() -> str:
    """The day to which ages count, in days since 1970; not a number where its column is empty."""
    year, month, day = (
        f"Number(String({reference(AS_OF)}).slice({start}, {end}))" for start, end in ((0, 4), (5, 7), (8, 10))
    )
    return f"(Date.UTC({year}, {month} - 1, {day}) / {_PER_DAY})"


def _day(written: str) -> str:
    """Days since 1970 of "2024-3-1" or "1709285400000"; empty where that is no day of the calendar."""
    text = f"String({written})"
    year, month, day = (f'Number({text}.split("-")[{place}])' for place in range(3))
    start, end = f"Date.UTC({year}, {month} - 1, {day})", f"Date.UTC({year}, {month}, 1)"
    first, last = YEARS
    in_years = f"{year} >= {first} && {year} <= {last}"
    in_calendar = f"{month} >= 1 && {month} <= 12 && {day} >= 1 && {start} < {end}"
    milliseconds = rf"/^\d{{13}}$/.test({text}) ? Math.floor(Number({text}) / {_PER_DAY})"
    return f'{milliseconds} : {in_years} && {in_calendar} ? {start} / {_PER_DAY} : ""'
