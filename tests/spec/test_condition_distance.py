"""How far apart two conditions are: the same, partly, or nothing in common."""

from __future__ import annotations

import pytest
import yaml

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.watch.condition_distance import condition_distance

# before | after | distance
TABLE = """
at_least: 51, under: 501     | at_least: 51, under: 501     | 0
at_least: 51, under: 501     | at_least: 51, under: 1000    | 0.25
at_least: 51, under: 501     | at_least: 20, under: 1000    | 0.5
at_least: 51                 | at_least: 51, under: 501     | 0.25
at_least: 51, under: 501     | at_least: 501                | 1
under: 51                    | at_least: 51                 | 1
at_most: 51                  | at_least: 51                 | 0.5
over: 51                     | at_most: 51                  | 1
at_least: Series A           | at_least: series a           | 0
at_least: Series A           | at_least: Series B           | 0.25
under: Series A              | at_least: Series A           | 1
is: [Software]               | is: [software]               | 0
is: [Software, Retail]       | is: [Software]               | 0.5
is: [Software]               | is: [Retail]                 | 1
is_not: [Rivalo]             | is_not: [Rivalo]             | 0
is: [Rivalo]                 | is_not: [Rivalo]             | 1
is: [Software]               | is_not: [Retail]             | 0.5
is: ["yes"]                  | is: ["no"]                   | 1
is: [Series A]               | at_least: Series A           | 1
missing: true                | missing: true                | 0
missing: true                | at_least: 51                 | 1
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()]


def condition(text: str) -> ConditionSettings:
    return ConditionSettings.model_validate({"attribute": "any", **yaml.safe_load(f"{{{text}}}")})


@pytest.mark.parametrize(("before", "after", "distance"), ROWS)
def test_the_distance_is_that_of_the_table_both_ways_round(before: str, after: str, distance: str) -> None:
    first, second = condition(before), condition(after)
    assert condition_distance(first, second) == pytest.approx(float(distance))
    assert condition_distance(second, first) == pytest.approx(float(distance))
