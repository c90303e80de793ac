"""Numbers and ranges of numbers as people write them.

"1,200"  1200      "$18.3 MM"  18300000     "12 %"  12       "10K"  10000      "1.200,5"  1200.5 (decimal ",")
"(1,200)"  -1200, as accountants write it
"51-200"  51 to 200          "$10-50M"  10,000,000 to 50,000,000       "More than 1M"  1,000,000 and up
"100K or less"  0 to 100,000                      "0 (No business)"  0 to 0

Digits are 0 to 9. Python knows those of other scripts too; SQL, Clay and the dates here do not, and all are to agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.settings import Decimal
from icp_ml.deals.texts import Floats

Range = tuple[float, float]
"""The lower and upper end; the upper end is infinite where a range is open upwards."""

OPEN_UPPER_MIDPOINT = 1.5
"""Midpoint of "more than x" as a multiple of x: the middle of a band that ends at 2x."""

_POWERS = {"k": 3, "thousand": 3, "m": 6, "mm": 6, "mn": 6, "mio": 6, "mil": 6, "million": 6, "millions": 6}
_POWERS |= {"b": 9, "bn": 9, "billion": 9, "billions": 9, "tn": 12, "trillion": 12}
CODES = "usd|eur|gbp|chf|cad|aud|nzd|jpy|cny|inr|sgd|hkd|sek|nok|dkk|pln|czk|huf|brl|mxn|zar"
"""The codes of currencies that are understood beside an amount, as alternatives of a pattern."""
SIGNS = "$€£¥₹"
"""The signs of currencies, as members of a pattern."""
_CURRENCY = rf"(?:[a-z]{{0,2}}[{SIGNS}]|{CODES})"
_SUFFIX = "|".join(sorted(_POWERS, key=len, reverse=True))
_DIGITS = {
    ".": r"(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]{1,3}(?:[ \u00a0\u202f'][0-9]{3})+|[0-9]+)(?:\.[0-9]*)?"
    r"|\.[0-9]+",
    ",": r"(?:[0-9]{1,3}(?:[.][0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u202f'][0-9]{3})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+",
}
_GROUPING = {".": re.compile(r"[,\s']"), ",": re.compile(r"[.\s']")}
_PLAIN = {".": r"^-?\d+(\.\d+)?$", ",": r"^-?\d+(,\d+)?$"}

_BRACKETED = re.compile(r"(?P<before>[^()0-9]*)\((?P<within>[^()]*)\)")
_REMARK = re.compile(r"\s*\([^()]*\)\s*$")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_COUNTED = re.compile(r"\s+(?:employees?|people|persons?|staff|ftes?|headcount|years?|yrs?)$")


def read_amounts(texts: Sequence[str], decimal: Decimal) -> Floats:
    """Each text as a number, NaN where it is none. A percentage keeps its figure: "12 %" is 12.

    Thousands separators must stand between groups of digits: with decimal "." the text "1,5" is unreadable,
    because it is far more often one and a half than fifteen.
    """
    return _read_each(texts, decimal, lambda text: _amount_of(text, decimal))


def read_midpoints(texts: Sequence[str], decimal: Decimal) -> Floats:
    """Each number or range text as its midpoint, NaN where it is neither."""
    return _read_each(texts, decimal, lambda text: _of_range(text, decimal, midpoint))


def read_lower_bounds(texts: Sequence[str], decimal: Decimal) -> Floats:
    """Each number or range text as the place where it starts (`standing`), NaN where it is neither."""
    return _read_each(texts, decimal, lambda text: _of_range(text, decimal, standing))


def midpoint(ends: Range) -> float:
    """The mean of the two ends; 1.5 times the lower one where the range is open upwards."""
    low, high = ends
    return OPEN_UPPER_MIDPOINT * low if math.isinf(high) else (low + high) / 2


def standing(ends: Range) -> float:
    """Where a range stands in the order of ranges: at its lower bound.

    A range that starts at zero holds amounts above zero, and must not tie with the level "0 (nothing)" beside
    it, which is another fact. It stands at 1, the smallest whole amount, or in its middle where it ends below
    2.
    """
    low, high = ends
    return min(1.0, high / 2) if low == 0 < high else low


def read_range(text: str, decimal: Decimal) -> Range | None:
    """The ends of a range text, or of a number as a range of no width; None where it is neither.

    "x or less" starts at zero: sizes, revenues and counts are not negative.
    "10-50M" lends the suffix of its upper end to the lower one.
    """
    bare = _COUNTED.sub("", _DASHES.sub("-", _REMARK.sub("", text)).strip().casefold())
    for pattern, ends_of in _range_forms(decimal):
        match = pattern.fullmatch(bare)
        if match is not None:
            return ends_of(match, decimal)
    return None


def _read_each(texts: Sequence[str], decimal: Decimal, read: Callable[[str], float]) -> Floats:
    """Plain digits are cast in one go; only what is left is read text by text."""
    spelled = pa.array(texts, pa.string())
    plain = np.asarray(pc.match_substring_regex(spelled, _PLAIN[decimal]), dtype=bool)
    values = np.full(len(texts), np.nan)
    values[plain] = pc.replace_substring(spelled.filter(pa.array(plain)), ",", ".").cast(pa.float64())
    for place in np.flatnonzero(~plain).tolist():
        values[place] = read(texts[place])
    return values


def _amount_of(text: str, decimal: Decimal) -> float:
    bare = _DASHES.sub("-", text).strip().casefold()
    bracketed = _BRACKETED.fullmatch(bare)
    match = _amount_form(decimal).fullmatch(bracketed["before"] + bracketed["within"] if bracketed else bare)
    if match is None or (bracketed and "-" in bare):
        return math.nan
    value = _value(match, "", decimal, match["suffix"])
    return -value if bracketed else value


def _of_range(text: str, decimal: Decimal, reduce: Callable[[Range], float]) -> float:
    ends = read_range(text, decimal)
    return math.nan if ends is None else reduce(ends)


def _value(match: re.Match[str], which: str, decimal: Decimal, suffix: str | None) -> float:
    digits = _GROUPING[decimal].sub("", match[f"digits{which}"]).replace(",", ".")
    power = match[f"power{which}"] or _POWERS.get(suffix or "", 0)
    sign = "-" if "-" in (match[f"before{which}"], match[f"after{which}"]) else ""
    return float(f"{sign}{digits}e{power}")


def _between(match: re.Match[str], decimal: Decimal) -> Range | None:
    low_suffix, high_suffix = match["suffixlow"], match["suffixhigh"]
    high = _value(match, "high", decimal, high_suffix)
    low = _value(match, "low", decimal, low_suffix)
    lent = _value(match, "low", decimal, low_suffix or high_suffix)
    if low <= lent <= high:
        return lent, high
    return (low, high) if low <= high else None


def _upwards(match: re.Match[str], decimal: Decimal) -> Range | None:
    return _value(match, "", decimal, match["suffix"]), math.inf


def _downwards(match: re.Match[str], decimal: Decimal) -> Range | None:
    high = _value(match, "", decimal, match["suffix"])
    return (0.0, high) if high >= 0 else None


def _point(match: re.Match[str], decimal: Decimal) -> Range | None:
    value = _value(match, "", decimal, match["suffix"])
    return value, value


@lru_cache
def _amount_form(decimal: Decimal) -> re.Pattern[str]:
    return re.compile(_amount_pattern("", decimal))


@lru_cache
def _range_forms(
    decimal: Decimal,
) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Decimal], Range | None]], ...]:
    one = _amount_pattern("", decimal)
    low, high = _amount_pattern("low", decimal), _amount_pattern("high", decimal)
    more_than = r"(?:more than|greater than|over|above|at least|from|minimum(?: of)?|min\.?|>=?|≥)"
    or_more = r"(?:\+|plus|(?:and|or) (?:above|more|over|up|greater|higher|larger))"
    less_than = r"(?:less than|fewer than|smaller than|under|below|up to|at most|maximum(?: of)?|max\.?|<=?|≤)"
    or_less = r"(?:(?:and|or) (?:less|fewer|under|below|lower|smaller))"
    return (
        (re.compile(one), _point),
        (re.compile(rf"(?:from |between )?\s*{low}\s*(?:-|to|and|\.\.+)\s*{high}"), _between),
        (re.compile(rf"{more_than}\s*{one}\s*\+?"), _upwards),
        (re.compile(rf"{one}\s*{or_more}"), _upwards),
        (re.compile(rf"{less_than}\s*{one}"), _downwards),
        (re.compile(rf"{one}\s*{or_less}"), _downwards),
    )


def _amount_pattern(which: str, decimal: Decimal) -> str:
    return (
        rf"(?P<before{which}>[-+])?\s*{_CURRENCY}?\s*(?P<after{which}>[-+])?\s*(?P<digits{which}>{_DIGITS[decimal]})"
        rf"(?:e(?P<power{which}>[-+]?[0-9]{{1,3}})|\s*(?P<suffix{which}>{_SUFFIX})\b)?\s*(?:{_CURRENCY}|%)?"
    )
