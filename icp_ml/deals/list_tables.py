"""Tables beside a list of prospects: the attributes that the list lacks, made as they were made for the deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.dated_rows import RowsOfTable, lookup_keys
from icp_ml.deals.point_in_time import Maker, made_columns, made_of_tables, maker_of, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables, JoinedTables
from icp_ml.deals.technologies import with_taxonomy
from icp_ml.deals.words import listed
from icp_ml.errors import ConfigError


@dataclass(frozen=True)
class ListTables:
    """Tables that were read for a list. makers: one for each attribute that the list lacks. rows: of each table.

    until: the last day on which anything became known, by table.
    """

    makers: tuple[Maker, ...]
    rows: tuple[RowsOfTable, ...]
    until: Mapping[str, date]

    @property
    def made(self) -> frozenset[str]:
        """The names of the attributes that are made."""
        return frozenset(maker.attribute.name for maker in self.makers)

    def matched(self, ids: Any) -> dict[str, int]:
        """How many of the ids stand in each table."""
        keys = lookup_keys(ids).dictionary_decode()
        accounts = {maker.recipe.table: maker.facts.accounts for maker in self.makers}
        return {table: len(pc.drop_null(pc.index_in(keys, value_set=there))) for table, there in accounts.items()}

    def completed(self, records: Any, id_column: str, as_of: date) -> Any:
        """The record batch with one more column for each attribute that is made, as known on the day."""
        made = made_columns(records.column(id_column), np.array(as_of, dtype="datetime64[D]"), self.makers)
        names = [*records.schema.names, *made]
        return pa.RecordBatch.from_arrays([*records.columns, *made.values()], names=names)


def lacking(attributes: Sequence[Attribute], columns: Sequence[str]) -> tuple[Attribute, ...]:
    """The attributes that are made of tables and have no column of their own among `columns`."""
    return tuple(attribute for attribute in made_of_tables(attributes) if attribute.column not in columns)


def open_list_tables(settings: DatedTables, attributes: Sequence[Attribute], root: Path) -> ListTables:
    """Read what the given attributes are made of. Raises as `open_tables` does."""
    tables = open_tables(settings, attributes, root)
    latest = {name: int(facts.known.max(initial=0)) for name, facts in tables.facts.items()}
    return ListTables(
        makers=tuple(maker_of(attribute, tables) for attribute in attributes),
        rows=tables.rows,
        until={name: np.datetime64(day, "D").item() for name, day in latest.items()},
    )


def with_sources(settings: DatedTables, sources: Mapping[str, str]) -> DatedTables:
    """The same tables in other files, by the table's name. Raises `ConfigError` for a table that is not declared."""
    declared = {name: table for name, table in settings if table is not None}
    unknown = [name for name in sources if name not in declared]
    if unknown:
        raise ConfigError(
            f"expected a table that the model uses, found '{unknown[0]}'; there are {listed(list(declared)) or 'none'}"
        )
    changed = {name: declared[name].model_copy(update={"source": source}) for name, source in sources.items()}
    return settings.model_copy(update=changed)


def carried(tables: JoinedTables, attributes: Sequence[Attribute], root: Path) -> DatedTables:
    """The tables that the attributes are made of, as a bundle carries them: with every tool of the taxonomy in it.

    root: what the taxonomy's file is relative to.
    """
    used = {each.recipe.table for each in attributes if each.recipe is not None}
    kept = DatedTables(**{name: table for name, table in tables.dated() if name in used})
    if kept.technologies is None:
        return kept
    return kept.model_copy(update={"technologies": with_taxonomy(kept.technologies, root)})
