"""From the columns of a warehouse to the states of a model's columns, as SQL.

A state is a whole number from 0: a bin of an amount, a level, yes or no; the last one of a column is "not known", and
of a category the first. Two views find it:

    values    one column v0, v1, ... for each attribute, null where it is not known: a double, a text, a flag, or the
              list of a set's members
    states    one column s0, s1, ... for each column of the model but those of texts: amounts by comparing with cut
              points, members by asking whether the list holds them

A text is its own key: it is looked up among the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, OTHER_LEVEL, ModelColumn
from icp_ml.serve.exports.model_sql_members import how_many, is_member, members_of
from icp_ml.serve.exports.sql_conditions import (
    Warehouse,
    asked,
    exact_number,
    is_known,
    years_after,
    years_since,
)
from icp_ml.serve.exports.sql_texts import folded, text, trimmed

Floats = NDArray[np.float64]

NOT_KNOWN: Final = " "
"""Stands for what is not known among texts: they are trimmed, so that none is a space; an empty text in a file is null
to some engines."""


def value_of(attribute: Attribute, levels: Sequence[str], warehouse: Warehouse) -> exp.Expr:
    """What an attribute says, null where it is not known. levels: those of its category that the model tells apart.

    Raises `ConfigError` for amounts that stand in several currencies.
    """
    if attribute.kind == "category" and (attribute.rollup is not None or attribute.phrases):
        said = _named_level(attribute, levels, warehouse)
    else:
        said = _VALUES[attribute.kind](attribute, warehouse)
    return exp.Case().when(is_known(attribute, warehouse), said)


def _named_level(attribute: Attribute, levels: Sequence[str], warehouse: Warehouse) -> exp.Expr:
    """Which of the levels a code or a phrase belongs to, else what is none of them."""
    found = exp.Case()
    for level in levels:
        condition = bind_condition(
            ConditionSettings.model_validate({"attribute": attribute.name, "is": [level]}),
            {attribute.name: attribute},
            "the model",
        )
        found = found.when(asked(condition, warehouse).holds(), text(level))
    return found.else_(text(OTHER_LEVEL)) if levels else text(OTHER_LEVEL)


def _number(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    return exp.cast(warehouse.column(attribute), "double")


def _ordered(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    return folded(warehouse.column(attribute)) if attribute.order else _number(attribute, warehouse)


def _years(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    return exp.cast(exp.paren(years_after(attribute, warehouse)), "double")


_VALUES: Final[Mapping[str, Callable[[Attribute, Warehouse], exp.Expr]]] = {
    "number": _number,
    "ordered": _ordered,
    "category": lambda attribute, warehouse: trimmed(warehouse.column(attribute)),
    "set": members_of,
    "flag": lambda attribute, warehouse: warehouse.column(attribute),
    "date": years_since,
    "year": _years,
}


# --- states -------------------------------------------------------------------------------------------------------


def is_looked_up(attribute: Attribute) -> bool:
    """Whether its state is found by its text."""
    return attribute.kind == "category" or (attribute.kind == "ordered" and bool(attribute.order))


def key_of(value: exp.Expr) -> exp.Expr:
    """How a text is looked up: what is not known has a key of its own."""
    return exp.Coalesce(this=value, expressions=[text(NOT_KNOWN)])


def level_keys(attribute: Attribute, column: ModelColumn) -> tuple[str | None, ...]:
    """The key of each state of such a column, None for the one of all other texts; "not known" stands as it does
    among the states: first for a category, last for an order."""
    if column.is_category:
        return (NOT_KNOWN, None, *column.levels[FIRST_VALUE_CODE:])
    return (*(level.strip().lower() for level in attribute.order), NOT_KNOWN)


def has_few_states(column: ModelColumn) -> bool:
    """Whether it says yes, no or nothing."""
    return column.kind in ("flag", "member")


def state_of(column: ModelColumn, value: exp.Expr, cuts: Floats, warehouse: Warehouse) -> exp.Expr:
    """The state of any other column. cuts: ascending, of an amount."""
    if column.kind == "flag":
        return _yes_or_no(value, value.copy())
    if column.kind == "member":
        return _yes_or_no(value, is_member(value, column.member, warehouse))
    amount = exp.cast(how_many(value, warehouse), "double") if column.kind == "count" else value
    bin_of = _bin(amount, [cut for cut in cuts.tolist() if cut != -np.inf], int(np.isneginf(cuts).sum()))
    return exp.Case().when(_is_null(value), _whole(len(cuts) + 1)).else_(bin_of)


def _yes_or_no(value: exp.Expr, is_so: exp.Expr) -> exp.Expr:
    return exp.Case().when(_is_null(value), _whole(2)).when(is_so, _whole(1)).else_(_whole(0))


def _bin(amount: exp.Expr, cuts: Sequence[float], first: int) -> exp.Expr:
    """How many cuts lie strictly below an amount, and `first` more; half of what is left is ruled out at a time."""
    if not cuts:
        return _whole(first)
    middle = len(cuts) // 2
    is_lower = exp.LTE(this=amount.copy(), expression=exact_number(cuts[middle]))
    lower = _bin(amount, cuts[:middle], first)
    return exp.Case().when(is_lower, lower).else_(_bin(amount, cuts[middle + 1 :], first + middle + 1))


def _whole(number: int) -> exp.Expr:
    return exp.Literal.number(number)


def _is_null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value.copy(), expression=exp.null())
