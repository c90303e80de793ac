"""A column of an export as its distinct texts, and the orders in which those read as dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.parsing import parse_days
from icp_ml.deals.settings import DateOrder
from icp_ml.deals.texts import encode_texts

NEARLY_ALL = 0.95
"""The share of a column's distinct texts that must read as a kind for the column to be of that kind; we chose it."""
DATE_ORDERS: tuple[DateOrder, ...] = ("iso", "mdy", "dmy")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


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


def texts_of(name: str, column: pa.ChunkedArray, missing: Iterable[str] = ()) -> Texts:
    """The texts that training will see, in order of first occurrence. missing: texts that mean "not known"."""
    read = encode_texts(column).without_tokens(missing)
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
    return tuple(order for order in DATE_ORDERS if readable(parse_days(column, order).trouble.rows, texts))


def readable(unreadable: int, texts: Texts) -> bool:
    """Whether so few of the distinct texts cannot be read that the others say what the column is."""
    return unreadable <= (1 - NEARLY_ALL) * len(texts.values)


def spaced(name: str) -> str:
    """A column's name as words: days_in_stage, DaysInStage and Days-In-Stage are one."""
    return re.sub(r"[_.\-]+|(?<=[a-z0-9])(?=[A-Z])", " ", name)
