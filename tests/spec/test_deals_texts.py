"""How texts are read, as tables to argue over; the answers are worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.amounts import midpoint, read_amounts, read_range, standing
from icp_ml.deals.moments import read_days, read_years
from icp_ml.deals.parsing import parse_categories, parse_flags, parse_numbers, parse_sets
from icp_ml.deals.settings import DateOrder, Decimal


def rows_of(table: str) -> list[list[str]]:
    lines = [line for line in table.strip().splitlines() if line.strip()]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


NUMBERS = """
    1200          | 1200
    -7            | -7
    1,200         | 1200
    1,234,567.5   | 1234567.5
    12,34,567     | 1234567
    10 000        | 10000
    $18.3 MM      | 18300000
    € 250         | 250
    USD 5m        | 5000000
    -$3K          | -3000
    10K           | 10000
    1.5M          | 1500000
    2B            | 2000000000
    3 million     | 3000000
    12 %          | 12
    1e5           | 100000
    .5            | 0.5
    (1,200)       | -1200
    $(3.5K)       | -3500
    (-7)          | unreadable
    7 (estimate)  | unreadable
    1,5           | unreadable
    1.200,5       | unreadable
    twelve        | unreadable
    51-200        | unreadable
    10-Nov        | unreadable
    12 apples     | unreadable
"""


@pytest.mark.parametrize(("text", "answer"), rows_of(NUMBERS))
def test_a_number_text_means(text: str, answer: str) -> None:
    assert_number(text, ".", answer)


DECIMAL_COMMA = """
    1.200,5       | 1200.5
    1,5           | 1.5
    1.200         | 1200
    -3,25         | -3.25
    12            | 12
    € 2,5 Mio     | 2500000
    1.5           | unreadable
"""


@pytest.mark.parametrize(("text", "answer"), rows_of(DECIMAL_COMMA))
def test_with_a_decimal_comma_a_number_text_means(text: str, answer: str) -> None:
    assert_number(text, ",", answer)


def assert_number(text: str, decimal: Decimal, answer: str) -> None:
    value = read_amounts([text], decimal)[0]
    if answer == "unreadable":
        assert math.isnan(value)
    else:
        assert value == float(answer)


RANGES = """
    text               | low     | high    | midpoint | stands at
    51-200             | 51      | 200     | 125.5    | 51
    51 to 200          | 51      | 200     | 125.5    | 51
    51 \u2013 200           | 51      | 200     | 125.5    | 51
    1,001-5,000        | 1001    | 5000    | 3000.5   | 1001
    11-50 employees    | 11      | 50      | 30.5     | 11
    between 5 and 9    | 5       | 9       | 7        | 5
    250K to 500K       | 250000  | 500000  | 375000   | 250000
    500K-1M            | 500000  | 1000000 | 750000   | 500000
    $10-50M            | 1e7     | 5e7     | 3e7      | 1e7
    More than 1M       | 1000000 | inf     | 1500000  | 1000000
    10,000+            | 10000   | inf     | 15000    | 10000
    >500               | 500     | inf     | 750      | 500
    500 or more        | 500     | inf     | 750      | 500
    100K or less       | 0       | 100000  | 50000    | 1
    under 50           | 0       | 50      | 25       | 1
    <50                | 0       | 50      | 25       | 1
    up to $1M          | 0       | 1000000 | 500000   | 1
    0 - 25,000         | 0       | 25000   | 12500    | 1
    0 (No business)    | 0       | 0       | 0        | 0
    0-1                | 0       | 1       | 0.5      | 0.5
    -5 to 10           | -5      | 10      | 2.5      | -5
    7                  | 7       | 7       | 7        | 7
