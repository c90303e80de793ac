"""Which table beside the deals has which of the wanted columns, and the deals with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from icp_ml.deals.accounts import join_table, respelled
from icp_ml.deals.ledger import TableLedger
from icp_ml.deals.settings import AccountsSettings, LookupSettings, TablesSettings
from icp_ml.deals.sources import columns_of, title_of
from icp_ml.deals.texts import Flags, Texts, encode_texts
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import InputError


def join_tables(
    table: pa.Table,
    accounts: Texts | None,
    tables: TablesSettings,
    wanted: Sequence[str],
    root: Path,
    *,
    on: str | None,
) -> tuple[pa.Table, Flags, tuple[TableLedger, ...]]:
    """The deals with the wanted columns that they lack, from the tables that have them.

    Also bool[n], the deals whose account is not in the accounts table, and what became of every table's rows.
    accounts: what each deal names as its account, None where no column does. on: that column. Raises `InputError`
    where a column is in no table or in two beside the deals, and what `join_table` raises.
    """
    beside: list[tuple[AccountsSettings | LookupSettings, Texts, str]] = []
    if tables.accounts is not None and accounts is not None and on is not None:
        beside.append((tables.accounts, accounts, on))
    for lookup in tables.lookups:
        beside.append((lookup, respelled(encode_texts(table.column(lookup.column)), lookup.spelled), lookup.column))
    elsewhere = [column for column in wanted if column not in table.schema.names]
    columns = _columns_by_table([settings for settings, _, _ in beside], elsewhere, table.schema.names, root)
    nowhere, ledgers = np.zeros(table.num_rows, dtype=bool), []
    for (settings, references, referring), its_columns in zip(beside, columns, strict=True):
        joined = join_table(table, references, settings, its_columns, root, on=referring)
        table = joined.deals
        ledgers.append(joined.ledger)
        if settings is tables.accounts:
            nowhere = joined.unmatched
    return table, nowhere, tuple(ledgers)


def _columns_by_table(
    beside: Sequence[AccountsSettings | LookupSettings], wanted: Sequence[str], of_deals: Sequence[str], root: Path
) -> list[list[str]]:
    """Which of the wanted columns comes from which table.

    Raises `InputError` where no table has a column, or two have it: which of them is meant is not ours to guess.
    """
    names = [columns_of(each, root) for each in beside]
    for column in wanted if beside else ():
        having = [title_of(each) for each, its_names in zip(beside, names, strict=True) if column in its_names]
        if len(having) > 1:
            raise InputError(
                f"expected the column '{column}' in one table beside the deals, found it in {listed(having)}; rename "
                "it in all but one"
            )
        if not having:
            every = [*of_deals, *(name for its_names in names for name in its_names)]
            raise InputError(
                f"expected the column '{column}' in the deals or in {listed([title_of(each) for each in beside])}, "
                f"found none of that name; {suggestion(column, list(dict.fromkeys(every)))}"
            )
    return [[column for column in wanted if column in its_names] for its_names in names]
