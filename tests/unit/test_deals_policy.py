"""What a company decides about tiers, actions and rules is read whole or refused in one sentence."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from pydantic import BaseModel

from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError

READABLE: list[tuple[type[BaseModel], str]] = [
    (TiersSettings, "{}"),
    (TiersSettings, "{1: 80, 2: 60}"),
    (TiersSettings, "{1: 70, 2: 50, 3: 30, objective: wins, wins: 0.6, ratio: 2}"),
    (TiersSettings, "{objective: capacity, capacity: {1: 0.1, 2: 0.3, 3: 0.6}}"),
    (TiersSettings, "{objective: cost, cost: {1: 500, 2: 50, 3: 5, value_of_win: 10000}}"),
    (TiersSettings, "{1: 80, 2: 60, objective: fixed, fixed: {1: 0.5, 2: 0.3}}"),
    (ActionsSettings, "{}"),
    (ActionsSettings, "{1: call, 2: {intent: leave}, out of scope: wait}"),
    (RuleSettings, "{name: state, attribute: industry, is: [Government, no], reason: policy}"),
    (RuleSettings, "{name: locked, attribute: contract, under: 1.5, until: 2026-03-31}"),
    (RuleSettings, "{name: unknown, attribute: industry, missing: true}"),
    (RuleSettings, "{name: band, attribute: employees, at_least: 51, under: 501}"),
    (RuleSettings, "{name: small, all: [{attribute: stage, at_most: Seed}, {attribute: tools, is_not: [Rival]}]}"),
]

REFUSED = [
    (TiersSettings, "{1: 70, 3: 30}", "expected a number for tiers 1 and 2, or for 1, 2 and 3, found 1, 3"),
    (TiersSettings, "{1: 70}", "expected a number for tiers 1 and 2, or for 1, 2 and 3, found 1"),
    (TiersSettings, "{1: 70, 2: 50, 3: 30, 4: 10}", "or for 1, 2 and 3, found 1, 2, 3, 4"),
    (TiersSettings, "{1: 50, 2: 70}", "expected scores that fall from tier to tier, between 0 and 100, found 50, 70"),
    (TiersSettings, "{1: 100, 2: 70}", "between 0 and 100, found 100, 70"),
    (TiersSettings, "{1: 70, 2: 0}", "between 0 and 100, found 70, 0"),
    (TiersSettings, "{1: 70, 2: 50, scores: [70, 50]}", "expected numbers by tier or 'scores', found both"),
    (TiersSettings, "{objectve: wins}", "objectve is not a known key; did you mean 'objective'?"),
    (TiersSettings, "{objective: capacity}", "expected 'capacity' with a number for each tier"),
    (TiersSettings, "{fixed: {1: 0.5, 2: 0.3, 3: 0.1}}", "expected 'fixed' only beside 'objective: fixed'"),
    (TiersSettings, "{objective: fixed, fixed: {1: 0.5, 2: 0.3}}", "one number for each of 3 scores, found 2"),
    (TiersSettings, "{objective: fixed, fixed: {1: 0.1, 2: 0.3, 3: 0.5}}", "expected probabilities that fall"),
    (TiersSettings, "{objective: capacity, capacity: {1: 0.5, 2: 0.3, 3: 0.1}}", "cumulative shares that rise"),
    (
        TiersSettings,
        "{objective: capacity, capacity: {1: 0.5, 2: 0.8, 3: 1.2}}",
        "between 0 and 1, found 0.5, 0.8, 1.2",
    ),
    (TiersSettings, "{objective: cost, cost: {1: 5, 2: 50, 3: 500, value_of_win: 1000}}", "expected costs that fall"),
    (TiersSettings, "{objective: cost, cost: {1: 500, 2: 50, 3: 5, value_of_win: 400}}", "between 0 and 400"),
    (
        TiersSettings,
        "{ratio: 2, objective: fixed, fixed: {1: 0.5, 2: 0.3, 3: 0.1}}",
        "expected 'wins' and 'ratio' only beside 'objective: wins', found 'objective: fixed'",
    ),
    (ActionsSettings, "{4: call}", "4 is not a known key"),
    (ActionsSettings, "{2: {intnt: leave}}", "2.intnt is not a known key"),
    (RuleSettings, "{name: a, attribute: b}", "found none; correct it"),
    (RuleSettings, "{name: a, attribute: b, is: [], missing: false}", "found none; correct it"),
    (RuleSettings, "{name: a, attribute: b, is: X, over: 3}", "found is, over; correct it"),
    (RuleSettings, "{name: a, attribute: b, over: 3, under: 1}", "a lower bound below the upper one, found 3 and 1"),
    (RuleSettings, "{name: a, attribute: b, over: 1, at_least: 3}", "found over, at_least; correct it"),
    (RuleSettings, "{name: a, attribute: b, is: X, is_not: Y}", "found is, is_not; correct it"),
    (RuleSettings, "{name: a, attribute: b, over: yes}", "a number or the name of a level, found true"),
    (RuleSettings, "{name: a}", "'attribute' with a condition, or 'all' with two or more, found neither"),
    (RuleSettings, "{name: a, all: [{attribute: b, is: X}]}", "two or more conditions under 'all', found one"),
    (RuleSettings, "{name: a, all: []}", "two or more conditions under 'all', found none"),
    (
        RuleSettings,
        "{name: a, over: 3, all: [{attribute: b, is: X}, {attribute: c, is: Y}]}",
        "every condition under 'all', found over beside it",
    ),
    (ActionsSettings, "{1: {bth: X}}", "1.bth is not a known key; did you mean 'both'?"),
    (RuleSettings, "{name: a, attribute: b, iss: X}", "iss is not a known key; did you mean 'is'?"),
]


@pytest.mark.parametrize(("model", "text"), READABLE)
def test_what_is_read_survives_the_bundle(model: type[BaseModel], text: str) -> None:
    found = parse_settings(model, yaml.safe_load(text))
    assert model.model_validate(found.model_dump(mode="json")) == found


@pytest.mark.parametrize(("model", "text", "part"), REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(model: type[BaseModel], text: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(model, yaml.safe_load(text))
    assert part in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_the_convention_is_70_50_30() -> None:
    assert TiersSettings().scores == (70, 50, 30)


def test_scores_are_read_in_the_order_of_tiers_not_of_the_file() -> None:
    assert parse_settings(TiersSettings, {2: 60, "1": 80}).scores == (80, 60)


def test_a_tier_pays_from_its_cost_over_the_value_of_a_win() -> None:
    data = {"objective": "cost", "cost": {1: 500, 2: 50, 3: 5, "value_of_win": 10_000}}
    cost = parse_settings(TiersSettings, data).cost
    assert cost is not None
    assert cost.probabilities() == pytest.approx((0.05, 0.005, 0.0005))


def test_one_text_for_a_tier_holds_in_all_quadrants_and_without_them() -> None:
    actions = parse_settings(ActionsSettings, {1: "call"})
    assert {actions.action("1", q) for q in ("both", "fit", "intent", "neither", None)} == {"call"}


def test_a_quadrant_that_is_not_named_keeps_its_default() -> None:
    actions = parse_settings(ActionsSettings, {2: {"intent": "leave"}})
    assert actions.action("2", "intent") == "leave"
    assert actions.action("2", "both") == ActionsSettings().action("2", "both")


def test_a_rule_has_its_values_as_words() -> None:
    rule = parse_settings(RuleSettings, {"name": "a", "attribute": "b", "is": 12, "until": "2024-01-31"})
    assert rule.values == ("12",)
    assert rule.until == date(2024, 1, 31)
