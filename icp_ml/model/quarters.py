"""Calendar quarters of opening dates, as folds that look forward in time.

With deals opened from 2023-11-08 on, an extract of 2025-06-30 and a maturity gap of 61 days:

    2024 Q1    first quarter: it starts after the first opening, so that something can have been learnt by then
    2025 Q2    last quarter: cut on 2025-04-30, because deals opened later have not had 61 days
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

MONTHS_IN_QUARTER = 3


@dataclass(frozen=True)
class Quarter:
    """start, end: the first and the last day on which its deals opened. whole: whether that is a whole quarter."""

    start: np.datetime64
    end: np.datetime64
    whole: bool

    @property
    def name(self) -> str:
        """As people write it: 2024 Q3."""
        month = int(self.start.astype("datetime64[M]").astype(np.int64)) % 12
        return f"{str(self.start)[:4]} Q{month // MONTHS_IN_QUARTER + 1}"

    def holds(self, days: Days) -> NDArray[np.bool_]:
        """bool[n]: which days lie in it."""
        return (days >= self.start) & (days <= self.end)


def quarters_between(first: np.datetime64, last: np.datetime64) -> tuple[Quarter, ...]:
    """The quarters that start after `first` and not after `last`, in their order; the last one may be cut short."""
    month = first.astype("datetime64[M]")
    ahead = MONTHS_IN_QUARTER - int(month.astype(np.int64)) % MONTHS_IN_QUARTER
    start, stop = month + np.timedelta64(ahead, "M"), last.astype("datetime64[M]") + np.timedelta64(1, "M")
    starts = np.arange(start, stop, np.timedelta64(MONTHS_IN_QUARTER, "M")).astype("datetime64[D]")
    return tuple(_quarter(start, last) for start in starts)


def _quarter(start: np.datetime64, last: np.datetime64) -> Quarter:
    after = start.astype("datetime64[M]") + np.timedelta64(MONTHS_IN_QUARTER, "M")
    end = after.astype("datetime64[D]") - np.timedelta64(1, "D")
    return Quarter(start, min(end, last), bool(end <= last))
