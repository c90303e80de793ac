"""What a criterion is when it is asked one step more widely: a table of conditions in words."""

from __future__ import annotations

import pytest
import yaml

from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.profile.widening import NOT_ASKED, widenings
from tests.definitions import ATTRIBUTES

# condition | what is asked instead, one after the other; not asked at all comes last, always
TABLE = """
attribute: employees, at_least: 51, under: 501   | employees 20 to under 501; employees 51 to under 1,000
attribute: employees, at_least: 100              | employees 50 or more
attribute: employees, under: 480                 | employees under 1,000
attribute: employees, at_least: -40, under: 0.3  | employees -50 to under 0.3; employees -40 to under 0.5
attribute: employees, at_least: 0, under: 10     | employees under 10; employees 0 to under 20
attribute: revenue, over: 10000000               | revenue over 5M
attribute: founded, under: 2                     | founded under 3 years ago
attribute: raised, at_least: 1, under: 1.5       | raised 0.5 to under 1.5 years ago; raised 1 to under 2 years ago
attribute: founded, at_least: 0.25, under: 8     | founded under 8 years ago; founded 0.25 to under 10 years ago
attribute: founded, at_least: 0.25               |
attribute: founded, under: 50                    |
attribute: stage, at_least: Series B             | stage: Series A or later
attribute: stage, under: series c                |
attribute: stage, at_least: Seed, under: Series C | stage: before Series C; stage: Seed or later
attribute: industry, is: [Software]              | industry: Software, Retail; industry: Software, Energy
attribute: industry, is_not: [Retail]            |
attribute: industry, is_not: [Retail, Energy]    | industry: not Energy; industry: not Retail
attribute: tools, is: [Rivalo]                   | tools: Rivalo or Cartellux
attribute: demo, is: ["yes"]                     |
attribute: raised, missing: true                 |
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()]
LEVELS = {"industry": ("Retail", "Software", "Energy"), "tools": ("Cartellux", "Rivalo")}
ATTRIBUTE_OF = {each.name: each for each in ATTRIBUTES}


@pytest.mark.parametrize(("text", "wider"), ROWS)
def test_a_step_is_that_of_the_table(text: str, wider: str) -> None:
    settings = ConditionSettings.model_validate(yaml.safe_load(f"{{{text}}}"))
    bound = bind_condition(settings, ATTRIBUTE_OF, "a test")
    expected = [words.strip() for words in wider.split(";") if words.strip()]
    assert [each.words for each in widenings((bound,), ATTRIBUTE_OF, LEVELS)] == [*expected, NOT_ASKED]
