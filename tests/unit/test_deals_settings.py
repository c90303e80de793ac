"""A configuration is read whole or refused in one sentence that names the place and the fix."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pydantic import BaseModel

from icp_ml.deals.attributes import attribute_document, resolve_attributes
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.settings import (
    AttributesSettings,
    DealsSettings,
    OutcomeSettings,
    ProspectsSettings,
    TablesSettings,
    parse_settings,
)
from icp_ml.deals.vocabulary import Vocabulary, fit_vocabulary
from icp_ml.errors import ConfigError

OUTCOME = {"column": "Stage", "won": ["Won"], "lost": ["Lost"]}


def refusal(model: type[BaseModel], data: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(model, data)
    return caught.value.sentence


def test_the_short_form_is_the_long_form() -> None:
    short = parse_settings(AttributesSettings, {"firmographic": {"employees": "number"}})
    assert short == parse_settings(AttributesSettings, {"firmographic": {"employees": {"kind": "number"}}})


def test_a_misspelt_key_is_told_with_its_place_and_the_nearest_one() -> None:
    data = {"firmographic": {"employees": {"kind": "number", "knwon": "before"}}}
    expected = "firmographic.employees.knwon is not a known key; did you mean 'known'?"
    assert refusal(AttributesSettings, data) == expected


def test_a_misspelt_key_comes_before_the_missing_key_that_it_explains() -> None:
    sentence = refusal(DealsSettings, {"sorce": "a.csv", "outcome": OUTCOME})
    assert sentence == "sorce is not a known key; did you mean 'source'? (1 more after this one)"


def test_a_missing_key_is_told() -> None:
    assert refusal(DealsSettings, {"outcome": OUTCOME}) == (
        "source is required and was not found; add it to the configuration"
    )


def test_a_value_out_of_a_list_is_told_with_the_nearest_one() -> None:
    sentence = refusal(AttributesSettings, {"firmographic": {"employees": "numbr"}})
    assert sentence.startswith("firmographic.employees.kind: expected 'number', 'category'")
    assert sentence.endswith("found 'numbr'; did you mean 'number'?")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"extracted": "yesterday"}, "extracted: expected a date such as 2024-12-31, found 'yesterday'"),
        ({"encoding": "utf-eight"}, "encoding: expected an encoding such as 'utf-8' or 'cp1252'"),
        ({"window": {"months": 0}}, "window.months: expected greater than or equal to 1, found 0"),
        ({"delimiter": ";;"}, "delimiter: "),
        ({"outcome": {**OUTCOME, "open": ["won "]}}, "expected 'won ' to mean one thing, found it under 'won'"),
        ({"outcome": {**OUTCOME, "lost": []}}, "expected at least one value in 'won' and one in 'lost'"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(change: dict[str, object], part: str) -> None:
    assert part in refusal(DealsSettings, {"source": "a.csv", "outcome": OUTCOME, **change})


@pytest.mark.parametrize("data", [None, [], "text"])
def test_something_else_than_keys_and_values_is_told(data: object) -> None:
    assert "expected keys and values" in refusal(TablesSettings, data)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "number", "order": ["a"]},
        {"kind": "category", "ranges": "midpoint"},
        {"kind": "ordered", "order": ["a", " A"]},
    ],
)
def test_an_option_that_does_not_fit_is_refused(options: dict[str, object]) -> None:
    sentence = refusal(AttributesSettings, {"firmographic": {"size": options}})
    assert sentence.startswith("firmographic.size: expected")


def test_yaml_truth_among_outcome_values_stands_for_both_spellings() -> None:
    outcome = parse_settings(OutcomeSettings, {"column": "IsWon", "won": True, "lost": [False, 0]})
    assert outcome.won == ("true", "yes")
    assert outcome.lost == ("false", "no", "0")


def test_yaml_truth_among_levels_is_refused_because_its_spelling_is_lost() -> None:
    options = {"kind": "ordered", "order": [False, True]}
    assert "put it in quotes" in refusal(AttributesSettings, {"firmographic": {"size": options}})


def test_settings_cannot_be_changed() -> None:
    settings = ProspectsSettings(source="list.csv")
    with pytest.raises(ValueError, match="frozen"):
        settings.source = "other.csv"


def test_attributes_resolve_in_the_order_of_layers_with_their_axis_and_all_tokens() -> None:
    settings = parse_settings(
        AttributesSettings,
        {
            "engagement": {"demo": {"kind": "flag", "known": "at_open"}},
            "firmographic": {"size": {"kind": "number", "column": " Employees ", "missing": "-"}},
        },
    )
    size, demo = resolve_attributes(settings, ("Select", "-"))
    assert (size.name, size.column, size.axis, size.missing) == ("size", "Employees", "fit", ("-", "Select"))
    assert (demo.name, demo.column, demo.layer, demo.axis) == ("demo", "demo", "engagement", "intent")


def test_what_is_known_too_late_or_not_in_use_is_left_out() -> None:
    settings = parse_settings(
        AttributesSettings,
        {
            "engagement": {
                "late": {"kind": "flag", "known": "during"},
                "asked": {"kind": "flag", "use": False},
                "written": {"kind": "flag", "use": "no"},
                "early": "flag",
            }
        },
    )
    assert [attribute.name for attribute in resolve_attributes(settings, ())] == ["early"]
    during = resolve_attributes(settings, (), use_known=("during",))
    assert [attribute.name for attribute in during] == ["late"]


def test_an_attribute_has_one_layer() -> None:
    settings = parse_settings(AttributesSettings, {"firmographic": {"x": "flag"}, "engagement": {"x": "flag"}})
    with pytest.raises(ConfigError, match="found 'x' under firmographic and engagement"):
        resolve_attributes(settings, ())


def test_an_attribute_that_is_asked_for_and_known_too_late_is_refused() -> None:
    """Without a word it would be left out, and the person who answered would wait for it in vain."""
    written = {"firmographic": {"amount": {"kind": "number", "known": "during", "use": True}}}
    settings = parse_settings(AttributesSettings, written)
    with pytest.raises(ConfigError, match=r"attributes\.firmographic\.amount: .*'known: during'; write known: at_open"):
        resolve_attributes(settings, ())
    assert [each.name for each in resolve_attributes(settings, (), ("before", "during"))] == ["amount"]


@pytest.mark.parametrize("kind", ["category", "set", "date", "year"])
def test_what_has_no_more_or_less_cannot_be_monotone(kind: str) -> None:
    sentence = refusal(AttributesSettings, {"firmographic": {"founded": {"kind": kind, "monotone": "up"}}})
    assert f"expected 'monotone' only beside 'kind: number', 'ordered' or 'flag', found 'kind: {kind}'" in sentence


@pytest.mark.parametrize(("asked", "direction"), [("up", 1), ("down", -1), (None, 0)])
def test_a_direction_reaches_the_model_s_column(asked: str | None, direction: int) -> None:
    declared = {"kind": "number"} if asked is None else {"kind": "number", "monotone": asked}
    attributes = resolve_attributes(parse_settings(AttributesSettings, {"firmographic": {"size": declared}}), ())
    parsed = parse_attributes(pa.table({"size": ["1", "2", "3", "4"]}), attributes, None)
    vocabulary = fit_vocabulary(parsed, attributes)
    assert [column.monotone for column in vocabulary.columns] == [direction]
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
    assert ("monotone" in attribute_document(attributes[0])) == (asked is not None)
