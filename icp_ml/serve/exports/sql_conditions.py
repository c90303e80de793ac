"""One condition as SQL: when the value is known, and what is asked of it then.

    attribute   expected column                         known                     asked
    number      numeric                                 finite                    compared as a double
    ordered     text; numeric where no order declared   a declared level          one of the levels that fit
    category    text                                    not empty, not `missing`  one of the values, in small letters
    set         text with separators, or a list         has a member; a list is   a member fits a pattern
    flag        boolean                                 not null                  true or false
    date        date                                    from 1000 to as_of        days to as_of / 365.25
    year        integer                                 from 1000 to as_of        year of as_of less the year

A typed column is expected, so that nothing has to be read out of texts. An answer that stands in JSON is expected in
a column of the attribute's own name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlglot import exp

from icp_ml.deals.answers import NOT_ANSWERED, OTHER
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition
from icp_ml.deals.kinds import DAYS_PER_YEAR
from icp_ml.deals.moments import YEARS
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.errors import ConfigError
from icp_ml.serve.exports.sql_categories import rolled_up_codes, said
from icp_ml.serve.exports.sql_texts import (
    folded,
    has_member,
    has_only,
    joined_members,
    one_of,
    text,
)

Dialect = Literal["duckdb", "postgres", "snowflake", "bigquery"]
Sets = Literal["text", "array"]

_GREATEST: Final = "1.7976931348623157e308"
"""The largest double; what is not a number and what is infinite lie outside of it and its negative in every engine."""
_PLAIN_DIGITS: Final = 15
"""Decimal literals of so many digits become the nearest double in every engine; longer ones are written with an e."""
_COMPARED: Final[Mapping[str, type[exp.Binary]]] = {
    "over": exp.GT,
    "at_least": exp.GTE,
    "under": exp.LT,
    "at_most": exp.LTE,
}
_PYTHON: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "over": operator.gt,
    "at_least": operator.ge,
    "under": operator.lt,
    "at_most": operator.le,
}
_YEAR: Final = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Warehouse:
    """Where a condition is asked. as_of: the day to which ages count; None for the day on which the SQL runs.

    sets: how columns of sets are held. names: from a source column of an attribute to what the table calls it; what is
    not named is called the same.
    """

    dialect: Dialect
    as_of: date | None
    sets: Sets
    names: Mapping[str, str]

    def column_name(self, attribute: Attribute) -> str:
        """The column of the table that holds the attribute's value itself."""
        return attribute.name if attribute.answer is not None else self.names.get(attribute.column, attribute.column)

    def column(self, attribute: Attribute) -> exp.Expr:
        """The same as an expression."""
        return exp.column(self.column_name(attribute), quoted=True)

    def day_that_counts(self) -> exp.Expr:
        """The day to which ages count."""
        return exp.CurrentDate() if self.as_of is None else a_day(self.as_of)


@dataclass(frozen=True)
class Asked:
    """A condition as two expressions, true or false: `known`, and `met` where it is known.

    is_known_where_met: `met` is never true of what is not known, though it may be null.
    """

    known: exp.Expr
    met: exp.Expr
    is_known_where_met: bool = False

    def holds(self) -> exp.Expr:
        """Whether it is known that the row meets it."""
        if self.is_known_where_met:
            return exp.Coalesce(this=self.met, expressions=[exp.false()])
        return _only_where(self.known, self.met)

    def fails(self) -> exp.Expr:
        """Whether it is known that the row does not meet it."""
        return _only_where(self.known, exp.not_(self.met))


def a_day(day: date) -> exp.Expr:
    """A day as a literal."""
    return exp.cast(text(day.isoformat()), "date")


def asked(condition: Condition, warehouse: Warehouse) -> Asked:
    """The condition in SQL, for columns of the types that this module expects.

    Raises `ConfigError` for amounts that stand in several currencies, which have to be converted first.
    """
    attribute = condition.attribute
    _check_one_currency(attribute)
    known, met = _PARTS[attribute.kind](condition, warehouse)
    if condition.settings.missing:
        return Asked(exp.true(), exp.not_(_only_where(known, exp.true())))
    if condition.settings.others:
        return Asked(known, exp.not_(met))
    return Asked(known, met, is_known_where_met=_names_what_is_known(condition))


