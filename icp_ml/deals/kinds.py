"""The one reading of attributes, for training and for scoring: a table of raw columns to typed columns.

Nothing here is fitted: what a value becomes depends on the value, the attribute's declaration and `as_of`
alone, so that a row means the same alone, in a batch and in training.

    kind       becomes
    number     float64
    flag       0.0 or 1.0
    date       its age in years at `as_of` (365.25 days)
    year       the calendar year of `as_of` less the year
    ordered    its rank in the declared order; without one, the lower bound of the range text
    category   a code into the values that the table holds, or, for industry codes, into what they roll up to
    set        the members of each row
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals.answers import Documents, read_answers, read_documents, sort_phrases
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Amounts, in_currency
from icp_ml.deals.moments import Days, year_of
from icp_ml.deals.parsing import (
    parse_categories,
    parse_days,
    parse_flags,
    parse_numbers,
    parse_range_levels,
    parse_ranks,
    parse_sets,
    parse_years,
)
from icp_ml.deals.rollups import rolled_up
from icp_ml.deals.texts import (
    Column,
    Flags,
    Floats,
    Ints,
    Texts,
    Trouble,
    known_texts,
    positions,
    trouble_of,
)
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError, InputError

Rows: TypeAlias = npt.NDArray[np.integer]
RawTable: TypeAlias = pa.Table | pa.RecordBatch

DAYS_PER_YEAR = 365.25
"""The Julian year: ages in days become years without a jump at leap days."""


@dataclass(frozen=True)
class NumberColumn:
    """values: float64[n], NaN where missing."""

    values: Floats

    def take(self, rows: Rows) -> NumberColumn:
        """The same for the given rows, in their order."""
        return NumberColumn(self.values[rows])


@dataclass(frozen=True)
class CategoryColumn:
    """codes: int32[n] into `levels`, -1 where missing. levels: in alphabetical order."""

    codes: Ints
    levels: tuple[str, ...]

    def take(self, rows: Rows) -> CategoryColumn:
        """The same for the given rows, in their order; `levels` stay."""
        return CategoryColumn(self.codes[rows], self.levels)


@dataclass(frozen=True)
class SetColumn:
    """Members in compressed rows: those of row i are `indices[indptr[i]:indptr[i + 1]]`, ascending, distinct.

    indptr: int64[n + 1]. indices: int32, into `levels`. A missing row has no members; so has a row that is
    known to have none, where `missing` is False.
    """

    indptr: npt.NDArray[np.int64]
    indices: Ints
    levels: tuple[str, ...]
    missing: Flags

    def take(self, rows: Rows) -> SetColumn:
        """The same for the given rows, in their order; `levels` stay."""
        starts, sizes = self.indptr[:-1][rows], self.sizes()[rows]
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return SetColumn(indptr, self.indices[positions(starts, sizes)], self.levels, self.missing[rows])

    def sizes(self) -> npt.NDArray[np.int64]:
        """int64[n]: the number of members of each row."""
        return np.diff(self.indptr)


ParsedColumn: TypeAlias = NumberColumn | CategoryColumn | SetColumn


@dataclass(frozen=True)
class Unreadable:
    """Values of one attribute that were taken as missing: in how many rows, and up to three examples."""

    attribute: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ParsedTable:
    """Typed columns by attribute name, all of `n_rows` rows, and what could not be read.

    unmapped: phrases that none of the declared categories fits; they became "(other)".
    """

    n_rows: int
    columns: Mapping[str, ParsedColumn]
    unreadable: tuple[Unreadable, ...]
    unmapped: tuple[Unreadable, ...] = ()

    def take(self, rows: Rows) -> ParsedTable:
        """The same for the given rows, in their order. `unreadable` and `unmapped` still tell of the whole table."""
        taken = {name: column.take(rows) for name, column in self.columns.items()}
        return ParsedTable(len(rows), taken, self.unreadable, self.unmapped)

    def missing(self, name: str) -> Flags:
        """bool[n]: the rows in which the attribute `name` is not known."""
        column = self.columns[name]
        if isinstance(column, SetColumn):
            return column.missing
        return column.codes < 0 if isinstance(column, CategoryColumn) else np.isnan(column.values)


def parse_attributes(
    table: RawTable,
    attributes: Sequence[Attribute],
    as_of: Days | None,
    absent: frozenset[str] = frozenset(),
) -> ParsedTable:
    """Read the declared attributes of a raw table.

    `as_of`: datetime64[D], one day a row or one for all; ages are counted to it. None where there is no such
    day.
    `absent`: names of the attributes whose column the table lacks; all their rows are missing.

    A date or year after `as_of` is unreadable: it could not have been known. Raises `InputError` where a
    column is lacking that is not in `absent`, `ConfigError` where a date or year is declared and `as_of` is
    None.
    """
    columns: dict[str, ParsedColumn] = {}
    unreadable: list[Unreadable] = []
    unmapped: list[Unreadable] = []
    documents: dict[str, Documents] = {}
    days = None if as_of is None else np.broadcast_to(as_of, table.num_rows)
    for attribute in attributes:
        if attribute.name in absent:
            columns[attribute.name] = _all_missing(attribute, table.num_rows)
            continue
        raw, unanswered = _answered(_raw(table, attribute), attribute, documents)
        column, trouble = _parse(table, raw, attribute, days)
        column, unmapped_here = _sorted_into_categories(column, attribute)
        columns[attribute.name] = column
        unreadable += _told(attribute.name, unanswered.and_then(trouble))
        unmapped += _told(attribute.name, unmapped_here)
    return ParsedTable(table.num_rows, columns, tuple(unreadable), tuple(unmapped))


def _told(name: str, trouble: Trouble) -> list[Unreadable]:
    return [Unreadable(name, trouble.rows, trouble.examples)] if trouble.rows else []


def _answered(column: Column, attribute: Attribute, documents: dict[str, Documents]) -> tuple[Column, Trouble]:
    """The column itself, or the attribute's answers in it. documents: by column, so that each is parsed once."""
    if attribute.answer is None:
        return column, Trouble()
    if attribute.column not in documents:
        documents[attribute.column] = read_documents(column)
    separator = attribute.separator if attribute.kind == "set" else None
    read = read_answers(documents[attribute.column], attribute.answer, separator)
    return read.values, read.trouble


