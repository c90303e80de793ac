"""Accounts that somebody wrote to already, as a column of a file names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.companies import account_keys
from icp_ml.deals.reading import stream_batches
from icp_ml.deals.texts import Column, Flags
from icp_ml.errors import InputError


@dataclass(frozen=True)
class ContactedAccounts:
    """The keys of these accounts (`icp_ml.deals.companies.account_keys`), in order."""

    keys: tuple[str, ...]

    def among(self, ids: Column) -> Flags:
        """bool[n]: the ids that name one of them, in whatever spelling. Raises `InputError` for a nested column."""
        wanted = pa.array(self.keys, pa.string())
        return np.asarray(pc.is_in(account_keys(ids), value_set=wanted, skip_nulls=True), dtype=bool)


def read_contacted(path: Path, column: str) -> ContactedAccounts:
    """Read the accounts in a column of a file; blank cells are passed over.

    Raises as `stream_batches` does, and `InputError` where the column names nobody.
    """
    keys: set[str] = set()
    for batch in stream_batches(path, columns=[column]):
        keys.update(account_keys(batch.column(column)).drop_null().to_pylist())
    if not keys:
        raise InputError(f"{path.name}: expected accounts in the column '{column}', found only blanks; name another")
    return ContactedAccounts(tuple(sorted(keys)))
