"""How a model does on the wins that are wanted most: those of grade A, whatever it was asked to predict.

Everything here is measured on deals that the model and its cuts did not see, and counts all deals alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.ideal_settings import GRADES
from icp_ml.model.metrics import CONFIDENCE, RESAMPLES, Judged, auc, resamples
from icp_ml.model.tier_rates import one_set, rate_bounds
from icp_ml.profile.records import IdealRecord, Interval, Record

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BEST = GRADES[0]


class IdealTierRow(Record):
    """One tier. ideal: its wins of grade A. rate: of its deals, 90 % interval. share: of all judged wins of grade A."""

    label: str
    deals: int
    ideal: int
    rate: Interval
    share: float


def ideal_record(judged: Judged, ideal: Flags, won: Flags) -> IdealRecord | None:
    """How often an ideal win is ranked higher; None where no judged deal is one.

    ideal, won: bool[n] of the judged deals, won whatever is predicted; every ideal deal is won.
    """
    if not ideal.any() or ideal.all():
        return None
    return IdealRecord(
        grade=BEST,
        ideal=int(ideal.sum()),
        wins=int(won.sum()),
        above_all_others=_pairs(judged.log_odds, ideal, judged.groups),
        above_other_wins=_pairs(judged.log_odds[won], ideal[won], judged.groups[won]) if (won & ~ideal).any() else None,
    )


def ideal_sentence(found: IdealRecord) -> str:
    """The same in words."""
    beside = found.above_other_wins
    among = "" if beside is None else f", and above another win in {_words(beside)}"
    return (
        f"Wins of grade {found.grade}, {found.ideal:,} of {found.wins:,} judged wins: one is ranked above another deal "
        f"in {_words(found.above_all_others)} of pairs{among}; 50 % is chance."
    )


def _words(found: Interval) -> str:
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


def _pairs(log_odds: Floats, ideal: Flags, groups: NDArray[np.int64]) -> Interval:
    """The area under the curve of ideal wins against the other rows, with its 95 % interval over accounts."""
    chosen = ideal.astype(np.int8)
    draws = [
        auc(log_odds, chosen, weights)
        for weights in resamples(groups, RESAMPLES, 0)
        if 0 < weights @ chosen < weights.sum()
    ]
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value=auc(log_odds, chosen, np.ones(len(chosen))), low=float(low), high=float(high))


def ideal_tiers(
    labels: tuple[str, ...], places: NDArray[np.int8], ideal: Flags, groups: NDArray[np.int64]
) -> tuple[IdealTierRow, ...]:
    """Wins of grade A by tier. places: int8[n] in `labels`. Empty where no judged deal is one."""
    total = int(ideal.sum())
    return tuple(_row(label, ideal[places == k], groups[places == k], total) for k, label in enumerate(labels) if total)


def _row(label: str, ideal: Flags, groups: NDArray[np.int64], total: int) -> IdealTierRow:
    here = one_set(ideal.astype(np.int8), groups)
    value, low, high = (float(each[0]) for each in (here.rate, *rate_bounds(here)))
    found = int(ideal.sum())
    return IdealTierRow(
        label=label,
        deals=len(ideal),
        ideal=found,
        rate=Interval(value=value, low=low, high=high),
        share=found / total,
    )
