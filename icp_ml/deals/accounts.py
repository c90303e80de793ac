"""The accounts beside the deals: each deal row gets the columns of its account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from icp_ml.deals.reading import read_table
from icp_ml.deals.settings import AccountsSettings
from icp_ml.deals.texts import Flags, Texts, encode_texts, gather
from icp_ml.errors import InputError


def join_accounts(
    deals: pa.Table, references: Texts, settings: AccountsSettings, columns: Sequence[str], root: Path
) -> tuple[pa.Table, Flags]:
    """The deals with `columns` of their accounts, and bool[n]: which deals name an account that is not there.

    `references`: what each deal names as its account. A deal without a match keeps its row; the columns are
    empty. Raises `InputError` where an account id stands on two rows, because then it is not known which one
    is meant.
    """
    accounts = read_table(
        root / settings.source,
        delimiter=settings.delimiter,
        encoding=settings.encoding,
        columns=[settings.id, *columns],
    )
    ids = encode_texts(accounts.column(settings.id))
    _check_unique(ids, settings)
    row_of = {ids.distinct[code]: row for row, code in enumerate(ids.codes.tolist()) if code >= 0}
    row_of_text = np.array([row_of.get(text, -1) for text in references.distinct], dtype=np.int64)
    rows = gather(row_of_text, references.codes, -1)
    places = pa.array(rows, mask=rows < 0)
    for column in columns:
        deals = deals.append_column(column, accounts.column(column).take(places))
    return deals, (rows < 0) & (references.codes >= 0)


def _check_unique(ids: Texts, settings: AccountsSettings) -> None:
    rows_of = np.bincount(ids.codes[ids.codes >= 0], minlength=len(ids.distinct))
    twice = np.flatnonzero(rows_of > 1)
    if len(twice):
        raise InputError(
            f"{settings.source}: expected every account id of column '{settings.id}' once, found "
            f"{len(twice)} of them "
            f"on several rows, for example '{ids.distinct[twice[0]]}'; keep one row an account, or name "
            "another column in tables.accounts.id"
        )
