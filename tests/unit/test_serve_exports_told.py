"""What an export cannot carry over is refused or told on its page: Apollo, Clay and the model in SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.currencies import Currency, RateSeries
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.errors import ConfigError
from icp_ml.profile.several import ProfilesRecord
from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Profiles
from icp_ml.serve.exports import model_sql as whole_model
from icp_ml.serve.exports import model_sql_tables, model_sql_views
from icp_ml.serve.exports.apollo import PAGE_NAME as APOLLO_PAGE
from icp_ml.serve.exports.apollo import apollo, apollo_filters
from icp_ml.serve.exports.clay import PAGE_NAME as CLAY_PAGE
from icp_ml.serve.exports.clay import clay, clay_columns
from icp_ml.serve.exports.clay_cells import AS_OF
from icp_ml.serve.exports.model_sql import model_sql
from icp_ml.serve.exports.model_sql_views import Objects
from icp_ml.serve.exports.sql import DIALECTS, SqlOptions, source_table
from icp_ml.serve.exports.sql_conditions import Dialect, Warehouse, asked
from tests import definitions, serve_models
from tests.exports import exported

HASH = "5f2c" * 16


def rule(**written: object) -> RuleSettings:
    return RuleSettings.model_validate({"name": "r", **written})


# --- Apollo --------------------------------------------------------------------------------------------------------


def test_a_boundary_that_has_ended_is_not_set() -> None:
    ended = rule(attribute="revenue", at_least=1_000_000, until="2025-06-29")
    assert apollo_filters(replace(exported(), policy=Policy(boundary=(ended,)))).always == ()


def test_an_exclusion_of_what_apollo_does_not_know_is_told() -> None:
    found = apollo_filters(replace(exported(), policy=Policy(exclusions=(rule(attribute="tools", missing=True),))))
    assert found.always == ()
    [told] = [line for line in found.unasked if line.points is None]
    assert told.words.startswith("not r: tools")
    assert told.why == "Apollo cannot ask for what it does not know"


def test_a_page_for_an_icp_that_asks_about_people_says_where_they_are_set() -> None:
    seniority = Attribute("seniority", "Seniority", "category", "engagement", "intent")
    asked_of = exported().definition.criteria[2]
    made = exported().definition.model_copy(
        update={
            "criteria": (
                *exported().definition.criteria[:2],
                asked_of.model_copy(
                    update={
                        "condition": ConditionSettings.model_validate({"attribute": "seniority", "is": ["VP"]}),
                        "words": "seniority: VP",
                    }
                ),
            )
        }
    )
    page = apollo(replace(exported(made), attributes=(*definitions.ATTRIBUTES, seniority)))[APOLLO_PAGE].decode()
    assert "Job Titles and Management Level are about people at the company." in page
    assert "This ICP says nothing of people" not in page


# --- Clay ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("push", "said"), [(["1", "9"], "found 9; name one or more"), ([], "found none; name one")])
def test_only_tiers_that_there_are_go_on_to_the_crm(push: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=f"expected tiers to push among 1, 2, .*, {said}"):
        clay_columns(exported(), push)


def clay_page(*attributes: Attribute) -> str:
    """The page where these take the place of the attributes of their name, and no age is asked."""
    instead = {each.name: each for each in attributes}
    undated = exported().definition.model_copy(
        update={"criteria": tuple(each for each in exported().definition.criteria if each.name != "fresh round")}
    )
    given = replace(
        exported(undated),
        policy=Policy(),
        attributes=tuple(instead.get(each.name, each) for each in definitions.ATTRIBUTES),
    )
    return clay(given)[CLAY_PAGE].decode("utf-8")


def test_where_no_age_is_asked_the_page_says_nothing_of_a_day() -> None:
    assert AS_OF not in clay_page()
    assert f"`{AS_OF}` is the day on which its formula last ran" in clay(exported())[CLAY_PAGE].decode("utf-8")


def test_the_page_says_in_which_currency_amounts_are_and_that_others_are_not_converted() -> None:
    assert "| Annual Revenue | number in USD |" in clay_page()
    assert "a formula has no rates" not in clay_page()
    revenue = definitions.ATTRIBUTES[1]
    rates = (RateSeries("EUR", ("2025-01-01",), (1.1,)),)
    page = clay_page(replace(revenue, currency=Currency(("USD",), "Currency", rates)))
    assert "Amounts of revenue in another currency count as not known here: a formula has no rates." in page


def test_the_page_says_where_in_an_answer_a_value_stands() -> None:
    page = clay_page(replace(definitions.ATTRIBUTES[2], column="Research", answer="firm.industry"))
    assert "category: what stands at firm.industry in the JSON of Research, in a column of its own" in page


# --- SQL -----------------------------------------------------------------------------------------------------------


def test_amounts_in_the_currency_of_another_column_are_not_asked_in_sql() -> None:
    revenue = replace(definitions.ATTRIBUTES[1], currency=Currency(("USD",), "Currency"))
    condition = bind_condition(
        ConditionSettings.model_validate({"attribute": "revenue", "at_least": 1}), {"revenue": revenue}, "the test"
    )
    with pytest.raises(ConfigError, match=r"'revenue' was expected in one currency .* of the column 'Currency'"):
        asked(condition, Warehouse("duckdb", None, "text", {}))


def test_a_model_of_several_icps_is_not_written_as_sql() -> None:
    whole = serve_models.bundle()
    said = ProfilesRecord(profiles=(), deals=400, in_none=0, notes=())
    several = replace(whole, profiles=Profiles(said, (whole,) * 3))
    with pytest.raises(ConfigError, match="a model with one ICP was expected for SQL, and version 1 of planted has 3"):
        model_sql(several, HASH, "duckdb", SqlOptions())


def test_a_model_that_has_no_tables_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icp_ml.model.cells.compiling.MOST_BYTES", 100)
    with pytest.raises(ConfigError, match="this one is too large: the cells of its trees would take"):
        model_sql(serve_models.bundle(), HASH, "duckdb", SqlOptions())


def test_a_model_of_too_many_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = len(serve_models.win_model().vocabulary.columns)
    monkeypatch.setattr(model_sql_tables, "MOST_COLUMNS", columns - 1)
    with pytest.raises(ConfigError, match=f"it has {columns} columns, and views here have room for {columns - 1}"):
        model_sql(serve_models.bundle(), HASH, "duckdb", SqlOptions())


def test_a_statement_that_no_warehouse_takes_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model_sql(serve_models.bundle(), HASH, "duckdb", SqlOptions())
    monkeypatch.setattr(whole_model, "MOST_BYTES", 1_000)
    with pytest.raises(ConfigError, match=r"statements of at most 1,000 bytes were expected, and one of the duckdb"):
        made.files()


def test_long_expressions_are_put_into_further_views(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = model_sql(serve_models.bundle(), HASH, "duckdb", SqlOptions()).files()
    monkeypatch.setattr(model_sql_views, "TARGET_BYTES", 2_000)
    shorter = model_sql(serve_models.bundle(), HASH, "duckdb", SqlOptions()).files()
    [views] = [name for name in usual if name.endswith("views.sql")]
    assert shorter[views].count(b"CREATE VIEW") > usual[views].count(b"CREATE VIEW")


@pytest.mark.parametrize("schema", ["cr'm", 'cr"m', "crm;", "crm--", "/* crm", "a.b.c"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_schema_that_is_no_name_is_refused(schema: str, dialect: Dialect) -> None:
    """A quote without end, a statement's end, a comment that would hide the name of every view, a name too long."""
    with pytest.raises(ConfigError, match="the name of a schema such as crm was expected, and '"):
        Objects(dialect, schema, "5f2c").named("icp_scores")


