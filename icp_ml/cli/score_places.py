"""What `icp score` reads and writes, as a person names it: files, folders, queries and tables; and what goes together.

    icp score list.parquet -o scored.parquet
    icp score list.sql --connection env:CRM_URL -o table:scores
    icp score list.sql --connection env:CRM_URL -o table:sales.scores --into env:WAREHOUSE_URL

Everything here is asked before any row is read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icp_ml.errors import ConfigError, InputError

if TYPE_CHECKING:
    from icp_ml.deals.reading import Place
    from icp_ml.serve.table_writing import Table
    from icp_ml.serve.writing import IfExists

_QUERY = ".sql"


def check_places(asked: Mapping[str, Any]) -> None:
    """Every file that is to be written can be, none takes the place of what is read, and the forms go together.

    asked: the options as they were given. Raises `ConfigError`.
    """
    from icp_ml.serve.parts import check_folder

    _check_resumes(asked["output"], resume=asked["resume"])
    _check_connections(asked)
    _check_files(asked)
    if asked["engine"] == "spark":
        _check_spark(asked)
    elif is_in_parts(asked["output"]):
        if is_query(asked["prospects"]):
            raise ConfigError(
                "a list that stays as it is was expected for a folder of parts, and a query may answer with other rows "
                "when the job is resumed; export it to Parquet first, or write one file or a table"
            )
        check_folder(asked["output"])


def place_of_list(prospects: Path, connection: str | None, model: Path) -> Place:
    """The list: the file or folder itself, or the query that a file holds.

    connection: "env:NAME". model: the bundle's folder; the path of a database file is relative to the root of the
    project in which it lies, as in a configuration. Raises `ConfigError` where the connection is written otherwise or
    its variable is not set, `InputError` where the file cannot be read.
    """
    from icp_ml.cli.places import root_of
    from icp_ml.deals.settings import ProspectsSettings, parse_settings
    from icp_ml.deals.sources import connected, place_of

    if not is_query(prospects):
        return prospects
    try:
        sql = prospects.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise InputError(
            f"expected one select statement in {prospects}, found none that can be read ({reason}); check its path"
        ) from None
    settings = parse_settings(ProspectsSettings, {"source": {"sql": sql, "connection": connection}})
    root = root_of(model)
    return place_of(connected(settings, os.environ, root), root)


def table_to_write(asked: Mapping[str, Any], model: Path) -> Table | None:
    """The table that the output names, once nothing stands in its way; None where the output is no table.

    asked: the options as they were given. model: as for `place_of_list`. Raises `ConfigError` and `SourceUnavailable`.
    """
    from icp_ml.cli.places import root_of
    from icp_ml.deals.source_settings import names_a_variable
    from icp_ml.serve.table_writing import Table, check_table, names_of

    if not is_table(asked["output"]):
        return None
    schema, name = names_of(str(asked["output"]))
    try:
        variable = str(names_a_variable(asked["into"] or asked["connection"])).removeprefix("env:")
    except ValueError as error:
        raise ConfigError(f"--into: {error}") from None
    url = os.environ.get(variable)
    if not url:
        raise ConfigError(
            f"expected the URL of a database in the environment variable {variable}, found it not set; export it and "
            "try again"
        )
    table = Table(name, schema, url, root_of(model), variable, "replace" if asked["force"] else "refuse")
    check_table(table)
    return table


def is_query(prospects: Path) -> bool:
    """Whether the list is a file that holds a query."""
    return prospects.suffix.lower() == _QUERY


def is_table(output: Path) -> bool:
    """Whether the output is a table of a database."""
    from icp_ml.serve.table_writing import PREFIX

    return str(output).startswith(PREFIX)


def is_in_parts(output: Path) -> bool:
    """Whether the output is a folder of parts: where its name has no suffix, or it is a folder already."""
    return not is_table(output) and (not output.suffix or output.is_dir())


def _check_resumes(output: Path, *, resume: bool) -> None:
    if resume and not is_in_parts(output):
        what = "a table" if is_table(output) else "one file"
        raise ConfigError(
            f"--resume was expected beside a folder of parts, and {output.name} is {what}, which is there whole or "
            "not at all; name a folder"
        )


def _check_connections(asked: Mapping[str, Any]) -> None:
    """A connection belongs to a query, and one to write through to a table; neither does without."""
    prospects, output = asked["prospects"], asked["output"]
    if asked["connection"] is None and is_query(prospects):
        raise ConfigError(
            f"{prospects.name} is a query, and nothing says which database answers it; name the environment variable "
            "that holds its URL with --connection, such as env:CRM_URL"
        )
    if asked["connection"] is not None and not is_query(prospects):
        raise ConfigError(
            f"--connection was expected beside a list that is a query (a {_QUERY} file), and {prospects.name} is none; "
            "leave it out"
        )
    if asked["into"] is not None and not is_table(output):
        raise ConfigError(
            f"--into was expected beside an output such as table:scores, and {output.name} is none; leave it out"
        )
    if is_table(output) and asked["into"] is None and asked["connection"] is None:
        raise ConfigError(
            f"{output.name} is a table, and nothing says in which database; name the environment variable that holds "
            "its URL with --into, such as env:WAREHOUSE_URL"
        )


def _check_files(asked: Mapping[str, Any]) -> None:
    from icp_ml.serve.writing import check_keeps, check_output

    output, unusable, previous = asked["output"], asked["unusable"], asked["previous"]
    if_exists: IfExists = "replace" if asked["force"] or asked["resume"] else "refuse"
    for path in (output, unusable):
        if path is None or (path == output and is_table(output)):
            continue
        check_keeps(asked["prospects"], path, "the list")
        if path != output or not is_in_parts(output):
            check_output(path, if_exists)
        if previous is not None:
            check_keeps(previous, path, "the earlier output")
    if unusable is not None and unusable.resolve() == output.resolve():
        raise ConfigError(f"the output and --unusable are both {output}; name another file for one of them")


def _check_spark(asked: Mapping[str, Any]) -> None:
    from icp_ml.cli.spark_job import check_spark

    if is_query(asked["prospects"]) or is_table(asked["output"]):
        raise ConfigError(
            "--engine spark reads Parquet and writes a folder of it, and a query or a table was named; score with "
            "--engine local"
        )
    check_spark(asked)