"""


@pytest.mark.parametrize(("text", "low", "high", "middle", "stands"), rows_of(RANGES)[1:])
def test_a_range_text_means(text: str, low: str, high: str, middle: str, stands: str) -> None:
    ends = read_range(text, ".")
    assert ends == (float(low), float(high))
    assert midpoint(ends) == float(middle)
    assert standing(ends) == float(stands)


@pytest.mark.parametrize("text", ["200-51", "large", "10-Nov", "under -5", "", "1-2-3"])
def test_these_are_no_ranges(text: str) -> None:
    assert read_range(text, ".") is None


DATES = """
    2024-02-29            | iso | 2024-02-29
    2024-3-1              | iso | 2024-03-01
    2024/03/01            | iso | 2024-03-01
    20240301              | iso | 2024-03-01
    2024-03-01T23:59:59Z  | iso | 2024-03-01
    2024-03-01 00:00:00   | iso | 2024-03-01
    2023-02-29            | iso | unreadable
    2024-13-01            | iso | unreadable
    2024-00-10            | iso | unreadable
    9999-12-31            | iso | unreadable
    3/1/2024              | iso | unreadable
    3/1/2024              | mdy | 2024-03-01
    10/20/2016 3:15 PM    | mdy | 2016-10-20
    20/10/2016            | mdy | unreadable
    2016-10-20            | mdy | 2016-10-20
    3/1/24                | mdy | unreadable
    3/1/2024              | dmy | 2024-01-03
    31.12.2024            | dmy | 2024-12-31
    31.11.2024            | dmy | unreadable
    soon                  | dmy | unreadable
"""


@pytest.mark.parametrize(("text", "order", "answer"), rows_of(DATES))
def test_a_date_text_means(text: str, order: DateOrder, answer: str) -> None:
    day = read_days([text], order)[0]
    assert str(day) == answer.replace("unreadable", "NaT")


@pytest.mark.parametrize(
    ("text", "year"), [("1999", 1999), ("1999.0", 1999), ("999", None), ("2201", None), ("99", None)]
)
def test_a_year_text_means(text: str, year: int | None) -> None:
    read = read_years([text])[0]
    assert math.isnan(read) if year is None else read == year


FLAGS = """
    yes  | 1
    TRUE | 1
    Y    | 1
    t    | 1
    1    | 1
    no   | 0
    False| 0
    N    | 0
    f    | 0
    0    | 0
    0.0  | 0
"""


@pytest.mark.parametrize(("text", "answer"), rows_of(FLAGS))
def test_a_flag_text_means(text: str, answer: str) -> None:
    assert parse_flags(pa.array([text])).values[0] == float(answer)


@pytest.mark.parametrize("text", ["", "  ", "NA", "n/a", "NaN", "null", "None", "-", "Unknown", None])
def test_words_for_unknown_are_missing_where_a_number_should_stand_and_no_trouble(text: str | None) -> None:
    read = parse_numbers(pa.array([text], pa.string()))
    assert np.isnan(read.values[0])
    assert read.trouble.rows == 0


def test_in_a_category_the_same_words_are_values_unless_configured() -> None:
    column = pa.array(["None", "Unknown", " ", "", None, "-", " None "])
    assert parse_categories(column).distinct == ["-", "None", "Unknown"]
    assert parse_categories(column).codes.tolist() == [1, 2, -1, -1, -1, 0, 1]
    assert parse_categories(column, ["-", "NONE"]).distinct == ["Unknown"]


SETS = """
    a;b       | a b
    b; a ;b   | a b
    ;;a;      | a
    None      | None
"""


@pytest.mark.parametrize(("text", "members"), rows_of(SETS))
def test_a_set_text_means(text: str, members: str) -> None:
    read = parse_sets(pa.array([text]))
    assert [read.levels[index] for index in read.indices] == members.split()
    assert not read.missing[0]


def test_a_set_text_without_members_is_missing_but_an_empty_list_is_known_to_hold_none() -> None:
    assert parse_sets(pa.array([" ", ";;", None, "-"]), missing=["-"]).missing.tolist() == [True] * 4
    lists = pa.array([[], None, ["a", None, " a "], ["-"]], pa.list_(pa.string()))
    read = parse_sets(lists, missing=["-"])
    assert read.missing.tolist() == [False, True, False, False]
    assert read.indptr.tolist() == [0, 0, 0, 1, 1]


def test_a_whole_number_too_long_for_a_float_is_the_nearest_float() -> None:
    """2^53 + 1 is the first whole number without a float of its own."""
    assert parse_numbers(pa.array([2**53 + 1, None], pa.int64())).values.tolist()[:1] == [2.0**53]


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.decimal128(38, 4), pa.int64()])
def test_a_typed_number_is_the_number_however_a_text_would_spell_it(kind: pa.DataType) -> None:
    """A float of that size is spelled 7.378697629483821e+19, which is no number that people write."""
    given = {pa.int64(): [10**18, -7]}.get(kind, [2.0**66, -0.25])
    read = parse_numbers(pa.array(given, pa.float64() if kind != pa.int64() else kind).cast(kind))
    assert read.values.tolist() == given
    assert read.trouble.rows == 0
