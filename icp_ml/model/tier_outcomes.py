"""What became of deals that had been given a tier before anybody knew how they would end.

    told        each deal with its tier, as it was said when the deal opened
    tiers       by tier: how many, how many of them won, which share of all wins, how long it took
    lead        what the first tier has over the last one

Deals are compared as they were told: where two tiers were one when it was said, they are one here. All intervals are
at 90 %, as those of the tiers in a bundle are. Win rates have Wilson's at the number of independent deals (see
`tier_rates`), which says something of 0 in 6 too; all other figures resample accounts (Field and Welsh 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.model.metrics import RESAMPLES, Estimate, resamples
from icp_ml.model.tier_rates import one_set, rate_bounds
from icp_ml.model.tiers import Places

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CONFIDENCE = 0.90
LEAST_DRAWS = 0.5
"""Where a figure exists in fewer of the resamples than this share, it has no interval and is not given. We chose it."""
HALF = 0.5
"""Added to each count of a ratio (Haldane 1956, Anscombe 1956), as in `tier_rates`."""


@dataclass(frozen=True)
class ToldDeals:
    """Deals with their tier as it was told, one row a deal, all fields (n,) but `labels`.

    labels: names of tiers, best first. places: int8, the deal's place in them. first, last: whether it was in the first
    or the last of the tiers when it was told. parted: whether there were two tiers at least when it was told; first and
    last are False where there were not, as they are for tiers between and for what was out of scope. won: int8, 0 for
    what is still open. groups: account. days: from opening to closing, or up to now where the deal is open. is_open:
    nobody knows yet; such a deal counts for the time to close and nothing else. block: the period in which it was told.
    """

    labels: tuple[str, ...]
    places: Places
    first: Flags
    last: Flags
    parted: Flags
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    days: Floats
    is_open: Flags
    block: NDArray[np.intp]

    @property
    def decided(self) -> Flags:
        """bool[n]: won or lost."""
        return ~self.is_open


@dataclass(frozen=True)
class TierOutcome:
    """One tier. deals: decided ones, won among them; still_open beside them. Shares are of all decided deals and wins.

    days_to_win: mean over wins. days_to_close: mean over all deals, the open ones too, each counted up to the limit for
    which every deal has been watched. None where there is nothing to take a mean of.
    """

    label: str
    deals: int
    accounts: int
    won: int
    still_open: int
    share_of_deals: float
    share_of_wins: float
    win_rate: Estimate
    days_to_win: Estimate | None
    days_to_close: Estimate | None


@dataclass(frozen=True)
class Lead:
    """What the first tier has over the last, where there were two; None where that cannot be said.

    ratio: of win rates. odds_ratio: of odds, which does not depend on the base rate. deals_in_first, wins_in_first:
    which share of the decided deals and of the wins the first tier held.
    sooner_won: by which share the first tier's wins took fewer days than the last one's. sooner_closed: the same of all
    its deals, each counted up to the limit.
    """

    ratio: Estimate | None
    odds_ratio: Estimate | None
    deals_in_first: Estimate | None
    wins_in_first: Estimate | None
    sooner_won: Estimate | None
    sooner_closed: Estimate | None


def told_by_cuts(
    labels: Sequence[str], places: Places, won: NDArray[np.int8], groups: NDArray[np.int64], *, days: Floats,
    is_open: Flags, block: int,
) -> ToldDeals:  # fmt: skip
    """The deals of one period, whose tiers were told by one set of cuts. labels: of those cuts, best first."""
    last = len(labels) - 1 - (labels[-1] == OUT_OF_SCOPE)
    parted = last > 0
    return ToldDeals(
        labels=tuple(labels),
        places=places,
        first=(places == 0) & parted,
        last=(places == last) & parted,
        parted=np.full(len(won), parted),
        won=won,
        groups=groups,
        days=days,
        is_open=is_open,
        block=np.full(len(won), block, dtype=np.intp),
    )


def pooled(several: Sequence[ToldDeals]) -> ToldDeals:
    """The deals of all periods; a tier is one with the tier of the same name. several: at least one."""
    labels = sorted({label for each in several for label in each.labels}, key=_rank_of_label)
    place_of = {label: place for place, label in enumerate(labels)}
    places = [np.array([place_of[label] for label in each.labels], dtype=np.int8)[each.places] for each in several]
    return ToldDeals(
        labels=tuple(labels),
        places=np.concatenate(places),
        first=np.concatenate([each.first for each in several]),
        last=np.concatenate([each.last for each in several]),
        parted=np.concatenate([each.parted for each in several]),
        won=np.concatenate([each.won for each in several]),
        groups=np.concatenate([each.groups for each in several]),
        days=np.concatenate([each.days for each in several]),
        is_open=np.concatenate([each.is_open for each in several]),
        block=np.concatenate([each.block for each in several]),
    )


def _rank_of_label(label: str) -> tuple[int, ...]:
    """ "1" before "1-2" before "2"; what is out of scope is last."""
    return (99,) if label == OUT_OF_SCOPE else tuple(int(tier) for tier in label.split("-"))


def measure_told(told: ToldDeals, limit: int, seed: int) -> tuple[TierOutcome, ...]:
    """Each tier that holds a deal, best first. limit: days that every deal has been watched for at least."""
    present = np.unique(told.places).tolist()
    days = _by_account(told, lambda weights: _means(told, weights, limit), seed)
    to_win, to_close = days[: len(told.labels)], days[len(told.labels) :]
    wins, decided = int(told.won.sum()), int(told.decided.sum())
    return tuple(_outcome(told, place, (decided, wins), to_win[place], to_close[place]) for place in present)


def _outcome(
    told: ToldDeals, place: int, totals: tuple[int, int], to_win: Estimate | None, to_close: Estimate | None
) -> TierOutcome:
    here = told.places == place
    rows = here & told.decided
    found = one_set(told.won[rows], told.groups[rows])
    low, high = rate_bounds(found)
    decided, wins = totals
    return TierOutcome(
        label=told.labels[place],
        deals=int(rows.sum()),
        accounts=len(np.unique(told.groups[rows])),
        won=int(told.won[rows].sum()),
        still_open=int((here & told.is_open).sum()),
        share_of_deals=float(rows.sum()) / max(decided, 1),
        share_of_wins=float(told.won[rows].sum()) / max(wins, 1),
        win_rate=Estimate(float(found.rate[0]), float(low[0]), float(high[0])),
        days_to_win=to_win,
        days_to_close=to_close,
    )


def measure_lead(told: ToldDeals, limit: int, seed: int) -> Lead:
    """What the first tier has over the last. limit: as in `measure_told`."""
    return Lead(*_by_account(told, lambda weights: _lead(told, weights, limit), seed))


def _lead(told: ToldDeals, weights: Floats, limit: int) -> Floats:
    """float64[6]: the fields of `Lead`, NaN for what cannot be said."""
    decided = weights * told.decided
    first, last = decided * told.first, decided * told.last
    if not first.sum() or not last.sum():
        return np.full(6, np.nan)
    won, lost = (np.array([side @ outcome for side in (first, last)]) for outcome in (told.won, 1 - told.won))
    rates = (won + HALF) / (won + lost + 2 * HALF)
    odds = (won + HALF) / (lost + HALF)
    wins = weights @ (told.won * told.parted)
    closing = np.minimum(told.days, limit)
    return np.array(
        [
            rates[0] / rates[1],
            odds[0] / odds[1],
            first.sum() / (decided @ told.parted),
            won[0] / wins if wins else np.nan,
            _sooner(told.days, first * told.won, last * told.won),
            _sooner(closing, weights * told.first, weights * told.last),
        ]
    )


def _means(told: ToldDeals, weights: Floats, limit: int) -> Floats:
    """float64[2 x tiers]: mean days to win of each tier, then mean days to close of each, counted up to the limit."""
    closing = np.minimum(told.days, limit)
    tiers = [weights * (told.places == place) for place in range(len(told.labels))]
    to_win = [_mean(told.days, tier * told.won) for tier in tiers]
    return np.array([*to_win, *(_mean(closing, tier) for tier in tiers)])


def _sooner(days: Floats, first: Floats, last: Floats) -> float:
    """How much shorter the first mean is, as a share of the last; NaN where the last is no time at all."""
    usual = _mean(days, last)
    return 1.0 - _mean(days, first) / usual if usual else float("nan")


def _mean(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    return float(weights @ values / total) if total > 0 else float("nan")


def _by_account(told: ToldDeals, statistic: Callable[[Floats], Floats], seed: int) -> list[Estimate | None]:
    return resampled(statistic, told.groups, seed)


def resampled(
    statistic: Callable[[Floats], Floats], groups: NDArray[np.int64], seed: int, count: int = RESAMPLES
) -> list[Estimate | None]:
    """Each figure of a statistic with its 90 % interval over accounts.

    statistic: from how often each row counts, (n,), to k figures, NaN for one that does not exist. None for a figure
    that does not exist, or does in less than half of the resamples.
    """
    found = statistic(np.ones(len(groups)))
    draws = np.array([statistic(weights) for weights in resamples(groups, count, seed)])
    return [_estimate(float(value), draws[:, place]) for place, value in enumerate(found)]


def _estimate(value: float, draws: Floats) -> Estimate | None:
    known = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(known) < LEAST_DRAWS * len(draws):
        return None
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, float(low), float(high))
