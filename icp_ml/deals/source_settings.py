"""Where rows come from, as a configuration says it: a file or a folder, or a query to a database.

    source: deals.csv                                               # CSV, Excel, Parquet, or a folder of Parquet files
    source: {sql: "select * from deals", connection: env:CRM_URL}   # the URL is in the environment variable CRM_URL

A URL holds a password, and a configuration is copied into digests, bundles and e-mails. So it names the variable and
never the URL, and no sentence here repeats a value that could be one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    PrivateAttr,
    StringConstraints,
    Tag,
)

if TYPE_CHECKING:
    from icp_ml.deals.sql_sources import Query

_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_URL = re.compile(r"\w+://")


def names_a_variable(value: object) -> object:
    """The value where it is `env:NAME`; a `ValueError` that does not repeat it elsewhere."""
    if isinstance(value, str) and _VARIABLE.fullmatch(value.strip()):
        return value.strip()
    raise ValueError(
        "expected the name of an environment variable that holds the URL, such as 'env:CRM_URL', found something else, "
        "which is not repeated here because it may hold a password; export the URL and name its variable"
    )


def _is_no_url(value: str) -> str:
    if _URL.search(value):
        raise ValueError(
            "expected the path of a file or a folder, found a URL, which is not repeated here because it may hold a "
            "password; for a database write {sql: ..., connection: env:NAME} and export the URL as NAME"
        )
    return value


class SqlSource(BaseModel):
    """A query, and the environment variable that holds the URL of its database.

    sql: one select statement. connection: `env:NAME`; the URL there starts with duckdb:///, sqlite:/// or
    postgresql://. The URL itself is bound from outside (`icp_ml.deals.sources.connected`); it is no part of the
    settings, so that neither a dump nor a digest nor a comparison of them holds it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sql: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    connection: Annotated[str, BeforeValidator(names_a_variable)]
    _query: Query | None = PrivateAttr(default=None)

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return self.connection.removeprefix("env:")

    @property
    def query(self) -> Query | None:
        """What can be asked for rows; None where nobody has said what the variable holds."""
        return self._query

    def bound_to(self, query: Query) -> SqlSource:
        """The same with the URL at hand."""
        bound = self.model_copy()
        bound._query = query
        return bound


def _tag(value: object) -> str:
    return "[query]" if isinstance(value, Mapping | SqlSource) else "[path]"


def _as_path(value: object) -> object:
    """YAML reads `12` and `2024-01-31` as other things than text; where a path is meant, they are one."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | date) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"expected the path of a file or a folder, or sql and connection, found a {type(value).__name__}")


Source = Annotated[
    Annotated[str, BeforeValidator(_as_path), AfterValidator(_is_no_url), Tag("[path]")]
    | Annotated[SqlSource, Tag("[query]")],
    Discriminator(_tag),
]
"""The path of a file or a folder, or a query."""
