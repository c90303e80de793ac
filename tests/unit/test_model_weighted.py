"""Hand-weighted scorecards: points add up, a slow second reading agrees, and what does not fit is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.settings import parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.errors import ConfigError
from icp_ml.model.lineage import Level, roll_up
from icp_ml.model.weighted import WeightedScorecard, bind_weighted, score, score_cuts

AS_OF = np.array("2024-06-30", dtype="datetime64[D]")
WRITTEN = """
name: start
kind: weighted-scorecard
attributes:
  firmographic:
    industry: category
    employees: number
    founded: year
    stage: {kind: ordered, order: [Seed, Series A, Series B]}
    band: ordered
  technographic: {tools: set}
  behavioural: {hiring: flag, postings: number}
  engagement: {asked: flag}
weights:
  company:
    weight: 3
    rules:
      - {attribute: industry, exact: [Software, Games], adjacent: [Media], points: {exact: 90}, missing: 20}
      - {attribute: employees, inside: [51, 500], otherwise: 30, share: 2}
      - {attribute: founded, at_least: {0: 30, 2: 100, 8: 60}}
      - {attribute: stage, levels: {series a: 100, Seed: 40}, otherwise: 10}
      - {attribute: band, inside: [null, 51], points: {inside: 80}}
  tools: {weight: 1.5-2.5, rules: [{attribute: tools, levels: {Nice: 60, Best: 100}, otherwise: 5}]}
  signals:
    weight: 1
    layer: behavioural
    rules: [{count_of: [hiring, postings, asked], at_least: {2: 100, 1: 25}, name: signals, missing: 7}]
