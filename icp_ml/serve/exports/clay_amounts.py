"""Amounts and ranges of amounts in JavaScript, read as `icp_ml.deals.amounts` reads them.

    "1,200"    1200        "$18.3 MM"  18.3e6       "(1,200)"  -1200       "12 %"  12      "about 5"  (empty)
    "51-200"   51;51;200   "10-50M"    10;10e6;50e6            "1,000+"  1000;1000;Infinity

A range is written as its lower end, its lower end with the suffix that its upper end lends it, and its upper end.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from string import ascii_lowercase
from typing import Final

from icp_ml.deals.amounts import CODES, OPEN_UPPER_MIDPOINT, SIGNS
from icp_ml.deals.currencies import Currency, codes_named
from icp_ml.deals.settings import Decimal
from icp_ml.serve.exports.clay_texts import MARK, replaced, understood_only

_SUFFIXES: Final = (
    (3, "k|thousand"),
    (6, "millions|million|mio|mil|mm|mn|m"),
    (9, "billions|billion|bn|b"),
    (12, "trillion|tn"),
)
_ANY_SUFFIX: Final = "thousand|millions|million|billions|billion|trillion|mio|mil|mm|mn|bn|tn|k|m|b"
_DIGITS: Final = {
    ".": r"(?:\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:[ \u00a0\u202f']\d{3})+|\d+)(?:\.\d*)?|\.\d+",
    ",": r"(?:\d{1,3}(?:[.]\d{3})+|\d{1,3}(?:[ \u00a0\u202f']\d{3})+|\d+)(?:,\d*)?|,\d+",
}
_DASHES: Final = replaced(r"[\u2010-\u2015\u2212]", "-", "g")
_REMARK: Final = replaced(r"\s*\([^()]*\)\s*$", "")
_COUNTED: Final = replaced(r"\s+(?:employees?|people|persons?|staff|ftes?|headcount|years?|yrs?)$", "")
_BRACKETED: Final = replaced(r"^([^()\d-]*)\(([^()-]*)\)$", "N$1$2")
_MORE: Final = r"(?:more than|greater than|over|above|at least|from|minimum(?: of)?|min\.?|>=?|≥)"
_OR_MORE: Final = r"(?:\+|plus|(?:and|or) (?:above|more|over|up|greater|higher|larger))"
_LESS: Final = r"(?:less than|fewer than|smaller than|under|below|up to|at most|maximum(?: of)?|max\.?|<=?|≤)"
_OR_LESS: Final = r"(?:(?:and|or) (?:less|fewer|under|below|lower|smaller))"
_TO: Final = r"\s*(?:-|to|and|\.\.+)\s*"


def amount_chain(decimal: Decimal, currency: Currency | None) -> str:
    """From a lower-case text to the number it writes, such as "-18.3e6"; the empty text where it is none.

    currency: whose signs and codes may stand beside the figure; None for any. Any other makes it no number, as does a
    sign on a figure in brackets.
    """
    money = _money(currency)
    one = rf"(N?)([-+]?)\s*{money}?\s*([-+]?)\s*({_DIGITS[decimal]}){_power()}\s*(?:{money}|%)?"
    return (
        _DASHES + _BRACKETED + replaced(f"^{one}$", f"{MARK}$1$2$3$4|$5$6") + _plain_number(decimal) + understood_only()
    )


def range_chain(decimal: Decimal, currency: Currency | None) -> str:
    """From a lower-case text to "low;lent;high", the empty text where it is neither a number nor a range.

    Ends that are not in order are for `ends_of_range` to judge.
    """
    money = _money(currency)
    head = rf"([-+]?)\s*{money}?\s*([-+]?)\s*({_DIGITS[decimal]})"
    tail = rf"\s*(?:{money}|%)?"
    one, marked = f"{head}{_power()}{tail}", f"{head}{_power(least=1)}{tail}"
    point = "$1$2$3|$4$5"
    above = f"{MARK}{point};{point};Infinity"
    below = f"{MARK}0;0;{point}"
    forms = (
        (f"^{one}$", f"{MARK}{point};{point};{point}"),
        (rf"^(?:from |between )?\s*{marked}{_TO}{one}$", f"{MARK}{point};{point};$6$7$8|$9$10"),
        (rf"^(?:from |between )?\s*{head}{tail}{_TO}{one}$", f"{MARK}$1$2$3;$1$2$3|$8;$4$5$6|$7$8"),
        (rf"^{_MORE}\s*{one}\s*\+?$", above),
        (rf"^{one}\s*{_OR_MORE}$", above),
        (rf"^{_LESS}\s*{one}$", below),
        (rf"^{one}\s*{_OR_LESS}$", below),
    )
    read = "".join(replaced(pattern, by) for pattern, by in forms)
    return _REMARK + _DASHES + ".trim()" + _COUNTED + read + _plain_number(decimal) + understood_only()


def range_place(written: str, *, midpoint: bool) -> str:
    """The number that stands for "low;lent;high": its midpoint, or where it stands in the order of ranges.

    written: a reference to it. Empty where the ends are not in order.
    """
    low, lent, high = (f'Number(String({written}).split(";")[{place}])' for place in range(3))
    start = f"({low} <= {lent} && {lent} <= {high} ? {lent} : {low})"
    if midpoint:
        found = f"({high} === Infinity ? {OPEN_UPPER_MIDPOINT} * {start} : ({start} + {high}) / 2)"
    else:
        found = f"({start} === 0 && {high} > 0 ? Math.min(1, {high} / 2) : {start})"
    return f'{low} <= {high} ? {found} : ""'


def _power(*, least: int = 0) -> str:
    """A power of ten or a suffix, as two groups. least: 1 where one of them has to be there."""
    optional = "" if least else "?"
    return rf"(?:e([-+]?\d{{1,3}})|\s*({_ANY_SUFFIX})\b){optional}"


def _plain_number(decimal: Decimal) -> str:
    """From "N+1,200|mm" and the like, several with semicolons between, to numbers as JavaScript reads them."""
    grouping = r"[,\s']" if decimal == "." else r"[.\s']"
    return "".join(
        (
            replaced(rf"(^{MARK}|;)\+*[-N][-+N]*", "$1-", "g"),
            replaced(rf"(^{MARK}|;)\++", "$1", "g"),
            replaced(grouping, "", "g"),
            replaced(",", ".", "g") if decimal == "," else "",
            *(replaced(rf"\|(?:{names})(?=;|$)", f"e{power}", "g") for power, names in _SUFFIXES),
            replaced(r"\|([-+]?\d)", "e$1", "g"),
            replaced(r"\|", "", "g"),
        )
    )


@lru_cache
def _money(currency: Currency | None) -> str:
    """The signs and codes that may stand beside an amount of a currency."""
    if currency is None:
        return rf"(?:[a-z]{{0,2}}[{SIGNS}]|{CODES})"
    codes = [code for code in CODES.split("|") if code.upper() in currency.accepts]
    signs = [_sign(sign, frozenset(currency.accepts)) for sign in SIGNS]
    allowed = [each for each in (*signs, *codes) if each]
    return f"(?:{'|'.join(allowed)})" if allowed else r"(?:\b\B)"


def _sign(sign: str, accepts: frozenset[str]) -> str:
    """The spellings of a sign that can mean an accepted currency: all but some, or only some."""
    letters = ["".join(each) for size in range(3) for each in product(ascii_lowercase, repeat=size)]
    fits = {prefix: bool((codes_named(prefix + sign) or frozenset()) & accepts) for prefix in letters}
    if fits[""]:
        others = "|".join(prefix for prefix in letters if not fits[prefix])
        return rf"(?!(?:{others})[{sign}])[a-z]{{0,2}}[{sign}]" if others else rf"[a-z]{{0,2}}[{sign}]"
    named = "|".join(prefix for prefix in letters if fits[prefix])
    return f"(?:{named})[{sign}]" if named else ""
