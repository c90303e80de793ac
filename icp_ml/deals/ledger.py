"""The account of every row that was read: how many were kept, how many were not, and why.

read 1000 = rejected 12 + ignored 40 + out of window 310 + open 88 + repeated 0 + accepted 550
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
    """Counts of rows by what became of them; every row is in exactly one count."""

    read: int
    rejected: int
    ignored: int
    out_of_window: int
    open: int
    repeated: int
    accepted: int
    steps: tuple[LedgerStep, ...] = ()

    def check(self) -> None:
        """Raises `AssertionError`, which is our bug, where the counts do not add up to the rows read."""
        parts = (self.rejected, self.ignored, self.out_of_window, self.open, self.repeated, self.accepted)
        if sum(parts) != self.read:
            raise AssertionError(f"{self.read} rows were read and {sum(parts)} are accounted for: {self}")
