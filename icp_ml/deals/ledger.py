"""The account of every row that was read: how many were kept, how many were not, and why.

deals     read 1000 = rejected 12 + ignored 40 + out of window 310 + open 88 + repeated 0 + accepted 550
accounts  read 300 = without id 1 + repeated 4 + referenced 260 + never referenced 35
          1000 deals = matched 930 + unmatched 20 + naming none 50
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RejectedRow:
    """A row that breaks the contract.

    line: where a spreadsheet shows it (the header is line 1); in Parquet the row's number, from 1.
    """

    line: int
    deal: str
    reason: str


@dataclass(frozen=True)
class LedgerStep:
    """One reason why rows are where they are, for people to read."""

    name: str
    rows: int
    explanation: str


@dataclass(frozen=True)
class RowLedger:
    """Counts of rows by what became of them; every row is in exactly one count.

    left_out: by a rule of `deal_types`; `steps` has a line for each rule.
    """

    read: int
    rejected: int
    ignored: int
    out_of_window: int
    open: int
    repeated: int
    accepted: int
    too_recent: int = 0
    unmeasured: int = 0
    left_out: int = 0
    steps: tuple[LedgerStep, ...] = ()

    def check(self) -> None:
        """Raises `AssertionError`, which is our bug, where the counts do not add up to the rows read."""
        out = (self.rejected, self.ignored, self.left_out, self.out_of_window, self.open, self.repeated)
        parts = (*out, self.too_recent, self.unmeasured, self.accepted)
        if sum(parts) != self.read:
            raise AssertionError(f"{self.read} rows were read and {sum(parts)} are accounted for: {self}")


@dataclass(frozen=True)
class UnmatchedName:
    """What deals name and a table lacks. deals: rows that name it. near: the id of the table that is most like it."""

    text: str
    deals: int
    near: str | None


@dataclass(frozen=True)
class TableLedger:
    """What became of the rows of a table beside the deals, and of the deals that refer to it.

    table: its source. on: the column of the deals that refers to it. read: rows of the table; each is in exactly one
    of without_id, repeated (equal to an earlier row in every column that is used), referenced and unreferenced. deals:
    rows of the deals, whatever their fate; each is in exactly one of matched, unmatched and blank (it names nothing).
    unmatched_names: the most frequent of them. unmatched_distinct: how many there are.
    """

    table: str
    on: str
    read: int
    without_id: int
    repeated: int
    referenced: int
    unreferenced: int
    deals: int
    matched: int
    unmatched: int
    blank: int
    unmatched_names: tuple[UnmatchedName, ...] = ()
    unmatched_distinct: int = 0

    def check(self) -> None:
        """Raises `AssertionError`, which is our bug, where the counts of rows or of deals do not add up."""
        rows = self.without_id + self.repeated + self.referenced + self.unreferenced
        if rows != self.read or self.matched + self.unmatched + self.blank != self.deals:
            raise AssertionError(f"rows or deals of {self.table} are not all accounted for: {self}")

    def counts(self) -> dict[str, int]:
        """The counts of the table's rows by what became of them, and of the deals that found nothing in it."""
        return {
            f"{self.table}: read": self.read,
            f"{self.table}: without id": self.without_id,
            f"{self.table}: repeated": self.repeated,
            f"{self.table}: referenced": self.referenced,
            f"{self.table}: never referenced": self.unreferenced,
            f"{self.table}: deals without a match": self.unmatched,
            f"{self.table}: deals that name none": self.blank,
        }
