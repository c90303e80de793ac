"""The deals that one may learn from, each with its attributes as they are read and its place among its kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, Rows
from icp_ml.deals.ledger import RejectedRow, RowLedger
from icp_ml.deals.moments import Days

Names: TypeAlias = npt.NDArray[np.object_]
Codes: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OpenDeals:
    """Deals that were open at the extract, for those who count time to close with open deals as censored.

    opened: datetime64[D][k], only the dates that can be read; empty where no opening date is declared.
    """

    opened: Days


@dataclass(frozen=True)
class DealTable:
    """Won and lost deals, one a row, in the order of the source.

    ids, accounts: object[n] of texts. opened, closed: datetime64[D][n] without gaps, or None where not
    declared. won: int8[n], 1 for won and 0 for lost. extracted: the day of the export, None where there are
    no dates. unmatched_accounts: how many of the deals name an account that the accounts table lacks.
    identical: int64[n]; rows that are copies of one another share a code (see `contract`). ledger, rejected:
    about the whole source, also after `take`.
    """

    ids: Names
    accounts: Names
    opened: Days | None
    closed: Days | None
    won: npt.NDArray[np.int8]
    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    extracted: np.datetime64 | None
    open_deals: OpenDeals
    ledger: RowLedger
    rejected: tuple[RejectedRow, ...]
    unmatched_accounts: int
    identical: Codes

    def take(self, rows: Rows) -> DealTable:
        """The same for the given rows, in their order."""
        return replace(
            self,
            ids=self.ids[rows],
            accounts=self.accounts[rows],
            opened=None if self.opened is None else self.opened[rows],
            closed=None if self.closed is None else self.closed[rows],
            won=self.won[rows],
            parsed=self.parsed.take(rows),
            identical=self.identical[rows],
        )

    def groups(self) -> Codes:
        """int64[n]: one code for all deals that must stay on one side of a split.

        Two deals belong together where they share the account, the id, or are identical, directly or through
        others: what one of them tells must not be asked of the other.
        """
        return joined_groups(self.accounts, self.ids, self.identical)


def joined_groups(*labels: npt.NDArray[np.object_] | Codes) -> Codes:
    """int64[n]: the connected components of rows that share a label in any of the label arrays."""
    n_rows = len(labels[0])
    ties, offset = [], n_rows
    for label in labels:
        code = np.unique(label.astype(str) if label.dtype == object else label, return_inverse=True)[1]
        ties.append(code + offset)
        offset += int(code.max(initial=-1)) + 1
    rows = np.tile(np.arange(n_rows), len(labels))
    edges = coo_array((np.ones(len(rows), dtype=np.int8), (rows, np.concatenate(ties))), shape=(offset, offset))
    return np.asarray(connected_components(edges, directed=False)[1][:n_rows], dtype=np.int64)
