"""Which deals a model may learn from and which it is judged on.

Forward in time at a cut T with maturity gap m, an extract made on day E:

    learn from   opened <= T - m  and  closed < T        (their outcome was known on day T)
    judge on     T <= opened <= E - m                    (old enough that slow losses have been recorded too)

A deal opened on T - m exactly is learnt from if it had closed by the day before T; a deal opened on T is judged on.
Accounts stay on one side: a judged deal whose account was also learnt from is a *returning* one, reported apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Rows = NDArray[np.intp]

SHORTEST_GAP = 30
LONGEST_GAP = 180
GAP_QUANTILE = 0.8
STALE_QUANTILE = 0.95
ORIGINS = 3
JUDGED_DEALS = 150
LEAST_JUDGED_SHARE = 0.3
MOST_JUDGED_SHARE = 0.6


@dataclass(frozen=True)
class Maturity:
    """gap: maturity gap m in days. stale_after: days after which an open deal is stale, or None if never observed."""

    gap: int
    stale_after: int | None


@dataclass(frozen=True)
class Fold:
    """One judgement: row numbers to learn from, to be judged on, and of returning accounts.

    name: what a report calls it. immature: deals too young to be judged in any block.
    unusable: deals opened before the cut that had not closed, or opened within the gap.
    """

    name: str
    train: Rows
    test: Rows
    returning: Rows
    unusable: int = 0
    immature: int = 0


def time_to_close(
    opened: Days, closed: Days, open_since: Days, extracted: np.datetime64, quantile: float
) -> int | None:
    """Days by which a share `quantile` of deals has closed, by Kaplan-Meier (1958) with open deals as censored.

    None if so many are still open that the quantile was never reached.
    """
    waited = np.concatenate([(closed - opened).astype(int), (extracted - open_since).astype(int)])
    ended = np.concatenate([np.ones(len(opened), bool), np.zeros(len(open_since), bool)])
    days, position = np.unique(waited, return_inverse=True)
    closings = np.bincount(position, weights=ended, minlength=len(days))
    leaving = np.bincount(position, minlength=len(days))
    at_risk = leaving[::-1].cumsum()[::-1]
    still_open = np.cumprod(1.0 - closings / at_risk)
    reached = np.flatnonzero(still_open <= 1.0 - quantile + 1e-12)
    return int(days[reached[0]]) if len(reached) else None


def maturity(opened: Days, closed: Days, open_since: Days, extracted: np.datetime64) -> Maturity:
    """The gap that lets slow outcomes arrive: 80th percentile of time to close, at least 30 and at most 180 days."""
    usual = time_to_close(opened, closed, open_since, extracted, GAP_QUANTILE)
    gap = LONGEST_GAP if usual is None else min(max(usual, SHORTEST_GAP), LONGEST_GAP)
    return Maturity(gap, time_to_close(opened, closed, open_since, extracted, STALE_QUANTILE))


def forward_folds(
    opened: Days, closed: Days, groups: NDArray[np.int64], extracted: np.datetime64, gap: int
) -> list[Fold]:
    """Rolling origins: the last share of the matured deals in consecutive blocks, each judged from what was known.

    The share is what gives about 150 judged deals, at least 30 % and at most 60 % of the matured ones.
    Blocks without a deal to judge, or without both outcomes to learn from, are the caller's to refuse.
    """
    matured = np.sort(opened[opened <= extracted - np.timedelta64(gap, "D")])
    if not len(matured):
        return []
    share = min(max(JUDGED_DEALS / len(matured), LEAST_JUDGED_SHARE), MOST_JUDGED_SHARE)
    positions = len(matured) * (1.0 - share * (ORIGINS - np.arange(ORIGINS + 1)) / ORIGINS)
    cuts = [matured[min(int(position), len(matured) - 1)] for position in positions]
    cuts[-1] = extracted - np.timedelta64(gap - 1, "D")
    return [
        _forward_fold(opened, closed, groups, gap=gap, cut=start, end=end, matured=cuts[-1])
        for start, end in pairwise(cuts)
        if start < end
    ]


def _forward_fold(
    opened: Days,
    closed: Days,
    groups: NDArray[np.int64],
    *,
    gap: int,
    cut: np.datetime64,
    end: np.datetime64,
    matured: np.datetime64,
) -> Fold:
    learnt = (opened <= cut - np.timedelta64(gap, "D")) & (closed < cut)
    judged = (opened >= cut) & (opened < end)
    known = np.isin(groups, groups[learnt])
    return Fold(
        name=f"deals opened from {cut} to {end - np.timedelta64(1, 'D')}",
        train=np.flatnonzero(learnt),
        test=np.flatnonzero(judged & ~known),
        returning=np.flatnonzero(judged & known),
        unusable=int(((opened < cut) & ~learnt).sum()),
        immature=int((opened >= matured).sum()),
    )


def grouped_folds(groups: NDArray[np.int64], won: NDArray[np.int8], k: int, seed: int) -> list[Rows]:
    """The rows of each of k folds; a group is never divided; groups mostly won and mostly lost are dealt out evenly.

    Large groups are dealt first, so that folds differ in size by little more than the largest group. The same rows
    in another order give the same folds up to the numbering of equal groups.
    scikit-learn's StratifiedGroupKFold does the same by a Python loop over groups: minutes where there are 78,000.
    """
    rng = np.random.default_rng(seed)
    names, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member)
    mostly_won = np.bincount(member, weights=won) * 2 > size
    order = np.lexsort((rng.permutation(len(names)), -size, mostly_won))
    # Dealt there and back (0 1 2 2 1 0 ...), so that no fold always receives the larger of its round.
    turn = np.concatenate([np.arange(k), np.arange(k)[::-1]])
    fold_of_group = np.empty(len(names), dtype=np.intp)
    fold_of_group[order] = np.resize(turn, len(names))
    fold_of_row = fold_of_group[member]
    return [np.flatnonzero(fold_of_row == fold) for fold in range(k)]


def complement(held_out: Rows, rows: int) -> Rows:
    """All row numbers below `rows` that are not held out, ascending."""
    kept = np.ones(rows, dtype=bool)
    kept[held_out] = False
    return np.flatnonzero(kept)
