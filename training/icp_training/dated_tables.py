"""Which exports hold contacts and histories of deals or accounts, and how a configuration declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from icp_training.account_tables import Join
from icp_training.exports import Export, exports_that_hold
from icp_training.guessing import date_orders
from icp_training.roles import Roles

Key = Literal["account_history", "deal_history", "contacts"]

_HISTORY = {"id": "record", "field": "field", "changed": "changed", "old": "old"}
_CONTACTS = {"account": "account", "since": "opened", "title": "title", "seniority": "seniority"}
_OPTIONAL = ("title", "seniority")


@dataclass(frozen=True)
class Dated:
    """A table of dated rows: under which key it is declared, and its columns by the keys that name them."""

    key: Key
    export: Export
    columns: Mapping[str, str]

    def keys(self, source: str) -> dict[str, str]:
        """What the configuration says of it."""
        day = "since" if self.key == "contacts" else "changed"
        orders = date_orders(self.export.columns[self.columns[day]])
        told = {**self.export.settings(source), **self.columns}
        return told if not orders or "iso" in orders else {**told, "date_order": orders[0]}


def dated_tables(exports: Sequence[Export], roles: Roles, join: Join | None) -> tuple[Dated, ...]:
    """The tables that belong to these deals: a history of deals where they have an id, of accounts where they are
    joined, contacts where they refer to the account as the deals do.
    """
    found: list[Dated] = []
    if join is not None:
        found += _table(exports, "account_history", _HISTORY)
    if roles.id is not None:
        found += _table(exports, "deal_history", _HISTORY)
    if roles.account is not None:
        found += _table(exports, "contacts", _CONTACTS)
    return tuple(found)


def _table(exports: Sequence[Export], key: Key, parts: Mapping[str, str]) -> list[Dated]:
    """The one export that holds this, if it has the columns that have to be there."""
    for export in exports_that_hold(exports, key):
        columns = {name: column for name, part in parts.items() if (column := export.seen and export.seen.part(part))}
        if all(name in columns for name in parts if name not in _OPTIONAL):
            return [Dated(key, export, columns)]
    return []
