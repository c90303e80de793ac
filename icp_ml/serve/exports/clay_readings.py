"""Attributes as columns of formulas that read them: what a list holds becomes what the library reads.

    kind       the reading holds
    number     a number; the midpoint of a range where the attribute says so
    flag       1 or 0
    date       the age in years on the day in the column "ICP as of"
    year       the calendar year of that day less the year
    ordered    the rank of the level, 0 for the lowest; without a declared order the lower bound of the range
    category   the value in folded case; of an industry code, the digits that it rolls up by
    set        the members in folded case, each between bars

An empty reading means not known. Where one expression would have to say the same thing many times, a first column
holds it for a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.settings import Kind, ProspectsSettings
from icp_ml.deals.texts import UNKNOWN_WORDS
from icp_ml.serve.exports.clay_ages import date_readings, year_readings
from icp_ml.serve.exports.clay_amounts import amount_chain, range_chain, range_place
from icp_ml.serve.exports.clay_cells import Cell, Column, list_column
from icp_ml.serve.exports.clay_names import category_readings, set_readings
from icp_ml.serve.exports.clay_texts import reference, text_of, texts

_YES: Final = ("yes", "true", "y", "t", "1", "1.0")
_NO: Final = ("no", "false", "n", "f", "0", "0.0")


def readings(attribute: Attribute, prospects: ProspectsSettings) -> tuple[Column, ...]:
    """The columns that read one attribute, in their order; the last is called `reading_name`.

    Raises `ConfigError` where a column name cannot be written in a formula.
    """
    return _READERS[attribute.kind](Cell(attribute, prospects))


def _number(cell: Cell) -> tuple[Column, ...]:
    if cell.attribute.ranges == "midpoint":
        return _range(cell, cell.lower(UNKNOWN_WORDS), "as a number, a range by its midpoint")
    amount = cell.lower(UNKNOWN_WORDS) + amount_chain(cell.attribute.decimal, cell.attribute.currency)
    return (cell.reading(_in_currency(amount, cell), "as a number"),)


def _range(cell: Cell, lower: str, what: str) -> tuple[Column, ...]:
    ends = lower + range_chain(cell.attribute.decimal, cell.attribute.currency)
    written = cell.step("ends", _in_currency(ends, cell))
    place = range_place(reference(written.name), midpoint=cell.attribute.ranges == "midpoint")
    return written, cell.reading(place, what)


def _in_currency(amount: str, cell: Cell) -> str:
    """The amount, empty where the column beside it does not name the attribute's currency."""
    currency = cell.attribute.currency
    if currency is None or currency.column is None:
        return amount
    code = text_of(reference(list_column(currency.column, cell.prospects)))
    return f'{texts(currency.accepts)}.indexOf({code}.toUpperCase()) >= 0 ? {amount} : ""'


def _flag(cell: Cell) -> tuple[Column, ...]:
    lower = cell.lower(UNKNOWN_WORDS)
    formula = f'{texts(_YES)}.indexOf({lower}) >= 0 ? 1 : {texts(_NO)}.indexOf({lower}) >= 0 ? 0 : ""'
    return (cell.reading(formula, "as 1 for yes and 0 for no"),)


def _ordered(cell: Cell) -> tuple[Column, ...]:
    order = cell.attribute.order
    if not order:
        return _range(cell, cell.lower(), "by the lower end of its range")
    place = f"{texts(level.strip().lower() for level in order)}.indexOf({cell.lower()})"
    ranks = ", ".join(f"{rank} {level}" for rank, level in enumerate(order))
    return (cell.reading(f'{place} >= 0 ? {place} : ""', f"by its rank: {ranks}"),)


_READERS: Final[Mapping[Kind, Callable[[Cell], tuple[Column, ...]]]] = {
    "number": _number,
    "flag": _flag,
    "date": date_readings,
    "year": year_readings,
    "ordered": _ordered,
    "category": category_readings,
    "set": set_readings,
}
