"""The columns of deals as they were known on the day each deal opened: records rewound, dated tables joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.dated_rows import RowsOfTable, lookup_keys
from icp_ml.deals.histories import HistoryUse, Rewound, read_history, rewind
from icp_ml.deals.moments import Days
from icp_ml.deals.point_in_time import OpenTables, build_columns, made_of_tables, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables, HistorySettings, JoinedTables
from icp_ml.deals.settings import TablesSettings
from icp_ml.deals.sources import title_of
from icp_ml.deals.texts import Column
from icp_ml.errors import ConfigError, InputError

Keys: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Openings:
    """The deals to be looked at: ids and accounts as object[n] of texts, and the day on which each opened.

    ids, accounts, days: None where the configuration does not name their column.
    """

    ids: Keys | None
    accounts: Keys | None
    days: Days | None


@dataclass(frozen=True)
class DatedJoin:
    """What was joined as of the opening: the rows of each table, the histories, and the columns that they rewound."""

    tables: tuple[RowsOfTable, ...] = ()
    histories: tuple[HistoryUse, ...] = ()
    rewound: tuple[Rewound, ...] = ()


def standing(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """Those attributes whose column stands in a source; the others are made."""
    return tuple(attribute for attribute in attributes if attribute.recipe is None)


def as_known_at_opening(
    table: pa.Table,
    openings: Openings,
    attributes: Sequence[Attribute],
    tables: TablesSettings,
    root: Path,
    *,
    on_deals: Sequence[str],
) -> tuple[pa.Table, DatedJoin]:
    """The table with its columns rewound and one more column for each attribute that has a recipe.

    on_deals: the columns that stand on the deal's own row; the others came from its account. Raises `ConfigError`
    where the tables cannot be joined to these deals, and `InputError` where one cannot be read.
    """
    _check_one_column_each(attributes)
    declared = tables if isinstance(tables, JoinedTables) else JoinedTables()
    columns = [attribute.column for attribute in standing(attributes)]
    of_deals = [column for column in columns if column in on_deals]
    of_accounts = [column for column in columns if column not in on_deals] if tables.accounts else of_deals
    join = DatedJoin()
    if declared.deal_history is not None:
        key = _Key("deals.id", openings.ids, of_deals)
        table, join = _rewound(table, openings, ("deal_history", declared.deal_history, root), key, join)
    if declared.account_history is not None:
        key = _Key("deals.account", openings.accounts, of_accounts)
        table, join = _rewound(table, openings, ("account_history", declared.account_history, root), key, join)
    made = made_of_tables(attributes)
    if not made:
        return table, join
    built, rows = _built(openings, made, declared.dated(), root)
    for name in built.schema.names:
        table = table.append_column(name, built.column(name))
    return table, replace(join, tables=rows)


def _built(
    openings: Openings, made: Sequence[Attribute], tables: DatedTables, root: Path
) -> tuple[pa.Table, tuple[RowsOfTable, ...]]:
    if openings.accounts is None or openings.days is None:
        lacking = "deals.account" if openings.accounts is None else "deals.opened"
        raise ConfigError(
            f"attribute '{made[0].name}' is made from a table as of the day the deal opened, and {lacking} is not "
            f"declared; set {lacking}, or use: no for this attribute"
        )
    accounts = pa.array(openings.accounts, pa.string())
    opened = open_tables(tables, made, root)
    rows = tuple(replace(report, matched=_matched(accounts, opened, report)) for report in opened.rows)
    return build_columns(accounts, openings.days, opened, made), rows


def _matched(accounts: Column, opened: OpenTables, report: RowsOfTable) -> int:
    """How many deals name an account of the table. Raises `InputError` where none does: the ids are others."""
    there = opened.facts[report.table].accounts
    keys = lookup_keys(accounts).dictionary_decode()
    matched = len(keys) - int(pc.index_in(keys, value_set=there).null_count)
    if not matched:
        raise InputError(
            f"{report.source}: expected accounts as the deals name them, such as '{accounts[0]}', found none of those "
            f"of {len(accounts)} deals, but others such as '{there[0]}'; check tables.{report.table}.account and "
            "deals.account"
        )
    return matched


def _check_one_column_each(attributes: Sequence[Attribute]) -> None:
    """Raises `ConfigError` where an attribute that is made has the column of another."""
    times = Counter(attribute.column for attribute in attributes)
    for attribute in made_of_tables(attributes):
        if times[attribute.column] > 1:
            raise ConfigError(
                f"attribute '{attribute.name}' is made from a table, and expected a column of its own; another one has "
                f"the column '{attribute.column}' too, so give one of them another 'column'"
            )


@dataclass(frozen=True)
class _Key:
    """Which record each deal is about, by which key of the configuration, and which columns of it are read."""

    name: str
    records: Keys | None
    columns: Sequence[str]


def _rewound(
    table: pa.Table, openings: Openings, history: tuple[str, HistorySettings, Path], key: _Key, join: DatedJoin
) -> tuple[pa.Table, DatedJoin]:
    name, settings, root = history
    if key.records is None or openings.days is None:
        lacking = key.name if key.records is None else "deals.opened"
        raise ConfigError(
            f"tables.{name} rewinds records to the day the deal opened, and {lacking} is not declared; set it"
        )
    read = read_history(settings, root)
    table, done = rewind(table, pa.array(key.records, pa.string()), openings.days, read, key.columns)
    others = sorted({read.field.distinct[code] for code in np.unique(read.field.codes)} - set(key.columns))
    use = HistoryUse(name, title_of(settings), len(read.record), read.left_out, tuple(others))
    return table, replace(join, histories=(*join.histories, use), rewound=(*join.rewound, *done))