"""


def settings(text: str = WRITTEN, **weights: Any) -> WeightedSettings:
    written = yaml.safe_load(text)
    return parse_settings(WeightedSettings, {**written, "weights": weights or written["weights"]})


def bound(**weights: Any) -> WeightedScorecard:
    found = settings(**weights)
    return bind_weighted(found, found.resolved())


def one_rule(**rule: Any) -> WeightedScorecard:
    return bound(only={"weight": 1, "rules": [rule]})


def random_list(rows: int, seed: int) -> pa.Table:
    """A list in which about a fifth of each column is blank."""
    rng = np.random.default_rng(seed)
    choices = {
        "industry": ["software", "Games", " MEDIA ", "Mining", ""],
        "employees": ["50", "51", "500", "501", ""],
        "founded": ["2024", "2022", "2016", "2017", ""],
        "stage": ["Seed", "SERIES A", "Series B", "IPO", ""],
        "band": ["11-50", "51-200", "52-60", "201-500", ""],
        "tools": ["nice", "Nice;best", "Other", "best;Other", ""],
        "hiring": ["yes", "no", "Y", "0", ""],
        "postings": ["0", "3", "1", "-1", ""],
        "asked": ["yes", "no", "true", "false", ""],
    }
    return pa.table({name: rng.choice(values, rows) for name, values in choices.items()})


def parsed(table: pa.Table, attributes: tuple[Attribute, ...]) -> ParsedTable:
    return parse_attributes(table, attributes, AS_OF)


def by_hand(row: dict[str, str]) -> list[float]:
    """Points of 100 of each rule for one raw row: the rules above once more, as a person would apply them."""
    text = {name: value.strip().lower() for name, value in row.items()}
    industry = {"software": 90, "games": 90, "media": 50, "mining": 0, "": 20}[text["industry"]]
    employees = {"50": 30, "51": 100, "500": 100, "501": 30, "": 30}[text["employees"]]
    founded = {"2024": 30, "2022": 100, "2017": 100, "2016": 60, "": 0}[text["founded"]]
    stage = {"seed": 40, "series a": 100, "series b": 10, "ipo": 10, "": 10}[text["stage"]]
    band = {"11-50": 80, "51-200": 80, "52-60": 0, "201-500": 0, "": 0}[text["band"]]
    tools = 100 if "best" in text["tools"] else 60 if "nice" in text["tools"] else 5
    count = (text["hiring"] in ("yes", "y")) + (text["postings"] in ("3", "1")) + (text["asked"] in ("yes", "true"))
    known = text["hiring"] or text["postings"] or text["asked"]
    signals = (0, 25, 100, 100)[count] if known else 7
    return [industry, employees, founded, stage, band, tools, signals]


def test_points_are_those_that_a_person_would_add_up() -> None:
    table, scorecard = random_list(400, 1), bound()
    # 3 + 2 + 1 = 6, so a company's rules share 50: one sixth each, and two sixths for employees.
    weights = np.array([50 / 6, 100 / 6, 50 / 6, 50 / 6, 50 / 6, 200 / 6, 100 / 6])
    expected = np.array([by_hand(row) for row in table.to_pylist()]) * weights / 100
    found = scorecard.points(parsed(table, scorecard.attributes))
    assert found == pytest.approx(expected, abs=1e-9)
    assert score(found) == pytest.approx(expected.sum(axis=1), abs=1e-9)


@pytest.mark.parametrize("level", ["factor", "attribute", "layer", "axis"])
def test_sub_scores_of_every_level_add_up_to_the_score(level: Level) -> None:
    scorecard = bound()
    points = scorecard.points(parsed(random_list(300, 2), scorecard.attributes))
    names, parts = roll_up(points, scorecard.columns, level)
    assert np.abs(parts.sum(axis=1) - score(points)).max() <= 1e-9
    assert {"factor": 7, "attribute": 7, "layer": 3, "axis": 2}[level] == len(names)


def test_base_and_contributions_add_up_to_the_score_and_a_score_lies_in_0_to_100() -> None:
    scorecard = bound()
    points = scorecard.points(parsed(random_list(300, 3), scorecard.attributes))
    sums = scorecard.base + scorecard.contributions(points).sum(axis=1)
    assert np.abs(sums - score(points)).max() <= 1e-9
    assert (score(points) >= 0).all()
    assert (score(points) <= 100).all()
    assert (points >= 0).all()


def test_a_row_means_the_same_alone_and_in_a_list() -> None:
    table, scorecard = random_list(60, 4), bound()
    whole = scorecard.points(parsed(table, scorecard.attributes))
    alone = [scorecard.points(parsed(table.slice(row, 1), scorecard.attributes))[0] for row in range(60)]
    assert np.array_equal(whole, np.array(alone))


def test_a_list_of_no_rows_has_no_points() -> None:
    scorecard = bound()
    points = scorecard.points(parsed(random_list(5, 1).slice(0, 0), scorecard.attributes))
    assert points.shape == (0, 7)
    assert score(points).shape == (0,)


USUAL = [
    ({"attribute": "industry", "exact": ["a", "b"], "adjacent": ["c"]}, (100 + 50 + 0) / 3),
    ({"attribute": "employees", "inside": [51, 500], "otherwise": 30, "missing": 99}, (100 + 30) / 2),
    ({"attribute": "asked", "levels": {"yes": 100}, "otherwise": 40}, (100 + 40) / 2),
    ({"attribute": "asked", "levels": {"yes": 100, "no": 40}}, (100 + 40) / 2),
    ({"attribute": "stage", "levels": {"Seed": 10, "Series A": 20, "Series B": 60}}, (10 + 20 + 60) / 3),
    ({"attribute": "stage", "levels": {"Seed": 10, "Series A": 20}}, (10 + 20 + 0) / 3),
    ({"attribute": "founded", "at_least": {0: 20, 5: 60}}, (20 + 60) / 2),
    ({"attribute": "employees", "at_least": {0: 20, 5: 60}}, (20 + 60 + 0) / 3),
    ({"count_of": ["hiring", "asked"], "at_least": {0: 10, 1: 40}, "name": "any"}, (10 + 40) / 2),
    ({"attribute": "industry", "levels": {"a": 100, "b": 100, "c": 50}}, (100 + 50 + 0) / 3),
]


@pytest.mark.parametrize(("rule", "expected"), USUAL)
def test_usual_points_are_the_mean_of_the_different_ones_that_can_occur(rule: dict[str, Any], expected: float) -> None:
    found = bound(only={"weight": 1, "layer": "behavioural" if "name" in rule else None, "rules": [rule]})
    assert found.base == pytest.approx(expected, abs=1e-12)


def test_an_outcome_is_told_in_words() -> None:
    levels = {column.name: column.levels for column in bound().columns}
    assert levels["industry"] == (
        "industry not known",
        "industry: other",
        "industry: exact match",
        "industry: adjacent",
    )
    assert levels["employees"][1:] == ("employees outside 51 to 500", "employees 51 to 500")
    assert levels["founded"][2:] == (
        "founded 0 to under 2 years ago",
        "founded 2 to under 8 years ago",
        "founded from 8 years ago",
    )
    assert levels["band"][1:] == ("band starting at over 51", "band starting at up to 51")
    assert levels["signals"] == ("signals not known", "signals: none", "signals: 1", "signals: 2 or more")


def test_a_count_over_layers_belongs_to_the_layer_that_is_said() -> None:
    column = bound().columns[-1]
    assert (column.factor, column.attribute) == ("signals", "hiring + postings + asked")
    assert (column.layer, column.axis) == ("behavioural", "intent")


def test_codes_of_what_is_not_known_are_0() -> None:
    scorecard = bound()
    blank = pa.table({attribute.name: [""] for attribute in scorecard.attributes})
    assert scorecard.codes(parsed(blank, scorecard.attributes)).tolist() == [[0] * 7]


def test_a_cut_is_reached_by_a_sum_that_rounding_left_a_hair_below() -> None:
    below = np.nextafter(70.0, 0.0)
    points = np.array([[below - 25.0, 25.0], [69.9 - 25.0, 25.0]])
    assert points[0].sum() < 70.0
    cuts = score_cuts(settings().tiers)
    assert [cuts.labels[place] for place in cuts.tiers(score(points))] == ["1", "2"]


def test_a_scorecard_comes_back_from_json_as_it_was() -> None:
    scorecard = bound()
    document = json.loads(json.dumps(scorecard.to_json(), sort_keys=True))
    again = WeightedScorecard.from_json(document, settings().resolved())
    assert again.to_json() == scorecard.to_json()
    assert again.columns == scorecard.columns
    read = parsed(random_list(200, 5), scorecard.attributes)
    assert np.array_equal(again.points(read), scorecard.points(read))
    assert again.base == scorecard.base


def damaged(change: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(bound().to_json()))
    first = document["groups"][0]
    if change == "weight":
        first["weight"] += 1
    elif change == "attribute":
        first["rules"][0]["attribute"] = "industri"
    elif change == "points":
        first["rules"][1]["otherwise"] = 101
    elif change == "key":
        first["color"] = "red"
    elif change == "twice":
        first["rules"].append(first["rules"][0])
    return document


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("weight", "add up to 100, found 101"),
        ("attribute", "did you mean 'industry'"),
        ("points", r"groups\.0\.rules\.1\.otherwise"),
        ("key", r"groups\.0\.color"),
        ("twice", "'industry' 2 times"),
    ],
)
def test_a_damaged_document_is_refused(change: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WeightedScorecard.from_json(damaged(change), settings().resolved())


@pytest.mark.parametrize("value", [None, [], {}, {"groups": []}, "text"])
def test_what_is_no_document_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a scorecard"):
        WeightedScorecard.from_json(value, settings().resolved())


REFUSED_RULES = [
    ({"attribute": "industri", "exact": ["a"]}, "did you mean 'industry'"),
    ({"attribute": "industry", "inside": [1, 2]}, "'industry' of kind category"),
    ({"attribute": "employees", "levels": {"5": 1}}, "'employees' of kind number"),
    ({"attribute": "tools", "at_least": {"5": 1}}, "'tools' of kind set"),
    ({"attribute": "stage", "inside": [0, 1]}, "use 'levels'"),
    ({"attribute": "stage", "exact": ["Serie A"]}, "did you mean 'Series A'"),
    ({"attribute": "asked", "exact": ["often"]}, "found 'often'"),
    ({"attribute": "asked", "levels": {"yes": 100, "y": 50}}, "mean the same"),
    ({"count_of": ["hiring", "postings"], "at_least": {3: 100}}, "only 2 are counted"),
    ({"count_of": ["hiring", "postings"], "at_least": {1.5: 100}}, "a count is whole"),
    ({"count_of": ["industry"], "at_least": {1: 100}}, "'industry' of kind category"),
    ({"count_of": ["hiring", "asked"], "at_least": {1: 100}}, "say 'layer'"),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED_RULES)
def test_a_rule_that_does_not_fit_its_attribute_is_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        one_rule(**rule)


REFUSED_SETTINGS = [
    ({"attribute": "industry"}, "exactly one of 'exact', 'inside', 'levels' and 'at_least', found none"),
    ({"attribute": "industry", "exact": ["a"], "levels": {"b": 1}}, "found exact, levels"),
    ({"exact": ["a"]}, "exactly one of 'attribute' and 'count_of'"),
    ({"attribute": "industry", "levels": {"a": 1}, "adjacent": ["b"]}, "'adjacent' only beside 'exact'"),
    ({"attribute": "industry", "exact": ["a"], "points": {"inside": 5}}, "found them for 'inside'"),
    ({"attribute": "industry", "exact": ["a"], "adjacent": ["A "]}, "every value of 'exact' and 'adjacent' once"),
    ({"attribute": "industry", "levels": {"a": 1, "A": 2}}, "every value of 'levels' once"),
    ({"attribute": "employees", "inside": [5, 1]}, "found 5 before 1"),
    ({"attribute": "employees", "inside": [None, None]}, "a number at one end"),
    ({"attribute": "industry", "levels": {"a": 101}}, "less than or equal to 100"),
    ({"attribute": "asked", "levels": {True: 100}}, "put it in quotes"),
    ({"count_of": ["hiring", "hiring"], "at_least": {1: 100}}, "found one twice"),
    ({"count_of": ["hiring"], "exact": ["yes"]}, "'at_least' beside 'count_of'"),
    ({"attribute": "industry", "exakt": ["a"]}, "did you mean 'exact'"),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED_SETTINGS)
def test_a_rule_that_says_nothing_or_too_much_is_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        one_rule(**rule)


NO_WEIGHTS = [0, -1, "40-30", "much", True, [1], float("nan"), float("inf"), 10**400, None, [True, 5]]


@pytest.mark.parametrize("weight", NO_WEIGHTS, ids=range(len(NO_WEIGHTS)))
def test_a_weight_that_is_none_is_refused(weight: object) -> None:
    with pytest.raises(ConfigError, match=r"weights\.only\.weight: expected a number above 0"):
        bound(only={"weight": weight, "rules": [{"attribute": "industry", "exact": ["a"]}]})


def test_a_range_of_weights_counts_by_its_middle_in_either_spelling() -> None:
    rule = {"attribute": "industry", "exact": ["a"]}
    other = {"weight": 65, "rules": [{"attribute": "asked", "exact": ["yes"]}]}
    for written in ("30-40", "30 - 40", [30, 40]):
        assert settings(one={"weight": written, "rules": [rule]}, two=other).scaled_weights() == {"one": 35, "two": 65}


def test_weights_that_add_up_to_100_are_left_alone_and_nothing_is_said() -> None:
    rule = {"attribute": "industry", "exact": ["a"]}
    found = settings(one={"weight": 35, "rules": [rule]}, two={"weight": 65, "rules": [rule]})
    assert found.weight_notes() == ()
    assert found.scaled_weights() == {"one": 35, "two": 65}


def test_two_rules_of_one_name_are_refused_and_a_name_helps() -> None:
    rules: list[dict[str, Any]] = [{"attribute": "industry", "exact": ["a"]}, {"attribute": "industry", "exact": ["b"]}]
    with pytest.raises(ConfigError, match=r"found 'industry' 2 times; say 'name'"):
        bound(only={"weight": 1, "rules": rules})
    named = bound(only={"weight": 1, "rules": [rules[0], {**rules[1], "name": "industry again"}]})
    assert [factor.name for factor in named.factors] == ["industry", "industry again"]
    assert [column.attribute for column in named.columns] == ["industry", "industry"]
    assert len(named.attributes) == 1


def test_a_layer_against_the_attributes_own_is_refused() -> None:
    rules = [{"attribute": "industry", "exact": ["a"]}]
    with pytest.raises(ConfigError, match="expected the layer of its attribute, firmographic, found engagement"):
        bound(only={"weight": 1, "layer": "engagement", "rules": rules})


def test_tiers_have_scores_and_no_objective() -> None:
    written = yaml.safe_load(WRITTEN)
    with pytest.raises(ConfigError, match="an objective, which needs deals"):
        parse_settings(
            WeightedSettings, {**written, "tiers": {"objective": "fixed", "fixed": {1: 0.5, 2: 0.3, 3: 0.1}}}
        )
    two = parse_settings(WeightedSettings, {**written, "tiers": {1: 80, 2: 60}})
    assert score_cuts(two.tiers).tiers(np.array([80.0, 79.9, 59.9])).tolist() == [0, 1, 2]


def test_settings_travel_as_json() -> None:
    found = settings()
    assert (
        WeightedSettings.model_validate(json.loads(json.dumps(found.model_dump(mode="json", by_alias=True)))) == found
    )
