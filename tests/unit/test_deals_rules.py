"""A rule hits what is known to meet it; what is not known is neither excluded nor outside the market."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.deals.rules import Rule, bind_rules, first_hit, hits, outside
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError

AS_OF = date(2024, 6, 30)
ATTRIBUTES = (
    Attribute("employees", "employees", "number", "firmographic", "fit"),
    Attribute("industry", "Industry", "category", "firmographic", "fit", missing=("Unknown",)),
    Attribute("stage", "stage", "ordered", "firmographic", "fit", order=("Seed", "Series A", "Series B")),
    Attribute("band", "band", "ordered", "firmographic", "fit"),
    Attribute("founded", "founded", "year", "firmographic", "fit"),
    Attribute("funded", "funded", "date", "firmographic", "fit"),
    Attribute("tools", "tools", "set", "technographic", "fit"),
    Attribute("demo", "demo", "flag", "engagement", "intent"),
)
# Four companies: the last one of which nothing is known. 2024-06-30 less 2020 is 4 years for a founding year.
ROWS = pa.table(
    {
        "employees": ["10", "250", "1,000", None],
        "Industry": [" government ", "Retail", "RETAIL", "Unknown"],
        "stage": ["seed", "Series B", "Series A", None],
        "band": ["1-10", "51-200", "201-500", None],
        "founded": ["2020", "2024", "1990", None],
        "funded": ["2024-06-29", "2020-06-30", "2023-12-31", None],
        "tools": pa.array([["Rival", "Slack"], [], ["slack"], None], pa.list_(pa.string())),
        "demo": ["yes", "No", "1", None],
    }
)


def parsed() -> ParsedTable:
    return parse_attributes(ROWS, ATTRIBUTES, np.array(AS_OF, dtype="datetime64[D]"))


def bound(**condition: object) -> Rule:
    settings = parse_settings(RuleSettings, {"name": "a rule", **condition})
    return bind_rules([settings], ATTRIBUTES)[0]


@pytest.mark.parametrize(
    ("attribute", "condition", "expected"),
    [
        ("employees", {"over": 250}, [0, 0, 1, 0]),
        ("employees", {"under": 250}, [1, 0, 0, 0]),
        ("employees", {"missing": True}, [0, 0, 0, 1]),
        ("industry", {"is": ["Government"]}, [1, 0, 0, 0]),
        ("industry", {"is": [" retail ", "Energy"]}, [0, 1, 1, 0]),
        ("industry", {"missing": True}, [0, 0, 0, 1]),
        ("stage", {"is": ["SERIES A", "Seed"]}, [1, 0, 1, 0]),
        ("band", {"is": ["51-200"]}, [0, 1, 0, 0]),
        ("founded", {"under": 4}, [0, 1, 0, 0]),
        ("founded", {"over": 3}, [1, 0, 1, 0]),
        ("funded", {"under": 0.01}, [1, 0, 0, 0]),
        ("funded", {"over": 3.99}, [0, 1, 0, 0]),
        ("tools", {"is": ["rival"]}, [1, 0, 0, 0]),
        ("tools", {"is": ["Slack", "Jira"]}, [1, 0, 1, 0]),
        ("tools", {"missing": True}, [0, 0, 0, 1]),
        ("demo", {"is": True}, [1, 0, 1, 0]),
        ("demo", {"is": ["n"]}, [0, 1, 0, 0]),
        ("demo", {"missing": True}, [0, 0, 0, 1]),
    ],
)
def test_what_each_condition_hits(attribute: str, condition: dict[str, object], expected: list[int]) -> None:
    rule = bound(attribute=attribute, **condition)
    assert hits(rule, parsed()).tolist() == [bool(hit) for hit in expected]
    # As a boundary: a row is outside exactly where the answer is known and is no.
    known = [True, True, True, "missing" in condition]
    is_outside = [answered and not hit for answered, hit in zip(known, expected, strict=True)]
    assert (outside([rule], parsed()) == 0).tolist() == is_outside


def test_the_first_rule_that_hits_is_named() -> None:
    rules = bind_rules(
        [
            parse_settings(RuleSettings, {"name": "large", "attribute": "employees", "over": 500}),
            parse_settings(RuleSettings, {"name": "retail", "attribute": "industry", "is": ["Retail"]}),
        ],
        ATTRIBUTES,
    )
    assert first_hit(rules, parsed()).tolist() == [-1, 1, 0, -1]
    assert outside(rules, parsed()).tolist() == [0, 0, -1, -1]
    assert first_hit((), parsed()).tolist() == [-1, -1, -1, -1]
    assert first_hit(rules, parsed()).dtype == np.int32


@pytest.mark.parametrize(("as_of", "place"), [("2024-12-30", 0), ("2024-12-31", -1), ("2025-01-01", -1)])
def test_a_rule_is_over_on_the_day_it_names(as_of: str, place: int) -> None:
    rule = bound(attribute="tools", until="2024-12-31", **{"is": ["Rival"]})
    assert first_hit([rule], parsed(), date.fromisoformat(as_of)).tolist() == [place, -1, -1, -1]
    assert (outside([rule], parsed(), date.fromisoformat(as_of)) == 0).any() == (place == 0)


def test_a_rule_with_an_end_needs_a_day() -> None:
    rule = bound(attribute="tools", until="2024-12-31", **{"is": ["Rival"]})
    for question in (first_hit, outside):
        with pytest.raises(ConfigError, match="holds until 2024-12-31, and the day that counts was not given"):
            question([rule], parsed())


def test_an_attribute_that_the_list_lacks_is_missing_in_every_row() -> None:
    absent = parse_attributes(
        ROWS.drop_columns(["Industry", "tools"]),
        ATTRIBUTES,
        np.array(AS_OF, dtype="datetime64[D]"),
        frozenset({"industry", "tools"}),
    )
    for attribute in ("industry", "tools"):
        assert not hits(bound(attribute=attribute, **{"is": ["Retail"]}), absent).any()
        assert hits(bound(attribute=attribute, missing=True), absent).all()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"attribute": "Employes", "over": 3}, "asks about 'Employes'.*did you mean 'employees'"),
        (
            {"attribute": "employees", "is": [250]},
            "'under' or 'missing' about 'employees'.*kind number.*asks 'is'",
        ),
        ({"attribute": "founded", "is": [2020]}, "of kind year"),
        ({"attribute": "industry", "over": 3}, "'is' or 'missing' about 'industry'.*of kind category"),
        ({"attribute": "stage", "under": 2}, "of kind ordered"),
        ({"attribute": "tools", "over": 2}, "of kind set"),
        ({"attribute": "demo", "under": 1}, "of kind flag"),
        ({"attribute": "stage", "is": ["Series C"]}, "one of 'Seed', 'Series A', 'Series B'.*names 'Series C'"),
        ({"attribute": "band", "is": ["few"]}, "values that can be read.*names 'few'"),
        ({"attribute": "demo", "is": ["perhaps"]}, "names 'perhaps'"),
        ({"attribute": "industry", "is": ["Retail", "unknown"]}, "names 'unknown'"),
    ],
)
def test_a_rule_that_could_never_hit_is_refused(condition: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        bound(**condition)


def test_two_rules_of_one_name_are_refused() -> None:
    rules = [RuleSettings(name=name, attribute="employees", missing=True) for name in ("Small", "small")]
    with pytest.raises(ConfigError, match="a name of its own, found 'small' twice"):
        bind_rules(rules, ATTRIBUTES)


@pytest.mark.parametrize(
    "bound", [10**400, -(10**400), float("inf"), float("nan")], ids=["400 digits", "below 0", "inf", "nan"]
)
def test_a_bound_that_no_number_type_holds_is_refused_where_it_stands(bound: float) -> None:
    with pytest.raises(ValidationError, match="a number or the name of a level"):
        ConditionSettings.model_validate({"attribute": "employees", "over": bound})


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\x85"])
def test_a_name_of_white_space_alone_is_none(blank: str) -> None:
    with pytest.raises(ValidationError, match="expected a name, found an empty one"):
        ConditionSettings.model_validate({"attribute": blank, "is": ["x"]})
    with pytest.raises(ValidationError, match="expected a name, found an empty one"):
        RuleSettings.model_validate({"name": "n", "attribute": blank, "is": ["x"]})
    assert ConditionSettings.model_validate({"attribute": " size\t", "is": ["x"]}).attribute == "size"
