"""Industry codes as people have them, and what each rolls up to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, parse_attributes
from icp_ml.deals.rollups import NAMED, roll_up
from icp_ml.deals.settings import Rollup

CODES = """
naics2 | 511210                      | 51 Information
naics2 | 511210 - Software           | 51 Information
naics2 | NAICS 33                    | 31-33 Manufacturing
naics2 | 31-33                       | 31-33 Manufacturing
naics2 | 445                         | 44-45 Retail Trade
naics2 | 49                          | 48-49 Transportation and Warehousing
naics2 | 51 Information              | 51 Information
naics2 | 99                          | -
naics2 | Software                    | -
naics2 | 5                           | -
naics2 | 15125550123                 | -
naics2 | \uff15\uff11\uff11\uff12\uff11\uff10 | -
naics3 | 511210                      | 511
naics3 | 511                         | 511
naics3 | 51                          | -
naics4 | 511210                      | 5112
sic1   | 7372                        | I Services
sic1   | 0111                        | A Agriculture, Forestry, and Fishing
sic1   | 111                         | -
sic1   | I Services                  | I Services
sic2   | 7372                        | 73
sic2   | 0111                        | 01
sic2   | 73                          | 73
"""


def cases() -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split("|")) for line in CODES.strip().splitlines()]


@pytest.mark.parametrize(("rollup", "text", "answer"), cases())
def test_a_code_rolls_up(rollup: Rollup, text: str, answer: str) -> None:
    assert (roll_up(text, rollup) or "-") == answer


@pytest.mark.parametrize("rollup", NAMED)
def test_every_sector_has_a_name_and_rolls_up_to_itself(rollup: Rollup) -> None:
    named = {name for number in range(100) if (name := roll_up(f"{number:02d}", rollup))}
    assert len(named) == {"naics2": 20, "sic1": 10}[rollup]
    assert {roll_up(name, rollup) for name in named} == named


def test_an_attribute_that_rolls_up_counts_what_has_no_code() -> None:
    attribute = Attribute("industry", "code", "category", "firmographic", "fit", rollup="naics2")
    table = pa.table({"code": ["511210", "518", "Software", None, "23"]})
    parsed = parse_attributes(table, [attribute], np.array("2024-01-01", dtype="datetime64[D]"))
    column = parsed.columns["industry"]
    assert isinstance(column, CategoryColumn)
    assert column.levels == ("23 Construction", "51 Information")
    assert column.codes.tolist() == [1, 1, -1, -1, 0]
    assert [(found.rows, found.examples) for found in parsed.unreadable] == [(1, ("Software",))]
