"""The tables beside a list: which files they are, and what a person should know of them before trusting the scores."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.deals.list_tables import ListTables
    from icp_ml.deals.point_in_time_settings import DatedTables
    from icp_ml.deals.prospects import ProspectList
    from icp_ml.serve.loading import AnyScorer

OLD_AFTER_DAYS = 31
"""Days between the last thing that a table knows and the day of scoring from which it is said. We chose it: a month
is a third of the window in which hiring is usually counted."""


def can_make(scorer: AnyScorer, *, no_tables: bool) -> bool:
    """Whether attributes that a list lacks can be made of tables."""
    return not no_tables and any(attribute.recipe is not None for attribute in scorer.read_attributes)


def tables_for(
    opened: ProspectList, scorer: AnyScorer, model: Path, given: Sequence[str], as_of: date
) -> ListTables | None:
    """The tables that the attributes which the list lacks are made of; None where it lacks none.

    model: the bundle's folder; what it names is relative to the root of the project in which it lies. given: texts
    "TABLE=FILE", which stand in for the bundle's files. Raises `ConfigError` where a file is not there, the list has no
    id column, or a table is given that is of no use, and what reading raises.
    """
    from icp_ml.cli.places import root_of
    from icp_ml.deals.list_tables import lacking, open_list_tables, with_sources
    from icp_ml.deals.sources import connected
    from icp_ml.serve.bundle import Bundle

    attributes = lacking(scorer.read_attributes, opened.renamed)
    if not isinstance(scorer.bundle, Bundle) or not attributes:
        if given:
            raise ConfigError("--table was given, and there is no attribute to be made of tables; leave it out")
        return None
    if opened.id is None:
        raise ConfigError(
            f"the attribute '{attributes[0].name}' is made of tables, and nothing says which column of the list names "
            "the company as they do; name it with --id, or say --no-tables"
        )
    given_files = dict(_pair(text) for text in given)
    settings = connected(with_sources(scorer.bundle.tables, given_files), os.environ, root_of(model))
    used: set[str] = {attribute.recipe.table for attribute in attributes if attribute.recipe is not None}
    root = root_of(model)
    _check_there(settings, used, root)
    tables = open_list_tables(settings, attributes, root)
    _tell_of_age(tables.until, as_of)
    return tables


def tell_of_strangers(tables: ListTables, ids: Any) -> None:
    """Say so where no company of the first batch stands in a table: then it names them otherwise."""
    for table, found in tables.matched(ids).items():
        if found == 0:
            typer.echo(
                f"ATTENTION: none of the first {len(ids):,} companies stands in {table}, such as '{ids[0]}'; if the "
                "table names companies otherwise, everything made of it is missing.",
                err=True,
            )


def _pair(text: str) -> tuple[str, str]:
    table, equals, path = (part.strip() for part in text.partition("="))
    if not (table and equals and path):
        raise ConfigError(f"--table was expected as TABLE=FILE, and '{text}' was found; write it so")
    return table, str(Path(path).resolve())


def _check_there(settings: DatedTables, used: set[str], root: Path) -> None:
    from icp_ml.deals.sources import file_of

    for name, table in settings:
        file = file_of(table, root) if name in used else None
        if file is not None and not file.exists():
            raise ConfigError(
                f"the table {name} was expected in {file}, and there is no such file; name it with "
                f"--table {name}=FILE, or say --no-tables"
            )


def _tell_of_age(until: Mapping[str, date], as_of: date) -> None:
    for table, last in until.items():
        if (as_of - last).days > OLD_AFTER_DAYS:
            typer.echo(
                f"ATTENTION: nothing in {table} became known after {last}, {(as_of - last).days} days before the day "
                "of scoring; what happened since is not in the scores. Export it again, or score --as-of that day.",
                err=True,
            )
