"""The conventions for hand-weighted scorecards, as tables: their weights, and what their rules answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.settings import parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.model.weighted import WeightedScorecard, bind_weighted, score, score_cuts
from tests.docs.pages import ROOT, blocks, page

FOLDER = ROOT / "training" / "configs" / "scorecards"

WEIGHTS = """
    layers-and-potential | firmographic 30, technographic 25, behavioural 25, deal potential 20
    seven-criteria       | industry 20, revenue 15, tech stack 15, growth 10, funding 10, intent 20, persona 10
    factor-rules         | industry 25, size 20, buying signals 30, decision authority 15, engagement 10
    layer-ranges         | firmographic 35, technographic 25, behavioural 22.5, engagement 17.5
    equal-weights        | firmographic 25, technographic 25, behavioural 25, engagement 25
"""

# A score is the sum of weight x points / 100: the first line is 25 + 20 + 30 + 15 + 10, the second
# 0.5 x 25 + 0.3 x 20 + 0.5 x 30 + 0.6 x 15 + 0.4 x 10 = 12.5 + 6 + 15 + 9 + 4. Two signals count as one.
ANSWERS = """
    industry    | employees | hiring | round | executive | seniority | prior | score | tier
    Software    | 51        | yes    | yes   | yes       | C-level   | yes   | 100   | 1
    IT Services | 50        | yes    | no    | no        | manager   | no    | 46.5  | 3
    it services | 501       | no     | yes   | yes       | Manager   |       | 46.5  | 3
    SOFTWARE    | 500       | 1      |       |           | c-level   | no    | 79    | 1
    Software    | 51-200    | no     | no    | no        | C-level   | yes   | 70    | 1
    Software    | 200       | no     | no    | no        | intern    | no    | 49    | 3
    Software    | 200       | no     | no    | no        | intern    | yes   | 55    | 2
    Mining      | 9         | no     | no    | no        | intern    | no    | 10    | out of scope
                |           |        |       |           | C-level   |       | 25    | out of scope
    Software    |           |        |       |           |           |       | 35    | 3
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def settings_of(path: Path) -> WeightedSettings:
    return parse_settings(WeightedSettings, yaml.safe_load(path.read_text(encoding="utf-8")))


def scorecard_of(name: str) -> WeightedScorecard:
    settings = settings_of(FOLDER / f"{name}.yaml")
    return bind_weighted(settings, settings.resolved())


def test_there_are_these_five_and_each_has_the_name_of_its_file() -> None:
    names = {name for name, _ in rows(WEIGHTS)}
    assert {path.stem for path in FOLDER.glob("*")} == names
    assert all(settings_of(FOLDER / f"{name}.yaml").name == name for name in names)


@pytest.mark.parametrize(("name", "weights"), rows(WEIGHTS))
def test_a_convention_has_its_weights(name: str, weights: str) -> None:
    written = [text.rpartition(" ") for text in weights.split(", ")]
    expected = {group: float(weight) for group, _, weight in written}
    assert sum(expected.values()) == 100
    scorecard = scorecard_of(name)
    assert {group.name: group.weight for group in scorecard.groups} == pytest.approx(expected, abs=1e-12)
    for group, weight in expected.items():
        inside = [factor.weight for factor in scorecard.factors if factor.group == group]
        assert sum(inside) == pytest.approx(weight, abs=1e-12)


@pytest.mark.parametrize(("name", "weights"), rows(WEIGHTS))
def test_a_convention_reaches_every_score_from_out_of_scope_to_100(name: str, weights: str) -> None:
    factors = scorecard_of(name).factors
    assert sum(factor.points.max() for factor in factors) == pytest.approx(100, abs=1e-9)
    assert sum(factor.points.min() for factor in factors) < 30


@pytest.mark.parametrize(("name", "weights"), rows(WEIGHTS))
def test_what_was_done_to_the_weights_is_said(name: str, weights: str) -> None:
    notes = " ".join(settings_of(FOLDER / f"{name}.yaml").weight_notes())
    assert ("by their middle: firmographic 30 to 40 as 35" in notes) == (name == "layer-ranges")
    assert ("add up to 4 and were scaled to 100" in notes) == (name == "equal-weights")


def test_the_factor_rules_answer_as_the_table_says() -> None:
    head, *lines = rows(ANSWERS)
    columns = dict(zip(head, zip(*lines, strict=True), strict=True))
    settings = settings_of(FOLDER / "factor-rules.yaml")
    names = {"round": "funding round", "executive": "new executive", "seniority": "contact seniority"}
    names |= {"prior": "prior interaction"}
    table = pa.table({names.get(name, name): list(columns[name]) for name in head[:-2]})
    scorecard = scorecard_of("factor-rules")
    scores = score(scorecard.points(parse_attributes(table, scorecard.attributes, None)))
    assert scores.tolist() == [float(text) for text in columns["score"]]
    cuts = score_cuts(settings.tiers)
    assert [cuts.labels[place] for place in cuts.tiers(scores)] == list(columns["tier"])


def test_a_tech_stack_of_five_tools_a_fresh_round_and_a_band_of_contract_value_count() -> None:
    table = pa.table({"tools": ["a;b;c;d;e", "a;b", "", "hubspot;salesforce", "Salesforce"]})
    assert tuple(points_of("layer-ranges", "tools", table)) == (12.5, 6.25, 0, 6.25, 6.25)
    assert tuple(points_of("seven-criteria", "tools", table)) == (0, 0, 0, 15, 7.5)
    dates = pa.table({"last funding": ["2024-01-01", "2022-12-31", "2021-01-01", ""]})
    assert tuple(points_of("seven-criteria", "last funding", dates)) == (10, 10, 3, 3)
    bands = pa.table({"expected acv band": ["$50k - $100k", "$10k - $50k", "under $10k", ""]})
    assert tuple(points_of("layers-and-potential", "expected acv band", bands)) == (20, 10, 0, 0)


def points_of(name: str, factor_name: str, table: pa.Table) -> list[float]:
    """What one factor of a convention adds, as of 2024-06-30: 2022-12-31 is 546 days or 1.4949 years before."""
    factor = next(found for found in scorecard_of(name).factors if found.name == factor_name)
    parsed = parse_attributes(table, factor.attributes, np.array("2024-06-30", dtype="datetime64[D]"))
    return [round(points, 9) for points in factor.points[factor.codes(parsed)].tolist()]


def test_the_example_of_the_page_is_a_scorecard_that_can_be_bound() -> None:
    [written] = blocks(page("docs/scorecards.md"), "yaml")
    settings = parse_settings(WeightedSettings, yaml.safe_load(written))
    # The size's range counts as 20 and the sum of 25, 20, 30 and 25 is 100; 25 is shared 3 : 2.
    weights = {factor.name: factor.weight for factor in bind_weighted(settings, settings.resolved()).factors}
    assert list(weights.values()) == pytest.approx([25, 20, 30, 15, 10], abs=1e-12)
