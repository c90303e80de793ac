"""Which of the files holds the accounts of the deals, and by which columns the two are joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from icp_training.exports import Export, exports_that_hold
from icp_training.guessing import Texts, texts_of
from icp_training.presets.matching import Recognised
from icp_training.roles import names_an_account

ENOUGH_MATCHES = 0.5
"""Share of the deals with an account that must find it for two files to belong together; we chose it."""


@dataclass(frozen=True)
class Join:
    """`deals` of the deals refers to `id` of the accounts; matched of named deals find theirs."""

    export: Export
    deals: str
    id: str
    matched: int
    named: int


def join_of(deals: Export, others: Sequence[Export], account: str | None) -> Join | None:
    """The best join of the deals with another file; None where no file has the accounts of enough of them.

    account: the column of the deals that was found to name the account.
    """
    found = [
        join
        for export in exports_that_hold(others, "accounts") or _unrecognised(others)
        for join in _joins(deals, export, account)
        if join.matched >= ENOUGH_MATCHES * max(join.named, 1)
    ]
    return max(found, key=lambda join: join.matched, default=None)


def joined_columns(join: Join, references: Texts, taken: Mapping[str, Texts]) -> dict[str, Texts]:
    """The columns of the accounts, row by row of the deals, but for those whose name a column of the deals has."""
    row_of = dict(_rows(join.export.columns[join.id]))
    places = np.array([*(row_of.get(value, -1) for value in references.values), -1], dtype=np.int64)[references.codes]
    chosen = pa.array(places, mask=places < 0)
    names = [name for name in join.export.columns if name != join.id and name not in taken]
    return {name: texts_of(name, join.export.table[name].take(chosen)) for name in names}


def _unrecognised(exports: Sequence[Export]) -> tuple[Export, ...]:
    return tuple(export for export in exports if export.seen is None)


def _joins(deals: Export, export: Export, account: str | None) -> Iterator[Join]:
    for column, identifier in _pairs(deals, export, account):
        references, ids = deals.columns[column], export.columns[identifier]
        if len(ids.values) < int(ids.known.sum()):
            continue  # an id that stands twice names no single account
        known = set(ids.values)
        there = np.array([*(value in known for value in references.values), False])[references.codes]
        yield Join(export, column, identifier, int(there.sum()), int(references.known.sum()))


def _pairs(deals: Export, export: Export, account: str | None) -> Iterator[tuple[str, str]]:
    """Columns that may name the same accounts, the surer pairs first."""
    if deals.seen and export.seen:
        for one, other in (("account", "id"), ("account_name", "account_name"), ("account", "account_name")):
            yield from ((a, b) for a in _part(deals.seen, one, deals) for b in _part(export.seen, other, export))
        return
    if account is not None:
        yield from ((account, name) for name, texts in export.columns.items() if names_an_account(name, texts))


def _part(seen: Recognised, part: str, export: Export) -> list[str]:
    return [name for name in seen.parts.get(part, ()) if name in export.columns]


def _rows(ids: Texts) -> Iterator[tuple[str, int]]:
    """Each id and the row on which it stands."""
    first = np.unique(ids.codes, return_index=True)
    yield from ((ids.values[code], int(row)) for code, row in zip(*first, strict=True) if code >= 0)
