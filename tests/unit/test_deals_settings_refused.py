"""What a configuration cannot mean is refused where it is read, in one sentence that names the place and the fix."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import BaseModel

from icp_ml.deals.criteria_settings import CriteriaSettings
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.profile_settings import ProfileSettings, check_distinct
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import AttributesSettings, DealsSettings, ProspectsSettings, parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.errors import ConfigError
from icp_training.config import Config
from tests.lookalike_projects import settings as lookalike

LEFT = {"kind": "left", "kept_months": 12}
OUTCOME = {"column": "Stage", "won": ["Won"], "lost": ["Lost"]}
OF_A_TOOL = {"kind": "flag", "from": {"table": "technologies", "tool": "One"}}

REFUSED: list[tuple[type[BaseModel], object, str]] = [
    (
        CriteriaSettings,
        {"ban": [{"factor": "Size", "reason": "a"}, {"factor": "size", "reason": "b"}]},
        "expected each name under 'ban' once, found 'size' twice",
    ),
    (
        IdealSettings,
        {"measures": {"kept": {**LEFT, "currency": "EUR"}}},
        "expected 'currency' only beside 'kind: number', found 'kind: left'",
    ),
    (
        IdealSettings,
        {"measures": {"one": LEFT, "two": LEFT}},
        "expected at most one measure of 'kind: left', found 2",
    ),
    (
        AttributesSettings,
        {"firmographic": {"size": {"kind": "number", "rollup": "naics2"}}},
        "expected 'rollup' only beside 'kind: category', found 'kind: number'",
    ),
    (TiersSettings, 70, "expected keys and values, found 70"),
    (ActionsSettings, "call", "expected keys and values, found 'call'"),
    (
        CriteriaSettings,
        {"ban": [{"factr": "size", "reason": "old"}]},
        "ban.0.factr is not a known key; did you mean 'factor'?",
    ),
    (
        DatedTables,
        {"technologies": {"taxonomy": [{"tool": "One", "categry": "CRM"}]}},
        "technologies.taxonomy.0.categry is not a known key; did you mean 'category'?",
    ),
    (
        DealsSettings,
        {"source": False, "outcome": OUTCOME},
        "expected the path of a file or a folder, or sql and connection, found a bool",
    ),
]


@pytest.mark.parametrize(("model", "data", "said"), REFUSED)
def test_what_it_cannot_mean_is_refused(model: type[BaseModel], data: object, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(model, data)
    assert said in caught.value.sentence


TWO_FORMS: list[tuple[type[BaseModel], object, str]] = [
    (
        RuleSettings,
        {"name": "a", "attribute": "b", "over": [1]},
        "over: expected a number or the name of a level, found [1]; correct it",
    ),
    (
        RuleSettings,
        {"name": "a", "attribute": "b", "over": float("inf")},
        "over: expected a number or the name of a level, found inf; correct it",
    ),
    (
        AttributesSettings,
        {"behavioural": {"it": {"kind": "flag", "from": {"table": "signals", "days": [60, "y"]}}}},
        "behavioural.it.from.days.1: expected a valid integer, unable to parse string as an integer, found 'y'",
    ),
    (
        AttributesSettings,
        {"behavioural": {"it": {"kind": "flag", "from": {"table": "signals", "days": 0}}}},
        "behavioural.it.from.days: expected greater than or equal to 1, found 0; correct it",
    ),
    (
        IdealSettings,
        {"measures": {"kept": LEFT}, "target": "won"},
        "target: expected one or two of the grades A, B and C, or 'kept', found 'won'; correct it",
    ),
    (
        IdealSettings,
        {"measures": {"kept": LEFT}, "target": ["A", "D"]},
        "target.1: expected 'A', 'B' or 'C', found 'D'",
    ),
    (
        Config,
        {
            "deals": {"source": "deals.csv", "outcome": OUTCOME},
            "attributes": {"firmographic": {"size": "number"}},
            "neighbours": "hash",
        },
        "neighbours: expected a valid boolean, unable to interpret input, found 'hash'; correct it",
    ),
]


@pytest.mark.parametrize(("model", "data", "said"), TWO_FORMS)
def test_where_two_forms_may_stand_the_one_that_was_written_is_told_and_counts_once(
    model: type[BaseModel], data: object, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(model, data)
    assert caught.value.sentence.startswith(said)
    assert "more after this one" not in caught.value.sentence


@pytest.mark.parametrize(("written", "path"), [(12, "12"), (date(2024, 1, 31), "2024-01-31")])
def test_a_folder_named_by_a_number_or_a_day_is_a_path(written: object, path: str) -> None:
    assert parse_settings(ProspectsSettings, {"source": written}).source == path


def test_a_kind_of_customers_has_a_name_of_its_own() -> None:
    one = parse_settings(ProfileSettings, {"name": "emea", "where": [{"attribute": "region", "is": ["EMEA"]}]})
    assert check_distinct((one,)) == (one,)
    with pytest.raises(ValueError, match="expected each name under 'profiles' once, found 'emea' twice"):
        check_distinct((one, one))


def test_a_list_to_compare_with_needs_columns_of_its_own() -> None:
    none = lookalike(attributes={"firmographic": {"size": {"kind": "number", "use": False}}})
    with pytest.raises(ConfigError, match="expected at least one attribute in use, found none; name some columns"):
        none.resolved()
    with pytest.raises(ConfigError, match="expected columns of both lists, found 'has one' made from a table"):
        lookalike(attributes={"technographic": {"has one": OF_A_TOOL}}).resolved()


def test_points_need_a_column_to_be_given_for() -> None:
    unused = parse_settings(AttributesSettings, {"firmographic": {"size": {"kind": "number", "use": False}}})
    bare = WeightedSettings.model_construct(attributes=unused, missing=())
    with pytest.raises(ConfigError, match="expected at least one attribute in use, found none; name some columns"):
        bare.resolved()
