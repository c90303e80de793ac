"""The ICP as SQL for a warehouse: who matches, which criteria are met, and what speaks against a company.

    icp.duckdb.sql          every column of the table, and beside them
        icp_meets_...       one truth value a criterion
        icp_criteria_met    how many of them are met
        icp_excluded_by     the first exclusion that hits the row, else null
        icp_outside         the first boundary that the row is known not to meet, else null
        icp_match           enough criteria are met, nothing excludes the row, and it is not outside
    icp.duckdb.where.sql    the rows that match

The library decides what it means (`icp_ml.deals.rules`): what is not known meets no criterion, puts nobody outside and
excludes nobody. No truth value is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Final, get_args

from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Definition
from icp_ml.serve.exports.sql_conditions import Dialect, Sets, Warehouse, asked
from icp_ml.serve.exports.sql_head import sql_head
from icp_ml.serve.exports.sql_names import table_named
from icp_ml.serve.exports.sql_rules import first_name, rule_hits, rule_is_unmet
from icp_ml.serve.exports.stamp import Exported

DIALECTS: Final[tuple[Dialect, ...]] = get_args(Dialect)
CRITERIA_MET: Final = "icp_criteria_met"
EXCLUDED_BY: Final = "icp_excluded_by"
OUTSIDE: Final = "icp_outside"
MATCH: Final = "icp_match"
MOST_BYTES: Final = 500_000
"""Warehouses refuse statements from one megabyte on; half of that leaves room for what a person puts around it."""

_MEETS: Final = "icp_meets_"
_LONGEST_NAME: Final = 60
"""PostgreSQL cuts names at 63 bytes; three are left for a number that tells two names apart."""
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class SqlOptions:
    """table: the companies, as the dialect names it, such as "crm.companies".

    as_of: the day to which ages and ends of rules count; None for the day on which the SQL runs. sets: whether columns
    of sets hold texts with the attribute's separator, or lists. id: the table's id column, None for that of lists;
    schema: where the tables and views of a whole model stand, None for where they are made. Both are for the whole
    model (`model_sql`).
    """

    table: str = "companies"
    as_of: date | None = None
    sets: Sets = "text"
    id: str | None = None
    schema: str | None = None


def sql_files(exported: Exported, dialect: Dialect, options: SqlOptions = SqlOptions()) -> dict[str, bytes]:
    """Both statements with their stamp, by file name, UTF-8. Raises as `select_sql` does."""
    head = sql_head(exported, criterion_columns(exported.definition), _warehouse(exported, dialect, options))
    statements = {
        f"icp.{dialect}.sql": select_sql(exported, dialect, options),
        f"icp.{dialect}.where.sql": where_sql(exported, dialect, options),
    }
    return {name: f"{head}{statement};\n".encode() for name, statement in statements.items()}


def select_sql(exported: Exported, dialect: Dialect, options: SqlOptions = SqlOptions()) -> str:
    """A statement that gives every column of the table and those of the ICP beside them.

    Columns must have the types that `icp_ml.serve.exports.sql_conditions` names.

    Raises `ConfigError` where the definition has no criterion, a condition cannot be asked in SQL, the name of the
    table cannot be read, or the statement is longer than `MOST_BYTES`.
    """
    parts = _parts(exported, dialect, options)
    criteria = [asking.as_(name, quoted=True) for name, asking in parts.criteria.items()]
    asked_of_rows = exp.select(
        exp.Column(this=exp.Star(), table=exp.to_identifier(_ALIAS, quoted=True)),
        *criteria,
        first_name(parts.exclusions).as_(EXCLUDED_BY, quoted=True),
        first_name(parts.boundary).as_(OUTSIDE, quoted=True),
    ).from_(source_table(options.table, dialect))
    met = _count(exp.column(name, quoted=True) for name in parts.criteria)
    counted = exp.select(exp.Star(), met.as_(CRITERIA_MET, quoted=True)).from_("icp_asked")
    match = exp.and_(
        _is_null(EXCLUDED_BY), _is_null(OUTSIDE), _at_least(exp.column(CRITERIA_MET, quoted=True), parts.least)
    )
    whole = exp.select(exp.Star(), match.as_(MATCH, quoted=True)).from_("icp_counted")
    return _written(whole.with_("icp_asked", as_=asked_of_rows).with_("icp_counted", as_=counted), dialect)


def where_sql(exported: Exported, dialect: Dialect, options: SqlOptions = SqlOptions()) -> str:
    """A statement that gives the rows that match, as they are. Columns and errors: as in `select_sql`."""
    parts = _parts(exported, dialect, options)
    against = [exp.not_(hit) for hit in (*parts.exclusions.values(), *parts.boundary.values())]
    enough = _at_least(_count(parts.criteria.values()), parts.least)
    rows = exp.select(exp.Star()).from_(source_table(options.table, dialect)).where(*against, enough)
    return _written(rows, dialect)


def criterion_columns(definition: Definition) -> dict[str, str]:
    """What the truth value of each criterion is called in SQL, by the criterion's name."""
    columns: dict[str, str] = {}
    for criterion in definition.criteria:
        name = f"{_MEETS}{_NO_NAME.sub('_', criterion.name.lower()).strip('_')}"[:_LONGEST_NAME]
        taken = sum(other == name or other.startswith(f"{name}__") for other in columns.values())
        columns[criterion.name] = f"{name}__{taken + 1}" if taken else name
    return columns