@pytest.mark.parametrize("table", ["crm.comp'anies", 'crm."companies', "companies -- x", ""])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_that_is_no_name_is_refused(table: str, dialect: Dialect) -> None:
    with pytest.raises(ConfigError, match=r"the name of a table such as crm\.companies was expected, and '"):
        source_table(table, dialect)


def test_with_one_axis_there_is_no_quadrant_and_the_action_of_one_axis() -> None:
    bundle = serve_models.bundle()
    vocabulary = bundle.model.vocabulary
    fit = replace(vocabulary, columns=tuple(replace(each, axis="fit") for each in vocabulary.columns))
    one_axis = replace(
        bundle,
        model=replace(bundle.model, vocabulary=fit),
        attributes=tuple(replace(each, axis="fit") for each in bundle.attributes),
    )
    files = model_sql(one_axis, HASH, "duckdb", SqlOptions()).files()
    [views] = [content.decode() for name, content in files.items() if name.endswith("views.sql")]
    assert 'CAST(NULL AS TEXT) END AS "icp_quadrant"' in views
    actions = bundle.policy.actions
    for tier in bundle.tiering.cuts.labels:
        assert actions.action(tier, None) in views
        if actions.action(tier, "intent") not in {actions.action(each, None) for each in bundle.tiering.cuts.labels}:
            assert actions.action(tier, "intent") not in views
