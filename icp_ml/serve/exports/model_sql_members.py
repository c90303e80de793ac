"""The members of a set as a list without repetitions, in SQL: each engine has its own words for it.

duckdb       LIST_DISTINCT(LIST_FILTER(LIST_TRANSFORM(STR_SPLIT(x, ';'), m -> trimmed m), m -> m is a member))
snowflake    ARRAY_DISTINCT(FILTER(TRANSFORM(SPLIT(x, ';'), m -> ...), m -> ...))
postgres     ARRAY(SELECT DISTINCT m FROM (SELECT trimmed m FROM UNNEST(STRING_TO_ARRAY(x, ';'))) WHERE m is a member)
bigquery     ARRAY(SELECT DISTINCT m FROM (SELECT trimmed m FROM UNNEST(SPLIT(x, ';'))) WHERE m is a member)

A member is what is left when the spaces around it are trimmed: neither empty nor a text that means "not known".
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from icp_ml.deals.attributes import Attribute
from icp_ml.serve.exports.sql_conditions import Warehouse, unknown_texts
from icp_ml.serve.exports.sql_texts import as_text, one_of, text, trimmed

_ITEM = "item"
_MEMBER = "member"


def members_of(attribute: Attribute, warehouse: Warehouse) -> exp.Expr:
    """The members of a set that is known, as a list of texts."""
    column = warehouse.column(attribute)
    pieces = column if warehouse.sets == "array" else _pieces(as_text(column), attribute.separator, warehouse)
    if warehouse.dialect in ("duckdb", "snowflake"):
        return _by_functions(pieces, unknown_texts(attribute), warehouse)
    return _by_query(pieces, unknown_texts(attribute))


def how_many(members: exp.Expr, warehouse: Warehouse) -> exp.Expr:
    """The length of such a list."""
    name = {"duckdb": "LEN", "postgres": "CARDINALITY", "snowflake": "ARRAY_SIZE", "bigquery": "ARRAY_LENGTH"}
    return _function(name[warehouse.dialect], members)


def is_member(members: exp.Expr, member: str, warehouse: Warehouse) -> exp.Expr:
    """Whether such a list holds a text."""
    if warehouse.dialect == "duckdb":
        return _function("LIST_CONTAINS", members, text(member))
    if warehouse.dialect == "snowflake":
        return _function("ARRAY_CONTAINS", exp.cast(text(member), "variant"), members)
    if warehouse.dialect == "postgres":
        return exp.EQ(this=text(member), expression=exp.Any(this=exp.paren(members.copy())))
    return exp.In(this=text(member), unnest=exp.Unnest(expressions=[members.copy()]))


def _pieces(whole: exp.Expr, separator: str, warehouse: Warehouse) -> exp.Expr:
    name = {"duckdb": "STR_SPLIT", "postgres": "STRING_TO_ARRAY", "snowflake": "SPLIT", "bigquery": "SPLIT"}
    return _function(name[warehouse.dialect], whole, text(separator))


def _by_functions(pieces: exp.Expr, unknown: Sequence[str], warehouse: Warehouse) -> exp.Expr:
    distinct, kept, each = {
        "duckdb": ("LIST_DISTINCT", "LIST_FILTER", "LIST_TRANSFORM"),
        "snowflake": ("ARRAY_DISTINCT", "FILTER", "TRANSFORM"),
    }[warehouse.dialect]
    item, member = exp.column(_ITEM, quoted=True), exp.column(_MEMBER, quoted=True)
    spelled = _function(each, pieces, _lambda(trimmed(item), item))
    return _function(distinct, _function(kept, spelled, _lambda(_counts(as_text(member), unknown), member)))


def _lambda(body: exp.Expr, of: exp.Column) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[of.this.copy()])


def _by_query(pieces: exp.Expr, unknown: Sequence[str]) -> exp.Expr:
    member = exp.column(_MEMBER, quoted=True)
    unnested = exp.Unnest(expressions=[pieces], alias=_unnested())
    spelled = exp.select(trimmed(exp.column(_ITEM, quoted=True)).as_(_MEMBER, quoted=True)).from_(unnested)
    kept = exp.select(member).distinct().from_(spelled.subquery("spelled")).where(_counts(member, unknown))
    return exp.Array(expressions=[kept])


def _unnested() -> exp.TableAlias:
    """In BigQuery the alias is the item itself, in PostgreSQL a table with it; sqlglot knows."""
    item = exp.to_identifier(_ITEM, quoted=True)
    return exp.TableAlias(this=exp.to_identifier("items", quoted=True), columns=[item])


def _counts(member: exp.Expr, unknown: Sequence[str]) -> exp.Expr:
    """Whether a piece is a member. A list may hold null, which is none."""
    is_there = exp.NEQ(this=member.copy(), expression=text(""))
    return exp.and_(is_there, exp.not_(one_of(exp.Lower(this=member.copy()), unknown))) if unknown else is_there


def _function(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[each.copy() for each in arguments])
