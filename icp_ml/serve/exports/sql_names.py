"""Names of tables as a person writes them on the command line."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError

from icp_ml.serve.exports.sql_conditions import Dialect

_BEGINS_A_COMMENT: Final = ("--", "/*")


def table_named(text: str, dialect: Dialect) -> exp.Table | None:
    """The table of that name as its dialect reads it; None where it is no name, such as an unclosed quote."""
    if any(each in text for each in _BEGINS_A_COMMENT):
        return None
    try:
        named = exp.to_table(text, dialect=dialect)
    except SqlglotError:
        return None
    return named if isinstance(named.this, exp.Identifier) else None
