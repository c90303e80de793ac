"""Raw columns become typed columns, whatever type they arrive in; ages are counted to the opening."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn, Unreadable, parse_attributes
from icp_ml.deals.settings import Kind
from icp_ml.errors import ConfigError, InputError

AS_OF = np.array(["2024-07-01"], dtype="datetime64[D]")


def attribute(kind: Kind, **options: Any) -> Attribute:
    return Attribute("x", "x", kind, "firmographic", "fit", **options)


def parsed(kind: Kind, values: Any, **options: Any) -> ParsedTable:
    return parse_attributes(pa.table({"x": values}), [attribute(kind, **options)], AS_OF)


def numbers(kind: Kind, values: Any, **options: Any) -> list[float | None]:
    column = parsed(kind, values, **options).columns["x"]
    assert isinstance(column, NumberColumn)
    return [None if np.isnan(value) else value for value in column.values.tolist()]


def test_a_date_becomes_its_age_in_years_of_365_and_a_quarter_days() -> None:
    assert numbers("date", ["2024-07-01", "2023-07-02", ""]) == [0, 365 / 365.25, None]


def test_a_year_becomes_the_years_since() -> None:
    assert numbers("year", ["2024", "1999", "n/a"]) == [0, 25, None]


def test_what_lies_after_the_opening_is_unreadable() -> None:
    table = parsed("date", ["2024-07-02", "2024-07-02", "soon", "", "2024-07-01"])
    assert table.unreadable == (Unreadable("x", 3, ("2024-07-02", "soon")),)
    assert table.missing("x").tolist() == [True, True, True, True, False]
    assert parsed("year", ["2025", "2024"]).unreadable == (Unreadable("x", 1, ("2025",)),)


def test_each_row_has_its_own_opening() -> None:
    as_of = np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")
    table = parse_attributes(pa.table({"x": ["2000", "2000"]}), [attribute("year")], as_of)
    column = table.columns["x"]
    assert isinstance(column, NumberColumn)
    assert column.values.tolist() == [20, 21]


def test_without_an_opening_there_are_no_ages() -> None:
    with pytest.raises(ConfigError, match=r"set deals\.opened"):
        parse_attributes(pa.table({"x": ["2000"]}), [attribute("year")], None)


def test_an_ordered_level_is_its_rank_whatever_its_case() -> None:
    table = parsed("ordered", ["Seed", "series a", "Series B", "IPO", ""], order=("Seed", "Series A", "Series B"))
    column = table.columns["x"]
    assert isinstance(column, NumberColumn)
    assert column.values[:3].tolist() == [0, 1, 2]
    assert table.missing("x").tolist() == [False, False, False, True, True]
    assert table.unreadable == (Unreadable("x", 1, ("IPO",)),)


def test_range_levels_stand_in_their_order_and_nothing_is_not_a_little() -> None:
    levels = ["More than 100,000", "0 (No business)", "0 - 25,000", "25,000 - 50,000", "50,000 - 100,000"]
    ranks = numbers("ordered", levels)
    assert [levels[place] for place in np.argsort(np.array(ranks, dtype=float))] == [
        "0 (No business)",
        "0 - 25,000",
        "25,000 - 50,000",
        "50,000 - 100,000",
        "More than 100,000",
    ]
    assert len(set(ranks)) == 5


def test_a_range_is_a_number_only_where_midpoints_are_asked_for() -> None:
    assert parsed("number", ["51-200", "7"]).unreadable == (Unreadable("x", 1, ("51-200",)),)
    assert numbers("number", ["51-200", "7"], ranges="midpoint") == [125.5, 7]


def test_up_to_three_examples_the_most_frequent_first() -> None:
    texts = ["a", "b", "b", "c", "c", "c", "d"]
    assert parsed("number", texts).unreadable == (Unreadable("x", 7, ("c", "b", "a")),)


@pytest.mark.parametrize(
    ("kind", "typed", "texts"),
    [
        ("number", pa.array([1, None, 3]), ["1", "", "3"]),
        ("number", pa.array([1.5, float("nan"), None]), ["1.5", "nan", ""]),
        ("number", pa.array(["1", None, "1"]).dictionary_encode(), ["1", "", "1"]),
        ("flag", pa.array([True, None, False]), ["yes", "", "no"]),
        ("flag", pa.array([1, None, 0]), ["1", "", "0"]),
        ("date", pa.array([date(2020, 2, 29), None]), ["2020-02-29", ""]),
        ("date", pa.array([datetime(2020, 2, 29, 23, 59), None]), ["2020-02-29", ""]),
        ("year", pa.array([1999.0, None]), ["1999", ""]),
        ("year", pa.array([date(1999, 5, 1), None]), ["1999", ""]),
    ],
)
def test_a_typed_column_means_what_its_text_means(kind: Kind, typed: Any, texts: list[str]) -> None:
    assert numbers(kind, typed) == numbers(kind, texts)


def test_infinity_is_unreadable() -> None:
    assert parsed("number", pa.array([1.0, float("inf")])).unreadable == (Unreadable("x", 1, ("inf",)),)


def test_categories_of_numbers_lose_their_point_zero() -> None:
    column = parsed("category", pa.array([541.0, 11.0, None])).columns["x"]
    assert isinstance(column, CategoryColumn)
    assert (column.levels, column.codes.tolist()) == (("11", "541"), [1, 0, -1])


def test_an_absent_attribute_is_missing_in_every_row() -> None:
    kinds: tuple[Kind, ...] = ("number", "category", "set", "date")
    attributes = [Attribute(kind, f"no {kind}", kind, "firmographic", "fit") for kind in kinds]
    table = parse_attributes(pa.table({"x": [1, 2]}), attributes, AS_OF, absent=frozenset(kinds))
    assert all(table.missing(kind).tolist() == [True, True] for kind in kinds)


def test_a_column_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="did you mean 'Employees'"):
        parse_attributes(
            pa.table({"Employees": ["1"]}), [Attribute("e", "employes", "number", "firmographic", "fit")], None
        )


def test_taken_rows_come_in_the_order_asked_for() -> None:
    column = parsed("set", ["a;b", "", "c"]).take(np.array([2, 0, 1, 2])).columns["x"]
    assert isinstance(column, SetColumn)
    assert column.indptr.tolist() == [0, 1, 3, 3, 4]
    assert [column.levels[index] for index in column.indices] == ["c", "a", "b", "c"]
    assert column.missing.tolist() == [False, False, True, False]
