"""The table of rates, and what currency each attribute is in, settled once when deals are read.

rates: {source: rates.csv, currency: currency, date: date, rate: rate}      # what one unit is worth, in `to`
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from icp_ml.deals.answers import column_of
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency, RateSeries, holds_texts, texts_with_marks
from icp_ml.deals.parsing import parse_days, parse_numbers
from icp_ml.deals.settings import RatesSettings
from icp_ml.deals.sources import rows_of, title_of
from icp_ml.deals.texts import encode_texts
from icp_ml.deals.words import listed
from icp_ml.errors import ConfigError, InputError


def settle_currencies(
    table: pa.Table, attributes: Sequence[Attribute], settings: RatesSettings | None, root: Path
) -> tuple[Attribute, ...]:
    """The attributes, each with the currency that its amounts are read in, and with all rates where they are declared.

    An amount without a declaration is in the currency that its column shows. Raises `InputError` where a column shows
    several and none is declared, and for a table of rates that cannot be used; `ConfigError` where two attributes
    would need rates to different currencies.
    """
    declared = [attribute.currency for attribute in attributes if attribute.currency is not None]
    _check_one_target(declared, settings)
    rates = () if settings is None or not declared else read_rates(settings, root)
    return tuple(_settled(table, attribute, rates) for attribute in attributes)


def as_of_extract(attributes: Sequence[Attribute], extracted: np.datetime64 | None) -> tuple[Attribute, ...]:
    """The attributes with the latest rate of each currency on or before the extract: all that a list will need."""
    return tuple(
        attribute if attribute.currency is None else replace(attribute, currency=_latest(attribute.currency, extracted))
        for attribute in attributes
    )


def read_rates(settings: RatesSettings, root: Path) -> tuple[RateSeries, ...]:
    """The table of rates by currency.

    Raises `InputError` for a row that lacks one of the three, and for two rates of one currency on one day.
    """
    table = rows_of(settings, root, [settings.currency, settings.date, settings.rate])
    codes = encode_texts(table.column(settings.currency))
    days = parse_days(table.column(settings.date), settings.date_order).values
    rates = parse_numbers(table.column(settings.rate), decimal=settings.decimal).values
    broken = (codes.codes < 0) | np.isnat(days) | ~(rates > 0)
    if broken.any():
        raise InputError(
            f"{title_of(settings)}: expected a currency, a date and a rate above zero in every row, found "
            f"{broken.sum()} rows without; correct them, or check tables.rates"
        )
    names = codes.texts(np.arange(table.num_rows))
    by_code: dict[str, dict[str, float]] = {}
    for name, day, rate in zip(names.tolist(), days.astype(str).tolist(), rates.tolist(), strict=True):
        known = by_code.setdefault(name.upper(), {})
        if known.setdefault(day, rate) != rate:
            raise InputError(
                f"{title_of(settings)}: expected one rate a day for {name}, found {known[day]} and {rate} on {day}; "
                "keep one of them"
            )
    return tuple(_series(code, of_day) for code, of_day in sorted(by_code.items()))


def _series(code: str, of_day: dict[str, float]) -> RateSeries:
    days = sorted(of_day)
    return RateSeries(code, tuple(days), tuple(of_day[day] for day in days))


def _check_one_target(declared: Sequence[Currency], settings: RatesSettings | None) -> None:
    targets = sorted({currency.accepts[0] for currency in declared})
    if settings is not None and len(targets) > 1:
        raise ConfigError(
            f"tables.rates holds what each currency is worth in one other, and attributes are to be in "
            f"{listed(targets)}; give all of them the same 'to'"
        )


def _settled(table: pa.Table, attribute: Attribute, rates: tuple[RateSeries, ...]) -> Attribute:
    if attribute.currency is not None:
        return replace(attribute, currency=replace(attribute.currency, rates=rates))
    is_amount = attribute.kind == "number" or (attribute.kind == "ordered" and not attribute.order)
    column = column_of(table, attribute.column, attribute.answer) if is_amount else None
    if column is None or not holds_texts(column):
        return attribute
    found = texts_with_marks(encode_texts(column).without_tokens(attribute.missing))
    if not found:
        return attribute
    shared = functools.reduce(frozenset.intersection, (codes for _, codes in found))
    if not shared:
        raise _several(attribute, [text for text, _ in found], [codes for _, codes in found])
    return replace(attribute, currency=Currency(tuple(sorted(shared))))


def _several(attribute: Attribute, texts: Sequence[str], codes: Sequence[frozenset[str]]) -> InputError:
    other = next(text for text, others in zip(texts, codes, strict=True) if not others & codes[0])
    return InputError(
        f"expected the amounts of '{attribute.column}' in one currency, found '{texts[0]}' and '{other}'; declare "
        f"currency: {{to: USD}} for attribute '{attribute.name}', and a table of rates under tables.rates"
    )


def _latest(currency: Currency, extracted: np.datetime64 | None) -> Currency:
    last = "9999-12-31" if extracted is None else str(extracted)
    kept = [(series, max((day for day in series.days if day <= last), default=None)) for series in currency.rates]
    rates = tuple(
        RateSeries(series.currency, (day,), (series.rates[series.days.index(day)],))
        for series, day in kept
        if day is not None
    )
    return replace(currency, rates=rates)
