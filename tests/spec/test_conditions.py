"""What a condition asks, how it reads, and which companies meet it.

The companies: 10, 51 and 501 employees, and one of which nothing is known.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import yaml

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings, rule_of
from icp_ml.deals.rules import bind_rules, hits, outside
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError
from icp_ml.profile.condition_words import condition_words, rule_words

STAGES = ("Seed", "Series A", "Series B", "Series C")
ATTRIBUTES = {
    each.name: each
    for each in (
        Attribute("employees", "employees", "number", "firmographic", "fit"),
        Attribute("industry", "industry", "category", "firmographic", "fit"),
        Attribute(
            "stage", "stage", "ordered", "firmographic", "fit", order=("Seed", "Series A", "Series B", "Series C")
        ),
        Attribute("band", "band", "ordered", "firmographic", "fit"),
        Attribute("founded", "founded", "year", "firmographic", "fit"),
        Attribute("tools", "tools", "set", "technographic", "fit"),
        Attribute("demo", "demo", "flag", "engagement", "intent"),
    )
}
ROWS = pa.table(
    {
        "employees": ["10", "51", "501", None],
        "industry": ["Retail", "Software", "GOVERNMENT", None],
        "stage": ["Seed", "Series B", "series c", None],
        "band": ["1-10", "51-200", "501-1000", None],
        "founded": ["2024", "2020", "1990", None],
        "tools": pa.array([["Rival", "Slack"], [], ["Slack"], None], pa.list_(pa.string())),
        "demo": ["yes", "no", "yes", None],
    }
)
PARSED = parse_attributes(ROWS, tuple(ATTRIBUTES.values()), np.array(date(2024, 6, 30), dtype="datetime64[D]"))

# condition                                        | in words                              | 10 | 51 | 501 | ?
TABLE = """
{attribute: employees, over: 51}                   | employees over 51                     | no  | no  | yes | ?
{attribute: employees, at_least: 51}               | employees 51 or more                  | no  | yes | yes | ?
{attribute: employees, under: 51}                  | employees under 51                    | yes | no  | no  | ?
{attribute: employees, at_most: 51}                | employees up to 51                    | yes | yes | no  | ?
{attribute: employees, at_least: 51, under: 501}   | employees 51 to under 501             | no  | yes | no  | ?
{attribute: employees, at_least: 10, at_most: 51}  | employees 10 to 51                    | yes | yes | no  | ?
{attribute: employees, over: 10, at_most: 501}     | employees over 10, up to 501          | no  | yes | yes | ?
{attribute: employees, over: 10, under: 501}       | employees over 10 and under 501       | no  | yes | no  | ?
{attribute: employees, missing: true}              | employees not known                   | no  | no  | no  | yes
{attribute: industry, is: [government, Retail]}    | industry: government, Retail          | yes | no  | yes | ?
{attribute: industry, is_not: [Government]}        | industry: not Government              | yes | yes | no  | ?
{attribute: stage, at_least: Series B}             | stage: Series B or later              | no  | yes | yes | ?
{attribute: stage, at_most: Series A}              | stage: Series A or earlier            | yes | no  | no  | ?
{attribute: stage, over: Seed, under: Series C}    | stage: over Seed and under Series C   | no  | yes | no  | ?
{attribute: stage, at_least: Seed, at_most: Series B} | stage: Seed to Series B            | yes | yes | no  | ?
{attribute: stage, is_not: [Seed]}                 | stage: not Seed                       | no  | yes | yes | ?
{attribute: band, at_least: 51}                    | band 51 or more                       | no  | yes | yes | ?
{attribute: founded, under: 4}                     | founded under 4 years ago             | yes | no  | no  | ?
{attribute: founded, at_least: 2, under: 8}        | founded 2 to under 8 years ago        | no  | yes | no  | ?
{attribute: tools, is: [slack, Jira]}              | tools: slack or Jira                  | yes | no  | yes | ?
{attribute: tools, is_not: [Rival]}                | tools: no Rival                       | no  | yes | yes | ?
{attribute: demo, is: 'yes'}                       | demo: yes                             | yes | no  | yes | ?
{attribute: demo, is_not: 'yes'}                   | demo: not yes                         | no  | yes | no  | ?
"""
LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[1])
def test_what_each_condition_asks(line: list[str]) -> None:
    written, words, *answers = line
    settings = parse_settings(ConditionSettings, yaml.safe_load(written))
    condition = bind_condition(settings, ATTRIBUTES, "the test")
    assert condition_words(settings, ATTRIBUTES[settings.attribute]) == words
    assert condition.holds(PARSED).tolist() == [answer == "yes" for answer in answers]
    assert condition.fails(PARSED).tolist() == [answer == "no" for answer in answers]


def test_a_rule_of_several_conditions_holds_where_all_do_and_fails_where_one_is_known_to() -> None:
    written = "{name: r, all: [{attribute: employees, at_least: 51}, {attribute: industry, is_not: [Government]}]}"
    rules = bind_rules([parse_settings(RuleSettings, yaml.safe_load(written))], tuple(ATTRIBUTES.values()))
    assert (
        rule_words(rules[0].settings, tuple(ATTRIBUTES.values())) == "employees 51 or more and industry: not Government"
    )
    assert hits(rules[0], PARSED).tolist() == [False, True, False, False]
    assert outside(rules, PARSED).tolist() == [0, -1, 0, -1]
    half_known = PARSED.take(np.array([0, 1]))
    assert outside(rules, half_known).tolist() == [0, -1]


def test_a_rule_made_of_one_condition_is_written_without_all() -> None:
    condition = ConditionSettings.model_validate({"attribute": "stage", "at_least": "Series A"})
    single = rule_of("later", (condition,))
    assert single.all == ()
    assert single.conditions == (condition,)
    assert rule_of("both", (condition, condition)).all == (condition, condition)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{attribute: stage, at_least: Series D}", "one of 'Seed', 'Series A'.*names 'Series D'"),
        ("{attribute: stage, at_least: 2}", "ask a level by its name about 'stage'"),
        ("{attribute: employees, at_least: Seed}", "with a number, and asks with 'Seed'"),
        ("{attribute: industry, over: 3}", "of kind category, and asks 'over'"),
        ("{attribute: employees, is_not: [3]}", "of kind number, and asks 'is_not'"),
    ],
)
def test_a_condition_that_could_never_hold_is_refused(written: str, said: str) -> None:
    settings = parse_settings(ConditionSettings, yaml.safe_load(written))
    with pytest.raises(ConfigError, match=said):
        bind_condition(settings, ATTRIBUTES, "the test")
