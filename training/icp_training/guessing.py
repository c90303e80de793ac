"""What a column of an export probably is, judged by its name and by every value in it, with the reason in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.parsing import parse_days, parse_flags, parse_numbers, parse_range_levels, parse_sets, parse_years
from icp_ml.deals.settings import DateOrder, Kind, Layer
from icp_ml.deals.texts import encode_texts
from icp_ml.model.metrics import auc

MOST_LEVELS = 300
"""A text column with more values than this is a name or free text, not a category; we chose it."""
NEARLY_ALL = 0.95
LIST_SHARE = 0.3
FEW_VALUES = 20
"""Up to so many texts are ranked by their own win rate; with more of them that rate would be each deal's own."""
TOO_STRONG = 0.85
"""An area under the curve that a single column known beforehand does not reach: on 78,025 real deals the strongest
legitimate one has 0.76."""
DATE_ORDERS: tuple[DateOrder, ...] = ("iso", "mdy", "dmy")

_IN_PROCESS = re.compile(
    r"elapsed|\bdays?\b|duration|\bchanges?\b|probab|forecast|next step|activit|reason|\bclosed?\b|\bclosing\b|\blost\b"
    r"|\bwon\b|expected|cycle|discount|churn|expansion|\bnps\b|renew|\bsupport\b|last modif|updat",
    re.IGNORECASE,
)
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_YEAR = re.compile(r"year|founded|established", re.IGNORECASE)
_SELLER_SIDE = re.compile(
    r"\bowner\b|\brep\b|\bseller\b|\bagent\b|\bmanager\b|\bteam\b|created by|salesperson", re.IGNORECASE
)
_AMOUNT = re.compile(r"amount|\bacv\b|\barr\b|\btcv\b|price|deal (size|value)|close value", re.IGNORECASE)
_LAYERS: tuple[tuple[Layer, re.Pattern[str]], ...] = (
    ("technographic", re.compile(r"tool|tech|stack|\bcrm\b|platform|software|cloud|integrat", re.IGNORECASE)),
    (
        "behavioural",
        re.compile(r"intent|hiring|signal|news|visit|research|review|executive|content|\bopen.?roles", re.IGNORECASE),
    ),
    (
        "engagement",
        re.compile(r"e-?mail|demo|meeting|trial|usage|lead.?source|source|contact|reply|webinar|engag", re.IGNORECASE),
    ),
)


@dataclass(frozen=True)
class Texts:
    """A column as distinct texts: `values` are the texts that occur, `codes` says which each row has, -1 for none."""

    name: str
    values: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is a text."""
        return self.codes >= 0


@dataclass(frozen=True)
class Guess:
    """kind: None where the column is not usable as an attribute. why: in words. use: whether it is safe to learn from.

    order: how a date is written; "iso" for every other kind.
    """

    kind: Kind | None
    layer: Layer
    why: str
    use: bool
    order: DateOrder = "iso"


def texts_of(name: str, column: pa.ChunkedArray) -> Texts:
    """The texts that training will see, in the order in which they first occur."""
    read = encode_texts(column)
    used, first = np.unique(read.codes, return_index=True)
    ordered = used[np.argsort(first)]
    ordered = ordered[ordered >= 0]
    place = np.full(len(read.distinct) + 1, -1, dtype=np.int64)  # the last entry is for -1, a row without a text
    place[ordered] = np.arange(len(ordered))
    return Texts(name, tuple(read.distinct[code] for code in ordered), place[read.codes])


def is_nested(field: pa.Field) -> bool:
    """Whether a column holds more than one value a row, or one list of values."""
    is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
    return bool(pa.types.is_nested(field.type.value_type if is_list else field.type))


def date_order(texts: Texts) -> tuple[DateOrder, bool] | None:
    """The order in which nearly all values read as dates, and whether another order would do as well; else None."""
    fitting = date_orders(texts)
    return (fitting[0], len(fitting) > 1) if fitting else None


def date_orders(texts: Texts) -> tuple[DateOrder, ...]:
    """Every order in which nearly all values read as dates. A plain number such as 20240131 is not taken for one."""
    if not texts.values or all(_PLAIN_NUMBER.fullmatch(value) for value in texts.values):
        return ()
    column = pa.array(texts.values)
    return tuple(order for order in DATE_ORDERS if _readable(parse_days(column, order).trouble.rows, texts))


def guess(texts: Texts, won: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Guess:
    """Kind and layer of a column, and whether it may be learned from.

    won, decided: of each row, whether the deal was won, and whether it was won or lost.
    """
    kind, why = _kind(texts)
    layer = _layer(texts.name)
    if kind is None:
        return Guess(None, layer, why, use=False)
    doubt = _doubt(texts, won, decided)
    read = date_order(texts) if kind == "date" else None
    return Guess(kind, layer, f"{why}; {doubt}" if doubt else why, use=doubt is None, order=read[0] if read else "iso")


def _spaced(name: str) -> str:
    """A column's name as words: days_in_stage, DaysInStage and Days-In-Stage are one."""
    return re.sub(r"[_.\-]+|(?<=[a-z0-9])(?=[A-Z])", " ", name)


