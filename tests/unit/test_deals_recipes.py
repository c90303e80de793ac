"""What can be asked of a table, and what is refused, in one sentence, before a row is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from icp_ml.deals.attributes import Attribute, attribute_document, resolve_attributes
from icp_ml.deals.point_in_time import open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.recipes import Recipe
from icp_ml.deals.settings import AttributesSettings, parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.errors import ConfigError, InputError

BARE_SIGNALS = {"signals": {"source": "signals.csv", "account": "who", "occurred": "when"}}


def resolved(kind: str, recipe: object, **more: object) -> tuple[Attribute, ...]:
    entry = {"kind": kind, "from": recipe, **more}
    return resolve_attributes(parse_settings(AttributesSettings, {"behavioural": {"it": entry}}), ())


@pytest.mark.parametrize(
    ("kind", "recipe", "said"),
    [
        ("number", "signals", "measure: None"),
        ("number", {"table": "signals", "measure": "highest"}, "measure: highest"),
        ("flag", {"table": "signals", "measure": "count"}, "needs none"),
        ("set", {"table": "signals", "measure": "count"}, "needs none"),
        ("year", "signals", "take 'kind: date'"),
        ("date", "technologies", "event: adopted"),
        ("flag", {"table": "technologies", "days": 90}, "event: adopted"),
        ("number", {"table": "technologies", "measure": "days_since"}, "event: adopted"),
        ("number", {"table": "contacts", "measure": "total"}, "only signals"),
        ("number", {"table": "signals", "measure": "days_to_contract_end"}, "technologies"),
        ("ordered", {"table": "contacts", "measure": "highest"}, "without 'order'"),
        ("ordered", {"table": "contacts", "measure": "count"}, "take latest or highest"),
        ("number", {"table": "signals", "measure": "decay"}, "half_life"),
        ("number", {"table": "signals", "measure": "count", "half_life": 3}, "half_life"),
        ("flag", {"table": "signals", "tool": "One"}, "'tool' beside another table"),
        ("set", {"table": "contacts", "of": "type"}, "'seniority', 'title'"),
        ("flag", {"table": "signals", "days": [240, 60]}, "fewer days"),
        ("flag", {"table": "signals", "days": 0}, "days"),
        ("flag", {"table": "signal"}, "did you mean 'signals'"),
        ("flag", {"table": "signals", "typ": "x"}, "did you mean 'type'"),
        ("flag", {"table": "signals", "party": "second"}, "'first' or 'third'"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(kind: str, recipe: object, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        resolved(kind, recipe, use=True)
    assert said in refused.value.sentence
    assert "it" in refused.value.sentence


@pytest.mark.parametrize("known", ["at_open", "during", "after"])
def test_what_is_made_of_a_table_was_known_before(known: str) -> None:
    assert [each.known for each in resolved("flag", "signals")] == ["before"]
    with pytest.raises(ConfigError, match="no 'known' beside 'from'"):
        resolved("flag", "signals", known=known)


def test_persons_stay_out_of_the_profile_unless_asked_for() -> None:
    recipe = {"table": "contacts", "measure": "count"}
    assert resolved("number", recipe) == ()
    assert len(resolved("number", recipe, use=True)) == 1
    assert len(resolved("flag", "signals")) == 1


def test_a_recipe_travels_as_plain_values_and_says_nothing_by_default() -> None:
    [made] = resolved("number", {"table": "signals", "type": "job", "measure": "count", "days": [0, 30]})
    document = attribute_document(made)
    assert document["recipe"] == {"table": "signals", "type": ["job"], "measure": "count", "days": [0, 30]}
    assert Recipe.model_validate(document["recipe"]) == made.recipe
    plain = Attribute("a", "a", "number", "firmographic", "fit")
    assert {"recipe", "rollup"}.isdisjoint(attribute_document(plain))


@pytest.mark.parametrize(
    ("recipe", "tables", "said"),
    [
        ("signals", {}, "tables.signals"),
        ({"table": "signals", "type": "job"}, BARE_SIGNALS, "'type'"),
        ({"table": "signals", "source": "press"}, BARE_SIGNALS, "'source_of'"),
        ({"table": "signals", "party": "first"}, BARE_SIGNALS, "'party'"),
        ({"table": "signals", "role": "sales"}, BARE_SIGNALS, "'title'"),
        (
            {"table": "signals", "role": "sale"},
            {"signals": {**BARE_SIGNALS["signals"], "title": "what", "roles": {"sales": "sales"}}},
            "did you mean 'sales'",
        ),
    ],
)
def test_what_the_tables_do_not_declare_is_refused_before_reading(
    recipe: object, tables: object, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        open_tables(parse_settings(DatedTables, tables), resolved("flag", recipe), tmp_path)
    assert said in refused.value.sentence


def test_days_to_the_end_of_a_contract_need_the_column_that_says_when(tmp_path: Path) -> None:
    tables = parse_settings(
        DatedTables, {"technologies": {"source": "tools.csv", "account": "who", "tool": "tool", "first_seen": "from"}}
    )
    made = resolved("number", {"table": "technologies", "measure": "days_to_contract_end"})
    with pytest.raises(ConfigError, match=r"asks about 'contract_end' of the table 'technologies', which .* not name"):
        open_tables(tables, made, tmp_path)


def test_a_scorecard_without_deals_reads_lists_alone() -> None:
    settings = {
        "kind": "weighted-scorecard",
        "attributes": {"behavioural": {"it": {"kind": "flag", "from": "signals"}}},
        "weights": {"all": {"weight": 1, "rules": [{"attribute": "it", "exact": ["yes"]}]}},
    }
    attributes = parse_settings(AttributesSettings, settings["attributes"])
    bare = WeightedSettings.model_construct(attributes=attributes, missing=())
    with pytest.raises(ConfigError, match="remove 'from'"):
        bare.resolved()


def test_days_written_otherwise_are_refused_and_the_declaration_named(tmp_path: Path) -> None:
    (tmp_path / "signals.csv").write_text("who,when\nA,31/12/2024\nB,30/12/2024\n", encoding="utf-8")
    attributes = resolved("flag", "signals")
    with pytest.raises(InputError, match="date_order"):
        open_tables(parse_settings(DatedTables, BARE_SIGNALS), attributes, tmp_path)
    right = {"signals": {**BARE_SIGNALS["signals"], "date_order": "dmy"}}
    [rows] = open_tables(parse_settings(DatedTables, right), attributes, tmp_path).rows
    assert (rows.read, rows.used, rows.accounts) == (2, 2, 2)