_ALIAS: Final = "company"


@dataclass(frozen=True)
class _Parts:
    """What both statements are made of. criteria: by column. exclusions, boundary: by the name of the rule."""

    criteria: Mapping[str, exp.Expr]
    exclusions: Mapping[str, exp.Expr]
    boundary: Mapping[str, exp.Expr]
    least: int


def _parts(exported: Exported, dialect: Dialect, options: SqlOptions) -> _Parts:
    definition, policy = exported.definition, exported.policy
    if definition.match is None:
        raise ConfigError(
            f"an ICP with at least one criterion was expected for SQL, and version {exported.version} of "
            f"{exported.name} has none; pin one with `icp amend`, or train on more deals"
        )
    warehouse = _warehouse(exported, dialect, options)
    columns = criterion_columns(definition)
    conditions = zip(definition.criteria, _conditions(exported), strict=True)
    excluded, inside = (bind_rules(rules, exported.attributes) for rules in (policy.exclusions, policy.boundary))
    return _Parts(
        criteria={columns[each.name]: asked(condition, warehouse).holds() for each, condition in conditions},
        exclusions={rule.settings.name: rule_hits(rule, warehouse) for rule in excluded},
        boundary={rule.settings.name: rule_is_unmet(rule, warehouse) for rule in inside},
        least=definition.match.least,
    )


def _conditions(exported: Exported) -> list[Condition]:
    attribute_of = {each.name: each for each in exported.attributes}
    return [
        bind_condition(each.condition, attribute_of, f"the criterion '{each.name}'")
        for each in exported.definition.criteria
    ]


def _warehouse(exported: Exported, dialect: Dialect, options: SqlOptions) -> Warehouse:
    return Warehouse(dialect, options.as_of, options.sets, list_names(exported.prospects))


def list_names(prospects: ProspectsSettings) -> dict[str, str]:
    """What a list calls the source column of an attribute, where its map says one name and no more."""
    leading = prospects.map
    sources = list(leading.values())
    return {source: name for name, source in leading.items() if sources.count(source) == 1}


def _count(truths: Iterable[exp.Expr]) -> exp.Expr:
    ones: list[exp.Expr] = [
        exp.Case().when(each, exp.Literal.number(1)).else_(exp.Literal.number(0)) for each in truths
    ]
    return reduce(_plus, ones)


def _plus(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Add(this=left, expression=right)


def _at_least(count: exp.Expr, least: int) -> exp.Expr:
    whole = exp.paren(count) if isinstance(count, exp.Add) else count
    return exp.GTE(this=whole, expression=exp.Literal.number(least))


def _is_null(column: str) -> exp.Expr:
    return exp.Is(this=exp.column(column, quoted=True), expression=exp.null())


def source_table(name: str, dialect: Dialect) -> exp.Expr:
    """The table, spelled as its dialect spells names without quotes: in capitals, in small letters, or as they are."""
    named = table_named(name, dialect)
    if named is None:
        raise ConfigError(
            f"the name of a table such as crm.companies was expected, and '{name}' was found; correct --table"
        )
    return exp.alias_(normalize_identifiers(named, dialect=dialect), _ALIAS, table=True, quoted=True)


def _written(statement: exp.Expr, dialect: Dialect) -> str:
    written = statement.sql(dialect=dialect, pretty=True, identify=True)
    if (size := len(written.encode())) > MOST_BYTES:
        raise ConfigError(
            f"a statement of at most {MOST_BYTES:,} bytes was expected, and the {dialect} one has {size:,}; ban "
            "criteria with long lists of values, or group those values in the source"
        )
    return written
