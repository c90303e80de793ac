"""Deal potential as a bundle states it: what a win is expected to bring and how long it takes, and the tiers in money.

It stands beside the score and never inside: the order of a list is that of the probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.metrics import resamples
from icp_ml.model.potential import COVERAGE, AmountModel, Comparison
from icp_ml.profile.records import Interval, Record

Floats = NDArray[np.float64]

FLOOR: Final = 50
"""Accounts with a win of known value, under which nothing is given: what the field calls a sound start. On synthetic
worlds the shape was told from the constant in none of 8 sets of 20 to 54 accounts, and in 6 of 6 of 119 to 143."""
LEAST_ACCOUNTS: Final = 10
"""Accounts with a win of known amount that a tier needs for a mean; resampling fewer gives no interval. We chose it."""
DRAWS: Final = 1_000
TIER_CONFIDENCE: Final = 0.90
"""As everywhere in the table of tiers."""

Shown = Literal["model", "constant", "nothing"]
OutcomeName = Literal["ACV", "cycle"]


class OutcomeRecord(Record):
    """One outcome of wins: what was learned of it, and why that is shown.

    wins, accounts: with a known value. shown: what a prospect is given. mean, median: of these wins. low, high: factors
    of the mean between which a win of a new account lies with probability `coverage`. share: of the constant's
    deviance that the attributes remove on accounts not seen, in [.., 1], with its 95 % bounds; None where not tried.
    forward: the same forward in time, None where that was not judged. typical_error, typical_error_of_median: mean
    absolute error of the model's median and of the median of all wins. unit: the currency, "days", or "".
    """

    name: OutcomeName
    unit: str
    wins: int
    accounts: int
    shown: Shown
    sentence: str
    mean: float
    median: float
    coverage: float = COVERAGE
    low: float = 1.0
    high: float = 1.0
    share: Interval | None = None
    forward: Interval | None = None
    forward_wins: int = 0
    typical_error: float | None = None
    typical_error_of_median: float | None = None

    @property
    def range_sentence(self) -> str:
        """How far a win may be from what is expected, in words; empty where nothing is shown."""
        if self.shown == "nothing":
            return ""
        return (
            f"{self.coverage:.0%} of wins of new accounts lie between {self.low:.2g} and {self.high:.2g} times the "
            f"expected {self.name}."
        )


class MoneyRow(Record):
    """One tier in money, on deals that neither cuts nor models had seen.

    won: all wins; known: those whose amount is known. won_value: what these brought. pipeline_value: what all deals of
    the tier would bring if each were won, by expectation. expected_value: probability x expected ACV, summed.
    mean_acv: of the wins with a known amount, at 90 %; None with fewer than ten accounts of them.
    observed_over_expected: value won over expected value, a win without a known amount counted as expected; likewise.
    """

    label: str
    deals: int
    won: int
    known: int
    won_value: float
    pipeline_value: float
    expected_value: float
    mean_acv: Interval | None
    observed_over_expected: Interval | None


class PotentialRecord(Record):
    """acv, cycle: None where it is not asked for. tiers: best first; empty where ACV is not shown. notes: sentences."""

    acv: OutcomeRecord | None
    cycle: OutcomeRecord | None
    tiers: tuple[MoneyRow, ...] = ()
    notes: tuple[str, ...] = ()

    def outcomes(self) -> tuple[OutcomeRecord, ...]:
        """Those that are asked for."""
        return tuple(each for each in (self.acv, self.cycle) if each is not None)


@dataclass(frozen=True)
class Potential:
    """The models, and what is said of them. acv, cycle: None where nothing is shown."""

    acv: AmountModel | None
    cycle: AmountModel | None
    record: PotentialRecord


@dataclass(frozen=True)
class ValuedDeals:
    """Judged deals, each (n,): tier, outcome, account, probability and expected ACV by models that had not seen them.

    amounts: NaN where not won or not known.
    """

    places: NDArray[np.int8]
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    probability: Floats
    expected: Floats
    amounts: Floats


def money_by_tier(deals: ValuedDeals, labels: Sequence[str], seed: int) -> tuple[MoneyRow, ...]:
    """A row for each label. Intervals resample accounts within the tier."""
    return tuple(_money_row(deals, deals.places == place, label, seed) for place, label in enumerate(labels))


def _money_row(deals: ValuedDeals, rows: NDArray[np.bool_], label: str, seed: int) -> MoneyRow:
    won, amounts, expected = deals.won[rows] == 1, deals.amounts[rows], deals.expected[rows]
    groups, value = deals.groups[rows], deals.probability[rows] * expected
    known = won & ~np.isnan(amounts)
    brought = np.where(known, np.nan_to_num(amounts), 0.0)
    observed = np.where(won & ~known, expected, brought)
    enough = len(np.unique(groups[known])) >= LEAST_ACCOUNTS
    return MoneyRow(
        label=label,
        deals=int(rows.sum()),
        won=int(won.sum()),
        known=int(known.sum()),
        won_value=float(brought.sum()),
        pipeline_value=float(expected.sum()),
        expected_value=float(value.sum()),
        mean_acv=_ratio(brought, known.astype(np.float64), groups, seed) if enough else None,
        observed_over_expected=_ratio(observed, value, groups, seed) if enough else None,
    )


def _ratio(above: Floats, below: Floats, groups: NDArray[np.int64], seed: int) -> Interval:
    """Sum over sum, with its interval over accounts."""
    _, member = np.unique(groups, return_inverse=True)
    upper, lower = np.bincount(member, weights=above), np.bincount(member, weights=below)
    drawn = np.array(list(resamples(np.arange(len(upper), dtype=np.int64), DRAWS, seed)))
    ratios = (drawn @ upper) / np.maximum(drawn @ lower, np.finfo(np.float64).tiny)
    ratios = ratios[drawn @ lower > 0]
    low, high = np.quantile(ratios, [(1 - TIER_CONFIDENCE) / 2, (1 + TIER_CONFIDENCE) / 2])
    return Interval(value=float(upper.sum() / lower.sum()), low=float(low), high=float(high))


def share_of(found: Comparison) -> Interval:
    """The gain as a share of the constant's deviance, with its bounds."""
    scale = found.share / found.gain.value if found.gain.value else 0.0
    return Interval(value=found.share, low=found.gain.low * scale, high=found.gain.high * scale)