def _layer(name: str) -> Layer:
    for layer, words in _LAYERS:
        if words.search(name):
            return layer
    return "firmographic"


def _kind(texts: Texts) -> tuple[Kind | None, str]:
    if len(texts.values) < 2:
        return None, "has fewer than two different values"
    column = pa.array(texts.values)
    is_year = _YEAR.search(texts.name) and _readable(parse_years(column).trouble.rows, texts)
    readings: tuple[tuple[bool, Kind, str], ...] = (
        (_readable(parse_flags(column).trouble.rows, texts), "flag", "yes or no"),
        (bool(is_year), "year", "years, read as an age at the opening"),
        (_readable(parse_numbers(column).trouble.rows, texts), "number", "numbers"),
        (date_order(texts) is not None, "date", "dates, read as an age at the opening"),
        (_readable(parse_range_levels(column).trouble.rows, texts), "ordered", "ranges, ordered by their lower end"),
    )
    return next(((kind, why) for fits, kind, why in readings if fits), None) or _text_kind(texts)


def _text_kind(texts: Texts) -> tuple[Kind | None, str]:
    lists = np.array([";" in value for value in texts.values])
    if lists[texts.codes[texts.known]].mean() > LIST_SHARE:
        members = len(parse_sets(pa.array(texts.values)).levels)
        return "set", f"lists separated by semicolons, {members} different members"
    if len(texts.values) > min(MOST_LEVELS, max(20, int(texts.known.sum()) // 3)):
        return None, f"{len(texts.values):,} different texts: a name, an identifier or free text"
    return "category", f"{len(texts.values)} different texts"


def _readable(unreadable: int, texts: Texts) -> bool:
    return unreadable <= (1 - NEARLY_ALL) * len(texts.values)


def _doubt(texts: Texts, won: NDArray[np.bool_], decided: NDArray[np.bool_]) -> str | None:
    """Why it is safer not to learn from this column until somebody has said when it is filled in; None if nothing."""
    name = _spaced(texts.name)
    if _SELLER_SIDE.search(name):
        return "it is about the seller, not the company sold to"
    if _AMOUNT.search(name):
        return "amounts are often changed to what was finally sold"
    if _IN_PROCESS.search(name):
        return "its name speaks of the course or the end of the deal"
    among_won, among_lost = texts.known[decided & won].mean(), texts.known[decided & ~won].mean()
    if min(among_won, among_lost) < 0.02 and max(among_won, among_lost) > 0.2:
        return f"it is filled in for {among_won:.0%} of won and {among_lost:.0%} of lost deals"
    return _told_by_outcome(texts, won, decided) or _too_strong(texts, won, decided)


def _told_by_outcome(texts: Texts, won: NDArray[np.bool_], decided: NDArray[np.bool_]) -> str | None:
    """Values that occur often and with one outcome only: nothing known beforehand is that sure."""
    rows = texts.known & decided
    total = np.bincount(texts.codes[rows], minlength=len(texts.values))
    wins = np.bincount(texts.codes[rows & won], minlength=len(texts.values))
    certain = (total >= 30) & ((wins == 0) | (wins == total))
    covered = total[certain].sum() / max(total.sum(), 1)
    if covered < 0.2:
        return None
    return f"{int(certain.sum())} of its values occur with one outcome only, in {covered:.0%} of the deals"


def _too_strong(texts: Texts, won: NDArray[np.bool_], decided: NDArray[np.bool_]) -> str | None:
    """A column that ranks deals better by itself than anything known beforehand was ever seen to."""
    rows = texts.known & decided
    if not 0 < won[rows].sum() < rows.sum():
        return None
    numbers = parse_numbers(pa.array(texts.values)).values
    if np.isnan(numbers).any():
        if len(numbers) > FEW_VALUES:
            return None
        total = np.bincount(texts.codes[rows], minlength=len(texts.values))
        # Half a win and half a loss more, so that a value seen once does not count as sure.
        numbers = (np.bincount(texts.codes[rows & won], minlength=len(texts.values)) + 0.5) / (total + 1.0)
    area = auc(numbers[texts.codes[rows]], won[rows].astype(np.int8), np.ones(int(rows.sum())))
    if max(area, 1 - area) < TOO_STRONG:
        return None
    return f"it alone tells won from lost deals with an AUC of {max(area, 1 - area):.2f}"
