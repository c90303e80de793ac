"""The deals that one may learn from, each with its attributes as they are read and its place among its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.companies import CompanyMarks
from icp_ml.deals.grading import BEST_GRADE, Graded, grade, predicted_of
from icp_ml.deals.ideal_settings import WON
from icp_ml.deals.kinds import ParsedTable, Rows
from icp_ml.deals.ledger import RejectedRow, RowLedger, TableLedger
from icp_ml.deals.measures import months_after
from icp_ml.deals.moments import Days
from icp_ml.deals.openings import DatedJoin
from icp_ml.deals.texts import Flags, Floats

Names: TypeAlias = npt.NDArray[np.object_]
Codes: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OpenDeals:
    """Deals that were open at the extract, for those who count time to close with open deals as censored.

    opened: datetime64[D][k], only the dates that can be read; empty where no opening date is declared.
    """

    opened: Days


@dataclass(frozen=True)
class Horizon:
    """What was known when, for those who stand at an earlier day.

    known_on: datetime64[D][n], the first day on which it was known whether a deal is what is predicted. until: the last
    day of closing of which that is known by now. open_since: opening days of the deals that had not closed by then.
    """

    known_on: Days
    until: np.datetime64
    open_since: Days


@dataclass(frozen=True)
class DealTable:
    """Won and lost deals, one a row, in an order of their own (`row_order`).

    ids, accounts: object[n] of texts. opened, closed: datetime64[D][n] without gaps, or None where not
    declared. won: int8[n], 1 for what is predicted (`predicted`: won, unless a grade is) and 0 for all else.
    extracted: the day of the export, None where there are no dates. unmatched_accounts: how many of the deals
    name an account that the accounts table lacks. identical: int64[n]; rows that are copies of one another share
    a code (see `contract`). company: by what each deal's account is recognised; None where nobody looked. graded: the
    grades of the wins, None where they are not graded. dated: what was joined as of the opening. copies: the attributes
    of the same deals with values taken away, from which members learn too.
    amounts: float64[n], what each won deal brought, above zero, NaN where lost or not known; None where nobody says
    where it stands. parted_by: object[n] of texts of the columns by which profiles part the deals, by name.
    About the whole sources, also after `take`: ledger, rejected, tables (those beside the deals), too_recent (deals
    left out because it is not known yet whether they are what is predicted), unmatched_wins (those that the table of
    measures lacks).
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
    tables: tuple[TableLedger, ...] = ()
    company: CompanyMarks | None = None
    dated: DatedJoin = DatedJoin()
    graded: Graded | None = None
    too_recent: OpenDeals = field(default_factory=lambda: OpenDeals(np.array([], dtype="datetime64[D]")))
    unmatched_wins: int = 0
    copies: tuple[ParsedTable, ...] = ()
    amounts: Floats | None = None
    parted_by: Mapping[str, Names] = field(default_factory=dict)

    @property
    def predicted(self) -> str:
        """What `won` stands for, in words."""
        return WON if self.graded is None else self.graded.settings.predicted

    @property
    def weights(self) -> Floats | None:
        """float64[n] with mean 1, how much each deal counts in fitting; None where all count alike."""
        return None if self.graded is None else self.graded.weights

    def horizon(self) -> Horizon | None:
        """What was known when; None where there are no dates."""
        if self.opened is None or self.closed is None or self.extracted is None:
            return None
        wait = 0 if self.graded is None else self.graded.settings.wait
        until = months_after(np.array([self.extracted]), -wait)[0]
        still_open = np.concatenate([self.open_deals.opened, self.too_recent.opened])
        return Horizon(months_after(self.closed, wait), until, still_open[still_open <= until])

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
            company=None if self.company is None else self.company.take(rows),
            graded=None if self.graded is None else self.graded.take(rows),
            copies=tuple(copy.take(rows) for copy in self.copies),
            amounts=None if self.amounts is None else self.amounts[rows],
            parted_by={name: texts[rows] for name, texts in self.parted_by.items()},
        )

    def graded_anew(self) -> DealTable:
        """The same with its wins graded among themselves: what is learned from may not know of wins that are judged.

        Where that would leave all of them alike, the grades stay as they are.
        """
        if self.graded is None:
            return self
        graded = grade(self.graded.won, self.graded.measures, self.graded.settings)
        won = predicted_of(graded)
        return replace(self, won=won, graded=graded) if 0 < won.sum() < len(won) else self

    def ideal(self) -> Flags:
        """bool[n]: the deals that are wins of the best grade; nowhere true where wins are not graded."""
        if self.graded is None:
            return np.zeros(len(self.won), dtype=bool)
        return np.asarray((self.graded.won == 1) & (self.graded.grade == BEST_GRADE), dtype=bool)

    def groups(self) -> Codes:
        """int64[n]: one code for all deals that must stay on one side of a split.

        Two deals belong together where they share the account, its web domain, the id, or are identical, directly
        or through others: what one of them tells must not be asked of the other.
        """
        domains = () if self.company is None else (self.company.domain_labels(),)
        return joined_groups(self.accounts, self.ids, self.identical, *domains)

    def counts(self) -> dict[str, int]:
        """Every count of rows by what became of them, of the deals and of the tables beside them."""
        of_deals = {step.name: step.rows for step in self.ledger.steps}
        return {**of_deals, **{name: rows for table in self.tables for name, rows in table.counts().items()}}


def joined_groups(*labels: npt.NDArray[np.object_] | Codes) -> Codes:
    """int64[n]: the connected components of rows that share a label in any of the label arrays."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - loaded where deals are read
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - loaded where deals are read

    n_rows = len(labels[0])
    ties, offset = [], n_rows
    for label in labels:
        code = np.unique(label.astype(str) if label.dtype == object else label, return_inverse=True)[1]
        ties.append(code + offset)
        offset += int(code.max(initial=-1)) + 1
    rows = np.tile(np.arange(n_rows), len(labels))
    edges = coo_array((np.ones(len(rows), dtype=np.int8), (rows, np.concatenate(ties))), shape=(offset, offset))
    return np.asarray(connected_components(edges, directed=False)[1][:n_rows], dtype=np.int64)
