"""Answers in JSON become what a plain column of the same values would; what cannot be read is counted."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.deals.answers import OTHER, read_answers, read_documents
from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.contract import identical_rows
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn, Unreadable, parse_attributes
from icp_ml.deals.rates import settle_currencies
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import AttributesSettings, parse_settings
from icp_ml.deals.vocabulary import OTHER_CODE, fit_vocabulary
from icp_ml.errors import ConfigError, InputError

MOTION = Attribute(
    "motion", "ai", "category", "firmographic", "fit",
    answer="motion", phrases=(("sales-led", ("enterprise sales", "field sales")), ("product-led", ("PLG",))),
)  # fmt: skip
TRIGGER = Attribute("trigger", "ai", "flag", "behavioural", "intent", answer="seen.trigger")
TOOLS = Attribute("tools", "ai", "set", "technographic", "fit", answer="tools")


def read(texts: list[str | None], *attributes: Attribute) -> ParsedTable:
    return parse_attributes(pa.table({"ai": pa.array(texts, pa.string())}), attributes, None)


def categories(parsed: ParsedTable, name: str = "motion") -> list[str | None]:
    column = parsed.columns[name]
    assert isinstance(column, CategoryColumn)
    return [None if code < 0 else column.levels[code] for code in column.codes]


def flags(parsed: ParsedTable) -> list[float | None]:
    column = parsed.columns["trigger"]
    assert isinstance(column, NumberColumn)
    return [None if np.isnan(value) else value for value in column.values.tolist()]


def test_case_and_punctuation_do_not_matter_and_a_category_stands_for_itself() -> None:
    texts = ["Enterprise  Sales.", "SALES_LED", "p.l.g", "plg!", "field-sales"]
    parsed = read([json.dumps({"motion": text}) for text in texts], MOTION)
    # "p.l.g" is three words once its points are gone, which nobody declared.
    assert categories(parsed) == ["sales-led", "sales-led", OTHER, "product-led", "sales-led"]
    assert parsed.unmapped == (Unreadable("motion", 1, ("p.l.g",)),)


def test_a_phrase_is_compared_as_a_whole() -> None:
    assert categories(read(['{"motion": "not sales led"}'], MOTION)) == [OTHER]


def test_the_word_other_is_a_mapped_answer() -> None:
    parsed = read(['{"motion": "Other"}'], MOTION)
    assert (categories(parsed), parsed.unmapped) == ([OTHER], ())


@pytest.mark.parametrize(
    "text",
    ["", None, "{}", '{"motion": null}', '{"motion": "unknown"}', '{"motion": " N/A "}', '{"motion": []}'],
)
def test_what_was_not_answered_is_missing_and_no_trouble(text: str | None) -> None:
    parsed = read([text], MOTION, TRIGGER)
    assert (categories(parsed), flags(parsed), parsed.unreadable, parsed.unmapped) == ([None], [None], (), ())


@pytest.mark.parametrize("text", ["sorry, no", "[1]", '"text"', "{", '{"motion": NaN}', "```json\n{\n```"])
def test_what_is_no_json_object_is_unreadable_for_every_attribute_of_the_column(text: str) -> None:
    parsed = read([text, '{"motion": "plg", "seen": {"trigger": true}}'], MOTION, TRIGGER)
    assert (categories(parsed), flags(parsed)) == ([None, "product-led"], [None, 1.0])
    assert [(found.attribute, found.rows) for found in parsed.unreadable] == [("motion", 1), ("trigger", 1)]


@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}, [["a"]]])
def test_more_than_one_value_is_unreadable_where_one_is_expected(value: object) -> None:
    parsed = read([json.dumps({"motion": value})], MOTION)
    assert categories(parsed) == [None]
    assert parsed.unreadable == (Unreadable("motion", 1, (json.dumps(value),)),)


HALF = r'"\ud800"'
"""Half of a character, as JSON spells it."""


@pytest.mark.parametrize("value", [HALF, f"[{HALF}]"])
def test_half_of_a_character_is_unreadable(value: str) -> None:
    parsed = read([f'{{"motion": {value}}}', '{"motion": "PLG"}'], MOTION)
    assert categories(parsed) == [None, "product-led"]
    assert [(found.attribute, found.rows) for found in parsed.unreadable] == [("motion", 1)]
    (tools,) = read([f'{{"tools": ["a", {HALF}]}}'], TOOLS).unreadable
    assert tools.rows == 1


@pytest.mark.parametrize("depth", [1, 400, 990, 100_000])
def test_lists_in_a_list_are_unreadable_however_deep_they_are(depth: int) -> None:
    found = read(['{"motion": ' + "[" * (depth + 1) + "1" + "]" * (depth + 1) + "}"], MOTION).unreadable
    assert [(each.attribute, each.rows) for each in found] == [("motion", 1)]


BLANKS = 200_000


@pytest.mark.parametrize("text", ["```" + " " * BLANKS, "```json" + "\n" * BLANKS, "```" + "\t\n" * BLANKS + "x"])
def test_a_fence_and_many_blanks_are_read_in_the_time_of_their_length(text: str) -> None:
    """Two hundred thousand blanks, tried once each, take a millisecond; tried for each other one, an hour."""
    began = time.process_time()
    assert read([text], MOTION).unreadable[0].rows == 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize("fence", ["```json\n%s\n```", "Here it is:\n```\n%s\n```\nDone.", "```JSON \n%s```"])
def test_a_fenced_block_is_what_is_inside_it(fence: str) -> None:
    parsed = read([fence % '{"motion": "PLG", "seen": {"trigger": "no"}}'], MOTION, TRIGGER)
    assert (categories(parsed), flags(parsed), parsed.unreadable) == (["product-led"], [0.0], ())


def test_a_list_of_tools_is_a_set_and_an_empty_one_says_that_there_are_none() -> None:
    rows = [
        {"tools": ["B", "A", "B"]},
        {"tools": []},
        {"tools": "A; C"},
        {"tools": None},
        {},
        {"tools": ["C", None, 7]},
    ]
    column = read([json.dumps(row) for row in rows], TOOLS).columns["tools"]
    assert isinstance(column, SetColumn)
    members = [
        [column.levels[code] for code in column.indices[column.indptr[row] : column.indptr[row + 1]]]
        for row in range(6)
    ]
    assert members == [["A", "B"], [], ["A", "C"], [], [], ["7", "C"]]
    assert column.missing.tolist() == [False, False, False, True, True, False]


def test_troubles_of_json_and_of_the_kind_are_counted_together() -> None:
    number = Attribute("n", "ai", "number", "firmographic", "fit", answer="n")
    parsed = read(["no json", '{"n": "about ten"}', '{"n": 12.5}', '{"n": "12"}'], number)
    column = parsed.columns["n"]
    assert isinstance(column, NumberColumn)
    assert np.array_equal(column.values, [np.nan, np.nan, 12.5, 12.0], equal_nan=True)
    assert parsed.unreadable == (Unreadable("n", 2, ("no json", "about ten")),)


def test_long_answers_are_shown_by_their_beginning() -> None:
    found = read_answers(read_documents(pa.array(["x" * 500])), "motion").trouble
    assert found.examples == ("x" * 60 + "...",)


@given(st.lists(st.one_of(st.none(), st.sampled_from(["Ab", "Cd", "E f"])), min_size=1))
def test_an_answer_reads_as_a_plain_column_of_the_same_values_does(values: list[str | None]) -> None:
    plain = Attribute("x", "x", "category", "firmographic", "fit")
    answered = replace(plain, column="ai", answer="a.b")
    texts = [json.dumps({"a": {"b": value}, "why": str(row)}) for row, value in enumerate(values)]
    table = pa.table({"x": pa.array(values, pa.string()), "ai": pa.array(texts, pa.string())})
    one, other = (parse_attributes(table, [each], None) for each in (plain, answered))
    assert categories(one, "x") == categories(other, "x")


def test_an_unmapped_phrase_is_the_level_of_what_is_rare_however_often_it_stands() -> None:
    phrases = ["plg"] * 20 + ["enterprise sales"] * 20 + ["by carrier pigeon"] * 20
    parsed = read([json.dumps({"motion": phrase}) for phrase in phrases], MOTION)
    (column,) = fit_vocabulary(parsed, [MOTION]).columns
    assert column.levels == ("(missing)", "(other)", "product-led", "sales-led")
    assert fit_vocabulary(parsed, [MOTION]).encode(parsed)[40:, 0].tolist() == [OTHER_CODE] * 20


def test_copies_are_told_by_their_answers_and_not_by_their_reasons() -> None:
    attributes = [replace(MOTION, name=f"q{k}", answer=f"q{k}", phrases=()) for k in range(8)]
    answers = {f"q{k}": f"text {k}" for k in range(8)}
    texts = [json.dumps({**answers, "why": why}) for why in ("one", "two")]
    texts.append(json.dumps({**answers, "q7": "another"}))
    codes = identical_rows(pa.table({"ai": texts}), attributes, np.arange(3, dtype=np.int32))
    assert codes[0] == codes[1] != codes[2]


def test_money_in_the_reasons_is_not_the_currency_of_an_answer(tmp_path: Path) -> None:
    budget = Attribute("budget", "ai", "number", "firmographic", "fit", answer="budget")
    rows = [{"budget": "$1,200", "why": "they say €5m"}, {"budget": "$2K", "why": "£3"}]
    table = pa.table({"ai": [json.dumps(row) for row in rows]})
    settled = settle_currencies(table, [budget], None, tmp_path)
    column = parse_attributes(table, settled, None).columns["budget"]
    assert isinstance(column, NumberColumn)
    assert column.values.tolist() == [1200.0, 2000.0]
    mixed = pa.table({"ai": ['{"budget": "$1"}', '{"budget": "€1"}']})
    with pytest.raises(InputError, match="in one currency"):
        settle_currencies(mixed, [budget], None, tmp_path)


def test_rules_name_categories_as_they_are_written() -> None:
    bind_rules([rule("field sales")], [MOTION])
    with pytest.raises(ConfigError, match="one of 'sales-led', 'product-led' for 'motion'") as refused:
        bind_rules([rule("pigeon")], [MOTION])
    assert "names 'pigeon'" in refused.value.sentence


def rule(value: str) -> RuleSettings:
    return parse_settings(RuleSettings, {"name": "only these", "attribute": "motion", "is": value})


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"kind": "number", "phrases": {"a": ["b"]}}, "'phrases' only beside 'kind: category'"),
        ({"kind": "category", "phrases": {"a": ["x y"], "b": ["X-Y"]}}, "'X-Y' to stand for one category"),
        ({"kind": "category", "phrases": {"a": ["?"]}}, "letters or digits"),
        ({"kind": "number", "answer": "n", "decimal": ","}, "no 'decimal' beside 'answer'"),
        ({"kind": "flag", "answer": "a..b"}, "answer"),
    ],
)
def test_declarations_that_do_not_fit_are_refused(written: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        parse_settings(AttributesSettings, {"firmographic": {"x": written}})


def test_what_is_declared_is_what_the_attribute_holds() -> None:
    written = {"kind": "category", "column": "ai", "answer": "motion", "phrases": {"a": "b", "c": ["d", 5]}}
    settings = parse_settings(AttributesSettings, {"firmographic": {"x": written}})
    (found,) = resolve_attributes(settings, ())
    assert (found.answer, found.phrases) == ("motion", (("a", ("b",)), ("c", ("d", "5"))))


def test_the_page_shows_an_answer_that_meets_its_schema() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    schema = json.loads((docs / "reading-by-ai.schema.json").read_text(encoding="utf-8"))
    page = (docs / "reading-by-ai.md").read_text(encoding="utf-8")
    answer = json.loads(page.split("```json\n")[1].split("```")[0])
    assert set(answer) == set(schema["required"]) == set(schema["properties"])
    for key, rule in schema["properties"].items():
        assert f"  {key} " in page  # the prompt asks for it
        assert _meets(answer[key], rule), key
    assert not _meets("field sales", schema["properties"]["sales_motion"])
    assert not _meets([1], schema["properties"]["pages"])


def _meets(value: object, rule: dict[str, Any]) -> bool:
    """The few words of JSON schema that the file uses."""
    if "enum" in rule:
        return value in rule["enum"]
    names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    types: dict[str, type] = {"boolean": bool, "null": type(None), "string": str, "array": list}
    fits = any(isinstance(value, types[name]) for name in names)
    return fits and (not isinstance(value, list) or all(_meets(item, rule["items"]) for item in value))