def is_known(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    """Whether an attribute is known. Raises as `asked` does."""
    _check_one_currency(attribute)
    unasked = Condition(ConditionSettings(attribute=attribute.name, missing=True), attribute)
    return _PARTS[attribute.kind](unasked, warehouse)[0]


def _check_one_currency(attribute: Attribute) -> None:
    if attribute.currency is not None and attribute.currency.column is not None:
        raise ConfigError(
            f"'{attribute.name}' was expected in one currency for SQL, and its amounts are in that of the column "
            f"'{attribute.currency.column}'; declare a column that is converted already, or ban its criterion"
        )


def _names_what_is_known(condition: Condition) -> bool:
    """Whether nothing that means "not known" could be named by the condition."""
    attribute = condition.attribute
    if attribute.kind == "set":
        return not any(attribute.separator in token for token in unknown_texts(attribute))
    if attribute.kind == "category":
        return OTHER not in condition.texts
    return attribute.kind == "ordered" and bool(attribute.order)


Parts = tuple[exp.Expr, exp.Expr]


def _only_where(known: exp.Expr, met: exp.Expr) -> exp.Expr:
    """`met` where `known` is true, else false. A case is evaluated in this order, so that nothing unknown is used."""
    return exp.Case().when(known, met).else_(exp.false())


def _number(condition: Condition, warehouse: Warehouse) -> Parts:
    value = exp.cast(warehouse.column(condition.attribute), "double")
    known = exp.Between(this=value, low=exp.Neg(this=exp.Literal.number(_GREATEST)), high=exp.Literal.number(_GREATEST))
    return known, _compared(value, condition)


def _ordered(condition: Condition, warehouse: Warehouse) -> Parts:
    attribute = condition.attribute
    if not attribute.order:
        return _number(condition, warehouse)
    value = folded(warehouse.column(attribute))
    tokens = unknown_texts(attribute)
    levels = [level.strip().lower() for level in attribute.order]
    known = [level for level in levels if level not in tokens]
    meant = [level for level in known if _fits_rank(condition, float(levels.index(level)))]
    return one_of(value, known), one_of(value, meant)


def _fits_rank(condition: Condition, rank: float) -> bool:
    if condition.bounds:
        return all(_PYTHON[key](rank, number) for key, number in condition.bounds)
    return rank in condition.numbers


def _category(condition: Condition, warehouse: Warehouse) -> Parts:
    attribute = condition.attribute
    column = warehouse.column(attribute)
    value = folded(column)
    known: exp.Expr = exp.not_(one_of(value, ["", *unknown_texts(attribute)]))
    if attribute.rollup is not None:
        codes = rolled_up_codes(column, attribute.rollup, condition.texts)
        return exp.and_(known, codes.known), codes.named
    if attribute.phrases:
        return known, said(value, attribute, condition.texts)
    return known, one_of(value, _spellings(condition))


def _set(condition: Condition, warehouse: Warehouse) -> Parts:
    attribute = condition.attribute
    column = warehouse.column(attribute)
    names = _spellings(condition)
    if warehouse.sets == "array":
        members, mark = joined_members(column, None)
        return exp.not_(exp.Is(this=column, expression=exp.null())), has_member(members, mark, names)
    members, mark = joined_members(column, attribute.separator)
    tokens = unknown_texts(attribute)
    known: exp.Expr = exp.not_(has_only(members, mark, [token for token in tokens if attribute.separator not in token]))
    if parted := [token for token in tokens if attribute.separator in token]:
        known = exp.and_(known, exp.not_(one_of(folded(column), parted)))
    return known, has_member(members, mark, names)


def _flag(condition: Condition, warehouse: Warehouse) -> Parts:
    column = warehouse.column(condition.attribute)
    tokens = unknown_texts(condition.attribute)
    sides = [side for side, token in ((column, "true"), (exp.not_(column), "false")) if token not in tokens]
    known: exp.Expr = exp.not_(exp.Is(this=column, expression=exp.null()))
    if len(sides) == 1:
        known = exp.and_(known, sides[0])
    if len(condition.numbers) != 1:
        return known, exp.true()
    return known, column if condition.numbers[0] else exp.not_(column)


def _date(condition: Condition, warehouse: Warehouse) -> Parts:
    day = exp.cast(warehouse.column(condition.attribute), "date")
    known = exp.Between(this=day, low=a_day(date(YEARS[0], 1, 1)), high=warehouse.day_that_counts())
    return known, _compared(years_since(condition.attribute, warehouse), condition)


def years_since(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    """The age of a date in years, as a double; the date has to be known."""
    day = exp.cast(warehouse.column(attribute), "date")
    days: exp.Expr = exp.Sub(this=warehouse.day_that_counts(), expression=day)
    if warehouse.dialect == "bigquery":  # there a difference of dates is an interval
        days = exp.DateDiff(this=warehouse.day_that_counts(), expression=day.copy(), unit=exp.var("DAY"))
    return exp.Div(this=exp.cast(days, "double"), expression=exact_number(DAYS_PER_YEAR))


def _year(condition: Condition, warehouse: Warehouse) -> Parts:
    column = warehouse.column(condition.attribute)
    known: exp.Expr = exp.Between(this=column, low=exact_number(float(YEARS[0])), high=_this_year(warehouse))
    if tokens := [token for token in unknown_texts(condition.attribute) if _YEAR.fullmatch(token)]:
        known = exp.and_(
            known, exp.not_(exp.In(this=column, expressions=[exact_number(float(each)) for each in tokens]))
        )
    return known, _compared(years_after(condition.attribute, warehouse), condition)


def years_after(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    """The calendar year of the day that counts less a year."""
    return exp.Sub(this=_this_year(warehouse), expression=warehouse.column(attribute))


def _this_year(warehouse: Warehouse) -> exp.Expr:
    return exp.Extract(this=exp.var("YEAR"), expression=warehouse.day_that_counts())


_PARTS: Final[Mapping[str, Callable[[Condition, Warehouse], Parts]]] = {
    "number": _number,
    "ordered": _ordered,
    "category": _category,
    "set": _set,
    "flag": _flag,
    "date": _date,
    "year": _year,
}


def _compared(value: exp.Expr, condition: Condition) -> exp.Expr:
    if condition.numbers:
        return exp.In(this=value.copy(), expressions=[exact_number(number) for number in condition.numbers])
    bounds = [_COMPARED[key](this=value.copy(), expression=exact_number(number)) for key, number in condition.bounds]
    return exp.and_(*bounds) if bounds else exp.true()


def exact_number(number: float) -> exp.Expr:
    """A number that is this very double in every engine."""
    if number < 0:
        return exp.Neg(this=exact_number(-number))
    if number.is_integer() and number < 10**_PLAIN_DIGITS:
        return exp.Literal.number(int(number))
    written = repr(number)
    is_plain = "e" not in written and len(written.replace(".", "").lstrip("0")) <= _PLAIN_DIGITS
    return exp.Literal.number(written if is_plain or "e" in written else f"{written}e0")


def unknown_texts(attribute: Attribute) -> list[str]:
    """The texts that mean "not known", in small letters; an agent's answers have some of their own."""
    own = NOT_ANSWERED if attribute.answer is not None else ()
    return [token for token in dict.fromkeys(each.strip().lower() for each in (*attribute.missing, *own)) if token]


def _spellings(condition: Condition) -> list[str]:
    """The values asked for in small letters, and in folded case where that is another spelling."""
    written = condition.settings.values or condition.settings.others
    lowered = {each.strip().lower() for each in written if each.strip().casefold() in condition.texts}
    return sorted(lowered | condition.texts)
