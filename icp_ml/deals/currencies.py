"""Amounts in several currencies as amounts in one, at the rate of a day; never added up as they stand.

The rates: one EUR was 1.10 USD from 2 January on, and 1.20 from 1 March on. An attribute `to: USD` reads

    text        its column says    day          is
    "1,200"     USD                any          1200
    "€100"      (no column)        28 February  110        the latest rate on or before the day
    "100"       EUR                1 March      120
    "$100"      (no column)        any          100        a dollar may be a USD
    "$100"      EUR                any          unreadable: text and column contradict each other
    "100"       GBP                any          unreadable: there is no rate
    "100"       EUR                1 January    unreadable: there was none yet
    "100"       (empty)            any          unreadable: nothing says which currency it is

An attribute without a declaration takes the amounts of one currency, or without any. What that currency is, the deals
show, and it stays so for every list.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.amounts import CODES, SIGNS
from icp_ml.deals.moments import Days
from icp_ml.deals.texts import MOST_EXAMPLES, Column, Floats, Ints, Texts, Trouble, encode_texts, gather, known_texts
from icp_ml.errors import ConfigError

Codes: TypeAlias = frozenset[str]
Rows: TypeAlias = npt.NDArray[np.integer]

_DOLLARS: Final = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"})
_OF_SIGN: Final = MappingProxyType(
    {
        "$": _DOLLARS,
        "€": frozenset({"EUR"}),
        "£": frozenset({"GBP"}),
        "¥": frozenset({"JPY", "CNY"}),
        "₹": frozenset({"INR"}),
    }
)
_OF_LETTERS: Final = MappingProxyType(
    {"us$": "USD", "c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "s$": "SGD", "sg$": "SGD"}
    | {"hk$": "HKD", "mx$": "MXN", "r$": "BRL", "nt$": "TWD", "cn¥": "CNY", "jp¥": "JPY"}
)
_MARK: Final = re.compile(rf"([a-z]{{0,2}}[{SIGNS}])|(?<![a-z])({CODES})(?![a-z])")
_MAY_BE_MARKED: Final = rf"(?i)[{SIGNS}]|{CODES}"
_LOOKED_AT: Final = 100  # rows from which examples are taken; enough for three different ones


@dataclass(frozen=True)
class RateSeries:
    """What one unit of a currency was worth. days: ISO dates, ascending; each rate holds until the next day."""

    currency: str
    days: tuple[str, ...]
    rates: tuple[float, ...]


@dataclass(frozen=True)
class Currency:
    """The currency of an attribute.

    accepts: codes that count as this currency: one, or several where the deals only show a sign that they share.
    column: where the source names the currency of each amount. rates: of the currencies that are converted.
    """

    accepts: tuple[str, ...]
    column: str | None = None
    rates: tuple[RateSeries, ...] = ()


def codes_named(text: str) -> Codes | None:
    """The currencies that an amount may be in: those its sign or code can mean, None where it has neither.

    Empty where it names two that exclude each other.
    """
    named = [_codes_of(found.group()) for found in _MARK.finditer(text.casefold())]
    return functools.reduce(frozenset.intersection, named) if named else None


def _codes_of(mark: str) -> Codes:
    if mark[-1] not in _OF_SIGN:
        return frozenset({mark.upper()})
    return frozenset({_OF_LETTERS[mark]}) if mark in _OF_LETTERS else _OF_SIGN[mark[-1]]


def texts_with_marks(texts: Texts) -> list[tuple[str, Codes]]:
    """The texts that stand in some row and name a currency, with what it can be."""
    used = np.unique(texts.codes[texts.codes >= 0])
    spelled = [texts.distinct[code] for code in used]
    marked = pc.match_substring_regex(pa.array(spelled, pa.string()), _MAY_BE_MARKED).to_pylist()
    found = [(text, codes_named(text)) for text, is_marked in zip(spelled, marked, strict=True) if is_marked]
    return [(text, codes) for text, codes in found if codes is not None]


@dataclass(frozen=True)
class Amounts:
    """A column of amounts. values: float64[n], NaN where missing or unreadable. column: as it stands, of any type.

    codes: the column that names the currency of each; None where there is none.
    """

    values: Floats
    column: Column
    codes: Column | None


def in_currency(amounts: Amounts, currency: Currency, days: Days | None, name: str) -> tuple[Floats, Trouble]:
    """Each amount in the attribute's currency, and those that cannot be, which become NaN.

    days: datetime64[D][n], whose latest rates count. name: what the attribute is called. Raises `ConfigError` where
    an amount has to be converted and `days` is None.
    """
    if currency.column is None and not holds_texts(amounts.column):
        return amounts.values, Trouble()
    texts = known_texts(amounts.column, ())
    marks, mark_of_row = _marks(texts)
    codes = _codes(amounts)
    pairs = mark_of_row * (len(codes.distinct) + 1) + codes.codes + 1
    known = ~np.isnan(amounts.values)
    factors = np.full(len(pairs), np.nan)
    for pair in np.unique(pairs[known]).tolist():
        mark, code = divmod(pair, len(codes.distinct) + 1)
        rows = np.flatnonzero(known & (pairs == pair))
        found = _code_of(marks[mark], codes.distinct[code - 1].upper() if code else None, currency)
        if found in currency.accepts:
            factors[rows] = 1.0
        elif found is not None:
            factors[rows] = _rates_on(_days_of(days, rows, name), found, currency)
    lost = known & np.isnan(factors)
    return amounts.values * factors, Trouble(int(lost.sum()), _examples(texts, codes, np.flatnonzero(lost)))


def holds_texts(column: Column) -> bool:
    """Whether an amount could name its currency beside its figure."""
    test = pa.types
    return bool(test.is_string(column.type) or test.is_large_string(column.type) or test.is_dictionary(column.type))


def _marks(texts: Texts) -> tuple[list[Codes | None], Ints]:
    """The different things that texts say about their currency, and the place in that list for each row."""
    said: dict[Codes | None, int] = {None: 0}
    of_text = {text: said.setdefault(codes, len(said)) for text, codes in texts_with_marks(texts)}
    places = np.array([of_text.get(text, 0) for text in texts.distinct], dtype=np.int32)
    return list(said), gather(places, texts.codes, 0)


def _codes(amounts: Amounts) -> Texts:
    if amounts.codes is None:
        return Texts(np.full(len(amounts.values), -1, dtype=np.int32), [])
    return encode_texts(amounts.codes)


def _code_of(mark: Codes | None, declared: str | None, currency: Currency) -> str | None:
    """The one currency that an amount is in, by its text and its column; None where they do not say one."""
    if declared is not None:
        return declared if mark is None or declared in mark else None
    if mark is None:
        return currency.accepts[0] if currency.column is None else None
    if currency.column is None and (fitting := [code for code in currency.accepts if code in mark]):
        return fitting[0]
    return next(iter(mark)) if len(mark) == 1 else None


def _days_of(days: Days | None, rows: Rows, name: str) -> Days:
    if days is None:
        raise ConfigError(
            f"attribute '{name}' holds amounts that are converted at the rate of the day on which the deal opened, but "
            "no opening date is declared; set deals.opened"
        )
    return days[rows]


def _rates_on(days: Days, code: str, currency: Currency) -> Floats:
    """The latest rate on or before each day, NaN where there is none."""
    series = next((each for each in currency.rates if each.currency == code), None)
    if series is None:
        return np.full(len(days), np.nan)
    places = np.searchsorted(np.array(series.days, dtype="datetime64[D]"), days, side="right") - 1
    rates = np.append(series.rates, np.nan)[places]  # the place before the first day is the last one of these
    return np.where(np.isnat(days), np.nan, rates)


def _examples(texts: Texts, codes: Texts, rows: Rows) -> tuple[str, ...]:
    """The first different amounts among the rows, each with the code beside it."""
    both = zip(texts.texts(rows[:_LOOKED_AT]), codes.texts(rows[:_LOOKED_AT]), strict=True)
    return tuple(dict.fromkeys(f"{text} {code}".strip() for text, code in both))[:MOST_EXAMPLES]
