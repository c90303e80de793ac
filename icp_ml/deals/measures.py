"""What wins are judged by, read from the table in which it stands, and from when on it is known.

    extract 2025-06-30, kept_months 12:
        closed 2024-06-30    whether it was kept is known; it was where it had not left by 2025-06-30
        closed 2024-07-01    nobody knows yet

Days are compared as calendar months: twelve months after 2024-02-29 is 2025-02-28.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency
from icp_ml.deals.date_orders import how_to_declare
from icp_ml.deals.ideal_settings import IdealSettings, MeasureSettings
from icp_ml.deals.kinds import NumberColumn, parse_attributes
from icp_ml.deals.moments import Days
from icp_ml.deals.parsing import ReadDays, parse_days, parse_flags
from icp_ml.deals.rates import settle_currencies
from icp_ml.deals.settings import RatesSettings
from icp_ml.deals.texts import Flags, Floats, Trouble
from icp_ml.errors import ConfigError, InputError


@dataclass(frozen=True)
class Measure:
    """One measure of every row. values: float64[n], NaN where not known; for `left` 1 where the customer was kept.

    too_young: bool[n], where the value will stand only later. trouble: what could not be read.
    """

    name: str
    settings: MeasureSettings
    values: Floats
    too_young: Flags
    trouble: Trouble

    def take(self, rows: npt.NDArray[np.integer]) -> Measure:
        """The same for the given rows, in their order; `trouble` still tells of the whole table."""
        return replace(self, values=self.values[rows], too_young=self.too_young[rows])


@dataclass(frozen=True)
class Dates:
    """When each deal opened and closed, and the day of the extract; None where not declared."""

    opened: Days | None
    closed: Days | None
    extracted: np.datetime64 | None


@dataclass(frozen=True)
class MeasuredRows:
    """What there is to read. table: a row for each deal. known: bool[n], whether the source has a row for it at all.

    rates: the table of rates, None where there is none; it is relative to root. section: of the configuration.
    """

    table: pa.Table
    known: Flags
    dates: Dates
    rates: RatesSettings | None = None
    root: Path = Path()
    section: str = "ideal.measures"


def months_after(days: Days, months: int) -> Days:
    """datetime64[D][n]: the same days of the month, `months` later; the last of a month that is shorter."""
    month = days.astype("datetime64[M]")
    target = month + np.timedelta64(months, "M")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    same: Days = np.minimum(target.astype("datetime64[D]") + (days - month.astype("datetime64[D]")), last)
    return same


def young(closed: Days, extracted: np.datetime64, months: int) -> Flags:
    """bool[n]: closed less than `months` calendar months before the extract; the day itself is old enough."""
    return np.asarray(months_after(closed, months) > extracted, dtype=bool)


def read_measures(rows: MeasuredRows, settings: IdealSettings) -> tuple[Measure, ...]:
    """The measures of every row.

    Raises `ConfigError` where a measure needs a date that is not declared, `InputError` where its amounts are in
    several currencies and none is declared, or where its dates are not in the declared order.
    """
    return tuple(_measure(name, measure, rows) for name, measure in settings.measures.items())


def _measure(name: str, settings: MeasureSettings, rows: MeasuredRows) -> Measure:
    values, trouble = _values(name, settings, rows)
    too_young = np.zeros(len(rows.known), dtype=bool)
    if settings.matures:
        too_young = young(_closed(name, rows.dates), _extracted(name, rows.dates), settings.matures)
    lacking = too_young | (~rows.known & (settings.kind != "cycle"))
    return Measure(name, settings, np.where(lacking, np.nan, values), too_young, trouble)


def _values(name: str, settings: MeasureSettings, rows: MeasuredRows) -> tuple[Floats, Trouble]:
    if settings.kind == "cycle":
        return _cycle(name, rows.dates), Trouble()
    if settings.kind == "number":
        return _amounts(name, settings, rows)
    column = rows.table.column(settings.column or name)
    if settings.kind == "flag":
        read = parse_flags(column, settings.missing)
        return read.values, read.trouble
    left = parse_days(column, settings.date_order, settings.missing)
    _check_order(name, settings, left)
    return _kept(left, settings, _closed(name, rows.dates))


def _cycle(name: str, dates: Dates) -> Floats:
    if dates.opened is None:
        raise _needs(name, "deals.opened")
    days = _closed(name, dates) - dates.opened
    return np.where(np.isnat(days), np.nan, days.astype(np.float64))


def _amounts(name: str, settings: MeasureSettings, rows: MeasuredRows) -> tuple[Floats, Trouble]:
    """Numbers are read as those of attributes are, and in one currency."""
    declared = settings.currency
    attribute = Attribute(
        name=f"{rows.section}.{name}",
        column=settings.column or name,
        kind="number",
        layer="firmographic",
        axis="fit",
        decimal=settings.decimal,
        missing=settings.missing,
        currency=None if declared is None else Currency((declared.to,), declared.column),
    )
    settled = settle_currencies(rows.table, [attribute], rows.rates, rows.root)
    read = parse_attributes(rows.table, settled, rows.dates.opened)
    column = read.columns[attribute.name]
    values = column.values if isinstance(column, NumberColumn) else np.full(rows.table.num_rows, np.nan)
    return values, next((Trouble(found.rows, found.examples) for found in read.unreadable), Trouble())


def _kept(left: ReadDays, settings: MeasureSettings, closed: Days) -> tuple[Floats, Trouble]:
    """1 where the customer had not left by the end of its months, 0 where it had.

    NaN where the date cannot be read, or lies before the closing: nobody leaves before.
    """
    before = left.values < closed
    stayed = left.blank | (left.values >= months_after(closed, settings.kept_months or 0))
    lacking = before | (np.isnat(left.values) & ~left.blank)
    examples = tuple(str(day) for day in np.unique(left.values[before])[:1])
    trouble = left.trouble.and_then(Trouble(int(before.sum()), examples))
    return np.where(lacking, np.nan, stayed.astype(np.float64)), trouble


def _check_order(name: str, settings: MeasureSettings, left: ReadDays) -> None:
    """Raise where most days cannot be read as declared and could in another order."""
    fix = how_to_declare(left.trouble.examples, f"ideal.measures.{name}.date_order")
    if left.trouble.rows > (~np.isnat(left.values)).sum() and fix is not None:
        raise InputError(
            f"expected dates like 2024-12-31 in the column '{settings.column or name}', found "
            f"'{left.trouble.examples[0]}' in {left.trouble.rows} rows like it, which {fix}"
        )


def _closed(name: str, dates: Dates) -> Days:
    if dates.closed is None:
        raise _needs(name, "deals.closed")
    return dates.closed


def _extracted(name: str, dates: Dates) -> np.datetime64:
    if dates.extracted is None:
        raise _needs(name, "deals.extracted")
    return dates.extracted


def _needs(name: str, key: str) -> ConfigError:
    return ConfigError(f"ideal.measures.{name} counts from the days of a deal, and {key} is not declared; declare it")
