"""Which column of an export of deals plays which part: outcome, id, account, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from icp_ml.deals.settings import DateOrder, RepeatedIds
from icp_training.guessing import DATE_ORDERS, Texts, date_order, date_orders
from icp_training.outcomes import MOST_OUTCOMES, Outcome, outcome_of
from icp_training.presets.matching import Recognised

_OPENED = re.compile(r"open|creat|start|engage|begin", re.IGNORECASE)
_CLOSED = re.compile(r"clos|won.?(date|at|on)|end.?date|decided", re.IGNORECASE)
_ID = re.compile(r"(deal|opportunity|opp|record)?.?(id|number|key)$", re.IGNORECASE)
_ACCOUNT = re.compile(r"account|company|customer|client|organi[sz]ation", re.IGNORECASE)
_IDENTITY = re.compile(r"id$|number$|name$|^account$|^company$|^customer$|domain", re.IGNORECASE)
_EPOCH = re.compile(r"\d{13}")
REPEATS = 0.98
"""Share of distinct values from which a column may be the deals' identifier although some are repeated."""


@dataclass(frozen=True)
class Roles:
    """Which column plays which part; None where none was found.

    repeated: rows that repeat an id, and repeated_ids what is done about it. several_accounts: rows that name more
    than one, in a list separated by semicolons.
    """

    outcome: Outcome
    id: str | None
    repeated: int
    repeated_ids: RepeatedIds
    account: str | None
    opened: str | None
    closed: str | None
    order: DateOrder
    order_asked: str
    several_accounts: int = 0

    def taken(self) -> set[str]:
        """The columns that are not attributes."""
        named = (self.outcome.column.name, self.id, self.account, self.opened, self.closed)
        return {name for name in named if name}

    def joined_by(self, account: str) -> Roles:
        """The same, with the deals referring to their account by another column."""
        return self if account == self.account else replace(self, account=account, several_accounts=0)


def roles_of(columns: Mapping[str, Texts], seen: Recognised | None) -> Roles:
    """The parts that the columns of an export of deals play. Raises as `outcome_of`."""
    outcome = outcome_of(columns, seen)
    opened, closed = _dates(columns) if seen is None else _dates_of_vendor(columns, seen)
    order, asked = _common_order([columns[name] for name in (opened, closed) if name])
    if seen is None:
        identifier, repeated = _identifier(columns)
        account = _account(columns, identifier)
        return Roles(outcome, identifier, repeated, "keep_all", account, opened, closed, order, asked)
    identifier, repeated = _identifier_of_vendor(columns, seen)
    account = next((name for part in ("account", "account_name") for name in _filled(columns, seen, part)), None)
    several = _several(columns[account]) if account else 0
    return Roles(outcome, identifier, repeated, "keep_first", account, opened, closed, order, asked, several)


def names_an_account(name: str, texts: Texts) -> bool:
    """Whether a column only names companies: an id, a number, a name or a web address of many values."""
    return bool(_IDENTITY.search(name)) and len(texts.values) > MOST_OUTCOMES


def _dates(columns: Mapping[str, Texts]) -> tuple[str | None, str | None]:
    dates = [name for name, texts in columns.items() if date_order(texts) is not None]
    opened = next((name for name in dates if _OPENED.search(name) and not _CLOSED.search(name)), None)
    return opened, next((name for name in dates if _CLOSED.search(name)), None)


def _dates_of_vendor(columns: Mapping[str, Texts], seen: Recognised) -> tuple[str | None, str | None]:
    readable = [
        [name for name in _filled(columns, seen, part) if _orders(columns[name])] for part in ("opened", "closed")
    ]
    opened, closed = (next(iter(names), None) for names in readable)
    return opened, closed


def _filled(columns: Mapping[str, Texts], seen: Recognised, part: str) -> list[str]:
    """The columns that may play a part and hold anything, the preferred one first."""
    return [name for name in seen.parts.get(part, ()) if name in columns and columns[name].values]


def _common_order(dates: Sequence[Texts]) -> tuple[DateOrder, str]:
    """The order in which all the dates can be read, and what has to be asked about it."""
    readings = [_orders(texts) for texts in dates]
    common = [order for order in DATE_ORDERS if readings and all(order in found for found in readings)]
    if not common:
        asked = "asked: openings and closings are not written alike; export them in one order" if readings else ""
        return (readings[0][0] if readings else "iso"), asked
    if common[0] != "iso" and len(common) > 1:
        return common[0], f"asked: every date can be read as {' and as '.join(common)}; correct this if it is wrong"
    return common[0], ""


def _orders(texts: Texts) -> tuple[DateOrder, ...]:
    """The orders in which a column reads as dates; milliseconds since 1970 leave no doubt."""
    if texts.values and all(_EPOCH.fullmatch(value) for value in texts.values):
        return DATE_ORDERS
    return date_orders(texts)


def _several(accounts: Texts) -> int:
    lists = np.array([*(";" in value for value in accounts.values), False])
    return int(lists[accounts.codes].sum())


def _identifier(columns: Mapping[str, Texts]) -> tuple[str | None, int]:
    for name, texts in columns.items():
        rows = int(texts.known.sum())
        if _ID.search(name) and not _ACCOUNT.search(name) and rows and len(texts.values) >= REPEATS * rows:
            return name, rows - len(texts.values)
    return None, 0


def _identifier_of_vendor(columns: Mapping[str, Texts], seen: Recognised) -> tuple[str | None, int]:
    name = next(iter(_filled(columns, seen, "id")), None)
    return name, int(columns[name].known.sum()) - len(columns[name].values) if name else 0


def _account(columns: Mapping[str, Texts], identifier: str | None) -> str | None:
    fitting = [
        name
        for name, texts in columns.items()
        if name != identifier and _ACCOUNT.search(name) and names_an_account(name, texts)
    ]
    return min(fitting, key=lambda name: (not name.lower().endswith("id"), len(name)), default=None)
