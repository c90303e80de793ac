"""A list as a person names it on the command line: which columns it has, and who on it is known already."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.deals.list_tables import ListTables
    from icp_ml.deals.prospects import ProspectList
    from icp_ml.deals.reading import Place
    from icp_ml.deals.settings import ProspectsSettings
    from icp_ml.serve.incoming import NamedBatch
    from icp_ml.serve.known import KnownAccounts
    from icp_ml.serve.loading import AnyScorer


def open_list(
    path: Place,
    scorer: AnyScorer,
    *,
    id_column: str | None,
    columns: Sequence[str],
    delimiter: str | None,
    encoding: str | None,
    sheet: str | None,
    makes: bool = False,
) -> ProspectList:
    """Read the header of the list, with the options of the command line over the bundle's settings.

    columns: texts "List Column=attribute column". makes: attributes that the list lacks can be made of tables.

    Raises `ConfigError` for a text that is written otherwise or names what is not there, and what `open_prospects`
    raises.
    """
    from icp_ml.deals.openings import standing
    from icp_ml.deals.prospects import absent_attributes, open_prospects

    pairs = dict(_column_pair(text) for text in columns)
    settings = _settings(scorer.bundle.prospects, pairs, {"delimiter": delimiter, "encoding": encoding, "sheet": sheet})
    _check_pairs(pairs, path, settings, scorer)
    if not makes:
        return open_prospects(path, settings, scorer.read_attributes, id_column)
    opened = open_prospects(path, settings, (), id_column)
    return replace(opened, absent=absent_attributes(opened.renamed, standing(scorer.read_attributes)))


def batches_in(
    opened: ProspectList, scorer: AnyScorer, tables: ListTables | None, as_of: date, batch_rows: int | None = None
) -> Iterator[NamedBatch]:
    """The rows of an opened list with the columns that the model reads, those that are made of tables among them."""
    from icp_ml.cli.tables_beside import tell_of_strangers
    from icp_ml.deals.prospects import batches_of
    from icp_ml.deals.reading import BATCH_ROWS
    from icp_ml.serve.incoming import NamedBatch

    absent, is_first = frozenset(opened.absent), True
    for batch in batches_of(opened, scorer.read_attributes, batch_rows=batch_rows or BATCH_ROWS):
        if tables is None or opened.id is None:
            yield NamedBatch(batch, opened.id, absent)
            continue
        if is_first:
            tell_of_strangers(tables, batch.column(opened.id))
            is_first = False
        yield NamedBatch(tables.completed(batch, opened.id, as_of), opened.id, absent)


def known_accounts(scorer: AnyScorer, model: Path, path: Path | None) -> KnownAccounts | None:
    """Customers and open deals, as the bundle says where to look; `path` stands in for its file.

    model: the bundle's folder; what it names is relative to the root of the project in which it lies.

    None where the bundle does not say. Raises `ConfigError` where there is no such file, or `path` is of no use.
    """
    from icp_ml.cli.places import root_of
    from icp_ml.deals.sources import connected, place_of
    from icp_ml.serve.known import read_known

    settings = scorer.bundle.policy.known
    if settings is None:
        if path is not None:
            raise ConfigError(
                "--known was given, and the model's configuration has no 'known' to say which columns to read; add it "
                "there, or with icp amend"
            )
        return None
    root = root_of(model)
    source = path if path is not None else place_of(connected(settings, os.environ, root), root)
    if isinstance(source, Path) and not source.exists():
        raise ConfigError(
            f"customers and open deals were expected in {source}, and there is no such file; name it with --known, or "
            "say --no-known"
        )
    found = read_known(source, settings)
    if found.unseen:
        typer.echo(f"ATTENTION: no deal in {source.name} has the outcome {', '.join(found.unseen)}.", err=True)
    return found


def _settings(
    stored: ProspectsSettings, pairs: Mapping[str, str], given: Mapping[str, str | None]
) -> ProspectsSettings:
    """The bundle's settings for lists with those of the command line over them."""
    from icp_ml.deals.settings import ProspectsSettings, parse_settings

    changed = {key: value for key, value in given.items() if value is not None}
    return parse_settings(ProspectsSettings, {**stored.model_dump(), **changed, "map": {**stored.map, **pairs}})


def _column_pair(text: str) -> tuple[str, str]:
    column, equals, target = (part.strip() for part in text.rpartition("="))
    if not (column and equals and target):
        raise ConfigError(f"--map was expected as 'List Column=attribute column', and '{text}' was found; write it so")
    return column, target


def _check_pairs(pairs: Mapping[str, str], path: Place, settings: ProspectsSettings, scorer: AnyScorer) -> None:
    """A name that was just typed must exist on either side; a stored map may serve other lists too."""
    from icp_ml.deals.reading import column_names
    from icp_ml.deals.words import suggestion

    if not pairs:
        return
    columns = column_names(path, delimiter=settings.delimiter, encoding=settings.encoding, sheet=settings.sheet)
    wanted = sorted({attribute.column for attribute in scorer.read_attributes})
    for column, target in pairs.items():
        if column not in columns:
            raise ConfigError(
                f"--map was expected to name a column of the list, and {path.name} has no '{column}'; "
                f"{suggestion(column, columns)}"
            )
        if target not in wanted:
            raise ConfigError(
                f"--map was expected to lead to a column that the model reads, and '{target}' is none; "
                f"{suggestion(target, wanted)}"
            )
