"""The mature deals parted by tier, quadrant, criterion or channel: win rate, days to a win and amount of each part.

A win rate has Wilson's 90 % interval at the number of independent deals (`tier_rates`); means resample accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.metrics import Estimate
from icp_ml.model.tier_outcomes import resampled
from icp_ml.model.tier_rates import one_set, rate_bounds
from icp_ml.profile.rates import wilson
from icp_ml.profile.records import Interval
from icp_ml.watch.followed import NOT_KNOWN, Followed, Labels, Rows, column_of
from icp_ml.watch.review_records import CutReview, Opportunities, PartReview

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_PARTS: Final = 12
"""Parts that are shown of a cut, those with the most deals; the others are one. We chose it: a page of them."""
OTHERS: Final = "all others"


def parts_of(followed: Followed, rows: Rows, labels: Labels, order: Sequence[str], seed: int) -> tuple[PartReview, ...]:
    """Each part that holds a deal. rows: of the deals, k. labels: object[k], their parts, each of them in `order`."""
    present = [label for label in order if (labels == label).any()]
    wins = [(labels == label) & (followed.won[rows] == 1) for label in present]
    days = (followed.closed[rows] - followed.opened[rows]).astype("timedelta64[D]").astype(np.float64)
    amounts = np.full(len(rows), np.nan) if followed.amounts is None else followed.amounts[rows]
    pairs = [(each, values) for values in (days, amounts) for each in wins]
    means = _means(pairs, followed.groups[rows], seed)
    found = []
    for place, label in enumerate(present):
        here = rows[labels == label]
        decided = here[~followed.is_open[here]]
        found.append(
            PartReview(
                label=label,
                deals=len(decided),
                won=int(followed.won[decided].sum()),
                still_open=len(here) - len(decided),
                win_rate=rate_of(followed.won[decided], followed.groups[decided]),
                days_to_win=means[place],
                acv=means[len(present) + place],
            )
        )
    return tuple(found)


def _means(pairs: Sequence[tuple[Flags, Floats]], groups: NDArray[np.int64], seed: int) -> list[Interval | None]:
    """The mean of each values among the rows of its mask that have one."""
    known = [(mask & ~np.isnan(values), np.nan_to_num(values)) for mask, values in pairs]

    def means(weights: Floats) -> Floats:
        totals = np.array([weights @ mask for mask, _ in known])
        sums = np.array([(weights * mask) @ values for mask, values in known])
        return np.asarray(np.divide(sums, totals, out=np.full(len(known), np.nan), where=totals > 0))

    return [interval(each) for each in resampled(means, groups, seed)] if known else []


def rate_of(happened: NDArray[np.int8], groups: NDArray[np.int64]) -> Interval | None:
    """The share of deals or accounts to which it happened, with its 90 % interval; None where there are none."""
    if not len(happened):
        return None
    found = one_set(happened, groups)
    low, high = rate_bounds(found)
    return Interval(value=float(found.rate[0]), low=float(low[0]), high=float(high[0]))


def cuts_of(followed: Followed, seed: int) -> Iterator[CutReview]:
    """By quadrant, where lists have one, then by what the deals are parted by."""
    every = {"quadrant": followed.quadrant, **followed.parted_by}
    for by, labels in every.items():
        rows = followed.told[labels[followed.told] != ""]
        if not len(rows):
            continue
        shown = largest(labels[rows])
        parts = parts_of(followed, rows, shown, ordered(shown), seed)
        yield CutReview(by=by, parts=with_opportunities(followed, parts, by) if by == "quadrant" else parts)


def largest(labels: Labels) -> Labels:
    """The labels, all but the most frequent ones as one."""
    names, counts = np.unique(labels.astype(str), return_counts=True)
    kept = names[np.argsort(-counts, kind="stable")][:MOST_PARTS]
    return labels if len(names) <= MOST_PARTS else np.where(np.isin(labels.astype(str), kept), labels, OTHERS)


def ordered(labels: Labels) -> list[str]:
    """Each label once by alphabet, what is known before what is not."""
    last = (OTHERS, NOT_KNOWN)
    return sorted(set(labels.tolist()), key=lambda each: (last.index(each) + 1 if each in last else 0, each))


def with_opportunities(followed: Followed, parts: Sequence[PartReview], column: str) -> tuple[PartReview, ...]:
    """The same with how many accounts had a tier on lists that are old enough, and of how many a deal was opened.

    An opportunity counts for the list that stood when the deal opened.
    """
    accounts: dict[str, int] = {}
    opened: dict[str, int] = {}
    for place, given in enumerate(followed.lists):
        if not followed.counts_for_opportunities(place):
            continue
        worked = np.zeros(len(given), dtype=bool)
        worked[followed.given.row[followed.given.at(place)]] = True
        codes, names = column_of(given, column)
        codes = np.where(given.tier >= 0, codes, -1)
        for code, label in enumerate(names):
            accounts[label] = accounts.get(label, 0) + int((codes == code).sum())
            opened[label] = opened.get(label, 0) + int(worked[codes == code].sum())
    found = {each.label: _opportunities(accounts.get(each.label, 0), opened.get(each.label, 0)) for each in parts}
    return tuple(each.model_copy(update={"opportunities": found[each.label]}) for each in parts)


def _opportunities(accounts: int, opened: int) -> Opportunities:
    return Opportunities(accounts=accounts, opened=opened, rate=wilson(opened / max(accounts, 1), accounts))


def interval(found: Estimate | None) -> Interval | None:
    """The same as a record."""
    return None if found is None else Interval(value=found.value, low=found.low, high=found.high)
