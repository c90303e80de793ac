"""The formats in which an ICP leaves, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError
from icp_ml.serve.exports.apollo import apollo
from icp_ml.serve.exports.clay import clay
from icp_ml.serve.exports.crm_columns import Crm
from icp_ml.serve.exports.crm_files import hubspot, salesforce
from icp_ml.serve.exports.definition_file import definition_file
from icp_ml.serve.exports.points import points
from icp_ml.serve.exports.sql import DIALECTS, SqlOptions, sql_files
from icp_ml.serve.exports.sql_conditions import Dialect
from icp_ml.serve.exports.stamp import Exported

Format: TypeAlias = Callable[[Exported], Mapping[str, bytes]]
"""What is written, by the name of its file."""

CRMS: Final[tuple[Crm, ...]] = ("hubspot", "salesforce")
"""Formats to which a scored list belongs."""
_TOOLS: Final[Mapping[str, Format]] = {
    "clay": clay,
    "points": points,
    "apollo": apollo,
    "hubspot": hubspot,
    "salesforce": salesforce,
}
FORMATS: Final[tuple[str, ...]] = ("yaml", *DIALECTS, *_TOOLS)

WHOLE_MODEL: Final[Mapping[str, Dialect]] = {f"model-sql-{each}": each for each in DIALECTS}
"""Formats of the whole model and not of the ICP alone, with their dialects. They are large, and made on request only
(`icp_ml.serve.exports.model_sql`)."""


def exported_files(exported: Exported, names: tuple[str, ...], sql: SqlOptions) -> dict[str, bytes]:
    """The files of several formats, by file name.

    Raises `ConfigError` for a format that does not exist, and where one cannot say what the ICP asks.
    """
    known = _formats(sql)
    files: dict[str, bytes] = {}
    for name in names:
        if name not in known:
            raise ConfigError(
                f"a format was expected, and '{name}' is none; {suggestion(name, (*FORMATS, *WHOLE_MODEL))}"
            )
        files |= known[name](exported)
    return files


def _formats(sql: SqlOptions) -> dict[str, Format]:
    warehouses: dict[str, Format] = {each: partial(sql_files, dialect=each, options=sql) for each in DIALECTS}
    return {"yaml": definition_file, **warehouses, **_TOOLS}