def _sorted_into_categories(column: ParsedColumn, attribute: Attribute) -> tuple[ParsedColumn, Trouble]:
    if not attribute.phrases or not isinstance(column, CategoryColumn):
        return column, Trouble()
    found = sort_phrases(Texts(column.codes, list(column.levels)), attribute.phrases)
    return CategoryColumn(found.codes, found.levels), found.unmapped


def _raw(table: RawTable, attribute: Attribute) -> Column:
    if attribute.column not in table.schema.names:
        raise InputError(
            f"expected the column '{attribute.column}' of attribute '{attribute.name}', found no such "
            f"column; {suggestion(attribute.column, table.schema.names)}"
        )
    return table.column(attribute.column)


def _parse(table: RawTable, column: Column, attribute: Attribute, as_of: Days | None) -> tuple[ParsedColumn, Trouble]:
    if attribute.kind == "category":
        texts, trouble = parse_categories(column, attribute.missing), Trouble()
        if attribute.rollup is not None:
            texts, trouble = rolled_up(texts, attribute.rollup)
        return CategoryColumn(texts.codes, tuple(texts.distinct)), trouble
    if attribute.kind == "set":
        read = parse_sets(column, attribute.separator, attribute.missing)
        return SetColumn(read.indptr, read.indices, read.levels, read.missing), Trouble()
    values, trouble = _parse_numeric(column, attribute, as_of)
    if attribute.currency is not None:
        beside = attribute.currency.column
        codes = table.column(beside) if beside in table.schema.names else None
        values, lost = in_currency(Amounts(values, column, codes), attribute.currency, as_of, attribute.name)
        trouble = trouble.and_then(lost)
    return NumberColumn(values), trouble


def _parse_numeric(column: Column, attribute: Attribute, as_of: Days | None) -> tuple[Floats, Trouble]:
    if attribute.kind in ("date", "year"):
        return _parse_age(column, attribute, as_of)
    if attribute.kind == "flag":
        read = parse_flags(column, attribute.missing)
    elif attribute.kind == "number":
        read = parse_numbers(column, attribute.missing, attribute.decimal, attribute.ranges)
    elif attribute.order:
        read = parse_ranks(column, attribute.order, attribute.missing)
    else:
        read = parse_range_levels(column, attribute.missing, attribute.decimal)
    return read.values, read.trouble


def _parse_age(column: Column, attribute: Attribute, as_of: Days | None) -> tuple[Floats, Trouble]:
    if as_of is None:
        raise ConfigError(
            f"attribute '{attribute.name}' is a {attribute.kind} and becomes an age at the opening of the "
            "deal, but no opening date is declared; set deals.opened, or `use: no` for this attribute"
        )
    ages = _ages(column, attribute, as_of)
    known = ages >= 0
    texts = known_texts(column, attribute.missing)
    return np.where(known, ages, np.nan), trouble_of(texts, ~known)


def _ages(column: Column, attribute: Attribute, as_of: Days) -> Floats:
    """Ages in years at `as_of`, negative after it, NaN where the date or year could not be read."""
    if attribute.kind == "year":
        return year_of(as_of) - parse_years(column, attribute.missing).values
    days = parse_days(column, attribute.date_order, attribute.missing).values
    return (as_of - days) / np.timedelta64(1, "D") / DAYS_PER_YEAR


def _all_missing(attribute: Attribute, n_rows: int) -> ParsedColumn:
    if attribute.kind == "category":
        return CategoryColumn(np.full(n_rows, -1, dtype=np.int32), ())
    if attribute.kind == "set":
        nobody = np.zeros(n_rows + 1, dtype=np.int64)
        return SetColumn(nobody, np.zeros(0, dtype=np.int32), (), np.ones(n_rows, dtype=bool))
    return NumberColumn(np.full(n_rows, np.nan))
